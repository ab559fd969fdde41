"""The code sandbox on the best layer here and on the weakest, and a check that a run leaves nothing behind."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from janus_platform.isolation import Isolation, detect
from janus_platform.services.code_sandbox import warm_up
from janus_platform.services.sandbox.memory import Cgroup, guard_maker
from tests.services.sandbox_rig import Sandbox


@pytest.fixture(scope="session")
def font_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("cache")
    warm_up(place)
    return place


@pytest.fixture
def sandbox(font_cache: Path) -> Sandbox:
    return Sandbox(cache_dir=font_cache)


@pytest.fixture(params=["best", "rlimits"])
def each_layer(request: pytest.FixtureRequest, font_cache: Path) -> Sandbox:
    """The best layer here, and the weakest one."""
    weakest = Isolation("rlimits", own_uid=os.geteuid() == 0, reasons=("chosen by the test",))
    return Sandbox(cache_dir=font_cache, isolation=detect() if request.param == "best" else weakest)


@pytest.fixture
def nothing_is_left() -> Iterator[None]:
    """No folder and no cgroup of a run is there after it; the sandbox's test files use this for each of their tests."""
    before = set(Path("/tmp").glob("janus-sandbox-*"))
    yield
    assert set(Path("/tmp").glob("janus-sandbox-*")) <= before
    guard = guard_maker(1_000_000)()
    guard.discard()
    if isinstance(guard, Cgroup):
        # A cgroup goes when the kernel has let go of its last process, shortly after the run.
        deadline = time.monotonic() + 5
        while (left := list(guard.path.parent.glob(f"janus-{os.getpid()}-*"))) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert left == []
