"""After a crash an implementation is started again, each time later, and who asks meanwhile is told so."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import httpx
import psutil
import pytest

from janus_platform.contract import load_contract
from janus_platform.gateway import upstream_pool
from janus_platform.gateway.app import GatewayApp, GatewaySettings
from janus_platform.gateway.directory import Load
from janus_platform.gateway.errors import NotReadyError
from janus_platform.http.server import HttpServer, bind_loopback
from janus_platform.node import health
from janus_platform.node.health import Health
from janus_platform.node.instance import Instance
from tests.node.rig import BARE, PROBER, HandClock, in_loop, needs_sandbox, place, probe, streamer

RULES = load_contract().node
LAYERS = pytest.mark.parametrize(
    "isolation", [pytest.param(None, marks=needs_sandbox), BARE], ids=["sandboxed", "bare"]
)
# Healthy or not, or silent, as the last request said; it answers on a thread for each request.
MOODY = PROBER.replace(
    'def do_GET(self): self.answer({"status": "ok"})',
    """def do_GET(self):
        import time
        while os.path.exists("/tmp/%(mark)s-silent"): time.sleep(0.01)
        self.send_error(503) if os.path.exists("/tmp/%(mark)s-sick") else self.answer({"status": "ok"})""",
)


async def until(instance: Instance, *states: str) -> None:
    while instance.state not in states:
        await asyncio.sleep(0.005)


async def crash(instance: Instance) -> None:
    """Kill the implementation's own process, and return when the node knows."""
    assert instance.pid is not None
    before = instance.restarts
    leader = psutil.Process(instance.pid)
    os.kill([leader, *leader.children(recursive=True)][-1].pid, signal.SIGKILL)
    while instance.restarts == before:
        await asyncio.sleep(0.005)


def test_the_wait_doubles_up_to_its_bound_and_a_long_run_ends_the_row() -> None:
    row = health.Backoff(RULES)
    waits = [row.crashed(0.0) for _ in range(100)]
    assert waits[:8] == [0, 1, 2, 4, 8, 16, 32, 60] and set(waits[8:]) == {60}
    assert row.crashed(RULES.steady_seconds - 0.001) == 60
    assert [row.crashed(RULES.steady_seconds), row.crashed(0.0)] == [0, 1]


