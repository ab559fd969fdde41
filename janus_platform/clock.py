"""Clocks that are handed in, so that nothing in the platform waits for a real minute.

Every duration in the platform is counted on a monotonic clock. Rate limits use `CallerClocks`, which lets one caller
move its own time on (`platform.clock.advance(60)`) without touching anyone else's.
"""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """A monotonic clock in seconds from an arbitrary start."""

    def now(self) -> float:
        """Seconds since an arbitrary, fixed start; never goes back."""

    async def sleep(self, seconds: float) -> None:
        """Return once `seconds` have passed on this clock."""


class SystemClock:
    """The machine's monotonic clock."""

    def now(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class ManualClock:
    """A clock for tests: it moves only when told, and `sleep` moves it at once."""

    def __init__(self, start: float = 0.0) -> None:
        self._now = start

    def now(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        """Move the clock on by `seconds`."""
        self._now += seconds

    async def sleep(self, seconds: float) -> None:
        self._now += max(0.0, seconds)
        await asyncio.sleep(0)


class CallerClocks:
    """One base clock and, for each caller, how far that caller has moved its own time on."""

    def __init__(self, base: Clock) -> None:
        self._base = base
        self._offsets: dict[str, float] = {}

    def now(self, caller: str) -> float:
        """The caller's time in seconds: the base clock plus all it has advanced."""
        return self._base.now() + self._offsets.get(caller, 0.0)

    def advance(self, caller: str, seconds: float) -> float:
        """Move `caller`'s clock on by `seconds` and return its total offset.

        Raises ValueError unless 0 ≤ seconds ≤ 86400: time does not run backwards, and a day outlasts every limit.
        """
        if not 0 <= seconds <= 86_400:  # Not true of NaN either.
            raise ValueError("advance takes 0 to 86400 seconds")
        self._offsets[caller] = self._offsets.get(caller, 0.0) + seconds
        return self._offsets[caller]
