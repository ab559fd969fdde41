"""What the shared part of every service costs a request: reading, checking, counting, logging, answering.

`python -m tests.benchmarks.services --runs N`: each run asks a service that does nothing but read its body, in process,
and beside it an app that reads and answers without any of that. The difference is the overhead.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import time
from collections.abc import Iterator
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message

from janus_platform.clock import CallerClocks, SystemClock
from janus_platform.contract import RateLimit, load_contract
from janus_platform.services.framework.app import ServiceContext, build_service, read_json
from janus_platform.services.framework.openapi import document
from janus_platform.services.framework.rate_limit import SlidingWindow
from janus_platform.traces.tracing import Tracing
from tests.benchmarks.figures import Figure, figure, milliseconds, show

REQUESTS = 2_000
SERVICE = load_contract().services["vector_index"]
BODY = json.dumps({"query": "How does Bittensor reward miners?", "top_k": 5}).encode()


def checked() -> ASGIApp:
    """A service that answers what it read."""

    async def echo(request: Request) -> Response:
        return JSONResponse(await read_json(request, SERVICE))

    clock = SystemClock()
    # A caller for each request: every one is counted, none refused.
    made = ServiceContext(load_contract(), CallerClocks(clock), clock=clock, tracing=Tracing.recording())
    return build_service(SERVICE, made, echo)


def bare() -> ASGIApp:
    """The same without checks, limits, log, span."""

    async def echo(request: Request) -> Response:
        return JSONResponse(await request.json())

    return Starlette(routes=[Route(SERVICE.path, echo, methods=["POST"])])


async def asked(app: ASGIApp, caller: str) -> int:
    """One request in process; its status."""
    status = 0
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "https",
        "path": SERVICE.path,
        "raw_path": SERVICE.path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", SERVICE.host.encode()), (b"content-type", b"application/json")],
        "state": {"caller": caller},
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": BODY, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        status = message.get("status", status)

    await app(scope, receive, send)
    return status


async def per_request(app: ASGIApp) -> float:
    """Milliseconds a request."""
    started = time.perf_counter()
    for place in range(REQUESTS):
        assert await asked(app, f"caller-{place % 500}") in (200, 429)
    return (time.perf_counter() - started) * 1000 / REQUESTS


def hits_per_second() -> float:
    """How many requests a second the limiter alone decides about."""
    window = SlidingWindow(RateLimit(50, 60), CallerClocks(SystemClock()))
    taken = milliseconds(lambda: [window.take(f"caller-{place % 1_000}") for place in range(50_000)])
    return 50_000 / taken * 1000


def figures(runs: int) -> Iterator[Figure]:
    """Every figure, each as soon as it is measured."""
    with_all, without = [], []
    for _ in range(runs):
        with_all.append(asyncio.run(per_request(checked())))
        without.append(asyncio.run(per_request(bare())))
    yield figure("a request to a service that does nothing", with_all, "ms")
    yield figure("the same in bare Starlette", without, "ms")
    yield figure("shared overhead", [a - b for a, b in zip(with_all, without, strict=True)], "ms", 1)
    yield figure("rate limit alone", [hits_per_second() for _ in range(runs)], "1/s")
    contract = load_contract()
    documents = [milliseconds(lambda: json.dumps(document(contract, SERVICE))) for _ in range(runs)]
    yield figure("an OpenAPI document, made once", documents, "ms", 20)


def main() -> None:
    """Measure, print a line a figure, and keep them in `_build/bench/services.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    # As in the platform: lines are made and written.
    logging.basicConfig(level=logging.INFO, handlers=[logging.StreamHandler(open("/dev/null", "w"))])  # noqa: SIM115
    show("services", figures(parser.parse_args().runs))


if __name__ == "__main__":
    main()