class Checks:
    """A health path that answers as it is told, check by check, and the requests that are open meanwhile."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, statuses: list[int | None], open_requests: list[int]) -> None:
        self.load, self.asked = Load(), 0
        self._statuses, self._open = statuses, open_requests
        monkeypatch.setattr("janus_platform.node.health.status_of", self.status)

    async def status(self, *_: object, **__: object) -> int | None:
        self.load.open = self._open[self.asked % len(self._open)]
        self.asked += 1
        return self._statuses[(self.asked - 1) % len(self._statuses)]

    def now(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("open_requests", "checks"),
    [
        ([0], RULES.health_failures),
        ([1], RULES.health_failures_at_work),
        ([7], RULES.health_failures_at_work),
        ([0, 0, 1], RULES.health_failures_at_work),  # each request that comes used to begin the count anew
        ([1, 1, 0, 0, 0], 2 + RULES.health_failures),
    ],
)
@in_loop
async def test_one_that_hangs_is_started_again_after_so_many_silent_checks_whatever_the_load(
    monkeypatch: pytest.MonkeyPatch, open_requests: list[int], checks: int
) -> None:
    silent = Checks(monkeypatch, [None], open_requests)
    health = Health("/health", RULES, silent.load, silent)
    reason = await asyncio.wait_for(health.until_lost(("127.0.0.1", 1)), 10)
    assert silent.asked == checks and "did not answer" in reason


@in_loop
async def test_one_that_answers_now_and_then_while_it_works_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    busy = Checks(monkeypatch, [*[None] * (RULES.health_failures_at_work - 1), 200], [1])
    lost = asyncio.create_task(Health("/health", RULES, busy.load, busy).until_lost(("127.0.0.1", 1)))
    while busy.asked < 100:
        await asyncio.sleep(0)
    assert not lost.done()
    lost.cancel()


@pytest.mark.parametrize("steps", range(8))
def test_a_check_that_is_called_off_as_its_answer_comes_is_called_off(
    monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    # Or the node waits for the checks of a program that has ended, instead of starting it again.
    async def test() -> None:
        answer = asyncio.get_running_loop().create_future()

        async def ask(base: object, path: str) -> int:
            return int(await answer)

        monkeypatch.setattr(upstream_pool, "_get", ask)
        check = asyncio.create_task(upstream_pool.status_of(("127.0.0.1", 1), "/health"))
        for _ in range(3):
            await asyncio.sleep(0)
        answer.set_result(200)
        for _ in range(steps):
            await asyncio.sleep(0)
        called_off = check.cancel()
        await asyncio.wait({check})
        assert check.cancelled() == called_off

    asyncio.run(test())


@LAYERS
@in_loop
async def test_each_crash_in_a_row_is_followed_by_a_start_after_a_longer_wait(tmp_path: Path, isolation) -> None:
    clock = HandClock()
    async with place(tmp_path, isolation=isolation, clock=clock) as here:
        instance = await here.node.start(here.spec(PROBER))
        for number, wait in enumerate((0.0, 1.0, 2.0, 4.0), 1):
            await crash(instance)
            assert instance.restarts == number
            if wait:
                assert instance.state == "restarting" and instance.pid is None
                clock.advance(wait)
            await until(instance, "running")
            assert await probe(await instance.upstream(), "result = 5") == 5
        clock.advance(RULES.steady_seconds)
        await crash(instance)
        await until(instance, "running")
        await instance.stop()
        assert here.left_behind() == []


@in_loop
async def test_who_asks_during_a_long_wait_is_told_when_to_come_back_and_during_a_short_one_waits(
    tmp_path: Path,
) -> None:
    clock = HandClock()
    async with place(tmp_path, isolation=BARE, clock=clock) as here:
        instance = await here.node.start(here.spec(PROBER))
        for wait in (0.0, 1.0, 2.0):
            await crash(instance)
            asked = asyncio.create_task(instance.upstream())
            await asyncio.sleep(0.02)
            assert wait == 0 or not asked.done()
            clock.advance(wait)
            assert await probe(await asked, "result = 5") == 5
        await crash(instance)
        with pytest.raises(NotReadyError, match=r"it crashed \(exit code -?\d+\) and is being restarted") as refused:
            await instance.upstream()
        assert refused.value.retry_after == 4
        await instance.stop()


@in_loop
async def test_a_start_that_fails_after_a_crash_is_a_crash_too(tmp_path: Path) -> None:
    clock = HandClock()
    async with place(tmp_path, isolation=BARE, clock=clock) as here:
        spec = here.spec(PROBER)
        instance = await here.node.start(spec)
        (spec.folder / "main.py").write_text("raise SystemExit(7)")
        await crash(instance)
        while instance.restarts < 2:
            await asyncio.sleep(0.005)
        assert "exit code 7" in instance.describe()["last_end"]
        (spec.folder / "main.py").write_text(PROBER)
        clock.advance(1.0)
        await until(instance, "running")
        await instance.stop()


@in_loop
async def test_an_implementation_that_says_it_is_sick_gets_no_requests_until_it_is_well(tmp_path: Path) -> None:
    clock, mark = HandClock(), tmp_path.name
    sick = Path(f"/tmp/{mark}-sick")
    async with place(tmp_path, isolation=BARE, clock=clock) as here:
        instance = await here.node.start(here.spec(MOODY % {"mark": mark}))
        sick.touch()
        clock.advance(RULES.health_check_seconds)
        await until(instance, "unhealthy")
        assert instance.ready is None
        with pytest.raises(NotReadyError, match="GET /health answered 503") as refused:
            await instance.upstream()
        assert refused.value.retry_after == RULES.health_check_seconds
        sick.unlink()
        while instance.state != "running":
            clock.advance(RULES.health_check_seconds)
            await asyncio.sleep(0.01)
        assert await instance.upstream() == instance.ready and instance.restarts == 0
        await instance.stop()


@in_loop
async def test_an_implementation_that_falls_silent_is_started_again_unless_it_is_at_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("janus_platform.node.health.SECONDS", 0.05)
    clock, mark = HandClock(), tmp_path.name
    silent = Path(f"/tmp/{mark}-silent")
    async with place(tmp_path, isolation=BARE, clock=clock) as here:
        instance = await here.node.start(here.spec(MOODY % {"mark": mark}))
        silent.touch()
        with instance.load.request():
            for _ in range(2 * RULES.health_failures):
                clock.advance(RULES.health_check_seconds)
                await asyncio.sleep(0.1)
            assert instance.restarts == 0 and instance.state == "running"
        while not instance.restarts:
            clock.advance(RULES.health_check_seconds)
            await asyncio.sleep(0.01)
        silent.unlink()
        assert "GET /health did not answer" in instance.describe()["last_end"]
        await until(instance, "running")
        await instance.stop()


@LAYERS
@in_loop
async def test_a_request_right_after_a_crash_is_answered_or_told_when_to_come_back(tmp_path: Path, isolation) -> None:
    async with place(tmp_path, isolation=isolation) as here:
        deployments = here.deployments()
        gateway = HttpServer(GatewayApp(GatewaySettings(load_contract(), deployments, lambda: None)))
        doors = bind_loopback(0)
        await gateway.start()
        await gateway.listen(doors)
        url = f"http://127.0.0.1:{doors[0].getsockname()[1]}/v1/chat/completions"
        body = {"model": "base", "messages": [{"role": "user", "content": "Hi"}]}
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            assert (await client.post(url, json=body)).status_code == 200
            seen = set()
            for _ in range(3):
                pid = next(one["pid"] for one in deployments.describe() if one["name"] == "base")
                if pid is not None:
                    leader = psutil.Process(pid)
                    os.kill([leader, *leader.children(recursive=True)][-1].pid, signal.SIGKILL)
                answers = await asyncio.gather(*(client.post(url, json=body) for _ in range(8)))
                for answer in answers:
                    told = "retry-after" in answer.headers
                    seen.add((answer.status_code, told))
                    assert answer.status_code == 200 or "crashed" in answer.json()["error"]["message"], answer.text
        assert seen <= {(200, False), (503, True)}
        await gateway.close()
        await deployments.aclose()


@in_loop
async def test_the_reason_of_the_last_end_is_in_status_and_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with place(tmp_path, isolation=BARE) as here:
        instance = await here.node.start(here.spec(streamer()))
        await crash(instance)
        assert instance.describe()["last_end"].startswith("exit code ")
        await until(instance, "running")
        await instance.stop()
    assert "implementation ended name=mine reason=exit-code-" in caplog.text
