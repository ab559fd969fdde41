"""A running egress proxy in front of small services that say what reached them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, StreamingResponse
from starlette.routing import Route

from janus_platform.contract import load_contract
from janus_platform.egress.ca import LocalCA
from janus_platform.egress.callers import Callers
from janus_platform.egress.environment import egress_variables
from janus_platform.egress.proxy import EgressProxy
from janus_platform.http.server import bind_loopback
from tests.shipped_loop import on_the_loop_that_ships as on_the_loop_that_ships

CONTRACT = load_contract()


def mirror(name: str) -> Starlette:
    """A service that answers with what it saw."""

    async def seen(request: Request) -> JSONResponse:
        body = await request.body()
        return JSONResponse(
            {"service": name, "caller": request.state.caller, "path": request.url.path, "size": len(body)}
        )

    async def stream(_: Request) -> StreamingResponse:
        async def parts():  # type: ignore[no-untyped-def]
            for number in range(5):
                yield f"data: {number}\n\n".encode()

        return StreamingResponse(parts(), media_type="text/event-stream")

    async def redirect(request: Request) -> RedirectResponse:
        return RedirectResponse(request.query_params["to"])

    return Starlette(
        routes=[
            Route("/stream", stream),
            Route("/redirect", redirect),
            Route("/{path:path}", seen, methods=["GET", "POST"]),
        ]
    )


@dataclass
class Wall:
    """The proxy under test and what a client needs to pass it."""

    proxy: EgressProxy
    callers: Callers
    port: int
    ca_file: Path
    unix_path: Path

    def url(self, caller: str = "tester") -> str:
        return f"http://{caller}:{self.callers.token(caller)}@127.0.0.1:{self.port}"

    def environment(self, caller: str = "tester") -> dict[str, str]:
        return egress_variables(
            proxy_url=self.url(caller),
            ca_file=self.ca_file,
            key_variable="CHUTES_API_KEY",
            key=self.callers.key(caller),
        )


@pytest.fixture(scope="module")
def wall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wall]:
    folder = tmp_path_factory.mktemp("wall")
    hosts = CONTRACT.egress.allowed_hosts
    ca, callers = LocalCA(hosts), Callers()
    (folder / "ca.pem").write_bytes(ca.pem)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def start() -> Wall:
        proxy = EgressProxy({host: mirror(host) for host in hosts}, CONTRACT.egress, callers, ca)
        sockets = bind_loopback(0)
        port = sockets[0].getsockname()[1]
        await proxy.start(sockets, folder / "e.sock")
        return Wall(proxy, callers, port, folder / "ca.pem", folder / "e.sock")

    running = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    yield running
    asyncio.run_coroutine_threadsafe(running.proxy.close(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
