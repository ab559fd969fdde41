"""How well janus-bench times streams, beside loops over the clients that people time them with otherwise.

64 streams started 1 ms apart against the ground-truth server; the same plans for each reader, in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from unittest import mock

from janus_bench.calibration.calibrate import Calibration, calibrate, ground_truth, read_truth
from janus_bench.calibration.plan import Plan
from janus_bench.wire.target import Target
from tests.benchmarks.figures import Figure, figure, show

STREAMS, PIECES, GAP_MS = 64, 100, 10.0


def messages(plan: Plan) -> list[dict[str, str]]:
    return [{"role": "user", "content": plan.to_text()}]


def body(plan: Plan) -> dict[str, object]:
    return {"model": "ground-truth", "stream": True, "messages": messages(plan)}


class Peers:
    """The loops that people write: each counts a piece when the client hands it out."""

    def __init__(self, target: Target) -> None:
        import aiohttp
        import httpx
        import openai

        base = f"http://{target.host}:{target.port}/v1"
        self.url = target.url
        self._openai = openai.AsyncOpenAI(base_url=base, api_key="none", max_retries=0)
        self._httpx = httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=256))
        self._aiohttp = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=256))

    async def openai(self, plan: Plan) -> AsyncIterator[None]:
        stream = await self._openai.chat.completions.create(
            model="ground-truth",
            stream=True,
            messages=messages(plan),  # type: ignore[arg-type]
        )
        async for chunk in stream:
            if chunk.choices and chunk.choices[0].delta.content:
                yield

    async def httpx(self, plan: Plan) -> AsyncIterator[None]:
        async with self._httpx.stream("POST", self.url, json=body(plan)) as response:
            async for line in response.aiter_lines():
                if '"content"' in line:
                    yield

    async def aiohttp(self, plan: Plan) -> AsyncIterator[None]:
        async with self._aiohttp.post(self.url, json=body(plan)) as response:
            async for line in response.content:
                if b'"content"' in line:
                    yield

    async def close(self) -> None:
        await self._openai.close()
        await self._httpx.aclose()
        await self._aiohttp.close()


async def stamped(pieces: AsyncIterator[None], number: int) -> list[int]:
    await asyncio.sleep(number / 1000)
    return [time.perf_counter_ns() async for _ in pieces]


async def peer_lags(target: Target, name: str) -> list[float]:
    """Receive lags (µs) of one peer's loop."""
    peers = Peers(target)
    read: Callable[[Plan], AsyncIterator[None]] = getattr(peers, name)
    plans = [Plan(f"{name}{n}", first_ms=50, gap_ms=GAP_MS, tokens=PIECES) for n in range(STREAMS)]
    tasks: Sequence[Awaitable[list[int]]] = [stamped(read(plan), n) for n, plan in enumerate(plans)]
    stamps = await asyncio.gather(*tasks)
    await peers.close()
    truths = await asyncio.to_thread(read_truth, target)
    return [
        (seen - true) / 1e3
        for plan, own in zip(plans, stamps, strict=True)
        for seen, true in zip(own, truths[plan.id].emitted_ns, strict=False)
    ]


def figures(runs: int) -> Iterator[Figure]:
    kernel = [calibrate(streams=STREAMS, pieces=PIECES, gap_ms=GAP_MS) for _ in range(runs)]
    with mock.patch.object(sys, "platform", "other"):  # a machine without kernel stamps
        reader = [calibrate(streams=STREAMS, pieces=PIECES, gap_ms=GAP_MS) for _ in range(runs)]
    assert {found.stamped_by for found in kernel} == {"kernel"} and {found.stamped_by for found in reader} == {"reader"}
    yield figure("receive lag p50, kernel stamps", [found.receive_lag_us["p50"] for found in kernel], "µs", 15)
    yield figure("receive lag p50, reader's stamps", [found.receive_lag_us["p50"] for found in reader], "µs", 150)
    yield from peers(runs)
    yield figure("error of time to first token p50", _first_errors(kernel), "ms", 0.3)
    yield figure("error of a planted 500 ms stall, the largest", [found.stall_error_ms for found in kernel], "ms", 0.1)
    buffered = [found.cpu_us_per_chunk_buffered for found in kernel]
    yield figure("CPU a chunk that lies in the socket's buffer", buffered, "µs", 8)
    yield figure("CPU a chunk, paced", [found.cpu_us_per_chunk_paced for found in kernel], "µs", 60)
    yield figure("pieces lost", [float(found.lost) for found in kernel], "", 0)
    yield figure("planted faults misnamed", [float(len(found.faults_missed)) for found in kernel], "", 0)


def _first_errors(found: Sequence[Calibration]) -> list[float]:
    return [one.first_token_error_ms["p50"] for one in found]


def peers(runs: int) -> Iterator[Figure]:
    for name in ("aiohttp", "httpx", "openai"):
        medians = []
        for _ in range(runs):
            with ground_truth() as target:
                medians.append(statistics.median(asyncio.run(peer_lags(target, name))))
        yield figure(f"receive lag p50, a loop over {name}", medians, "µs")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    show("bench_clock", figures(parser.parse_args().runs))


if __name__ == "__main__":
    main()
