"""Turns at work that only one can have at a time, dealt out in rounds: one to each caller that waits, then the next.

A queue by arrival would let a caller of fifty requests keep another waiting for all of them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class FairTurns:
    """Who waits, by caller."""

    def __init__(self) -> None:
        self._taken = False
        # In the order in which the callers' next turns come.
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    @asynccontextmanager
    async def turn(self, caller: str) -> AsyncIterator[None]:
        """Have a turn while inside."""
        if self._taken:
            await self._wait(caller)
        self._taken = True
        try:
            yield
        finally:
            self._next()

    async def _wait(self, caller: str) -> None:
        told = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(caller, deque()).append(told)
        try:
            await told
        except asyncio.CancelledError:
            if told.done() and not told.cancelled():
                self._next()  # It had been given the turn that it no longer wants.
            raise

    def _next(self) -> None:
        """Hand the turn to the caller whose round it is; leave it free where nobody waits."""
        while self._waiting:
            caller = next(iter(self._waiting))
            queue = self._waiting.pop(caller)
            told = queue.popleft()
            if queue:
                self._waiting[caller] = queue  # At the end: the others come first.
            if not told.done():
                told.set_result(None)
                return
        self._taken = False
