"""The web proxy: a fetch, cold and warm, and the conversion of a page of 1 MB, beside what others need for the same.

Run: `python -m tests.benchmarks.web_proxy --runs 5`. A fetch goes from a client with an open connection through the
egress proxy's TLS to the service; cold is the first page after the platform's start. The peers ask the odd server of
the tests directly and convert in their own process, without a guard, robots.txt or cleaning.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
from html_to_markdown import convert

from janus_bench.home import home
from janus_platform.contract import load_contract
from janus_platform.corpus import load_corpus
from janus_platform.services.web_proxy.converter import WorkerConverter
from tests.benchmarks.figures import Figure, figure, milliseconds, show
from tests.services.web_proxy_odd_server import OddServer, response

PAGE, HTML = "https://physics.org/quantum", "text/html; charset=utf-8"
FETCHES = 100
WARM_TARGET_MS, COLD_TARGET_MS, CONVERT_TARGET_MS = 10.0, 250.0, 500.0
JANUS = [sys.executable, "-m", "janus_platform.cli"]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    show("web_proxy", figures(parser.parse_args().runs))


def figures(runs: int) -> Iterator[Figure]:
    """Every figure, as soon as it is measured."""
    cold, warm = zip(*(fetches() for _ in range(runs)), strict=True)
    yield figure("fetch of a 6 kB page, cold (first after `janus up`)", cold, "ms", COLD_TARGET_MS)
    yield figure("fetch of a 6 kB page, warm, p50", warm, "ms", WARM_TARGET_MS)
    yield figure("peer: httpx GET and html-to-markdown, warm, p50", [peer_fetches() for _ in range(runs)], "ms")
    page = large_page()
    ours = asyncio.run(conversions(page, runs))
    yield figure("conversion of a page of 1 MB, in the worker", ours, "ms", CONVERT_TARGET_MS)
    yield figure(
        "peer: html-to-markdown alone, same page", [milliseconds(lambda: convert(page)) for _ in range(runs)], "ms"
    )


def fetches() -> tuple[float, float]:
    """One platform: the first fetch and the median of the following ones, in milliseconds."""
    with tempfile.TemporaryDirectory(prefix="janus-") as folder:
        place = Path(folder, "home")
        place.mkdir()
        if (home() / "cache").is_dir():
            (place / "cache").symlink_to(home() / "cache")
        environment = {**os.environ, "JANUS_HOME": str(place)}
        start = [*JANUS, "up", "--detach", "--port", "0", "--limits", "off"]
        subprocess.run(start, env=environment, check=True, capture_output=True)
        try:
            done = subprocess.run(
                [sys.executable, "-m", "tests.benchmarks.web_proxy_client", str(FETCHES)],
                env=environment,
                check=True,
                capture_output=True,
                text=True,
            )
        finally:
            subprocess.run([*JANUS, "down"], env=environment, check=True, capture_output=True)
    cold, *warm = map(float, done.stdout.split())
    return cold, statistics.median(warm)


def peer_fetches() -> float:
    """The median of as many fetches from a server on this machine, each converted here."""

    async def measured() -> float:
        html = load_corpus().pages[0].html
        server = await asyncio.start_server(OddServer({"/page": response(html)}).handle, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/page"
        taken = []
        async with server, httpx.AsyncClient() as client:
            for _ in range(FETCHES):
                started = time.perf_counter()
                convert((await client.get(url)).text)
                taken.append((time.perf_counter() - started) * 1000)
        return statistics.median(taken)

    return asyncio.run(measured())


async def conversions(page: str, runs: int) -> list[float]:
    """How long the worker takes for `page`, in milliseconds, once it runs."""
    worker = WorkerConverter()
    await worker.convert(b"<p>warm</p>", HTML, PAGE, "bench")
    taken = []
    for _ in range(runs):
        started = time.perf_counter()
        await worker.convert(page.encode(), HTML, PAGE, "bench")
        taken.append((time.perf_counter() - started) * 1000)
    await worker.close()
    return taken


def large_page() -> str:
    """The corpus' articles, one after the other, up to the contract's limit."""
    limit = load_contract().web_proxy.max_page_bytes or 0
    article = "".join(page.article for page in load_corpus().pages)
    return f"<title>All</title>{(article * (limit // len(article) + 1))[: limit - 1_000]}"


if __name__ == "__main__":
    main()
