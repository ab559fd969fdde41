"""How long a search takes at 10,000 documents, inside the service and through it.

    python -m tests.benchmarks.search --runs 5

The documents are made of the bundled pages' own sentences: each has a main subject, a page whose sentences it mixes,
strays to others now and then, and carries rare words of its own, so that there is a long tail as in any collection. The
seed is fixed. The queries are of each kind that the service has, so that no kind carries the median alone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import statistics
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from starlette.types import ASGIApp, Message

from janus_platform.clock import CallerClocks, ManualClock
from janus_platform.contract import load_contract
from janus_platform.corpus import load_corpus
from janus_platform.services.framework.app import ServiceContext
from janus_platform.services.framework.rate_limit import LimitSwitch
from janus_platform.services.search.app import build
from janus_platform.services.search.index import Document
from janus_platform.services.search.local import LocalSearch, text_of
from tests.benchmarks.figures import Figure, figure, milliseconds, show

SEED = 20_261_122
DOCUMENTS = 10_000
RESULTS = 10
_SENTENCE = re.compile(r"(?<=[.?!]) ")
_SYLLABLES = "ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo zu".split()

QUERIES = {
    "one word": ["entanglement", "handshake", "photosynthesis", "attestation", "asyncio", "tides", "revolution"],
    "some words": [
        "quantum entanglement explained",
        "tcp congestion window",
        "remote attestation quote nonce",
        "retry after rate limit",
        "structured concurrency task group",
        "moon tides gravity",
    ],
    "a question": [
        "How does TCP handshake work?",
        "What is remote attestation?",
        "Why does the Moon raise two tides a day?",
        "How do plants store the energy of light?",
    ],
    "common words": ["page", "time", "number state", "the", "one two first", "example value"],
    "a phrase": ['"three-way handshake"', '"remote attestation" hardware', '"quantum state"', '"rate limit" header'],
    "a site or an exclusion": [
        "site:s7.example quantum",
        "entanglement -photon",
        "tcp -site:s3.example",
        "site:s11.example",
    ],
    "a typo": ["quantm entanglemnt", "tcp handshke", "remote atestation", "phtosynthsis", "congestoin windw"],
    "unknown words": ["xqzzyvorp", "zzyzx qwrtplk"],
}


def documents(count: int, seed: int = SEED) -> Iterator[Document]:
    """Synthetic pages, the same for the same seed."""
    chance = random.Random(seed)
    pages = [(page.title, _SENTENCE.split(" ".join(text_of(page).split()))) for page in load_corpus().pages]
    everything = [sentence for _, sentences in pages for sentence in sentences]
    for position in range(count):
        title, own = chance.choice(pages)
        length = min(1_500, max(60, int(chance.lognormvariate(5.6, 0.6))))
        parts: list[str] = []
        words = 0
        while words < length:
            parts.append(chance.choice(everything if chance.random() < 0.1 else own))
            parts += [_rare_word(chance)] if chance.random() < 0.5 else []
            words += len(parts[-1].split()) + 10
        yield Document(f"{title} {_rare_word(chance)}", " ".join(parts), f"https://s{position % 97}.example/{position}")


def _rare_word(chance: random.Random) -> str:
    """A made-up word; the shorter, the more often it comes."""
    return "".join(chance.choices(_SYLLABLES, k=min(6, 2 + int(chance.expovariate(0.7)))))


def latencies(search: Callable[[str], object], runs: int) -> dict[str, list[float]]:
    """Milliseconds of each search, by kind of query, every query `runs` times; the first of all is not counted."""
    search("warm up")
    return {
        kind: [milliseconds(partial(search, query)) for _ in range(runs) for query in queries]
        for kind, queries in QUERIES.items()
    }


def ask(app: ASGIApp, loop: asyncio.AbstractEventLoop) -> Callable[[str], object]:
    """A search through the whole service, without a socket: reading, checking, limits, log line, JSON."""
    service = load_contract().search
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": service.method,
        "scheme": "https",
        "path": service.path,
        "raw_path": service.path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", service.host.encode()), (b"content-type", b"application/json")],
        "state": {"caller": "bench"},
    }

    def search(query: str) -> object:
        body = json.dumps({"query": query, "num_results": RESULTS}).encode()
        status = 0

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)

        loop.run_until_complete(app(dict(scope), receive, send))
        assert status == 200, f"{query}: {status}"
        return status

    return search


def figures(runs: int) -> Iterator[Figure]:
    """Building, then each kind of query, then all of them, inside the service and through it."""
    pages = list(documents(DOCUMENTS))
    built: list[LocalSearch] = []
    yield figure(
        f"building the index of {len(pages):,} documents", [_seconds(lambda: built.append(LocalSearch(pages)))], "s"
    )
    engine = built[0]
    inside = latencies(lambda query: engine.find(query, RESULTS), runs)
    for kind, taken in inside.items():
        yield figure(f"search, {kind}, p50", taken, "ms")
    yield _all("search, in the service, p50", inside, 0.5, 1.0)
    yield _all("search, in the service, p95", inside, 0.95)
    context = ServiceContext(
        load_contract(), CallerClocks(ManualClock()), limits=LimitSwitch(False), clock=ManualClock()
    )
    loop = asyncio.new_event_loop()
    through = latencies(ask(build(context, engine), loop), runs)
    loop.close()
    yield _all("search, through the service's ASGI app, p50", through, 0.5)
    yield _all("search, through the service's ASGI app, p95", through, 0.95)
    bundled = LocalSearch.of(load_corpus())
    yield _all("search of the bundled web, p50", latencies(lambda query: bundled.find(query, RESULTS), runs), 0.5, 1.0)


def _seconds(action: Callable[[], object]) -> float:
    return milliseconds(action) / 1000


def _all(name: str, by_kind: dict[str, list[float]], quantile: float, target: float | None = None) -> Figure:
    """A quantile over all kinds, each kind weighing the same however many queries it has."""
    least = min(len(taken) for taken in by_kind.values())
    taken = sorted(value for values in by_kind.values() for value in _spread(sorted(values), least))
    at = statistics.quantiles(taken, n=100, method="inclusive")[round(quantile * 100) - 1]
    return Figure(name, at, "ms", target, (taken[0], taken[-1]))


def _spread(ordered: list[float], count: int) -> list[float]:
    """`count` of the values, evenly spaced from the smallest to the largest."""
    last = len(ordered) - 1
    return [ordered[round(i * last / max(1, count - 1))] for i in range(count)]


def main() -> None:
    """Measure, print a line a figure, and keep them in `_build/bench/search.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="how often each query is sent")
    show("search", figures(parser.parse_args().runs))


if __name__ == "__main__":
    main()
