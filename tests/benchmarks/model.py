"""`make bench ARGS=model`: what the platform adds to a real model's answers, beside llama.cpp's own server.

The peer is the very process that the service hands its requests to, asked past the service on its own socket, in turns
with it: the same model, threads and cache. Both are read by a bare reader. The model is SmolLM2 135M.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from janus_platform.clock import CallerClocks, SystemClock
from janus_platform.contract import load_contract
from janus_platform.http.server import HttpServer, bind_loopback
from janus_platform.runtime.server import new_event_loop
from janus_platform.services.framework.app import ServiceContext
from janus_platform.services.inference.app import build
from janus_platform.services.inference.llama.engine import LlamaEngine
from janus_platform.services.inference.llama.start import model_engine
from janus_platform.services.inference.minilm import MiniLM
from janus_platform.services.vector_index.prepare import model_folder
from tests.benchmarks.figures import Figure, figure, show

CONTRACT = load_contract()
SERVICE = CONTRACT.inference
KEY, NAME = "cpk_local_bench", "smollm2-135m"
PAIRS, TOKENS, AT_ONCE = 20, 64, 4
CONTENT = b'"delta":{"content":"'
LONG = "The tide rises because the Moon pulls the near side of the sea more than the far side. " * 40


@dataclass(frozen=True)
class Sides:
    """The service's port, and the engine whose process is asked directly."""

    port: int
    engine: LlamaEngine

    async def ask(self, body: dict[str, Any], *, directly: bool) -> list[float]:
        """When each piece of content arrived, in seconds from the request's first byte."""
        process = self.engine.process
        if directly:
            reader, writer = await asyncio.open_unix_connection(str(process.launch.socket))
        else:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        started = time.perf_counter()
        writer.write(_request(body, process.key if directly else KEY))
        times: list[float] = []
        async for line in reader:
            if CONTENT in line:
                times.append(time.perf_counter() - started)
            if line.startswith(b"data: [DONE]"):
                break
        writer.close()
        return times


def _request(body: dict[str, Any], key: str) -> bytes:
    data = json.dumps({"model": NAME, "stream": True, "temperature": 0, **body}).encode()
    head = [
        f"POST {SERVICE.path} HTTP/1.1",
        "Host: x",
        f"Authorization: Bearer {key}",
        "Content-Type: application/json",
        f"Content-Length: {len(data)}",
    ]
    return "\r\n".join([*head, "", ""]).encode() + data


def _asked(text: str, tokens: int, number: int = 0) -> dict[str, Any]:
    # A grammar keeps every answer as long as every other.
    return {
        "messages": [{"role": "user", "content": f"{text} {number}"}],
        "max_tokens": tokens,
        "grammar": "root ::= [a-z ]+",
    }


@asynccontextmanager
async def both_sides() -> AsyncIterator[Sides]:
    """The service with the model, on a port of the loopback; and the seconds until the model was ready."""
    clock = SystemClock()
    with tempfile.TemporaryDirectory(prefix="janus-bench-") as folder:
        engine = model_engine(NAME, CONTRACT, Path(folder) / "model.sock", clock=clock)
        context = ServiceContext(CONTRACT, CallerClocks(clock), clock=clock)
        app = build(context, keys=KEY.__eq__, embedder=MiniLM(model_folder()), model=engine)
        server, sockets = HttpServer(app), bind_loopback(0)[:1]
        port: int = sockets[0].getsockname()[1]
        await server.start()
        await server.listen(sockets)
        try:
            await engine.process.decided()
            yield Sides(port, engine)
        finally:
            await server.close()


async def first_tokens(sides: Sides) -> tuple[list[float], list[float]]:
    """Milliseconds to the first token of a prompt that is in the cache: through the service, and directly; in turns."""
    found: dict[bool, list[float]] = {False: [], True: []}
    for turn in range(2 * PAIRS):
        directly = bool(turn % 2)
        times = await sides.ask(_asked("Why does the tide rise?", 2), directly=directly)
        found[directly].append(times[0] * 1000)
    return found[False], found[True]


