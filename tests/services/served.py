"""All five services on loopback sockets, for the tests that speak HTTP to them. Limits are off.

One thread holds the event loop of them all, as in the platform; the tests' own code stays synchronous.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from janus_platform.clock import CallerClocks, SystemClock
from janus_platform.http.server import HttpServer, bind_loopback
from janus_platform.services.framework.app import ServiceContext
from janus_platform.services.framework.rate_limit import LimitSwitch
from janus_platform.services.registry import build_services
from tests.services.asgi import CONTRACT, AsCaller

KEY = "cpk_local_test"
CALLER = "test"
START_SECONDS = 60
# `JANUS_EXAMPLES=3000` searches longer than the suite does, and elsewhere each time.
EXAMPLES = int(os.environ.get("JANUS_EXAMPLES", "0"))


@contextmanager
def all_services() -> Iterator[Mapping[str, str]]:
    """The base URL of each service by its name, while this lasts."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="served", daemon=True)
    thread.start()
    with tempfile.TemporaryDirectory() as cache:
        servers, urls = asyncio.run_coroutine_threadsafe(_start(Path(cache)), loop).result(START_SECONDS)
        try:
            yield urls
        finally:
            asyncio.run_coroutine_threadsafe(_stop(servers), loop).result(START_SECONDS)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(START_SECONDS)
            loop.close()


async def _start(cache: Path) -> tuple[list[HttpServer], dict[str, str]]:
    # The real clock: a program that waits for ever ends by it alone.
    clock = SystemClock()
    made = ServiceContext(CONTRACT, CallerClocks(clock), limits=LimitSwitch(False), clock=clock)
    apps = build_services(made, KEY.__eq__, cache).by_host
    servers, urls = [], {}
    for name, service in CONTRACT.services.items():
        server = HttpServer(AsCaller(apps[service.host], CALLER))
        await server.start()
        sockets = bind_loopback(0)
        await server.listen(sockets)
        servers.append(server)
        urls[name] = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
    return servers, urls


async def _stop(servers: list[HttpServer]) -> None:
    await asyncio.gather(*(server.close() for server in servers))
