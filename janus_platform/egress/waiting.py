"""A tunnel between the end of its TLS handshake and the moment the HTTP protocol takes over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Waiting(asyncio.Protocol):
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
