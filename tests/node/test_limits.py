"""An implementation gets so much memory, so many cores and processes; one that takes more is ended, and no other."""

from __future__ import annotations

import asyncio
import contextlib
import os
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from janus_platform.contract import load_contract
from janus_platform.isolation.memory import Watchdog
from janus_platform.node.instance import Instance
from janus_platform.node.limits import Limits
from tests.node.rig import BARE, PROBER, in_loop, needs_sandbox, place, post, probe

CONTRACT = load_contract()
SMALL = Limits(memory_bytes=200_000_000, disk_bytes=100_000_000, cores=1, processes=64)
LAYERS = pytest.mark.parametrize(
    "isolation", [pytest.param(None, marks=needs_sandbox), BARE], ids=["sandboxed", "bare"]
)


def test_a_large_machine_gives_what_the_contract_promises_and_a_small_one_says_what_it_lacks() -> None:
    large = Limits.here(CONTRACT, machine_bytes=200_000_000_000, machine_cores=64)
    assert (large.memory_bytes, large.cores) == (16_000_000_000, 4)
    assert [one.partition(":")[0] for one in large.less] == ["disk"]
    small = Limits.here(CONTRACT, machine_bytes=8_000_000_000, machine_cores=2)
    assert (small.memory_bytes, small.disk_bytes, small.cores) == (6_000_000_000, 3_000_000_000, 2)
    assert small.less[:2] == (
        "memory: 6 GB, not 16 GB: more would take up all of this machine's",
        "cores: 2, not 4: this machine has no more",
    )


async def ended(instance: Instance) -> str:
    """Why the node found it over, once it runs again."""
    while not (instance.restarts and instance.state == "running"):
        await asyncio.sleep(0.01)
    return instance.last_end


HOARD = """
    import os, time
    kept = []
    for _ in range(3):
        if os.fork() == 0:
            while True:
                kept.append(bytearray(os.urandom(1)) * 10_000_000)
                time.sleep(0.01)
    time.sleep(600)
"""
# Each child by itself stays below what the kernel allows a single process.
SHARED = """
    import mmap, time
    kept = [mmap.mmap(-1, 50_000_000) for _ in range(8)]
    for one in kept:
        for page in range(0, len(one), 4096):
            one[page] = 1
    time.sleep(600)
"""
FILES = """
    import time
    for number in range(9):
        with open(f"/dev/shm/{number}" if number < 5 else f"/tmp/{number}", "wb") as file:
            try:
                file.write(b"x" * 12_000_000)
            except OSError:
                pass
    hoard = bytearray(b"x") * 70_000_000
    time.sleep(600)
"""


@pytest.mark.parametrize("bomb", [HOARD, SHARED], ids=["children", "shared"])
@LAYERS
@in_loop
async def test_a_memory_bomb_is_ended_and_its_neighbour_answers_on(tmp_path: Path, isolation, bomb: str) -> None:
    async with place(tmp_path, isolation=isolation, limits=SMALL) as here:
        one, two = await asyncio.gather(*(here.node.start(here.spec(PROBER, name)) for name in ("one", "two")))
        bombing = asyncio.create_task(probe(await one.upstream(), bomb))
        assert await ended(one) == "over its 0.2 GB of memory"
        assert await probe(await two.upstream(), "result = 5") == 5
        assert await probe(await one.upstream(), "result = 6") == 6
        assert two.restarts == 0
        await asyncio.gather(bombing, return_exceptions=True)
        await asyncio.gather(one.stop(), two.stop())


@needs_sandbox
@in_loop
async def test_files_in_memory_count_as_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("janus_platform.node.node.guard_maker", lambda limit: lambda: Watchdog(limit))
    async with place(tmp_path, limits=SMALL) as here:
        instance = await here.node.start(here.spec(PROBER))
        bombing = asyncio.create_task(probe(await instance.upstream(), FILES))
        assert await ended(instance) == "over its 0.2 GB of memory"
        await asyncio.gather(bombing, return_exceptions=True)
        await instance.stop()


