"""The egress proxy: the only way out, and where the specification's host names become the local services.

It accepts `CONNECT host:443` (RFC 9110, 9.3.6) for the hosts of the contract, ends TLS with the local CA, and hands the
requests to the service that the hostname table names. Anything else is refused with a problem that says why, logged and
counted. Nothing is ever forwarded to the network: a host that is not in the table has nowhere to go.

A caller has so many tunnels at once, and a peer (one implementation, or the loopback port) so many connections that
have not said yet where to; who takes more is refused, and nobody else notices.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import socket
import struct
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp

from janus_platform.contract import Egress
from janus_platform.egress.ca import LocalCA
from janus_platform.egress.callers import Callers
from janus_platform.egress.heads import Refusal, parse, refusal_bytes
from janus_platform.egress.same_host import SameHost
from janus_platform.egress.waiting import Waiting
from janus_platform.http_server import BACKLOG, HttpServer

log = logging.getLogger("janus.egress")

HANDSHAKE_SECONDS = 60.0
KEPT_EVENTS = 1_000
# Kept apart, so that one caller's flood does not push another's attempts out of the record.
KEPT_OF_A_CALLER = 200
KEPT_CALLERS = 10_000
RETRY_SECONDS = 1
_AUTHORIZATION = re.compile(rb"(?im)^proxy-authorization:[ \t]*([^\r\n]{1,300})\r?$")
_PEER_CREDENTIALS = struct.Struct("3i")  # unix(7), SO_PEERCRED: pid, uid, gid


@dataclass(frozen=True)
class EgressEvent:
    """One blocked attempt to leave: when (seconds since the epoch), who, where to, and why it was blocked."""

    at: float
    caller: str
    target: str
    reason: str


class EgressProxy:
    """Listens for CONNECT, checks caller and target, and serves `table[host]` inside the tunnel."""

    def __init__(self, table: Mapping[str, ASGIApp], rules: Egress, callers: Callers, ca: LocalCA) -> None:
        self.rules, self._port = rules, rules.allowed_port
        self._callers = callers
        self._servers = {host: HttpServer(SameHost(app, host, self._block)) for host, app in table.items()}
        self._contexts = {host: ca.server_context(host) for host in table}
        self._listeners: list[asyncio.Server] = []
        self._tunnels: set[asyncio.Task[None]] = set()
        self.open_tunnels: Counter[str] = Counter()
        self.unfinished: Counter[int] = Counter()
        self.events: deque[EgressEvent] = deque(maxlen=KEPT_EVENTS)
        self.counts: Counter[str] = Counter()
        self.by_caller: dict[str, Counter[str]] = {}
        self._events_of: dict[str, deque[EgressEvent]] = {}

    @property
    def allowed_hosts(self) -> tuple[str, ...]:
        return tuple(self._servers)

    @property
    def listening(self) -> bool:
        """Whether both doors are open: the loopback port and the Unix socket."""
        return bool(self._listeners) and all(listener.is_serving() for listener in self._listeners)

    async def start(self, sockets: list[socket.socket], unix_path: Path) -> None:
        """Start the services and listen on the bound `sockets` and on a Unix socket at `unix_path`."""
        for server in self._servers.values():
            await server.start()
        loop = asyncio.get_running_loop()
        for bound in sockets:
            self._listeners.append(await loop.create_server(self.connection, sock=bound, backlog=BACKLOG))
        self._listeners.append(await loop.create_unix_server(self.connection, str(unix_path), backlog=BACKLOG))

    async def close(self) -> None:
        """Stop listening, end every tunnel and shut the services down."""
        for listener in self._listeners:
            listener.close()
        for tunnel in list(self._tunnels):
            tunnel.cancel()
        await asyncio.gather(*(server.close() for server in self._servers.values()))

    def describe(self) -> dict[str, Any]:
        """Whether it is healthy, what it allows, and how many attempts passed and were blocked, as plain data."""
        counts = {name: self.counts[name] for name in ("allowed", "blocked")}
        return {"healthy": self.listening, "allowed_hosts": list(self.allowed_hosts), **counts}

    def blocked(self, caller: str | None = None) -> list[dict[str, Any]]:
        """The latest blocked attempts, oldest first; of one caller, or of all."""
        return [asdict(event) for event in (self.events if caller is None else self._events_of.get(caller, ()))]

    def connection(self) -> asyncio.Protocol:
        """The protocol of one new connection."""
        return _Connection(self)

    def tunnel(self, head: bytes, transport: asyncio.Transport, waiting: Waiting) -> None:
        """Decide about one request head, then open the tunnel; raises Refusal."""
        host, caller = self._decide(head)
        self._record(caller, f"{host}:{self._port}", None)
        waiting.on_lost = self._counted(caller)
        transport.write(b"HTTP/1.1 200 Connection Established\r\n\r\n")
        task = asyncio.get_running_loop().create_task(self._serve(host, caller, transport, waiting))
        self._tunnels.add(task)
        task.add_done_callback(self._tunnels.discard)

    def refuse(self, refusal: Refusal, transport: asyncio.Transport, head: bytes = b"") -> None:
        """Log, count and answer an attempt that does not pass; `head` is what was sent, for whose it was."""
        caller = refusal.caller
        if caller == "unknown" and (proof := _AUTHORIZATION.search(head)):
            caller = self._callers.identify(proof[1].decode("latin-1")) or caller
        self._block(caller, refusal.target, refusal.reason)
        transport.write(refusal_bytes(refusal, self.allowed_hosts))
        transport.close()

    def _block(self, caller: str, target: str, reason: str) -> None:
        self._record(caller, target, reason)
        log.warning("blocked caller=%s target=%s reason=%s", caller, target, reason)

    def _counted(self, caller: str) -> Callable[[], None]:
        """Count one more tunnel of `caller`; what is returned ends it, once."""
        self.open_tunnels[caller] += 1
        ended = False

        def end() -> None:
            nonlocal ended
            if not ended:
                ended = True
                self.open_tunnels[caller] -= 1
                if not self.open_tunnels[caller]:
                    del self.open_tunnels[caller]

        return end

    def _record(self, caller: str, target: str, reason: str | None) -> None:
        outcome = "allowed" if reason is None else "blocked"
        self.counts[outcome] += 1
        if caller not in self.by_caller and len(self.by_caller) >= KEPT_CALLERS:
            oldest = next(iter(self.by_caller))
            del self.by_caller[oldest]
            self._events_of.pop(oldest, None)
        self.by_caller.setdefault(caller, Counter())[outcome] += 1
        if reason is None:
            return
        event = EgressEvent(time.time(), caller, target, reason)
        self.events.append(event)
        self._events_of.setdefault(caller, deque(maxlen=KEPT_OF_A_CALLER)).append(event)

    def _decide(self, head: bytes) -> tuple[str, str]:
        target, headers = parse(head)
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
        if headers.get("host", target).lower() not in (host, target.lower()):
            detail = "The Host header of a CONNECT request names its target (RFC 9110, 7.2)."
            raise Refusal(400, "Host header differs from the target", detail, target=target, caller=caller)
        if self.open_tunnels[caller] >= self.rules.max_tunnels_per_caller:
            detail = (
                f"{caller} has {self.rules.max_tunnels_per_caller} tunnels open, as many as one caller may have. "
                "Close some, or send several requests through one: share one client."
            )
            raise Refusal(429, "too many tunnels", detail, target=target, caller=caller, retry_after=RETRY_SECONDS)
        return host, caller

    async def _serve(self, host: str, caller: str, transport: asyncio.Transport, waiting: Waiting) -> None:
        loop, target = asyncio.get_running_loop(), f"{host}:{self._port}"
        try:
            secured = await loop.start_tls(
                transport,
                waiting,
                self._contexts[host],
                server_side=True,
                ssl_handshake_timeout=HANDSHAKE_SECONDS,
            )
        except (ConnectionResetError, asyncio.IncompleteReadError):  # It left, which is nobody's business.
            transport.abort()
            waiting.on_lost()
            return
        except OSError as error:  # ssl.SSLError is one
            log.info("tls caller=%s target=%s error=%s", caller, host, type(error).__name__)
            self._block(caller, target, "TLS handshake failed or asked for another name")
            transport.abort()
            waiting.on_lost()
            return
        if secured is None:
            waiting.on_lost()
            return

        def malformed(_: int) -> None:
            self._block(caller, target, "malformed request in the tunnel")

        protocol = self._servers[host].protocol({"caller": caller}, on_lost=waiting.on_lost, on_refused=malformed)
        waiting.hand_over(protocol, secured)


class _Connection(asyncio.Protocol):
    """Reads one request head, within its size and time limits."""

    def __init__(self, proxy: EgressProxy) -> None:
        self._proxy, self._rules = proxy, proxy.rules
        self._head = bytearray()
        self._peer: int | None = None
        self._transport: asyncio.Transport
        self._timer: asyncio.TimerHandle

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "write")
        self._transport = transport  # type: ignore[assignment]
        self._timer = asyncio.get_running_loop().call_later(self._rules.head_seconds, self._too_slow)
        self._peer = _peer(self._transport)
        self._proxy.unfinished[self._peer] += 1
        if self._proxy.unfinished[self._peer] > self._rules.max_unfinished_heads_per_peer:
            most = self._rules.max_unfinished_heads_per_peer
            detail = f"{most} connections from here have not said yet where to. Finish or close those."
            self._refuse(Refusal(429, "too many unfinished requests", detail, retry_after=RETRY_SECONDS))

    def data_received(self, data: bytes) -> None:
        if self._transport.is_closing():
            return
        self._head += data
        try:
            end = self._head.find(b"\r\n\r\n")
            if len(self._head) > self._rules.max_head_bytes:
                raise Refusal(431, "head is too large", f"A request head may have {self._rules.max_head_bytes} bytes.")
            if end < 0:
                return
            if len(self._head) > end + 4:
                raise Refusal(400, "bytes after CONNECT", "Wait for the 200 before you send through the tunnel.")
            self._over()
            waiting = Waiting()
            self._transport.set_protocol(waiting)
            self._proxy.tunnel(bytes(self._head[:end]), self._transport, waiting)
        except Refusal as refusal:
            self._refuse(refusal)

    def connection_lost(self, exc: Exception | None) -> None:
        self._over()

    def _too_slow(self) -> None:
        detail = f"A request head may take {self._rules.head_seconds:g} seconds."
        self._refuse(Refusal(408, "head took too long", detail))

    def _refuse(self, refusal: Refusal) -> None:
        self._over()
        self._proxy.refuse(refusal, self._transport, bytes(self._head))

    def _over(self) -> None:
        """The head is read, or never will be."""
        self._timer.cancel()
        if self._peer is not None:
            self._proxy.unfinished[self._peer] -= 1
            if not self._proxy.unfinished[self._peer]:
                del self._proxy.unfinished[self._peer]
            self._peer = None


def _peer(transport: asyncio.Transport) -> int:
    """The process at the other end of a Unix socket; 0 for the loopback port, where the kernel does not tell."""
    found = transport.get_extra_info("socket")
    if found is None or found.family != socket.AF_UNIX or not hasattr(socket, "SO_PEERCRED"):
        return 0
    with socket.socket(fileno=os.dup(found.fileno())) as own:  # uvloop's stand-in has no socket options.
        credentials = own.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER_CREDENTIALS.size)
    return int(_PEER_CREDENTIALS.unpack(credentials)[0])
