"""How long the way through an implementation's sandbox takes, apart from what the implementation does with its time."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from statistics import median

ROUNDS = 9
SECONDS = 2.0


async def round_trip_ms(echo: Path) -> float | None:
    """The median time, in ms, of one byte into the namespace and back through the forwarders; None without an answer.

    One connection, ROUNDS round trips; the first one, which waits for the connection to be made inside, is left out.
    """
    try:
        async with asyncio.timeout(SECONDS):
            return round(median(await _round_trips(echo)) * 1000, 3)
    except (TimeoutError, OSError, asyncio.IncompleteReadError):
        return None


async def _round_trips(echo: Path) -> list[float]:
    reader, writer = await asyncio.open_unix_connection(str(echo))
    try:
        times = []
        for _ in range(ROUNDS + 1):
            began = time.perf_counter()
            writer.write(b"x")
            await reader.readexactly(1)
            times.append(time.perf_counter() - began)
        return times[1:]
    finally:
        writer.transport.abort()
