"""Connections to running implementations, kept open between requests: a stack for each address."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from janus_platform.clock import Clock
from janus_platform.gateway.errors import NoResponseError, UpstreamError
from janus_platform.gateway.remote_url import Address, RemoteUrl, host_header
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
        connection = await connect(address, self._closed)
        self._all.add(connection)
        return connection

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

    def _closed(self, connection: Connection) -> None:
        self._all.discard(connection)
        for address, idle in list(self._idle.items()):
            if idle.pop(connection, None) is not None and not idle:
                del self._idle[address]

    def _drop(self, connection: Connection) -> None:
        if not connection.closed:
            connection.abort()


async def connect(address: Address, on_closed: Callable[[Connection], None]) -> Connection:
    """A new connection to `address`. Raises NoResponseError when nothing listens there."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            if isinstance(address, RemoteUrl):
                return await _connect_remote(address, on_closed)
            if isinstance(address, Path):
                _, connection = await loop.create_unix_connection(lambda: Connection(on_closed), str(address))
            else:
                _, connection = await loop.create_connection(lambda: Connection(on_closed), *address)
            return connection
    except OSError as error:  # A timeout is one too.
        raise NoResponseError from error


async def _connect_remote(remote: RemoteUrl, on_closed: Callable[[Connection], None]) -> Connection:
    loop, failure = asyncio.get_running_loop(), OSError(f"{remote.host} has no address")
    for endpoint in await remote.endpoints():
        try:
            _, connection = await loop.create_connection(
                lambda: Connection(on_closed), endpoint, remote.port, **remote.tls
            )
            return connection
        except OSError as error:
            failure = error
    raise failure


async def status_of(address: Address, path: str, *, seconds: float = 2.0) -> int | None:
    """The status that `address` answers a GET of `path` with; None where it does not answer within `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            return await _get(address, path)
    except (TimeoutError, UpstreamError):
        return None


async def _get(address: Address, path: str) -> int:
    connection = await connect(address, lambda _: None)
    try:
        head = f"GET {path} HTTP/1.1\r\nhost: {host_header(address)}\r\naccept: */*\r\nconnection: close\r\n\r\n"
        connection.ask(head.encode("ascii"), b"")
        return (await connection.head())[0]
    finally:
        connection.abort()
