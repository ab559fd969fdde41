"""The health of an implementation: its health path, the time of the way to it, and when it is started again."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from statistics import median

from janus_platform.clock import Clock
from janus_platform.contract import NodeRules
from janus_platform.gateway.directory import Load
from janus_platform.gateway.remote_url import Address
from janus_platform.gateway.upstream_pool import status_of

SECONDS = 2.0  # to answer
ROUND_TRIPS = 9
ROUND_TRIP_SECONDS = 2.0


class Health:
    """Asks `path` as often as the rules say.

    `complaint` says why it gets no requests: from an answer other than 200 until the next 200. Silence is no complaint
    at first, for a program that answers one request at a time is silent while it works. It has longer then, but not for
    ever: one that hangs would else never be started again, as long as somebody asks it something.
    """

    def __init__(self, path: str, rules: NodeRules, load: Load, clock: Clock) -> None:
        self.path, self.complaint = path, ""
        self._rules, self._load, self._clock = rules, load, clock

    def forget(self) -> None:
        """Begin anew, with another process."""
        self.complaint = ""

    async def until_lost(self, base: Address) -> str:
        """Return, with the reason, once it has failed too often in a row; while requests are open it may more often."""
        failures = idle = 0
        while True:
            await self._clock.sleep(self._rules.health_check_seconds)
            status = await status_of(base, self.path, seconds=SECONDS)
            answer = f"GET {self.path} " + ("did not answer" if status is None else f"answered {status}")
            self.complaint = answer if status not in (200, None) else self.complaint if status is None else ""
            if status == 200:
                failures = idle = 0
                continue
            failures, idle = failures + 1, 0 if self._load.open else idle + 1
            if idle >= self._rules.health_failures or failures >= self._rules.health_failures_at_work:
                return f"{answer} {failures} times in a row"


class Backoff:
    """When to start a crashed implementation again: at once, then after a second, then twice as long each time.

    Crashes in a row are counted; a run as long as the rules' `steady_seconds` ends the row.
    """

    def __init__(self, rules: NodeRules) -> None:
        self._rules, self._in_a_row = rules, 0

    def crashed(self, ran_seconds: float) -> float:
        """The seconds to wait before the next start, after one that ran for so long (0: it did not become healthy)."""
        if ran_seconds >= self._rules.steady_seconds:
            self._in_a_row = 0
        self._in_a_row += 1
        if self._in_a_row == 1:
            return 0.0
        # Bounded before it is raised: the row may be long.
        doublings = min(self._in_a_row - 2, 30)
        return float(min(self._rules.restart_seconds * 2**doublings, self._rules.max_restart_seconds))


async def round_trip_ms(echo: Path) -> float | None:
    """The median time, in ms, of one byte into the namespace and back through the forwarders; None without an answer.

    One connection, ROUND_TRIPS times; the first one, which waits for the connection to be made inside, is left out.
    """
    try:
        async with asyncio.timeout(ROUND_TRIP_SECONDS):
            return round(median(await _round_trips(echo)) * 1000, 3)
    except (TimeoutError, OSError, asyncio.IncompleteReadError):
        return None


async def _round_trips(echo: Path) -> list[float]:
    reader, writer = await asyncio.open_unix_connection(str(echo))
    try:
        times = []
        for _ in range(ROUND_TRIPS + 1):
            began = time.perf_counter()
            writer.write(b"x")
            await reader.readexactly(1)
            times.append(time.perf_counter() - began)
        return times[1:]
    finally:
        writer.transport.abort()
