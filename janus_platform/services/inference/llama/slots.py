"""Places for answers at once, and the queue before them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from janus_platform.contract import ModelEngineRules
from janus_platform.services.inference.errors import ApiError


class Slots:
    """As many places as the model answers at once, by turns; whoever comes to a full queue is turned away."""

    def __init__(self, places: int, rules: ModelEngineRules) -> None:
        self.places, self._rules = places, rules
        self._free = asyncio.Semaphore(places)
        self.busy = self.waiting = 0

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Hold a place. Raises ApiError 503 where too many wait, or the wait is too long."""
        if self._free.locked() and self.waiting >= self._rules.waiting:
            raise self._full(f"{self.waiting} requests wait for it already")
        self.waiting += 1
        try:
            async with asyncio.timeout(self._rules.wait_seconds):
                await self._free.acquire()
        except TimeoutError:
            raise self._full(f"it did not come to this request within {self._rules.wait_seconds} s") from None
        finally:
            self.waiting -= 1
        self.busy += 1
        try:
            yield
        finally:
            self.busy -= 1
            self._free.release()

    def _full(self, why: str) -> ApiError:
        return ApiError(
            503,
            f"The model is busy: {why}. Send the request again in a moment.",
            code="model_busy",
            headers={"Retry-After": str(self._rules.retry_after_seconds)},
        )
