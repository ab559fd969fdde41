"""`make bench`: how long the first minutes of a reader take, against the figures that the project set itself.

Each figure is the median of several runs, counted on the monotonic clock, on a platform with a home of its own. Nothing
here fails a build: a figure that misses its target is printed as missed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from tests.benchmarks.figures import ROOT, Figure, figure, milliseconds, show

JANUS = [sys.executable, "-m", "janus_platform.cli"]
# The target was set for these four; the others have their own.
NOTEBOOKS = [
    ROOT / "notebooks" / f"{name}.ipynb"
    for name in ("first_request", "platform_services", "build_an_implementation", "quick_bench")
]
# Each is asked once: a second answer would come from the cache. Fewer than the fetch limit of a minute allows.
QUESTIONS = (
    "Explain quantum entanglement",
    "How does the TCP handshake work?",
    "What is remote attestation?",
    "How does BM25 rank documents?",
    "What is asyncio?",
    "How do tides work?",
    "What is Bittensor?",
    "What are server-sent events?",
)


class Home:
    """A JANUS_HOME of its own that shares the user's prepared caches."""

    def __init__(self, folder: Path) -> None:
        kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        self.environment = {**kept, "JANUS_HOME": str(folder)}
        self._prepare(folder)

    def run(self, *words: str) -> str:
        return subprocess.run(words, env=self.environment, check=True, capture_output=True, text=True, cwd=ROOT).stdout

    def janus(self, *words: str) -> str:
        return self.run(*JANUS, *words)

    def _prepare(self, folder: Path) -> None:
        from janus_bench.home import home

        folder.mkdir(parents=True, exist_ok=True)
        if (home() / "cache").is_dir():
            (folder / "cache").symlink_to(home() / "cache")


def cold_start(home: Home, runs: int) -> Figure:
    """`janus up` as a command, interpreter start included, to all parts healthy."""
    taken = []
    for _ in range(runs):
        taken.append(milliseconds(lambda: home.janus("up", "--detach", "--port", "0")))
        home.janus("down")
    return figure("janus up, cold, to all healthy", taken, "ms", 2_000)


_JOIN = """
import time, janus_platform
started = time.perf_counter(); platform = janus_platform.up(); print((time.perf_counter() - started) * 1000)
"""


def joining(home: Home, runs: int) -> Figure:
    """`janus.up()` in a fresh Python when the platform runs already, its imports included."""
    taken = [float(home.run(sys.executable, "-c", _JOIN)) for _ in range(runs)]
    return figure("janus.up() joining a running platform", taken, "ms", 100)


@contextmanager
def platform_up(home: Home) -> Iterator[dict[str, Any]]:
    """A platform with empty caches, as the notebooks expect it: on its own port, with the contract's limits."""
    try:
        yield json.loads(home.janus("up", "--detach", "--json"))
    finally:
        home.janus("down")


def first_token(url: str, runs: int) -> list[Figure]:
    """From the request's first byte to the first reasoning and content deltas, a new question each time."""
    import httpx

    first, content = [], []
    with httpx.Client(timeout=60) as client:
        for question in QUESTIONS[:runs]:
            body = {"model": "research", "messages": [{"role": "user", "content": question}], "stream": True}
            started = time.perf_counter()
            seen: dict[str, float] = {}
            with client.stream("POST", f"{url}/v1/chat/completions", json=body) as response:
                for line in response.iter_lines():
                    for field in ("reasoning_content", "content"):
                        if f'"{field}": "' in line or f'"{field}":"' in line:
                            seen.setdefault(field, (time.perf_counter() - started) * 1000)
            first.append(min(seen.values()))
            content.append(seen["content"])
    return [
        figure("first token of the end-to-end question", first, "ms", 300),
        figure("first content of the end-to-end question", content, "ms", 300),
    ]


def notebooks(home: Home) -> Figure:
    """All notebooks, executed one after the other in fresh kernels."""
    with tempfile.TemporaryDirectory() as folder:
        copies = [shutil.copy(path, folder) for path in NOTEBOOKS]
        command = [sys.executable, "-m", "jupyter", "execute", *map(str, copies)]
        taken = milliseconds(
            lambda: subprocess.run(command, env=home.environment, cwd=folder, check=True, capture_output=True)
        )
    return figure(f"the {len(NOTEBOOKS)} notebooks, executed", [taken / 1000], "s", 60)


def memory(pid: int) -> Figure:
    """Proportional set size of the platform's tree and of a kernel that imported what the notebooks import."""
    code = "import janus_platform, openai, httpx, matplotlib.pyplot, sys; print(flush=True); sys.stdin.read()"
    kernel = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert kernel.stdout is not None
    kernel.stdout.readline()
    tree = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True), psutil.Process(kernel.pid)]
    total = sum(_resident(process) for process in tree)
    kernel.communicate()
    return figure("resident memory of platform and kernel", [total / 1e6], "MB", 1_000)


def _resident(process: psutil.Process) -> int:
    try:
        full: Any = process.memory_full_info()
        return int(getattr(full, "pss", full.rss))
    except psutil.Error:
        return 0


def book() -> Figure:
    """`make book` without serving, after set-up."""
    command = [sys.executable, "make.py", "book", "--no-serve"]
    taken = milliseconds(lambda: subprocess.run(command, cwd=ROOT, check=True, capture_output=True))
    return figure("make book, after set-up", [taken / 1000], "s", 90)


def main() -> None:
    """Measure, print a line a figure, and keep them in `_build/bench/first_light.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, choices=range(1, len(QUESTIONS) + 1))
    parser.add_argument("--without-book", action="store_true", help="leave out the build, the longest part")
    arguments = parser.parse_args()
    show("first_light", figures(arguments.runs, book_too=not arguments.without_book))


def figures(runs: int, *, book_too: bool) -> Iterator[Figure]:
    """Every figure, each as soon as it is measured."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        yield cold_start(home, runs)
        with platform_up(home) as status:
            yield joining(home, runs)
            yield from first_token(status["gateway"]["url"], runs)
        with platform_up(home) as status:
            yield notebooks(home)
            yield memory(status["pid"])
        if book_too:
            yield book()


if __name__ == "__main__":
    main()
