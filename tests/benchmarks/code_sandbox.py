"""The code sandbox: what it adds to a program's own time, how a full house fares, and how fast a caller's leaving acts.

    python -m tests.benchmarks.code_sandbox --runs 15

Each program runs by turns bare, as a child of this process, and in the sandbox, asked in process, so that both meet the
same load. Bare Go finds the same prepared library as in the sandbox. Overhead is the median of the sandbox minus the
median of the bare tool; `(1 fresh)` is the same where no sandbox stands ready.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from janus_platform.clock import CallerClocks, SystemClock
from janus_platform.contract import load_contract
from janus_platform.services.code_sandbox.app import build, warm_up
from janus_platform.services.code_sandbox.run_cache import RunCache
from janus_platform.services.code_sandbox.toolchains import ToolchainMissingError, toolchain
from janus_platform.services.framework.app import ServiceContext
from tests.benchmarks.figures import ROOT, Figure, figure, milliseconds, show

CACHE = ROOT / "_build" / "sandbox-cache"
PROGRAMS = {
    "python": ("print(2 + 2)", 40.0),
    "bash": ("echo $((2 + 2))", 20.0),
    "javascript": ("console.log(2 + 2)", 60.0),
    "go": ('package main\nimport "fmt"\nfunc main() { fmt.Println(2 + 2) }', 300.0),
    "rust": ('fn main() { println!("{}", 2 + 2); }', 300.0),
}
AT_ONCE = 16
# A caller thinks before it asks again; sandboxes are made ready meanwhile.
PAUSE_SECONDS = 0.1


@asynccontextmanager
async def service(*, standing: bool) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the service, in process; `standing` runs its lifespan, in which it keeps sandboxes ready."""
    contract = load_contract()
    app = build(ServiceContext(contract, CallerClocks(SystemClock())), cache_dir=CACHE)
    origin = contract.code_sandbox.origin
    events: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    said: asyncio.Queue[Any] = asyncio.Queue()
    serving = asyncio.ensure_future(app({"type": "lifespan", "asgi": {"version": "3.0"}}, events.get, said.put))
    if standing:
        await events.put({"type": "lifespan.startup"})
        await said.get()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=origin, timeout=120) as client:
        yield client
    if standing:
        await events.put({"type": "lifespan.shutdown"})
        await serving
    serving.cancel()


async def execute(client: httpx.AsyncClient, language: str, code: str) -> float:
    """Milliseconds of one run that must succeed."""
    started = time.perf_counter()
    answer = (await client.post("/execute", json={"language": language, "code": code, "timeout": 60})).json()
    took = (time.perf_counter() - started) * 1000
    if answer["stdout"] != "4\n":
        raise SystemExit(f"{language}: {answer}")
    return took


def bare(language: str, code: str, place: Path) -> float:
    """Milliseconds of the same program with the bare tool, in an empty temporary folder."""
    tools = toolchain(language)
    work = Path(tempfile.mkdtemp(dir=place))
    (work / tools.source).write_text(code, encoding="utf-8")
    cache = RunCache(CACHE).widen(tools).binds[-1:] if language == "go" else ()
    # Nothing of this shell: Node, for one, loads certificates when a variable names them.
    environment = {"PATH": os.environ["PATH"], **tools.environment, "TMPDIR": str(work), "HOME": str(work)}
    environment |= {"GOCACHE": str(cache[0])} if cache else {}
    return milliseconds(
        lambda: subprocess.run(tools.command, cwd=work, env=environment, capture_output=True, check=True)
    )


async def overheads(runs: int) -> list[Figure]:
    """Bare, sandboxed and overhead for each language that is installed."""
    figures: list[Figure] = []
    async with service(standing=True) as client, service(standing=False) as fresh:
        with tempfile.TemporaryDirectory() as folder:
            for language, (code, target) in PROGRAMS.items():
                try:
                    toolchain(language)
                except ToolchainMissingError as missing:
                    print(f"left out: {missing} ({missing.install})")
                    continue
                kept: dict[str, list[float]] = {"bare": [], "standing": [], "fresh": []}
                for turn in range(runs + 1):
                    # Go keeps what it compiled: each turn is a program that it has not seen.
                    unique = f"{code}\n{'#' if language in ('python', 'bash') else '//'} {turn} {time.time_ns()}"
                    took = {
                        "bare": await asyncio.to_thread(bare, language, unique, Path(folder)),
                        "standing": await execute(client, language, unique),
                        "fresh": await execute(fresh, language, unique + " again"),
                    }
                    await asyncio.sleep(PAUSE_SECONDS)
                    if turn:  # The first warms the page cache.
                        for name, value in took.items():
                            kept[name].append(value)
                figures += list(_lines(language, kept, target))
    return figures


def _lines(language: str, kept: dict[str, list[float]], target: float) -> Iterator[Figure]:
    middle = statistics.median(kept["bare"])
    yield figure(f"{language}: bare tool", kept["bare"], "ms")
    yield figure(f"{language}: in the sandbox", kept["standing"], "ms")
    yield figure(f"{language}: overhead", [value - middle for value in kept["standing"]], "ms", target)
    yield figure(f"{language}: overhead (1 fresh)", [value - middle for value in kept["fresh"]], "ms")


async def full_house(runs: int) -> Figure:
    """How many of 16 programs at once are answered 200, the fewest of all turns counting."""
    answered: list[float] = []
    async with service(standing=True) as client:
        for _ in range(runs):
            body = {"language": "python", "code": "print(2 + 2)", "timeout": 30}
            answers = await asyncio.gather(*(client.post("/execute", json=body) for _ in range(AT_ONCE)))
            answered.append(sum(a.status_code == 200 and a.json()["stdout"] == "4\n" for a in answers))
    return figure(f"{AT_ONCE} at once, answered without error", answered, "", AT_ONCE, at_least=True)


async def over_full(runs: int) -> list[Figure]:
    """With one place and one more to wait in: how long the refused wait for their 503, and how many get it."""
    waited: list[float] = []
    refused: list[float] = []
    contract = load_contract()
    for _ in range(runs):
        app = build(ServiceContext(contract, CallerClocks(SystemClock())), max_running=1, max_waiting=1)
        origin = contract.code_sandbox.origin
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=origin, timeout=60) as client:
            times: list[float] = []

            async def ask(client: httpx.AsyncClient = client, times: list[float] = times) -> None:
                started = time.perf_counter()
                body = {"language": "bash", "code": "sleep 0.5"}
                if (await client.post("/execute", json=body)).status_code == 503:
                    times.append((time.perf_counter() - started) * 1000)

            await asyncio.gather(*(ask() for _ in range(6)))
        waited.append(max(times))
        refused.append(len(times))
    return [
        figure("full queue: refused with 503, of 6", refused, "", 4, at_least=True),
        figure("full queue: longest wait for a 503", waited, "ms", 100),
    ]


async def measure(runs: int) -> list[Figure]:
    """Every figure."""
    return [*await overheads(runs), await full_house(max(2, runs // 5)), *await over_full(2)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15)
    arguments = parser.parse_args()
    warm_up(CACHE)
    show("code_sandbox", asyncio.run(measure(arguments.runs)))


if __name__ == "__main__":
    main()
