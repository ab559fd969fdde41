"""The protocols of a tunnel before HTTP: in the queue for its turn, and from its TLS handshake to the HTTP protocol."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class QueuedTunnel(asyncio.Protocol):
    """Owns a connection that waits for its tunnel: nothing may come yet (`on_early`), and it may leave (`on_lost`)."""

    def __init__(self) -> None:
        self.on_early: Callable[[], None] = lambda: None
        self.on_lost: Callable[[], None] = lambda: None

    def data_received(self, data: bytes) -> None:
        on_early, self.on_early = self.on_early, lambda: None
        self.on_lost()
        on_early()

    def connection_lost(self, exc: Exception | None) -> None:
        self.on_lost()


class TunnelHandover(asyncio.Protocol):
    """Keeps what arrives meanwhile; `on_lost` is told when the tunnel ends before anybody else owns it."""

    def __init__(self) -> None:
        self._early = bytearray()
        self._lost = False
        self.on_lost: Callable[[], None] = lambda: None

    def data_received(self, data: bytes) -> None:
        self._early += data

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = True
        self.on_lost()

    def hand_over(self, protocol: asyncio.Protocol, transport: asyncio.Transport) -> None:
        """Let `protocol` own `transport` from here on, beginning with the bytes that came early."""
        if self._lost or transport.is_closing():
            transport.abort()
            self.on_lost()
            return
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        if self._early:
            protocol.data_received(bytes(self._early))
