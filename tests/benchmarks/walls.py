"""What an implementation's walls cost: the way in and out, the start, the restart, and the node's watch.

`python -m tests.benchmarks.walls --runs N`: each run starts one implementation behind namespaces and the same one bare.
Where the machine has no namespaces, only the bare figures are shown.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import os
import signal
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil

from janus_platform.isolation.layers import detect
from janus_platform.node.health import round_trip_ms
from janus_platform.node.instance import Instance
from tests.benchmarks.figures import Figure, figure, show
from tests.node.rig import BARE, PROBER, place, probe

REQUESTS, ROUNDS = 50, 200
WATCHED_SECONDS = 5.0
# Sends a byte through the loopback port to the egress socket and waits for what comes back: "egress".
OUTWARDS = f"""
import os, socket, statistics, time
from urllib.parse import urlsplit
proxy = urlsplit(os.environ["HTTPS_PROXY"])
times = []
for _ in range({ROUNDS}):
    began = time.perf_counter()
    with socket.create_connection((proxy.hostname, proxy.port), 5) as s:
        s.recv(6)
    times.append(time.perf_counter() - began)
result = statistics.median(times) * 1000
"""
TARGETS = {
    "round trip inwards, forwarders alone": ("ms", 1.0),
    "connection outwards and first byte back, walled": ("ms", 2.0),
    "the same, bare": ("ms", None),
    "small request, walled": ("ms", None),
    "small request, bare": ("ms", None),
    "start until healthy, walled": ("ms", 1_000.0),
    "start until healthy, bare": ("ms", None),
    "from a crash until the next answer, walled": ("ms", 1_500.0),
    "the node's watch, CPU a second for one implementation": ("ms", 10.0),
}


async def timed(action: Callable[[], Awaitable[object]]) -> float:
    """How long an awaited action takes, in ms."""
    began = time.perf_counter()
    await action()
    return (time.perf_counter() - began) * 1000


async def one_run(found: dict[str, list[float]], folder: Path) -> None:
    """Measure both kinds of walls once."""
    kinds = {"bare": BARE} | ({"walled": None} if detect().layer == "bubblewrap" else {})
    for kind, isolation in kinds.items():
        (folder / kind).mkdir()
        async with place(folder / kind, isolation=isolation) as here:
            instance = here.node.prepare(here.spec(PROBER))
            found[f"start until healthy, {kind}"].append(await timed(instance.upstream))
            upstream = await instance.upstream()
            ask = functools.partial(probe, upstream, "result = 1")
            times = [await timed(ask) for _ in range(REQUESTS)]
            found[f"small request, {kind}"].append(statistics.median(times))
            name = "connection outwards and first byte back, walled" if kind == "walled" else "the same, bare"
            found[name].append(await probe(upstream, OUTWARDS))
            if kind == "walled":
                await _walled_alone(found, instance)
            await instance.stop()


async def _walled_alone(found: dict[str, list[float]], instance: Instance) -> None:
    assert instance._launch is not None and instance._launch.echo is not None
    round_trip = await round_trip_ms(instance._launch.echo)
    assert round_trip is not None
    found["round trip inwards, forwarders alone"].append(round_trip)
    before = time.process_time()
    await asyncio.sleep(WATCHED_SECONDS)
    spent = (time.process_time() - before) * 1000 / WATCHED_SECONDS
    found["the node's watch, CPU a second for one implementation"].append(spent)
    leader = psutil.Process(instance.pid)
    began = time.perf_counter()
    os.kill([leader, *leader.children(recursive=True)][-1].pid, signal.SIGKILL)
    while not instance.restarts:
        await asyncio.sleep(0.001)
    assert await probe(await instance.upstream(), "result = 1") == 1
    found["from a crash until the next answer, walled"].append((time.perf_counter() - began) * 1000)


def main() -> None:
    """Run it so many times and show the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    found: dict[str, list[float]] = defaultdict(list)
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(one_run(found, Path(folder)))
    figures: list[Figure] = [
        figure(name, found[name], unit, target) for name, (unit, target) in TARGETS.items() if name in found
    ]
    show("walls", figures)


if __name__ == "__main__":
    main()
