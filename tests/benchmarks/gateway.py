"""`python -m tests.benchmarks.gateway`: what the gateway adds to an answer, beside nothing, nginx and LiteLLM.

A ground-truth server logs when it emitted each token; a load generator logs when each arrived; both, and what stands
between them, are processes of their own on one machine. All take turns in one run: only figures of one run compare.

The time to first token is counted without the server's own: from the request's first byte until the server had it,
plus from the token's emission until the client had it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.benchmarks import gateway_peers as peers
from tests.benchmarks.figures import Figure, figure, show
from tests.benchmarks.gateway_peers import Between

# Streams, milliseconds between tokens, tokens, rounds. A single stream is asked for again and again.
SETTINGS = ((1, 20, 3, 30), (64, 20, 100, 1), (256, 50, 40, 1))
FIRST_MS = 50
# What a peer that is slow gets at most.
SLOW_STREAMS, SLOW_TOKENS = 64, 20
FIRST_TOKEN_MS = {1: 1.5, 64: 1.5, 256: 10.0}
# Milliseconds to the first token, the server's own not counted, on a connection made for the request.
NEW_CONNECTION_MS = {("p50", 64): 1.5, ("p99", 64): 5.0, ("p50", 256): 3.0, ("p99", 256): 15.0}
CPU_MICROSECONDS = 60.0
REQUESTS_PER_SECOND = 4_500.0
HELD = 1_000
CANCEL_MS = 5.0
FLAT_BYTES = 5_000_000
MARK_MS = 1e-6
SEEN_SECONDS = 3.0


@dataclass
class Seen:
    """What one batch of streams showed: milliseconds of each stream and each token, and counts."""

    first: list[float] = field(default_factory=list)
    lag: list[float] = field(default_factory=list)
    tokens: int = 0
    lost: int = 0
    merged: int = 0
    cpu_us: float = 0.0


class Bench:
    """One run's processes and the numbers that its streams have used up."""

    def __init__(self, log: Path) -> None:
        self._log, self._next = log, 1

    def streams(
        self, between: Between, count: int, *, gap: int, tokens: int, rounds: int = 1, connect: bool = False
    ) -> Seen:
        """Stream through `between`, the streams started 1 ms apart, and compare with the server's own log.

        With `connect`, each is on a connection made for it, and counts from there.
        """
        seen, before = Seen(), between.cpu_seconds()
        for _ in range(rounds):
            job = {"streams": count, "apart_ms": 1, "first": FIRST_MS, "gap": gap, "tokens": tokens, "from": self._next}
            job["connect"] = connect
            self._next += count
            found = peers.load(between, **job, key=between.name == "LiteLLM")["streams"]
            emitted = self._emitted(set(map(int, found)))
            for number, stream in found.items():
                self._compare(seen, stream, emitted.get(int(number)), tokens)
        seen.cpu_us = (between.cpu_seconds() - before) * 1e6 / max(1, seen.tokens)
        return seen

    def leave(self, between: Between, first: int) -> list[float]:
        """Milliseconds from each of 50 clients' leaving until the server saw it."""
        job = {"leave": 50, "after_ms": 30, "first": first, "gap": 5, "tokens": 10_000, "from": self._next}
        self._next += 50
        gone = {int(number): at for number, at in peers.load(between, **job)["left"].items()}
        deadline = time.monotonic() + SEEN_SECONDS
        # The server writes its log when it has seen one leave; one that left before it was heard, it never sees.
        while len(seen := self._emitted(set(gone))) < len(gone) and time.monotonic() < deadline:
            time.sleep(0.05)
        return [(one["left"] - gone[number]) * MARK_MS for number, one in seen.items()]

    def _emitted(self, numbers: set[int]) -> dict[int, dict[str, Any]]:
        lines = map(json.loads, self._log.read_text("utf-8").splitlines())
        return {line["stream"]: line for line in lines if line["stream"] in numbers}

    def _compare(self, seen: Seen, stream: dict[str, Any], truth: dict[str, list[int]] | None, tokens: int) -> None:
        whole = stream["complete"] and stream["numbers"] == list(range(tokens))
        if truth is None or not whole:
            seen.lost += tokens - len(stream["numbers"]) or 1
            return
        lags = [(came - left) * MARK_MS for came, left in zip(stream["times"], truth["emitted"], strict=True)]
        seen.first.append((truth["arrived"] - stream["sent"]) * MARK_MS + lags[0])
        seen.lag += lags
        seen.tokens += tokens
        seen.merged += stream["merged"]


def streaming(bench: Bench, all_between: list[Between], runs: int) -> Iterator[Figure]:
    """First token, CPU and wholeness at each number of streams, for everything that may stand in between."""
    for count, gap, tokens, rounds in SETTINGS:
        here = [between for between in all_between if count <= SLOW_STREAMS or not between.slow]
        seen: dict[str, list[Seen]] = {between.name: [] for between in here}
        for _ in range(runs):
            for between in here:
                length = min(tokens, SLOW_TOKENS) if between.slow else tokens
                seen[between.name].append(bench.streams(between, count, gap=gap, tokens=length, rounds=rounds))
        bare = [statistics.median(one.first) for one in seen[here[0].name]]
        for between in here[1:]:
            mine = between.name == "gateway"
            extra = [
                statistics.median(one.first) - zero if one.first else float("nan")
                for one, zero in zip(seen[between.name], bare, strict=True)
            ]
            target = FIRST_TOKEN_MS[count] if mine else None
            yield figure(f"{between.name}: first token over nothing, p50, {count} streams", extra, "ms", target)
        for between in here:
            yield from _batch(between, seen[between.name], count)


