"""`make bench`: a class of simulated learners, all in one classroom at once, from the first card to the leaderboard.

Each learner joins, asks two questions, calls all five services, submits an implementation (it runs behind its own
walls), benches it with the suite that a class runs, and publishes the run. They come in over one minute. The learners'
own work, bridge and bench, runs on the same machine as the classroom, which would have both cores for itself
otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import json
import os
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from janus_bench.suites.loader import load_suite
from janus_platform.classroom.ticket import Ticket
from tests.benchmarks.figures import Figure, figure, show
from tests.benchmarks.first_light import Home
from tests.platform.classroom_rig import SERVICES, Pupil, classroom_up

LEARNERS = 100
ARRIVAL_SECONDS = 60
QUESTIONS = ("Explain quantum entanglement", "How do tides work?")
SUITE = "quick"  # What a classroom's board takes unless its teacher says otherwise.
# Each learner's waiting in the platform's queues is counted in; more than this is no class any more.
SUBMIT_SECONDS, ASK_SECONDS, SERVICE_SECONDS, JOIN_SECONDS = 180, 60, 60, 30


@dataclass
class Rehearsal:
    """What happened: seconds by step, failures by step and reason, memory in bytes, processes of implementations."""

    learners: int
    seconds: dict[str, list[float]] = field(default_factory=dict)
    failures: Counter[str] = field(default_factory=Counter)
    finished: int = 0
    total_seconds: float = 0.0
    memory: int = 0
    awake: int = 0
    rows: int = 0


async def rehearse(
    tickets: Sequence[Ticket], folder: Path, suite: str = SUITE, *, arrival_seconds: float = 0.0
) -> Rehearsal:
    """Let a learner go through the whole flow for each ticket; they come in one by one over `arrival_seconds`."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(max_workers=4 * len(tickets)))
    found, started = Rehearsal(len(tickets)), time.monotonic()
    pupils = [Pupil(ticket, folder / ticket.learner[-3:]) for ticket in tickets]
    apart = arrival_seconds / len(pupils)
    flows = (_whole_flow(pupil, suite, found, at * apart) for at, pupil in enumerate(pupils))
    outcomes = await asyncio.gather(*flows)
    found.total_seconds = time.monotonic() - started
    found.finished = sum(outcomes)
    for pupil in pupils:
        for step, seconds in pupil.times.items():
            found.seconds.setdefault(step, []).extend(seconds)
        await pupil.leave()
    return found


async def _whole_flow(pupil: Pupil, suite: str, found: Rehearsal, wait: float) -> bool:
    step = "join"
    await asyncio.sleep(wait)
    try:
        await pupil.timed(step, pupil.join())
        step = "ask"
        for question in QUESTIONS:
            answer = await pupil.timed(step, pupil.ask(question))
            _require(answer.status_code == 200 and answer.text.rstrip().endswith("[DONE]"), answer.text[:200])
        for step in SERVICES:
            called = await pupil.timed(step, pupil.call(step))
            _require(called.status_code == 200, called.text[:200])
        step = "submit"
        submitted = await pupil.timed(step, pupil.submit())
        _require(all(one["result"] != "failed" for one in submitted["checks"]), str(submitted)[:200])
        step = "bench"
        row = await pupil.timed(step, pupil.bench_and_publish(suite))
        _require(row.implementation == "mine", str(row))
        return True
    except Exception as error:
        found.failures[f"{step}: {type(error).__name__}: {str(error)[:300]}"] += 1
        return False


def _require(held: bool, said: str) -> None:
    if not held:
        raise RuntimeError(said)


class Watch:
    """The most memory, as proportional set size, that the classroom's process tree held while this watched."""

    def __init__(self, pid: int) -> None:
        self._room, self._over = psutil.Process(pid), threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.memory = self.processes = 0

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(2.0):
            tree = [self._room, *self._room.children(recursive=True)]
            self.memory = max(self.memory, sum(map(_held, tree)))
            self.processes = max(self.processes, len(tree))


def _held(process: psutil.Process) -> int:
    try:
        full: Any = process.memory_full_info()
        return int(getattr(full, "pss", full.rss))
    except psutil.Error:
        return 0


def run_class(home: Home, learners: int, folder: Path, suite: str) -> Rehearsal:
    """One rehearsal in a classroom of its own, with memory watched."""
    with classroom_up(home.janus, learners, "--suite", suite) as tickets:
        status = json.loads(home.janus("status", "--json"))
        with Watch(status["pid"]) as watch:
            found = asyncio.run(rehearse(tickets, folder, suite, arrival_seconds=ARRIVAL_SECONDS))
        found.memory = watch.memory
        found.rows = len(json.loads(home.janus("classroom", "board", "--json")))
        described = json.loads(home.janus("status", "--json"))["implementations"]
        found.awake = sum(one["state"] == "running" for one in described if not one["bundled"])
    return found


def figures(learners: int, runs: int, suite: str) -> Iterator[Figure]:
    """All figures of `runs` rehearsals, after the last."""
    found: list[Rehearsal] = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory(prefix="jr-") as folder:
            found.append(run_class(Home(Path(folder) / "home"), learners, Path(folder) / "p", suite))
        for reason, count in found[-1].failures.most_common():
            print(f"  failed {count} times: {reason}")
    yield figure("learners who finished everything", [one.finished for one in found], "", learners, at_least=True)
    yield figure("rows on the classroom's board", [one.rows for one in found], "", learners, at_least=True)
    yield figure("the whole class, from first to last", [one.total_seconds for one in found], "s")
    yield figure("most memory, implementations included", [one.memory / 1e6 for one in found], "MB", 4_000)
    yield figure("implementations awake at the end", [one.awake for one in found], "")
    targets = {"join": JOIN_SECONDS, "ask": ASK_SECONDS, "submit": SUBMIT_SECONDS} | dict.fromkeys(
        SERVICES, SERVICE_SECONDS
    )
    items = len(load_suite(suite).items(0))
    for step in found[0].seconds:
        name = {"ask": "a whole answer", "bench": f"a bench of {items} items, published"}.get(step, step)
        for label, share in (("p50", 50), ("p95", 95)):
            values = [_percentile(one.seconds[step], share) for one in found]
            yield figure(f"{name}, {label}", values, "s", targets.get(step) if label == "p95" else None)


def _percentile(values: Sequence[float], share: int) -> float:
    return values[0] if len(values) < 2 else statistics.quantiles(values, n=100, method="inclusive")[share - 1]


def main() -> None:
    """Rehearse, print a line a figure, and keep them in `_build/bench/room.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--learners", type=int, default=LEARNERS)
    parser.add_argument("--suite", default=SUITE)
    parser.add_argument("--keep", type=Path, help="write the figures where the page on classrooms reads them")
    arguments = parser.parse_args()
    print(f"{arguments.learners} learners on {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the run")
    load = os.getloadavg()[0]
    found = list(figures(arguments.learners, arguments.runs, arguments.suite))
    show("room", found)
    if arguments.keep:
        _keep(arguments.keep, found, arguments.learners, load)


def _keep(path: Path, found: Sequence[Figure], learners: int, load: float) -> None:
    cores = os.cpu_count() or 1
    busy = "" if load < cores else f"The machine was busy with other work (load {load:.0f} before the run)."
    kept = {
        "date": f"{dt.datetime.now(dt.UTC):%Y-%m-%d}",
        "learners": learners,
        "cores": cores,
        "note": busy,
        "figures": [{"name": one.name, "value": round(one.value, 2), "unit": one.unit} for one in found],
    }
    path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
