"""The egress proxy: the only way out, and where the specification's host names become the local services.

It accepts `CONNECT host:443` (RFC 9110, 9.3.6) for the hosts of the contract, ends TLS with the local CA, and hands the
requests to the service that the hostname table names. Anything else is refused with a problem that says why, logged and
counted. Nothing is ever forwarded to the network: a host that is not in the table has nowhere to go.

A caller has so many tunnels at once, and a queue for a short burst beyond them; who takes more is refused, and nobody
else notices. Connections that have not said yet where to are counted by caller as far as they have said who they are,
and the oldest make way for new ones (queueing.py).
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
from janus_platform.egress.connect_request import EgressError, parse_connect, refusal_response
from janus_platform.egress.middleware import MakeWayMiddleware, SameHostMiddleware
from janus_platform.egress.queueing import Tunnels, UnfinishedHeads
from janus_platform.egress.tunnel_handover import QueuedTunnel, TunnelHandover
from janus_platform.http.server import BACKLOG, HttpServer

log = logging.getLogger("janus.egress")

HANDSHAKE_SECONDS = 60.0
KEPT_EVENTS = 1_000
# Kept apart, so that one caller's flood does not push another's attempts out of the record.
KEPT_OF_A_CALLER = 200
KEPT_CALLERS = 10_000
RETRY_SECONDS = 1
_AUTHORIZATION = re.compile(rb"(?im)^proxy-authorization:[ \t]*([^\r\n]{1,300})\r?$")
_EARLY = ("bytes after CONNECT", "Wait for the 200 before you send through the tunnel.")
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
        self.tunnels = Tunnels()
        apps = {
            host: SameHostMiddleware(MakeWayMiddleware(app, self.tunnels), host, self._block)
            for host, app in table.items()
        }
        self._servers = {host: HttpServer(app) for host, app in apps.items()}
        self._contexts = {host: ca.server_context(host) for host in table}
        self._listeners: list[asyncio.Server] = []
        self._serving: set[asyncio.Task[None]] = set()
        self.unfinished: UnfinishedHeads[_Connection] = UnfinishedHeads()
        self.events: deque[EgressEvent] = deque(maxlen=KEPT_EVENTS)
        self.counts: Counter[str] = Counter()
        self.by_caller: dict[str, Counter[str]] = {}
        self._events_of: dict[str, deque[EgressEvent]] = {}

    @property
    def allowed_hosts(self) -> tuple[str, ...]:
        return tuple(self._servers)

    @property
    def listening(self) -> bool:
        """Whether it listens on both the loopback port and the Unix socket."""
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
        for tunnel in list(self._serving):
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

    def tunnel(self, head: bytes, transport: asyncio.Transport) -> None:
        """Decide on one request head, then open the tunnel as soon as the caller may have it; raises EgressError."""
        host, caller = self._decide(head)
        rules, queued_tunnel = self.rules, QueuedTunnel()

        def begin() -> bool:
            if transport.is_closing():
                return False
            handover = TunnelHandover()
            handover.on_lost = self._once(lambda: self.tunnels.leave(caller))
            transport.set_protocol(handover)
            self._record(caller, f"{host}:{self._port}", None)
            transport.write(b"HTTP/1.1 200 Connection Established\r\n\r\n")
            task = asyncio.get_running_loop().create_task(self._serve(host, caller, transport, handover))
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
            return True

        def refuse(refusal: EgressError | None = None) -> None:
            self.refuse(refusal or _too_many_tunnels(caller, host, rules), transport)

        transport.set_protocol(queued_tunnel)
        queued_tunnel.on_early = lambda: refuse(EgressError(400, *_EARLY, caller=caller))
        give_up = self.tunnels.enter(
            caller,
            begin,
            refuse,
            most=rules.max_tunnels_per_caller,
            waiting=rules.max_waiting_tunnels_per_caller,
            seconds=rules.tunnel_wait_seconds,
        )
        if give_up is not None:
            queued_tunnel.on_lost = give_up

    def caller_of(self, head: bytes) -> str | None:
        """The caller that a head proves, however little of it has come."""
        proof = _AUTHORIZATION.search(head)
        return self._callers.identify(proof[1].decode("latin-1")) if proof else None

    def refuse(self, refusal: EgressError, transport: asyncio.Transport, head: bytes = b"") -> None:
        """Log, count and answer an attempt that does not pass; `head` is what was sent, for whose it was."""
        caller = refusal.caller
        if caller == "unknown":
            caller = self.caller_of(head) or caller
        self._block(caller, refusal.target, refusal.reason)
        transport.write(refusal_response(refusal, self.allowed_hosts))
        transport.close()

    def _block(self, caller: str, target: str, reason: str) -> None:
        self._record(caller, target, reason)
        log.warning("blocked caller=%s target=%s reason=%s", caller, target, reason)

    @staticmethod
    def _once(end: Callable[[], None]) -> Callable[[], None]:
        """`end`, which is called once however often this is."""
        left = [end]
        return lambda: left.pop()() if left else None

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
        target, headers = parse_connect(head)
        caller = self._callers.identify(headers.get("proxy-authorization", ""))
        if caller is None:
            raise EgressError(
                407,
                "no valid caller token",
                "Use the proxy address that `janus env` prints: it carries your caller id and token.",
                target=target,
            )
        host, _, port = target.lower().rpartition(":")
        if host not in self._servers:
            detail = "Only the platform's services can be reached from here. Fetch other pages through the web proxy."
            raise EgressError(403, "host is not on the allow-list", detail, target=target, caller=caller)
        if port != str(self._port):
            detail = f"The platform's services answer on port {self._port} only."
            raise EgressError(403, "port is not allowed", detail, target=target, caller=caller)
        if headers.get("host", target).lower() not in (host, target.lower()):
            detail = "The Host header of a CONNECT request names its target (RFC 9110, 7.2)."
            raise EgressError(400, "Host header differs from the target", detail, target=target, caller=caller)
        return host, caller

    async def _serve(self, host: str, caller: str, transport: asyncio.Transport, handover: TunnelHandover) -> None:
        loop, target = asyncio.get_running_loop(), f"{host}:{self._port}"
        try:
            secured = await loop.start_tls(
                transport,
                handover,
                self._contexts[host],
                server_side=True,
                ssl_handshake_timeout=HANDSHAKE_SECONDS,
            )
        except (ConnectionResetError, asyncio.IncompleteReadError):  # It left, which is nobody's business.
            transport.abort()
            handover.on_lost()
            return
        except OSError as error:  # ssl.SSLError is one
            log.info("tls caller=%s target=%s error=%s", caller, host, type(error).__name__)
            self._block(caller, target, "TLS handshake failed or asked for another name")
            transport.abort()
            handover.on_lost()
            return
        if secured is None:
            handover.on_lost()
            return

        def malformed(_: int) -> None:
            self._block(caller, target, "malformed request in the tunnel")

        protocol = self._servers[host].protocol({"caller": caller}, on_lost=handover.on_lost, on_refused=malformed)
        handover.hand_over(protocol, secured)


def _too_many_tunnels(caller: str, host: str, rules: Egress) -> EgressError:
    detail = (
        f"{caller} has {rules.max_tunnels_per_caller} tunnels open, as many as one caller may have, and none ended in "
        "time. Close some, or send several requests through one: share one client."
    )
    target = f"{host}:{rules.allowed_port}"
    return EgressError(429, "too many tunnels", detail, target=target, caller=caller, retry_after=RETRY_SECONDS)


class _Connection(asyncio.Protocol):
    """Reads one request head, within its size and time limits."""

    def __init__(self, proxy: EgressProxy) -> None:
        self._proxy, self._rules = proxy, proxy.rules
        self._head = bytearray()
        self._caller: str | None = None
        self._transport: asyncio.Transport
        self._timer: asyncio.TimerHandle

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "write")
        self._transport = transport  # type: ignore[assignment]
        self._timer = asyncio.get_running_loop().call_later(self._rules.head_seconds, self._too_slow)
        self._counts_for(_peer(self._transport))

    def _counts_for(self, owner: int | str) -> None:
        """Be one of the owner's unfinished heads; where that is one too many, its oldest goes."""
        most = self._rules.max_unfinished_heads
        oldest = self._proxy.unfinished.put(self, owner, most)
        if oldest is not None:
            detail = f"{most} of your connections have not said yet where they are going. Finish or close them."
            oldest._refuse(EgressError(429, "too many unfinished requests", detail, retry_after=RETRY_SECONDS))

    def data_received(self, data: bytes) -> None:
        if self._transport.is_closing():
            return
        self._head += data
        try:
            end = self._head.find(b"\r\n\r\n")
            if len(self._head) > self._rules.max_head_bytes:
                raise EgressError(
                    431, "head is too large", f"A request head may have {self._rules.max_head_bytes} bytes."
                )
            if end < 0:
                if self._caller is None and b"\n" in data and (caller := self._proxy.caller_of(bytes(self._head))):
                    self._caller = caller
                    self._counts_for(caller)
                return
            if len(self._head) > end + 4:
                raise EgressError(400, *_EARLY)
            self._over()
            self._proxy.tunnel(bytes(self._head[:end]), self._transport)
        except EgressError as refusal:
            self._refuse(refusal)

    def connection_lost(self, exc: Exception | None) -> None:
        self._over()

    def _too_slow(self) -> None:
        detail = f"A request head may take {self._rules.head_seconds:g} seconds."
        self._refuse(EgressError(408, "head took too long", detail))

    def _refuse(self, refusal: EgressError) -> None:
        self._over()
        self._proxy.refuse(refusal, self._transport, bytes(self._head))

    def _over(self) -> None:
        """The head is read, or never will be."""
        self._timer.cancel()
        self._proxy.unfinished.drop(self)


def _peer(transport: asyncio.Transport) -> int:
    """The process at the other end of a Unix socket; 0 for the loopback port, where the kernel does not tell."""
    accepted = transport.get_extra_info("socket")
    if accepted is None or accepted.family != socket.AF_UNIX or not hasattr(socket, "SO_PEERCRED"):
        return 0
    with socket.socket(fileno=os.dup(accepted.fileno())) as own:  # uvloop's stand-in has no socket options.
        credentials = own.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER_CREDENTIALS.size)
    return int(_PEER_CREDENTIALS.unpack(credentials)[0])