def connecting(bench: Bench, all_between: list[Between], runs: int) -> Iterator[Figure]:
    """First token of streams on connections of their own, beside nothing and, as a ratio, beside nginx."""
    here = [between for between in all_between if not between.slow]
    for count, gap, tokens, _ in SETTINGS[1:]:
        seen: dict[str, list[Seen]] = {between.name: [] for between in here}
        for _ in range(runs):
            for between in here:
                seen[between.name].append(bench.streams(between, count, gap=gap, tokens=tokens, connect=True))
        where = f"{count} new connections"
        for part, at in (("p50", 49), ("p99", 98)):
            late = {name: [_quantile(one.first, at) for one in batch] for name, batch in seen.items()}
            for name, values in late.items():
                target = NEW_CONNECTION_MS[part, count] if name == "gateway" else None
                yield figure(f"{name}: first token, {part}, {where}", values, "ms", target)
            if peer := next((name for name in late if name.startswith("nginx")), None):
                ratios = [mine / its for mine, its in zip(late["gateway"], late[peer], strict=True)]
                yield figure(f"gateway: first token over nginx's, {part}, {where}", ratios, "times")
        for name, batch in seen.items():
            cost = CPU_MICROSECONDS if name == "gateway" and count == SLOW_STREAMS else None
            yield figure(f"{name}: CPU a chunk, {where}", [one.cpu_us for one in batch], "µs", cost)


def _quantile(values: list[float], at: int) -> float:
    return statistics.quantiles(values, n=100)[at] if len(values) > 1 else float("nan")


def _batch(between: Between, seen: list[Seen], count: int) -> Iterator[Figure]:
    mine = between.name == "gateway"
    where = f"{between.name}: %s, {count} streams"
    if count > 1:
        cost = [one.cpu_us for one in seen]
        yield figure(where % "CPU a chunk", cost, "µs", CPU_MICROSECONDS if mine else None)
    late = [statistics.quantiles(one.lag, n=100)[98] if one.lag else float("nan") for one in seen]
    yield figure(where % "token's way, p99", late, "ms")
    yield figure(where % "tokens lost", [one.lost for one in seen], "", 0 if mine else None)
    yield figure(where % "tokens merged", [one.merged for one in seen], "", 0 if mine else None)


def wholes(all_between: list[Between], runs: int) -> Iterator[Figure]:
    """Non-streaming requests a second on 32 connections."""
    answers: dict[str, list[float]] = {between.name: [] for between in all_between}
    failures = 0
    for _ in range(runs):
        for between in all_between:
            job = {"seconds": 3, "connections": 32, "tokens": 0, "key": between.name == "LiteLLM"}
            found = peers.load(between, **job)
            answers[between.name].append(found["per_second"])
            failures += found["failures"] if between.name == "gateway" else 0
    for name, values in answers.items():
        target = REQUESTS_PER_SECOND if name == "gateway" else None
        yield figure(f"{name}: whole answers", values, "/s", target, at_least=True)
    yield figure("gateway: whole answers that failed", [failures], "", 0)


def left(bench: Bench, between: Between, runs: int) -> Iterator[Figure]:
    """From a client's leaving until the server sees it, before the first token and after some."""
    target = CANCEL_MS if between.name == "gateway" else None
    for when, first in (("before the first token", 60_000), ("after some tokens", 5)):
        found = [bench.leave(between, first) for _ in range(runs)]
        for name, part in (("p50", 49), ("p99", 98)):
            values = [statistics.quantiles(one, n=100)[part] for one in found]
            yield figure(f"{between.name}: upstream cancelled, {name}, {when}", values, "ms", target)


def held(bench: Bench, between: Between) -> Iterator[Figure]:
    """A thousand streams at once, twice: all whole, and no more memory after the second time than after the first."""
    sizes = []
    for _ in range(2):
        seen = bench.streams(between, HELD, gap=1_000, tokens=4)
        yield figure(f"gateway: whole streams of {HELD:,} held", [len(seen.first)], "", HELD, at_least=True)
        time.sleep(3)  # What idle connections hold is given back by then.
        sizes.append(between.memory_bytes())
    yield figure(
        "gateway: memory grown by a thousand streams more", [(sizes[1] - sizes[0]) / 1e6], "MB", FLAT_BYTES / 1e6
    )


def main() -> None:
    """Measure, print a line a figure, and keep them in `_build/bench/gateway.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument(
        "--with-litellm", action="store_true", help=f"measure LiteLLM too; it is installed once, into {peers.LITELLM}"
    )
    arguments = parser.parse_args()
    print(f"Load average of the last minute: {os.getloadavg()[0]:.1f}, on {os.cpu_count()} cores.")
    show("gateway", figures(arguments.runs, with_litellm=arguments.with_litellm))


def figures(runs: int, *, with_litellm: bool) -> Iterator[Figure]:
    """Every figure, each as soon as it is measured."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        log = folder / "truth.jsonl"
        truth = stack.enter_context(peers.nothing(log))
        mine = stack.enter_context(peers.gateway(truth.port, folder))
        all_between: list[Between] = [truth, mine]
        if proxy := stack.enter_context(peers.nginx(truth.port, folder)):
            all_between.append(proxy)
        else:
            print("nginx is not installed: apt-get install nginx-light puts it beside the gateway here.")
        if with_litellm:
            try:
                all_between.append(stack.enter_context(peers.litellm(truth.port, folder)))
            except peers.NotThere as reason:
                print(f"LiteLLM is left out: {reason}")
        bench = Bench(log)
        yield from streaming(bench, all_between, runs)
        yield from connecting(bench, all_between, runs)
        yield from wholes(all_between, runs)
        for between in all_between:
            if not between.slow:
                yield from left(bench, between, runs)
        yield from held(bench, mine)


if __name__ == "__main__":
    main()
