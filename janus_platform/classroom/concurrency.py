"""The limit of calls that are open at a time, of each learner and of all: none takes a service from the others.

The next ones wait their turn: a class that calls in the same second gets answers one after the other, and no refusals.
"""

from __future__ import annotations

import asyncio
from collections import Counter

from starlette.types import ASGIApp, Receive, Scope, Send

from janus_platform.classroom.namespaces import owner


class ConcurrencyLimit:
    """A service, with at most `at_once` calls of one learner, its implementations included, and `together` of all."""

    def __init__(self, app: ASGIApp, at_once: int, together: int) -> None:
        self._app, self._at_once = app, at_once
        self._together = asyncio.Semaphore(together)
        self._slots: dict[str, asyncio.Semaphore] = {}
        self._users: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        learner = owner(scope.get("state", {}).get("caller", "")) if scope["type"] == "http" else None
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if learner is None:
            async with self._together:
                await self._app(scope, receive, send)
            return
        slots = self._slots.setdefault(learner, asyncio.Semaphore(self._at_once))
        self._users[learner] += 1
        try:
            async with slots, self._together:
                await self._app(scope, receive, send)
        finally:
            self._users[learner] -= 1
            if not self._users[learner]:
                del self._users[learner], self._slots[learner]
