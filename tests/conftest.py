"""What more than one area of tests needs: a running platform with a home of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from tools.platform import running
from tools.terminal import Terminal

# No test asserts wall-clock time, and Hypothesis' 200 ms a case is that. The same cases each time: what fails once can
# be had again.
settings.register_profile("janus", deadline=None, derandomize=True)
settings.load_profile("janus")


# Their platform (`platform_variables`) has the gateway's default port, as a reader's has.
ON_THE_DEFAULT_PORT = (
    "tests/book/test_add_a_service.py",
    "tests/book/test_page_contract.py",
    "tests/book/test_prose_code.py",
    "tests/exercises/",
)


# Few tests that take long: begun last, they would leave one process working alone at the end.
BEGUN_FIRST = (
    "default port",
    "tests/platform/test_optional_parts.py",
    "tests/platform/test_joining.py",
    "tests/platform/test_lifecycle.py",
    "tests/services/test_code_sandbox_limits.py",
    "tests/services/test_code_sandbox_attacks.py",
    "tests/services/test_web_proxy_growth.py",
    "tests/services/test_event_loop.py",
    "tests/platform/test_baselines.py",
    "tests/platform/test_bad_surroundings.py",
    "tests/book/test_build.py",
    "tests/house/test_wheel.py",
    "tests/services/test_bubblewrap.py",
)


def process_of(nodeid: str) -> str:
    """What shares a process with a test: the tests of its file, or all on the default port."""
    return "default port" if nodeid.startswith(ON_THE_DEFAULT_PORT) else nodeid.partition("::")[0]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several processes share the tests, the longest begin, and then files with many tests."""
    if not hasattr(config, "workerinput"):
        return
    counts = Counter(process_of(item.nodeid) for item in items)
    first = {name: place for place, name in enumerate(BEGUN_FIRST)}
    order = {name: (first.get(name, len(first)), -count, name) for name, count in counts.items()}
    items.sort(key=lambda item: order[process_of(item.nodeid)])


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    """Tests of one file stay in one process, so that they share its platform; those on the default port likewise."""

    class ByFileAndPort(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return process_of(nodeid)

    config.option.loadscopereorder = False  # they come in order
    return ByFileAndPort(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which layers of the sandbox were tried here: no single machine has all of them."""
    tried = [one.nodeid for found in terminalreporter.stats.values() for one in found if hasattr(one, "nodeid")]
    if any(name.startswith("tests/services/test_code_sandbox") for name in tried):
        from tests.services.sandbox_layers import summary

        for line in summary():
            terminalreporter.write_line(line)


@pytest.fixture(scope="module")
def platform_variables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The variables to run a notebook or a page's code with, while a platform is up.

    Its home is new, so that nothing a reader did shows in the outputs. It stops with the test module: other modules
    start platforms of their own.
    """
    with running(Terminal(), own_home=tmp_path_factory.mktemp("home") / "janus") as env:
        yield env
