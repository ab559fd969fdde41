"""A minimal HTTP/1.1 GET that asks for a status code and nothing else: how the node learns that a program is ready."""

from __future__ import annotations

import asyncio
from pathlib import Path

from janus_platform.gateway.remote_url import RemoteUrl, host_header

Base = Path | tuple[str, int] | RemoteUrl
# A head that is longer is no answer to so small a question.
_MAX_LINE_BYTES = 4_096


async def status_of(base: Base, path: str, *, seconds: float = 2.0) -> int | None:
    """The status that `base` answers a GET of `path` with; None when it does not answer within `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            return await _ask(base, path)
    except (TimeoutError, OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return None


async def _ask(base: Base, path: str) -> int:
    reader, writer = await _connected(base)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host_header(base)}\r\nConnection: close\r\n\r\n".encode("ascii"))
        version, status = (await reader.readuntil(b"\r\n")).split(b" ", 2)[:2]
        if not version.startswith(b"HTTP/1."):
            raise ValueError("not HTTP")
        return int(status)
    finally:
        writer.transport.abort()


async def _connected(base: Base) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if isinstance(base, Path):
        return await asyncio.open_unix_connection(str(base), limit=_MAX_LINE_BYTES)
    if not isinstance(base, RemoteUrl):
        return await asyncio.open_connection(*base, limit=_MAX_LINE_BYTES)
    failure = OSError(f"{base.host} has no address")
    for endpoint in await base.endpoints():
        try:
            return await asyncio.open_connection(endpoint, base.port, limit=_MAX_LINE_BYTES, **base.tls)
        except OSError as error:
            failure = error
    raise failure
