"""`make bench`: what the inference service itself adds: to the first chunk, to each chunk, to its pace, to an upstream.

The service listens on a real socket and is asked over it by a bare reader, so that no client's parsing is measured.
Targets are the project's own: the specification states none for inference.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

from janus_platform.clock import CallerClocks, SystemClock
from janus_platform.contract import load_contract
from janus_platform.http.server import HttpServer, bind_loopback
from janus_platform.services.framework.app import ServiceContext
from janus_platform.services.inference.app import build
from janus_platform.services.inference.engine import Engine
from janus_platform.services.inference.minilm import MiniLM
from janus_platform.services.inference.tokens import Pace
from janus_platform.services.inference.upstream.engine import UpstreamEngine
from janus_platform.services.inference.upstream.settings import UpstreamSettings
from janus_platform.services.vector_index.prepare import model_folder
from tests.benchmarks.figures import Figure, figure, show

CONTRACT = load_contract()
SERVICE = CONTRACT.inference
KEY = "cpk_local_bench"
PASSAGE = (
    "The tide rises because the Moon pulls the near side of the sea more than the far side. Two bulges follow, and "
    "most coasts see two high tides a day. The Sun adds about half as much as the Moon does. "
)
PROMPT = f"Question: Why does the tide rise?\n\nPassages:\n[1] Tides — https://example.com/tides\n{PASSAGE * 5}"
AT_ONCE = Pace(first_token_seconds=0.0, tokens_per_second=1e9)
TEXTS = [f"{PASSAGE[:90]} Text number {number}." for number in range(64)]


@asynccontextmanager
async def listening(pace: Pace, upstream: Engine | None = None) -> AsyncIterator[int]:
    """The service on a port of the loopback."""
    clock = SystemClock()
    context = ServiceContext(CONTRACT, CallerClocks(clock), clock=clock)
    app = build(context, keys=KEY.__eq__, embedder=MiniLM(model_folder()), pace=pace, upstream=upstream)
    server, sockets = HttpServer(app), bind_loopback(0)[:1]
    port: int = sockets[0].getsockname()[1]
    await server.start()
    await server.listen(sockets)
    try:
        yield port
    finally:
        await server.close()


async def chunk_times(port: int) -> list[float]:
    """When each event with content arrived, in seconds from the request's first byte."""
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": PROMPT}], "stream": True}
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    started = time.perf_counter()
    writer.write(_request(SERVICE.path, body))
    times: list[float] = []
    async for line in reader:
        if b'"content":' in line:
            times.append(time.perf_counter() - started)
        if line.startswith(b"data: [DONE]"):
            break
    writer.close()
    return times


def _request(path: str, body: Any) -> bytes:
    data = json.dumps(body).encode()
    head = [f"POST {path} HTTP/1.1", "Host: x", f"Authorization: Bearer {KEY}", f"Content-Length: {len(data)}"]
    return "\r\n".join([*head, "", ""]).encode() + data


async def first_chunk(runs: int) -> list[float]:
    """Milliseconds to the first chunk when the pace asks for no waiting."""
    async with listening(AT_ONCE) as port:
        await chunk_times(port)
        return [(await chunk_times(port))[0] * 1000 for _ in range(runs)]


async def chunk_cpu(runs: int) -> list[float]:
    """Microseconds of processor time a chunk, of service and reader together."""
    found = []
    async with listening(AT_ONCE) as port:
        await chunk_times(port)
        for _ in range(runs):
            started = time.process_time()
            chunks = sum([len(await chunk_times(port)) for _ in range(10)])
            found.append((time.process_time() - started) / chunks * 1e6)
    return found


async def pacing(runs: int) -> list[float]:
    """How late the chunks of a stream come, the 99th percentile of each run, in milliseconds."""
    pace, found = Pace(0.02, 400.0), []
    async with listening(pace) as port:
        for _ in range(runs):
            times = await chunk_times(port)
            late = [(at - pace.due(place)) * 1000 for place, at in enumerate(times)]
            found.append(statistics.quantiles(late, n=100)[98])
    return found


async def embeddings(runs: int) -> list[float]:
    """Texts a second, of 64 short passages in one request's worth."""
    model = MiniLM(model_folder())
    await model.embed(TEXTS[:1], 256)
    found = []
    for _ in range(runs):
        started = time.perf_counter()
        await model.embed(TEXTS, 256)
        found.append(len(TEXTS) / (time.perf_counter() - started))
    return found


async def through_upstream(runs: int) -> list[float]:
    """Milliseconds that one service in front of another adds to the first chunk; both answer at once."""
    rules = SERVICE.upstream
    assert rules is not None
    found = []
    async with listening(AT_ONCE) as behind:
        settings = UpstreamSettings(f"http://127.0.0.1:{behind}{SERVICE.base_path}", KEY)
        engine = UpstreamEngine(settings, rules, clock=SystemClock())
        async with listening(AT_ONCE, engine) as before:
            await chunk_times(before)
            for _ in range(runs):
                direct = [(await chunk_times(behind))[0] for _ in range(10)]
                added = [(await chunk_times(before))[0] for _ in range(10)]
                found.append((statistics.median(added) - statistics.median(direct)) * 1000)
    return found


def figures(runs: int) -> Iterator[Figure]:
    """Every figure, each as soon as it is measured."""
    yield figure("first chunk, no waiting asked for", asyncio.run(first_chunk(runs)), "ms", 20)
    yield figure("processor time a chunk, reader included", asyncio.run(chunk_cpu(runs)), "µs", 200)
    yield figure("chunks late at 400 a second, 99th percentile", asyncio.run(pacing(runs)), "ms", 10)
    yield figure("texts embedded a second", asyncio.run(embeddings(runs)), "/s", 50, at_least=True)
    yield figure("added to the first chunk by an upstream", asyncio.run(through_upstream(runs)), "ms", 5)


def main() -> None:
    """Measure, print a line a figure, and keep them in `_build/bench/inference.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    show("inference", figures(parser.parse_args().runs))


if __name__ == "__main__":
    main()
