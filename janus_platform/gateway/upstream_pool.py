"""ConnectionPool to running implementations, kept open between requests: a stack for each address."""

from __future__ import annotations

import asyncio
from pathlib import Path

from janus_platform.clock import Clock
from janus_platform.gateway.errors import NoResponseError
from janus_platform.gateway.remote_url import Address, RemoteUrl
from janus_platform.gateway.upstream_connection import Connection

# Shorter than the 5 s after which uvicorn and Node drop an idle connection, so that none is reused as it closes.
KEEP_ALIVE_SECONDS = 2.0
MAX_IDLE = 256
CONNECT_SECONDS = 5.0


class ConnectionPool:
    """Hands out connections and takes them back; must be closed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._idle: dict[Address, dict[Connection, float]] = {}
        self._all: set[Connection] = set()

    async def take(self, address: Address, *, fresh: bool = False) -> Connection:
        """A connection to `address`: an idle one, where there is one and `fresh` is not asked for, or a new one.

        Raises NoResponseError when nothing listens there.
        """
        idle = self._idle.get(address)
        while idle and not fresh:
            connection, since = idle.popitem()
            if not connection.closed and self._clock.now() - since < KEEP_ALIVE_SECONDS:
                connection.used = True
                return connection
            self._drop(connection)
        return await self._connect(address)

    def give_back(self, address: Address, connection: Connection) -> None:
        """Keep the connection for the next request, where it can serve one; else end it."""
        if not connection.reusable:
            self._drop(connection)
            return
        idle = self._idle.setdefault(address, {})
        now = self._clock.now()
        idle[connection] = now
        oldest = next(iter(idle))
        if len(idle) > MAX_IDLE or now - idle[oldest] >= KEEP_ALIVE_SECONDS:
            del idle[oldest]
            self._drop(oldest)

    async def aclose(self) -> None:
        """End every connection, those in use included."""
        for connection in list(self._all):
            self._drop(connection)
        self._idle.clear()

    async def _connect(self, address: Address) -> Connection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                if isinstance(address, Path):
                    _, connection = await loop.create_unix_connection(self._made, str(address))
                elif isinstance(address, RemoteUrl):
                    connection = await self._connect_remote(address)
                else:
                    _, connection = await loop.create_connection(self._made, *address)
        except OSError as error:  # A timeout is one too.
            raise NoResponseError from error
        self._all.add(connection)
        return connection

    async def _connect_remote(self, remote: RemoteUrl) -> Connection:
        loop, failure = asyncio.get_running_loop(), OSError(f"{remote.host} has no address")
        for endpoint in await remote.endpoints():
            try:
                _, connection = await loop.create_connection(self._made, endpoint, remote.port, **remote.tls)
                return connection
            except OSError as error:
                failure = error
        raise failure

    def _made(self) -> Connection:
        return Connection(self._closed)

    def _closed(self, connection: Connection) -> None:
        self._all.discard(connection)
        for address, idle in list(self._idle.items()):
            if idle.pop(connection, None) is not None and not idle:
                del self._idle[address]

    def _drop(self, connection: Connection) -> None:
        if not connection.closed:
            connection.abort()