async def processor_times(sides: Sides) -> tuple[float, float]:
    """Milliseconds of processor time that the platform adds to a request of one token, and to each further token.

    What the reader takes is taken off: the same is asked directly. Unlike waits, this is the same on a busy machine.
    """
    spent: dict[tuple[bool, int], float] = {}
    for directly in (False, True):
        for tokens in (1, TOKENS):
            started = time.process_time()
            for _ in range(5):
                await sides.ask(_asked("Why does the tide rise?", tokens), directly=directly)
            spent[directly, tokens] = (time.process_time() - started) / 5 * 1000
    first, whole = (spent[False, tokens] - spent[True, tokens] for tokens in (1, TOKENS))
    return first, (whole - first) / (TOKENS - 1)


async def paces(sides: Sides, at_once: int) -> tuple[float, float]:
    """Tokens a second of `at_once` answers side by side, from the first token to the last: service, and directly."""
    found = {}
    for directly in (None, False, True):  # The first time its prompts are read, which is not measured.
        bodies = [_asked("Tell me a story about number", TOKENS, number) for number in range(at_once)]
        answers = await asyncio.gather(*(sides.ask(body, directly=bool(directly)) for body in bodies))
        first, last = min(times[0] for times in answers), max(times[-1] for times in answers)
        found[directly] = sum(len(times) - 1 for times in answers) / (last - first)
    return found[False], found[True]


async def same_prompt_twice(sides: Sides, number: int) -> tuple[float, float]:
    """Milliseconds to the first token of a long prompt that is new, and of the same one again."""
    body = _asked(f"{number} {LONG}", 2)
    first, second = [(await sides.ask(body, directly=False))[0] * 1000 for _ in range(2)]
    return first, second


async def measured(runs: int) -> list[Figure]:
    """Every figure."""
    started = time.perf_counter()
    async with both_sides() as sides:
        load = time.perf_counter() - started
        await first_tokens(sides)
        pairs = [await first_tokens(sides) for _ in range(runs)]
        alone = [await paces(sides, 1) for _ in range(runs)]
        together = [await paces(sides, AT_ONCE) for _ in range(runs)]
        spent = [await processor_times(sides) for _ in range(runs)]
        twice = [await same_prompt_twice(sides, number) for number in range(min(runs, 2))]
        memory = sides.engine.process.memory_bytes / 1e6
    through, direct = ([one for pair in pairs for one in pair[side]] for side in (0, 1))
    added = [statistics.median(pair[0]) - statistics.median(pair[1]) for pair in pairs]
    late = [_p99(pair[0]) - _p99(pair[1]) for pair in pairs]
    return [
        figure("added to the first token, median of each run", added, "ms", 3),
        figure("added to the first token, 99th percentile of each run", late, "ms"),
        figure("processor time added to a request of one token", [first for first, _ in spent], "ms"),
        figure("processor time added to each further token", [each * 1000 for _, each in spent], "µs"),
        figure("first token, prompt in the cache: through the platform", through, "ms"),
        figure("first token, prompt in the cache: llama.cpp's own server", direct, "ms"),
        figure("tokens a second, as a share of llama.cpp's own server", _shares(alone), "", 0.95, at_least=True),
        figure(f"the same with {AT_ONCE} answers at once", _shares(together), "", 0.95, at_least=True),
        figure("tokens a second, one answer: through the platform", [pace for pace, _ in alone], "/s"),
        figure("tokens a second, one answer: llama.cpp's own server", [pace for _, pace in alone], "/s"),
        figure(f"tokens a second, {AT_ONCE} at once: through the platform", [pace for pace, _ in together], "/s"),
        figure("first token of a new prompt of 800 tokens", [first for first, _ in twice], "ms"),
        figure("first token of the same prompt again", [second for _, second in twice], "ms"),
        figure("from the start to a loaded model", [load], "s"),
        figure("memory of the model's process", [memory], "MB"),
    ]


def _p99(values: list[float]) -> float:
    return statistics.quantiles(values, n=100)[98]


def _shares(pairs: list[tuple[float, float]]) -> list[float]:
    return [through / direct for through, direct in pairs]


def figures(runs: int) -> Iterator[Figure]:
    """Every figure, once all are measured."""
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        yield from runner.run(measured(runs))


def main() -> None:
    """Measure, print a line a figure, and keep them in `_build/bench/model.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    show("model", figures(parser.parse_args().runs))


if __name__ == "__main__":
    main()