@LAYERS
@in_loop
async def test_a_fork_bomb_is_ended_and_its_neighbour_answers_on(tmp_path: Path, isolation) -> None:
    # Where nothing but the watch limits it, the bomb limits itself: 512 processes.
    again = "while True" if isolation is None else "for _ in range(9)"
    bomb = f"import os, time\n{again}:\n    try: os.fork()\n    except OSError: pass\ntime.sleep(600)"
    async with place(tmp_path, isolation=isolation, limits=SMALL) as here:
        one, two = await asyncio.gather(*(here.node.start(here.spec(PROBER, name)) for name in ("one", "two")))
        tree = psutil.Process(one.pid)
        bombing = asyncio.create_task(post(await one.upstream(), bomb))
        known = set[psutil.Process]()
        while not one.restarts:
            with contextlib.suppress(psutil.Error):
                known.update(tree.children(recursive=True))
            await asyncio.sleep(0.01)
        assert await ended(one) == "64 processes and threads"
        if isolation is None:
            assert len(known) <= SMALL.processes + 4
        assert await probe(await two.upstream(), "result = 5") == 5 and two.restarts == 0
        await asyncio.gather(bombing, return_exceptions=True)
        await asyncio.gather(one.stop(), two.stop())
    assert psutil.wait_procs(known, timeout=10)[1] == []


@LAYERS
@in_loop
async def test_an_implementation_stays_on_its_cores(tmp_path: Path, isolation) -> None:
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("this machine has one core")
    code = """
        import os
        before = os.sched_getaffinity(0)
        try:
            os.sched_setaffinity(0, range(os.cpu_count()))
            said = "done"
        except OSError as error:
            said = type(error).__name__
        result = [sorted(before), sorted(os.sched_getaffinity(0)), said]
    """
    async with place(tmp_path, isolation=isolation, limits=SMALL) as here:
        one, two = await asyncio.gather(*(here.node.start(here.spec(PROBER, name)) for name in ("one", "two")))
        seen = [await probe(await instance.upstream(), code) for instance in (one, two)]
        await asyncio.gather(one.stop(), two.stop())
    assert all(len(before) == 1 for before, _, _ in seen) and seen[0][0] != seen[1][0]
    if isolation is None:
        assert [(after, said) for _, after, said in seen] == [(seen[n][0], "PermissionError") for n in (0, 1)]


@needs_sandbox
@in_loop
async def test_status_says_which_walls_and_bounds_hold(tmp_path: Path) -> None:
    async with place(tmp_path, limits=replace(SMALL, less=("cores: 1, not 4: this machine has no more",))) as here:
        instance = await here.node.start(here.spec(PROBER))
        walls = instance.describe()["walls"]
        measured = {event["name"]: event["value"] for event in instance.measured.log.plain()}
        await instance.stop()
    assert {name: walls[name] for name in ("namespaces", "code", "system_calls")} == {
        "namespaces": "its own",
        "code": "read-only",
        "system_calls": "filtered",
    }
    assert walls["memory_guard"] in ("cgroup", "watchdog") and walls["memory_bytes"] == SMALL.memory_bytes
    assert walls["less"] == ["cores: 1, not 4: this machine has no more"]
    assert measured["limit memory_bytes"] == "200000000" and measured["limit cores"] == "1"
    assert "system calls filtered" in measured["isolation"]


@in_loop
async def test_without_walls_status_evidence_and_log_say_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with place(tmp_path, isolation=BARE) as here:
        instance = await here.node.start(here.spec(PROBER))
        described = instance.describe()
        measured = {event["name"]: event["value"] for event in instance.measured.log.plain()}
        await instance.stop()
    assert described["isolation"] == "process" and described["walls"]["namespaces"] == "none"
    assert described["walls"]["reasons"] == ["the test asks for it"] and described["forwarding_ms"] is None
    assert measured["isolation"].startswith("process: namespaces none") and "the test asks" in measured["isolation"]
    assert "without isolation: the test asks for it" in caplog.text


@needs_sandbox
@in_loop
async def test_the_way_through_the_forwarders_is_timed_apart_from_the_implementation(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        instance = await here.node.start(here.spec(PROBER))
        found = instance.describe()["forwarding_ms"]
        await instance.stop()
    assert found is not None and found > 0
