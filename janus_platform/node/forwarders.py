"""The forwarders in and out of an isolated implementation; runs inside its network namespace and starts it.

Outwards, a loopback port leads to the egress proxy's Unix socket, because HTTP clients cannot speak to a proxy on such
a socket. Inwards, the gateway's Unix socket leads to the implementation's port. A second Unix socket leads the same way
to a port that sends everything back: by it the node measures what the way itself costs. When the implementation ends,
this ends with its exit code, and the namespaces with it.

Usage: forwarders.py EGRESS_PORT EGRESS_SOCKET GATEWAY_DESCRIPTOR ECHO_DESCRIPTOR PORT PROGRAM ARGUMENT…
The descriptors are listening sockets that the node made. Standard library only: nothing else of the platform is visible
in here.
"""

from __future__ import annotations

import os
import sys

# The implementation starts first: it takes longest, and what is imported below is not needed until it listens.
_ARGUMENTS = 6
_STARTED = 0
if __name__ == "__main__":
    for _descriptor in sys.argv[3:5]:
        os.set_inheritable(int(_descriptor), False)  # Else the implementation could accept in our place.
    _STARTED = os.posix_spawnp(sys.argv[_ARGUMENTS], sys.argv[_ARGUMENTS:], os.environ)

import asyncio  # noqa: E402
import socket  # noqa: E402
from collections.abc import Awaitable, Callable  # noqa: E402

Connect = Callable[[Callable[[], asyncio.Protocol]], Awaitable[object]]
LOOPBACK = "127.0.0.1"


class Side(asyncio.Protocol):
    """One end of a forwarded connection: what it receives, its peer sends. A slow reader pauses the other end."""

    def __init__(self) -> None:
        self.peer: Side | None = None
        self.transport: asyncio.Transport | None = None
        self._handed_on_end = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        if self.peer and self.peer.transport:
            self.peer.transport.write(data)

    def eof_received(self) -> bool:
        if self.peer and self.peer.transport and self.peer.transport.can_write_eof():
            self.peer.transport.write_eof()
            self._handed_on_end = True
            if self.peer._handed_on_end and self.transport:
                self.transport.close()  # Nothing comes either way any more; asyncio would keep both open for ever.
        return True  # The other direction stays open.

    def pause_writing(self) -> None:
        if self.peer and self.peer.transport:
            self.peer.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.peer and self.peer.transport:
            self.peer.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.peer and self.peer.transport:
            self.peer.transport.close()


class Entrance(Side):
    """The accepted end: waits, unread, until the other end is connected.

    Python 3.11.2 (Debian 12) reads on after a pause in `connection_made`; so what comes early is kept and handed on.
    """

    def __init__(self, connect: Connect) -> None:
        super().__init__()
        self._connect = connect
        self._connecting: asyncio.Task[None] | None = None
        self._early = bytearray()
        self._ended_early = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        assert self.transport is not None
        self.transport.pause_reading()
        self._connecting = asyncio.get_running_loop().create_task(self._join())

    def data_received(self, data: bytes) -> None:
        if self.peer is None:
            self._early += data
        else:
            super().data_received(data)

    def eof_received(self) -> bool:
        self._ended_early = self.peer is None
        return super().eof_received()

    async def _join(self) -> None:
        assert self.transport is not None
        other = Side()
        other.peer = self
        try:
            await self._connect(lambda: other)
        except OSError:
            self.transport.abort()
            return
        self.peer = other
        if self.transport.is_closing() and other.transport:
            other.transport.abort()
            return
        if self._early:
            self.data_received(bytes(self._early))
            self._early.clear()
        if self._ended_early:
            self.eof_received()
        self.transport.resume_reading()


class Echo(asyncio.Protocol):
    """Sends back what it receives."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._transport.write(data)


async def serve(egress_port: int, egress_socket: str, gateway: socket.socket, echo: socket.socket, port: int) -> None:
    """Listen on all entrances. Raises OSError when one cannot be had."""
    loop = asyncio.get_running_loop()

    def outwards(protocol: Callable[[], asyncio.Protocol]) -> Awaitable[object]:
        return loop.create_unix_connection(protocol, egress_socket)

    # First, since its port is given: the mirror takes any that is free, and would now and then take this one.
    await loop.create_server(lambda: Entrance(outwards), LOOPBACK, egress_port, backlog=1024)
    mirror = await loop.create_server(Echo, LOOPBACK, 0)
    mirror_port = mirror.sockets[0].getsockname()[1]

    def inwards(protocol: Callable[[], asyncio.Protocol]) -> Awaitable[object]:
        return loop.create_connection(protocol, LOOPBACK, port)

    def back(protocol: Callable[[], asyncio.Protocol]) -> Awaitable[object]:
        return loop.create_connection(protocol, LOOPBACK, mirror_port)

    await loop.create_unix_server(lambda: Entrance(inwards), sock=gateway, backlog=1024)
    await loop.create_unix_server(lambda: Entrance(back), sock=echo)


async def main(started: int, arguments: list[str]) -> int:
    """Forward until the implementation `started` ends; its exit code, or 128 plus the signal that ended it."""
    egress_port, egress_socket, gateway, echo, port = arguments[: _ARGUMENTS - 1]
    entrance, mirror = socket.socket(fileno=int(gateway)), socket.socket(fileno=int(echo))
    await serve(int(egress_port), egress_socket, entrance, mirror, int(port))
    _, status = await asyncio.to_thread(os.waitpid, started, 0)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


async def run() -> None:
    """Forward, and end with the implementation; open connections neither hold up the end nor are reported."""
    os._exit(await main(_STARTED, sys.argv[1:]))


if __name__ == "__main__":
    asyncio.run(run())
