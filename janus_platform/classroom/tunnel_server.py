"""The tunnel server, a classroom's one port on the local network: TLS, a learner's secret, then one of three channels.

A client connects, checks the certificate's fingerprint, and sends `CONNECT gateway:80`, `control:80` or `egress:80`
(RFC 9110, 9.3.6) with its id and secret as Basic credentials (RFC 7617). What follows the 200 belongs to what stands
behind. Whoever has not said who it is gets little: 45 seconds, 4 KB, a few connections from one address.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import re
import socket
import ssl
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from janus_platform.classroom.roster import Roster
from janus_platform.errors import PlatformError
from janus_platform.http.server import BACKLOG

log = logging.getLogger("janus.classroom")

Channels = Mapping[str, Callable[[str], asyncio.Protocol]]

MAX_HEAD_BYTES = 4_096
HANDSHAKE_SECONDS = 45.0
ACCEPT_PAUSE_SECONDS = 0.1
# Of those who have not said who they are. A class behind one router has one address, so that bound is not small.
PENDING_PER_ADDRESS = 256
MAX_PENDING = 1_024
_REQUEST = re.compile(
    rb"CONNECT ([a-z]{1,20}):80 HTTP/1\.1\r\nHost: \1:80\r\nProxy-Authorization: Basic ([A-Za-z0-9+/=]{1,400})"
)


class TunnelRefusedError(PlatformError):
    """A connection that is not let in: the HTTP status and what to do."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


@dataclass
class Presence:
    """The connections of one learner, and when one was last opened (seconds since the epoch)."""

    connections: list[asyncio.Transport] = field(default_factory=list)
    last_seen: float | None = None

    def open(self) -> list[asyncio.Transport]:
        """The connections that are still open."""
        self.connections = [one for one in self.connections if not one.is_closing()]
        return self.connections


class TunnelServer:
    """A server that lets the learners of `roster` through to `channels`, with at most `connections` each."""

    def __init__(self, roster: Roster, channels: Channels, context: ssl.SSLContext, *, connections: int) -> None:
        self._channels, self._context, self._most = channels, context, connections
        self.roster = roster
        self.present: dict[str, Presence] = {}
        self.refused = 0
        self._pending: Counter[str] = Counter()
        self._listeners: list[socket.socket] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def listen(self, sockets: Sequence[socket.socket]) -> None:
        """Accept connections at these bound sockets."""
        for bound in sockets:
            bound.listen(BACKLOG)
            self._begin(self._accept(bound))
        self._listeners = list(sockets)

    async def close(self) -> None:
        """Close the listeners and every connection that came through."""
        for task in list(self._tasks):
            task.cancel()
        for listener in self._listeners:
            listener.close()
        for learner in list(self.present):
            self.send_away(learner)

    def replace_roster(self, roster: Roster) -> None:
        """Go by another roster from now on, and send away those whose secret has changed."""
        old, self.roster = self.roster, roster
        for learner, one in old.learners.items():
            if roster.learners.get(learner) != one:
                self.send_away(learner)

    def send_away(self, learner: str) -> None:
        """End every connection of a learner."""
        for transport in self.present.get(learner, Presence()).open():
            transport.abort()

    async def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, peer = await asyncio.get_running_loop().sock_accept(listener)
            except OSError:  # Out of file descriptors, say: others will be free in a moment.
                await asyncio.sleep(ACCEPT_PAUSE_SECONDS)
                continue
            address = str(peer[0])
            # Before TLS, which costs more than a place in this count.
            if self._pending.total() >= MAX_PENDING or self._pending[address] >= PENDING_PER_ADDRESS:
                self.refused += 1
                connection.close()
                continue
            self._pending[address] += 1
            self._begin(self._admit(connection, address))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _admit(self, connection: socket.socket, address: str) -> None:
        secured: asyncio.Transport | None = None
        head = _Head()  # Kept here: uvloop returns another protocol than the one it was given.
        try:
            async with asyncio.timeout(HANDSHAKE_SECONDS):
                secured, _ = await asyncio.get_running_loop().connect_accepted_socket(
                    lambda: head, connection, ssl=self._context, ssl_handshake_timeout=HANDSHAKE_SECONDS
                )
                channel, learner = self._decide(await head.complete)
            protocol = self._enter(learner, channel, secured)
            secured.write(b"HTTP/1.1 200 Come in\r\n\r\n")
            head.hand_over(protocol, secured)
        except TunnelRefusedError as error:
            self._refuse(error, address, secured)
        except (OSError, TimeoutError, EOFError):
            self.refused += 1
            if secured is None:
                connection.close()
            else:
                secured.abort()
        finally:
            self._pending[address] -= 1
            if not self._pending[address]:
                del self._pending[address]

    def _decide(self, head: bytes) -> tuple[str, str]:
        request = _REQUEST.fullmatch(head)
        if request is None:
            raise TunnelRefusedError(400, "This port belongs to a Janus classroom. Join it with: janus join")
        learner = self.roster.identify(*_credentials(request[2]))
        if learner is None:
            raise TunnelRefusedError(407, "The classroom does not know this ticket. Ask for a new card")
        channel = request[1].decode()
        if channel not in self._channels:
            raise TunnelRefusedError(404, "There is no such entrance")
        return channel, learner

    def _enter(self, learner: str, channel: str, transport: asyncio.Transport) -> asyncio.Protocol:
        presence = self.present.setdefault(learner, Presence())
        if len(presence.open()) >= self._most:
            raise TunnelRefusedError(429, f"A learner may have {self._most} connections. Close some")
        presence.connections.append(transport)
        presence.last_seen = time.time()
        return self._channels[channel](learner)

    def _refuse(self, error: TunnelRefusedError, address: str, secured: asyncio.Transport | None) -> None:
        self.refused += 1
        log.warning("tunnel refused status=%d address=%s", error.status, address)
        if secured is not None:
            challenge = 'Proxy-Authenticate: Basic realm="janus room"\r\n' if error.status == 407 else ""
            head = f"HTTP/1.1 {error.status} {error.reason}\r\n{challenge}Connection: close\r\n\r\n"
            secured.write(head.encode("ascii"))
            secured.close()


class _Head(asyncio.Protocol):
    """Reads a request's head, then keeps what follows until another protocol takes over."""

    def __init__(self) -> None:
        self.complete: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._received = bytearray()
        self._lost = False

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        if self.complete.done():
            return
        if end >= 0:
            head, self._received = bytes(self._received[:end]), self._received[end + 4 :]
            self.complete.set_result(head)
        elif len(self._received) > MAX_HEAD_BYTES:
            self.complete.set_exception(TunnelRefusedError(431, "The head of this request is too large"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = True
        if not self.complete.done():
            self.complete.set_exception(EOFError())
            # Nobody may be waiting for it any more.
            self.complete.exception()

    def hand_over(self, protocol: asyncio.Protocol, transport: asyncio.Transport) -> None:
        """Let `protocol` own `transport` from here on, beginning with the bytes that came early."""
        if self._lost or transport.is_closing():
            transport.abort()
            return
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        if self._received:
            protocol.data_received(bytes(self._received))


def _credentials(basic: bytes) -> tuple[str, str]:
    with suppress(ValueError):
        learner, _, secret = base64.b64decode(basic, validate=True).decode("ascii").partition(":")
        return learner, secret
    return "", ""
