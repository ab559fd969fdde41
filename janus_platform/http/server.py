"""ASGI apps on connections that the platform already has: a TCP port, a Unix socket, a tunnel that ended its TLS here.

uvicorn's HTTP protocol does the work, within the limits of protocol.py; this module only gives it connections, so
that gateway, control socket and egress proxy share one event loop and one way of speaking HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp
from uvicorn.config import Config
from uvicorn.lifespan.on import LifespanOn
from uvicorn.server import ServerState

from janus_platform.http.body_budget import SHARED, BodyBudget
from janus_platform.http.protocol import HttpConnection, Refused, problem

BACKLOG = 2_048
KEEP_ALIVE_SECONDS = 75


class HttpServer:
    """Serves one ASGI app on any number of listeners and single connections.

    `refused` shapes the answers that the app has no part in: 400 to what is not HTTP/1.1, 408 to what does not arrive
    in time, 431 to a head that is too large, 429 and 503 to bodies beyond `budget`.
    """

    def __init__(self, app: ASGIApp, *, refused: Refused = problem, budget: BodyBudget = SHARED) -> None:
        self._refused, self._budget = refused, budget
        self._config = Config(
            app,
            http="httptools",
            ws="none",
            lifespan="auto",
            access_log=False,
            log_config=None,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
        )
        self._config.load()
        self._state = ServerState()
        self._lifespan = LifespanOn(self._config)
        self._listeners: list[asyncio.Server] = []
        self._started = False

    async def start(self) -> None:
        """Run the app's start-up. Raises RuntimeError when it fails."""
        await self._lifespan.startup()
        self._started = True
        if self._lifespan.should_exit:
            raise RuntimeError("the app's start-up failed; the platform's log has the details")

    def protocol(
        self,
        state: Mapping[str, Any] | None = None,
        *,
        on_lost: Callable[[], None] | None = None,
        on_refused: Callable[[int], None] | None = None,
    ) -> HttpConnection:
        """A protocol for one connection; `state` goes into the scope of its requests.

        `on_lost` is told of its end, `on_refused` of the status of a refusal that the app has no part in.
        """
        made = {**self._lifespan.state, **(state or {})}
        return HttpConnection(self._config, self._state, made, self._refused, self._budget, on_lost, on_refused)

    async def listen(self, sockets: list[socket.socket]) -> None:
        """Serve every connection that these bound sockets accept."""
        loop = asyncio.get_running_loop()
        for bound in sockets:
            self._listeners.append(await loop.create_server(self.protocol, sock=bound, backlog=BACKLOG))

    async def listen_unix(self, path: Path) -> None:
        """Serve a Unix socket at `path` that only this user may open."""
        loop = asyncio.get_running_loop()
        self._listeners.append(await loop.create_unix_server(self.protocol, str(path), backlog=BACKLOG))
        os.chmod(path, 0o600)

    def activity(self) -> tuple[int, int]:
        """How many requests are open, and how many have been answered."""
        return len(self._state.tasks), self._state.total_requests

    async def close(self, *, grace_seconds: float = 1.0) -> None:
        """Stop listening, let open requests finish for `grace_seconds`, then end them, and shut the app down."""
        for listener in self._listeners:
            listener.close()
        for connection in list(self._state.connections):
            connection.shutdown()
        if self._state.tasks:
            await asyncio.wait(list(self._state.tasks), timeout=grace_seconds)
        for task in list(self._state.tasks):
            task.cancel()
        await asyncio.gather(*self._state.tasks, return_exceptions=True)
        for connection in list(self._state.connections):
            with contextlib.suppress(Exception):
                connection.transport.close()
        if self._started:
            await self._lifespan.shutdown()


def bind_loopback(port: int) -> list[socket.socket]:
    """Sockets bound to `port` on 127.0.0.1 and, where the machine has it, ::1; port 0 takes any free one.

    `localhost` means either address, and which one a client tries first is not ours to say. Raises OSError when the
    port is in use.
    """
    first = _bound(socket.AF_INET, ("127.0.0.1", port))
    try:
        return [first, _bound(socket.AF_INET6, ("::1", first.getsockname()[1]))]
    except OSError as error:
        if error.errno == errno.EADDRINUSE and port:  # On ::1 alone: another server would answer half of the clients.
            first.close()
            raise
        return [first]


def _bound(family: socket.AddressFamily, address: tuple[str, int]) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind(address)
        bound.setblocking(False)
    except OSError:
        bound.close()
        raise
    return bound
