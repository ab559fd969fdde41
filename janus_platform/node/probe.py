"""A minimal HTTP/1.1 GET that asks for a status code and nothing else: how the node learns that a program is ready."""

from __future__ import annotations

import asyncio
from pathlib import Path

Base = Path | tuple[str, int]


async def status_of(base: Base, path: str, *, seconds: float = 2.0) -> int | None:
    """The status that `base` answers a GET of `path` with; None when it does not answer within `seconds`."""
    try:
        return await asyncio.wait_for(_ask(base, path), seconds)
    except (TimeoutError, OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return None


async def _ask(base: Base, path: str) -> int:
    if isinstance(base, Path):
        reader, writer = await asyncio.open_unix_connection(str(base))
    else:
        reader, writer = await asyncio.open_connection(*base)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: implementation\r\nConnection: close\r\n\r\n".encode("ascii"))
        version, status = (await reader.readuntil(b"\r\n")).split(b" ", 2)[:2]
        if not version.startswith(b"HTTP/1."):
            raise ValueError("not HTTP")
        return int(status)
    finally:
        writer.transport.abort()
