"""ASGI apps on connections that the platform already has: a TCP port, a Unix socket, a tunnel that ended its TLS here.

uvicorn's HTTP protocol does the work; this module only gives it connections, so that gateway, control socket and egress
proxy share one event loop and one way of speaking HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import socket
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

from starlette.types import ASGIApp
from uvicorn.config import Config
from uvicorn.lifespan.on import LifespanOn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

BACKLOG = 2_048
KEEP_ALIVE_SECONDS = 75
MAX_HEAD_BYTES = 65_536
# In a request's state: the host that the absolute form of its target names (RFC 9112, 3.2.2), empty in origin form.
AUTHORITY = "authority"
# Content type and body of the answer to what no app gets to see, made of its status and of what to do.
Refused = Callable[[int, str], tuple[bytes, bytes]]


def problem(status: int, detail: str) -> tuple[bytes, bytes]:
    """A refusal as problem details (RFC 9457)."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return b"application/problem+json", json.dumps(body).encode()


class HttpServer:
    """Serves one ASGI app on any number of listeners and single connections.

    `refused` shapes the answers that the app has no part in: 400 to what is not HTTP/1.1, 431 to a head over
    MAX_HEAD_BYTES (RFC 6585, 5).
    """

    def __init__(self, app: ASGIApp, *, refused: Refused = problem) -> None:
        self._refused = refused
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
    ) -> HttpToolsProtocol:
        """A protocol for one connection; `state` goes into the scope of its requests.

        `on_lost` is told of its end, `on_refused` of the status of a refusal that the app has no part in.
        """
        made = {**self._lifespan.state, **(state or {})}
        return _Protocol(self._config, self._state, made, self._refused, on_lost, on_refused)

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


class _Protocol(HttpToolsProtocol):
    """uvicorn's protocol, with a bound on the head, which it keeps whole, and refusals in the app's own shape."""

    def __init__(
        self,
        config: Config,
        server: ServerState,
        app_state: dict[str, Any],
        refused: Refused,
        on_lost: Callable[[], None] | None,
        on_refused: Callable[[int], None] | None,
    ) -> None:
        super().__init__(config, server, app_state)
        self._on_lost, self._on_refused = on_lost, on_refused
        self.access_log = False  # Its lines hold addresses, and uvicorn writes them for whoever listens.
        self._refused = refused
        self._in_head = True
        self._received = self._fields = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, _OneWrite(cast(asyncio.Transport, transport))))

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            self._received += len(data)
        super().data_received(data)
        # One endless line calls nothing below: the parser keeps it until it ends.
        if self._in_head and self._received > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("")

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._on_lost is not None:
            self._on_lost()

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        self.scope["state"][AUTHORITY] = b"" if url[:1] in (b"/", b"*") else _authority(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value) + len(": \r\n"))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_head = True
        self._received = self._fields = 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what the parser or a bound stopped, and close the connection."""
        if max(self._received, self._fields) > MAX_HEAD_BYTES and self._in_head:
            status, detail = 431, f"The request's head is over {MAX_HEAD_BYTES:,} bytes. Send fewer or shorter headers."
        else:
            status, detail = 400, "This is no HTTP/1.1 request. Send one, as curl or an HTTP library does."
        if self._on_refused is not None:
            self._on_refused(status)
        content_type, body = self._refused(status, detail)
        head = [
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode(),
            b"content-type: " + content_type,
            b"content-length: %d" % len(body),
            b"connection: close",
        ]
        self.transport.write(b"\r\n".join([*head, b"", body]))
        self.transport.close()

    def _count(self, size: int) -> None:
        self._fields += size
        if self._fields > MAX_HEAD_BYTES:
            raise ValueError("head too large")  # The parser stops, and send_400_response follows.


def _authority(url: bytes) -> bytes:
    return url.partition(b"://")[2].partition(b"/")[0]


class _OneWrite:
    """A transport that sends an answer's head together with what follows it: a system call less for each answer.

    A head that nothing follows goes out in the event loop's next turn.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._held = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if self._held:
            data, self._held = self._held + data, b""
        elif data.startswith(b"HTTP/1.1 ") and data.endswith(b"\r\n\r\n") and not data.startswith(b"HTTP/1.1 1"):
            self._held = data
            asyncio.get_running_loop().call_soon(self._flush)
            return
        self._transport.write(data)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        held, self._held = self._held, b""
        if held and not self._transport.is_closing():
            self._transport.write(held)


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
