"""Turns at a few workers: callers go round, and no caller has every worker at once.

A queue by arrival would let a caller of fifty requests keep another waiting for all of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Iterable
from typing import Generic, TypeVar

from janus_platform.services import ServiceError

Worker = TypeVar("Worker")


class TurnsFullError(ServiceError):
    """Too many are waiting, of this caller or together."""


class Turns(Generic[Worker]):
    """Hands `workers` out, one to a turn. A caller gets at most all but one of them while it waits for others."""

    def __init__(
        self, workers: Iterable[Worker], waiting_per_caller: float = math.inf, waiting: float = math.inf
    ) -> None:
        self._free = list(workers)
        self._most_at_once = max(1, len(self._free) - 1)
        self._waiting_per_caller, self._most_waiting = waiting_per_caller, waiting
        self._queues: OrderedDict[str, deque[asyncio.Future[Worker]]] = OrderedDict()
        self._at_work: Counter[str] = Counter()

    @contextlib.asynccontextmanager
    async def turn(self, caller: str) -> AsyncIterator[Worker]:
        """Wait for a worker, and give it back. Raises TurnsFullError at once where too many wait already."""
        worker = await self._wait(caller)
        try:
            yield worker
        finally:
            self._give_back(worker, caller)

    async def _wait(self, caller: str) -> Worker:
        queue = self._queues.get(caller, deque())
        if len(queue) >= self._waiting_per_caller or sum(map(len, self._queues.values())) >= self._most_waiting:
            raise TurnsFullError
        turn: asyncio.Future[Worker] = asyncio.get_running_loop().create_future()
        self._queues.setdefault(caller, queue).append(turn)
        self._hand_out()
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._give_back(turn.result(), caller)
            elif turn in self._queues.get(caller, ()):
                self._queues[caller].remove(turn)
                if not self._queues[caller]:
                    del self._queues[caller]
            raise

    def _give_back(self, worker: Worker, caller: str) -> None:
        self._free.append(worker)
        self._at_work[caller] -= 1
        if not self._at_work[caller]:
            del self._at_work[caller]
        if caller in self._queues:
            self._queues.move_to_end(caller)
        self._hand_out()

    def _hand_out(self) -> None:
        for caller in list(self._queues):
            if not self._free:
                return
            if self._at_work[caller] < self._most_at_once:
                queue = self._queues.pop(caller)
                turn = queue.popleft()
                if queue:
                    self._queues[caller] = queue  # Behind everybody else.
                if not turn.done():
                    self._at_work[caller] += 1
                    turn.set_result(self._free.pop())
