"""The egress proxy: the only way out, and where the specification's host names become the local services.

It accepts `CONNECT host:443` (RFC 9110, 9.3.6) for the hosts of the contract, ends TLS with the local CA, and hands the
requests to the service that the hostname table names. Anything else is refused with a problem that says why, logged and
counted. Nothing is ever forwarded to the network: a host that is not in the table has nowhere to go.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
import socket
import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from janus_platform.egress.ca import LocalCA
from janus_platform.egress.callers import Callers
from janus_platform.http_server import BACKLOG, HttpServer

log = logging.getLogger("janus.egress")

MAX_HEAD_BYTES = 8_192
HEAD_SECONDS = 10.0
HANDSHAKE_SECONDS = 10.0
KEPT_EVENTS = 1_000
KEPT_CALLERS = 10_000
_CONNECT = re.compile(rb"CONNECT ([!-~]{1,300}) HTTP/1\.[01]")
_UNPRINTABLE = re.compile(rb"[^!-~]")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t -~\x80-\xff]*?)[ \t]*")


@dataclass(frozen=True)
class EgressEvent:
    """One blocked attempt to leave: when (seconds since the epoch), who, where to, and why it was blocked."""

    at: float
    caller: str
    target: str
    reason: str


class Refusal(Exception):
    """An attempt that does not pass: HTTP status, a short reason for the log, and what to do."""

    def __init__(self, status: int, reason: str, detail: str, *, target: str = "", caller: str = "unknown") -> None:
        super().__init__(detail)
        self.status, self.reason, self.detail, self.target, self.caller = status, reason, detail, target, caller


class EgressProxy:
    """Listens for CONNECT, checks caller and target, and serves `table[host]` inside the tunnel."""

    def __init__(self, table: Mapping[str, ASGIApp], port: int, callers: Callers, ca: LocalCA) -> None:
        self._port = port
        self._callers = callers
        self._servers = {host: HttpServer(_SameHost(app, host)) for host, app in table.items()}
        self._contexts = {host: ca.server_context(host) for host in table}
        self._listeners: list[asyncio.Server] = []
        self._tunnels: set[asyncio.Task[None]] = set()
        self.events: deque[EgressEvent] = deque(maxlen=KEPT_EVENTS)
        self.counts: Counter[str] = Counter()
        self.by_caller: dict[str, Counter[str]] = {}

    @property
    def allowed_hosts(self) -> tuple[str, ...]:
        return tuple(self._servers)

    async def start(self, sockets: list[socket.socket], unix_path: Path) -> None:
        """Start the services and listen on the bound `sockets` and on a Unix socket at `unix_path`."""
        for server in self._servers.values():
            await server.start()
        loop = asyncio.get_running_loop()
        for bound in sockets:
            self._listeners.append(await loop.create_server(self._connection, sock=bound, backlog=BACKLOG))
        self._listeners.append(await loop.create_unix_server(self._connection, str(unix_path), backlog=BACKLOG))

    async def close(self) -> None:
        """Stop listening, end every tunnel and shut the services down."""
        for listener in self._listeners:
            listener.close()
        for tunnel in list(self._tunnels):
            tunnel.cancel()
        await asyncio.gather(*(server.close() for server in self._servers.values()))

    def blocked(self, caller: str | None = None) -> list[dict[str, Any]]:
        """The latest blocked attempts, oldest first; of one caller, or of all."""
        return [asdict(e) for e in self.events if caller in (None, e.caller)]

    def _connection(self) -> asyncio.Protocol:
        return _Connection(self)

    def tunnel(self, head: bytes, transport: asyncio.Transport, waiting: _Waiting) -> None:
        """Decide about one request head, then open the tunnel; raises Refusal."""
        host, caller = self._decide(head)
        self._record(caller, f"{host}:{self._port}", None)
        transport.write(b"HTTP/1.1 200 Connection Established\r\n\r\n")
        task = asyncio.get_running_loop().create_task(self._serve(host, caller, transport, waiting))
        self._tunnels.add(task)
        task.add_done_callback(self._tunnels.discard)

    def refuse(self, refusal: Refusal, transport: asyncio.Transport) -> None:
        """Log, count and answer an attempt that does not pass."""
        self._record(refusal.caller, refusal.target, refusal.reason)
        log.warning("blocked caller=%s target=%s reason=%s", refusal.caller, refusal.target, refusal.reason)
        transport.write(_refusal_bytes(refusal, self.allowed_hosts))
        transport.close()

    def _record(self, caller: str, target: str, reason: str | None) -> None:
        outcome = "allowed" if reason is None else "blocked"
        self.counts[outcome] += 1
        if caller not in self.by_caller and len(self.by_caller) >= KEPT_CALLERS:
            del self.by_caller[next(iter(self.by_caller))]
        self.by_caller.setdefault(caller, Counter())[outcome] += 1
        if reason is None:
            return
        self.events.append(EgressEvent(time.time(), caller, target, reason))

    def _decide(self, head: bytes) -> tuple[str, str]:
        target, headers = _parse(head)
        caller = self._callers.identify(headers.get("proxy-authorization", ""))
        if caller is None:
            raise Refusal(
                407,
                "no valid caller token",
                "Use the proxy address that `janus env` prints: it carries your caller id and token.",
                target=target,
            )
        host, _, port = target.lower().rpartition(":")
        if host not in self._servers:
            detail = "Only the platform's services can be reached from here. Fetch other pages through the web proxy."
            raise Refusal(403, "host is not on the allow-list", detail, target=target, caller=caller)
        if port != str(self._port):
            detail = f"The platform's services answer on port {self._port} only."
            raise Refusal(403, "port is not allowed", detail, target=target, caller=caller)
        return host, caller

    async def _serve(self, host: str, caller: str, transport: asyncio.Transport, waiting: _Waiting) -> None:
        loop = asyncio.get_running_loop()
        try:
            secured = await loop.start_tls(
                transport,
                waiting,
                self._contexts[host],
                server_side=True,
                ssl_handshake_timeout=HANDSHAKE_SECONDS,
            )
        except (OSError, asyncio.IncompleteReadError) as error:  # ssl.SSLError is an OSError
            self._record(caller, f"{host}:{self._port}", "TLS handshake failed or asked for another name")
            log.warning("blocked caller=%s target=%s reason=tls %s", caller, host, type(error).__name__)
            transport.abort()
            return
        if secured is not None:
            waiting.hand_over(self._servers[host].protocol({"caller": caller}), secured)


class _Connection(asyncio.Protocol):
    """Reads one request head, within its size and time limits."""

    def __init__(self, proxy: EgressProxy) -> None:
        self._proxy = proxy
        self._head = bytearray()
        self._transport: asyncio.Transport
        self._timer: asyncio.TimerHandle

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "write")
        self._transport = transport  # type: ignore[assignment]
        self._timer = asyncio.get_running_loop().call_later(HEAD_SECONDS, self._transport.abort)

    def data_received(self, data: bytes) -> None:
        if self._transport.is_closing():
            return
        self._head += data
        try:
            end = self._head.find(b"\r\n\r\n")
            if len(self._head) > MAX_HEAD_BYTES:
                raise Refusal(431, "head is too large", f"A request head may have {MAX_HEAD_BYTES} bytes.")
            if end < 0:
                return
            if len(self._head) > end + 4:
                raise Refusal(400, "bytes after CONNECT", "Wait for the 200 before you send through the tunnel.")
            self._timer.cancel()
            waiting = _Waiting()
            self._transport.set_protocol(waiting)
            self._proxy.tunnel(bytes(self._head[:end]), self._transport, waiting)
        except Refusal as refusal:
            self._timer.cancel()
            self._proxy.refuse(refusal, self._transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()


class _Waiting(asyncio.Protocol):
    """Keeps what arrives between the end of the TLS handshake and the moment the HTTP protocol takes over."""

    def __init__(self) -> None:
        self._early = bytearray()
        self._lost = False

    def data_received(self, data: bytes) -> None:
        self._early += data

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = True

    def hand_over(self, protocol: asyncio.Protocol, transport: asyncio.Transport) -> None:
        """Let `protocol` own `transport` from here on, beginning with the bytes that came early."""
        if self._lost or transport.is_closing():
            transport.abort()
            return
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        if self._early:
            protocol.data_received(bytes(self._early))


class _SameHost:
    """Refuses a request inside the tunnel whose `Host` is not the tunnel's (421, RFC 9110, 15.5.20)."""

    def __init__(self, app: ASGIApp, host: str) -> None:
        self.app = app
        self._accepted = {host.encode(), f"{host}:443".encode()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            hosts = [value.lower() for name, value in scope["headers"] if name == b"host"]
            if len(hosts) != 1 or hosts[0] not in self._accepted:
                body = _problem(421, "The Host header names another host than the tunnel leads to.")
                headers = [(b"content-type", b"application/problem+json"), (b"connection", b"close")]
                await send({"type": "http.response.start", "status": 421, "headers": headers})
                await send({"type": "http.response.body", "body": body})
                return
        await self.app(scope, receive, send)


def _parse(head: bytes) -> tuple[str, dict[str, str]]:
    request_line, *lines = head.split(b"\r\n")
    match = _CONNECT.fullmatch(request_line)
    if match is None:
        target = request_line.split(b" ")[1:2]
        # It goes into the log, where a line end or an escape sequence could forge a line of its own.
        shown = _UNPRINTABLE.sub(b"?", target[0][:200]).decode("ascii") if target else ""
        detail = "This proxy speaks only CONNECT to https addresses. Plain http does not leave the platform."
        raise Refusal(405, "not a CONNECT request", detail, target=shown)
    headers: dict[str, str] = {}
    for line in lines:
        field = _HEADER.fullmatch(line)
        if field is None:
            raise Refusal(400, "malformed header", "A header line of the CONNECT request is malformed.")
        name = field[1].decode("ascii").lower()
        if name in headers and name == "proxy-authorization":
            raise Refusal(400, "two Proxy-Authorization headers", "Send one Proxy-Authorization header.")
        headers[name] = field[2].decode("latin-1")
    return match[1].decode("ascii"), headers


def _problem(status: int, detail: str, **members: object) -> bytes:
    return json.dumps({"type": "about:blank", "status": status, "detail": detail, **members}).encode()


def _refusal_bytes(refusal: Refusal, allowed: tuple[str, ...]) -> bytes:
    body = _problem(refusal.status, refusal.detail, title=refusal.reason, allowed_hosts=allowed)
    # httpx and requests show the reason phrase and drop the body, so the reason stands in both.
    lines = [
        f"HTTP/1.1 {refusal.status} {refusal.reason}",
        "Content-Type: application/problem+json",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    if refusal.status == 407:
        lines.append('Proxy-Authenticate: Basic realm="janus egress"')
    with contextlib.suppress(UnicodeEncodeError):
        return "\r\n".join([*lines, "", ""]).encode("ascii") + body
    raise AssertionError("reasons are ASCII")
