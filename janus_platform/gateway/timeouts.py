"""One timer for all open requests, instead of one each: it looks at every one of them ten times a second."""

from __future__ import annotations

import asyncio
from typing import Protocol

from janus_platform.clock import Clock

TICK_SECONDS = 0.1


class Tickable(Protocol):
    """What has to be done in time."""

    def tick(self, now: float) -> None:
        """Do what is due at `now`, in seconds of the watch's clock; must not wait."""


class Ticker:
    """Ticks all that was added, until it is discarded; runs only while there is something to watch."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tickables: set[Tickable] = set()
        self._ticking: asyncio.Task[None] | None = None

    def add(self, tickable: Tickable) -> None:
        """Tick `tickable` from now on."""
        self._tickables.add(tickable)
        if self._ticking is None:
            self._ticking = asyncio.ensure_future(self._tick())

    def discard(self, tickable: Tickable) -> None:
        """Tick it no longer."""
        self._tickables.discard(tickable)

    def close(self) -> None:
        """Stop the timer."""
        if self._ticking is not None:
            self._ticking.cancel()

    async def _tick(self) -> None:
        while self._tickables:
            await self._clock.sleep(TICK_SECONDS)
            now = self._clock.now()
            for tickable in list(self._tickables):
                tickable.tick(now)
        self._ticking = None
