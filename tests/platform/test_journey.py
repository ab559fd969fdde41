"""The request that the request-flow pages follow: one for all of them, whoever asks first."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.platform.conftest import COMMAND_SECONDS, Shell

FOLLOW = """
import json
import janus_platform as janus
from janus_book.journey import follow
platform = janus.up()
journey = follow(platform)
names = [one["name"] for one in platform.implementations()]
print(json.dumps([journey.trace_id, journey.trace(platform).service_calls, journey.process["isolation"], names]))
"""
CALLS = ["search", "web_proxy", "inference", "code_sandbox"]


@pytest.fixture
def kept(up: Callable[[], Shell]) -> Iterator[Path]:
    """Where the followed request is kept; nothing is, before and after."""
    file = up().home / "journey.json"
    file.unlink(missing_ok=True)
    yield file
    file.unlink(missing_ok=True)


def test_pages_that_ask_at_the_same_time_follow_the_same_request(up: Callable[[], Shell], kept: Path) -> None:
    command, environment = [sys.executable, "-c", FOLLOW], up().environment
    asking = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    told = [json.loads(one.communicate(timeout=COMMAND_SECONDS)[0]) for one in asking]
    assert len({trace_id for trace_id, *_ in told}) == 1
    assert all(calls == CALLS and isolation for _, calls, isolation, _ in told)
    assert all("newcomer" not in names for *_, names in told)
    assert kept.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("change", [{"sent": 1.0}, {"events": 7}], ids=["before it started", "spoilt"])
def test_what_was_kept_of_another_platform_or_is_spoilt_is_sent_anew(
    up: Callable[[], Shell], kept: Path, change: dict[str, object]
) -> None:
    first = json.loads(up().python(FOLLOW).stdout)
    kept.write_text(json.dumps({**json.loads(kept.read_text("utf-8")), **change}), encoding="utf-8")
    done = up().python(FOLLOW)
    assert done.returncode == 0, done.stderr
    again = json.loads(done.stdout)
    assert again[0] != first[0] and again[1] == CALLS
