"""The monitor counts what implementations do, judges each window, and never sees any content."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.resources import files
from json import loads
from typing import Any

import jsonschema
import pytest

from janus_platform.clock import ManualClock
from janus_platform.contract import load_contract
from janus_platform.gateway.request_record import RequestRecord, tokens
from janus_platform.monitoring.monitor import Monitor
from janus_platform.monitoring.requests import RequestLog
from janus_platform.monitoring.resources import Usage, usage_of
from tests.node.rig import in_loop

CONTRACT = load_contract()
RULES = CONTRACT.monitoring
TOP_SCHEMA = loads((files("janus_platform") / "schemas/top.schema.json").read_text())
ONE = RequestRecord("req_1", "mine", 200, True, 0.5, 0.1, 120, 3_000, 10, 20)


class Rig:
    """A monitor of implementations that are made up, on a clock that is moved by hand."""

    def __init__(self) -> None:
        self.clock, self.egress = ManualClock(), {"mine": Counter[str]()}
        self.found: list[dict[str, Any]] = [{"name": "mine", "state": "running", "pid": 1, "isolation": "process"}]
        self.used = Usage()
        self.monitor = Monitor(CONTRACT, self.clock, lambda: self.found, self._egress, lambda _: self.used)

    def _egress(self, name: str) -> Mapping[str, int]:
        return self.egress.get(name, Counter())

    async def windows(self, count: int, *, egress: int = 1, blocked: int = 0, errors: int = 0, ms: float = 100) -> None:
        """So many windows, in each of which the same happens."""
        for _ in range(count):
            self.egress["mine"].update(allowed=egress, blocked=blocked)
            for status in [500] * errors + [200]:
                self.monitor.add(dataclasses.replace(ONE, status=status, first_token=ms / 1000))
            self.clock.advance(RULES.window_seconds)
            await self.monitor.look()
            self.monitor.end_window()

    def alarms(self) -> list[str]:
        return [one["signal"] for one in self.monitor.anomalies()]


@pytest.mark.parametrize(
    ("odd", "signals"),
    [
        ({"egress": 40}, ["egress"]),
        ({"blocked": 30}, ["egress", "blocked egress"]),
        ({"errors": 12}, ["errors"]),
        ({"ms": 900}, ["latency"]),
    ],
    ids=["egress", "blocked egress", "errors", "latency"],
)
@in_loop
async def test_an_odd_window_is_an_anomaly_of_its_signal(odd: dict[str, Any], signals: list[str]) -> None:
    rig = Rig()
    await rig.windows(RULES.min_samples)
    assert rig.alarms() == []
    await rig.windows(1, **odd)
    assert rig.alarms() == signals
    found = rig.monitor.anomalies()[0]
    assert found["implementation"] == "mine" and found["score"] > RULES.alarm_score


@in_loop
async def test_a_busy_window_after_a_long_rest_is_no_anomaly() -> None:
    rig = Rig()
    await rig.windows(RULES.min_samples)
    for _ in range(RULES.history_windows):
        rig.clock.advance(RULES.window_seconds)
        await rig.monitor.look()
        rig.monitor.end_window()
    rig.egress["mine"].update(allowed=400)
    for _ in range(200):
        rig.monitor.add(ONE)
    rig.monitor.end_window()
    assert rig.alarms() == []


@in_loop
async def test_connections_that_nobody_asked_for_are_an_anomaly() -> None:
    rig = Rig()
    await rig.windows(RULES.min_samples, egress=2)
    rig.egress["mine"].update(allowed=30)
    rig.monitor.end_window()
    assert rig.alarms() == ["egress"]


@in_loop
async def test_an_alarm_stands_in_the_log_without_content(caplog: pytest.LogCaptureFixture) -> None:
    rig = Rig()
    await rig.windows(RULES.min_samples)
    await rig.windows(1, egress=500)
    assert "anomaly implementation=mine signal=egress value=500" in caplog.text


@in_loop
async def test_cpu_is_the_share_of_the_time_since_the_last_look() -> None:
    rig = Rig()
    rig.used = Usage(10.0, 1_000, 2)
    await rig.monitor.look()
    rig.clock.advance(4.0)
    rig.used = Usage(12.0, 5_000_000, 3)
    row = (await rig.monitor.view())["implementations"][0]
    assert (row["cpu_percent"], row["memory_bytes"], row["processes"]) == (50.0, 5_000_000, 3)


@in_loop
async def test_the_view_is_as_its_schema_says() -> None:
    rig = Rig()
    jsonschema.validate(await rig.monitor.view(), TOP_SCHEMA)
    await rig.windows(RULES.min_samples)
    await rig.windows(1, egress=500, errors=50, ms=9_000)
    rig.monitor.add(dataclasses.replace(ONE, implementation="none", status=404, first_token=None))
    view = await rig.monitor.view()
    jsonschema.validate(view, TOP_SCHEMA)
    assert len(view["anomalies"]) == 3 and view["requests"]


@in_loop
async def test_an_implementation_that_is_removed_is_forgotten() -> None:
    rig = Rig()
    await rig.windows(2)
    rig.found = []
    await rig.monitor.look()
    assert rig.monitor.requests.totals == {} and (await rig.monitor.view())["implementations"] == []


def test_the_request_log_holds_sizes_where_content_would_be_and_keeps_so_many() -> None:
    log = RequestLog(3)
    for number in range(5):
        log.add(dataclasses.replace(ONE, request_id=f"req_{number}"))
    lines = log.latest()
    assert [line["request_id"] for line in lines] == ["req_2", "req_3", "req_4"]
    assert (lines[0]["request"], lines[0]["response"]) == ("[redacted, 120 bytes]", "[redacted, 3000 bytes]")
    assert (lines[0]["ms"], lines[0]["first_token_ms"], lines[0]["completion_tokens"]) == (500.0, 100.0, 20)
    assert log.totals["mine"].plain() == {
        "requests": 5,
        "errors": 0,
        "request_bytes": 600,
        "response_bytes": 15_000,
        "prompt_tokens": 50,
        "completion_tokens": 100,
        "latency_ms": 100.0,
    }


@pytest.mark.parametrize("usage", [None, 5, "x", [], {}, {"n": -1}, {"n": True}, {"n": 1.5}, {"n": "9"}, {"n": 10**30}])
def test_a_count_that_is_none_is_not_believed(usage: object) -> None:
    assert tokens(usage, "n") is None


def test_usage_counts_a_whole_tree() -> None:
    child = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'print(1, flush=True); input()'])"
    with subprocess.Popen([sys.executable, "-c", child], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as tree:
        assert tree.stdin and tree.stdout and tree.stdout.readline() == b"1\n"
        found = usage_of([tree.pid])
        tree.stdin.close()
    assert found.processes == 2 and found.memory_bytes > 1_000_000 and found.cpu_seconds > 0


def test_what_has_ended_uses_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", "pass"]) as ended:
        pass
    assert usage_of([ended.pid]) == Usage()
    assert usage_of(_none()) == Usage() and os.getpid()


def _none() -> Sequence[int]:
    return []
