"""The queue of the runs: how many at once, how many wait and for how long, and sandboxes that stand ready.

Most of what a run costs beyond its program is making and taking down its sandbox. Once a language has been asked for, a
few sandboxes for it are kept standing, and those that have been used are taken down after the answer has gone out.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from janus_platform.services import ServiceError
from janus_platform.services.code_sandbox.run import PreparedSandbox
from janus_platform.services.code_sandbox.toolchains import Toolchain

log = logging.getLogger("janus.services.code_sandbox")

Prepare = Callable[[Toolchain], Awaitable[PreparedSandbox]]


class QueueFullError(ServiceError):
    """No place to wait in, or waited long enough."""


class Slots:
    """At most `running` runs at once, `waiting` more for at most `patience` seconds."""

    def __init__(self, running: int, waiting: int, patience: float) -> None:
        self.most_running, self.most_waiting, self._patience = running, waiting, patience
        self._admitted = self.running = 0
        self._places = asyncio.Semaphore(running)

    @property
    def waiting(self) -> int:
        """How many wait now."""
        return self._admitted - self.running

    async def __aenter__(self) -> None:
        """Take a place. Raises QueueFullError."""
        if self._admitted >= self.most_running + self.most_waiting:
            raise QueueFullError
        self._admitted += 1
        try:
            async with asyncio.timeout(self._patience):
                await self._places.acquire()
        except TimeoutError:
            self._admitted -= 1
            raise QueueFullError from None
        except BaseException:
            self._admitted -= 1
            raise
        self.running += 1

    async def __aexit__(self, *_: object) -> None:
        self.running -= 1
        self._admitted -= 1
        self._places.release()


class StandbyPool:
    """Sandboxes made before they are asked for, `depth` a language, while `open`; else one is made for each run."""

    def __init__(self, prepare: Prepare, depth: int) -> None:
        self._prepare, self._depth = prepare, depth
        self._ready: dict[str, deque[asyncio.Task[PreparedSandbox]]] = defaultdict(deque)
        self._background: set[asyncio.Task[Any]] = set()
        self.open = False

    async def take(self, toolchain: Toolchain) -> PreparedSandbox:
        """A sandbox for `toolchain`, which is the caller's from now on. Raises OSError when none can be set up."""
        if not self.open:
            return await self._prepare(toolchain)
        ready = self._ready[toolchain.language]
        while ready:
            task = ready.popleft()
            sandbox = await self._outcome(task)
            if sandbox is not None and sandbox.alive:
                return sandbox
            if sandbox is not None:
                self._in_background(sandbox.close())
        return await self._prepare(toolchain)

    async def give_back(self, prepared: PreparedSandbox) -> None:
        """Take a used sandbox down: after the answer while open, else before it."""
        if self.open:
            self._in_background(self._replace(prepared))
        else:
            await prepared.close()

    async def _replace(self, used: PreparedSandbox) -> None:
        # In this order: starting a process holds the event loop up, and by then the answer has gone out.
        await used.close()
        self._refill(used.toolchain)

    async def close(self) -> None:
        """Take down all that stands, and wait for what is being taken down."""
        self.open = False
        standing = [task for ready in self._ready.values() for task in ready]
        self._ready.clear()
        for task in standing:
            if (sandbox := await self._outcome(task)) is not None:
                self._in_background(sandbox.close())
        await asyncio.gather(*self._background, return_exceptions=True)

    def _refill(self, toolchain: Toolchain) -> None:
        ready = self._ready[toolchain.language]
        while self.open and len(ready) < self._depth:
            ready.append(asyncio.ensure_future(self._prepare(toolchain)))

    async def _outcome(self, task: asyncio.Task[PreparedSandbox]) -> PreparedSandbox | None:
        try:
            return await asyncio.shield(task)
        except OSError as error:
            log.warning("sandbox could not be made ready error=%s", type(error).__name__)
            return None
        except asyncio.CancelledError:
            # Who asked has left; the sandbox is nobody's.
            self._in_background(_close_when_made(task))
            raise

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


async def _close_when_made(task: asyncio.Task[PreparedSandbox]) -> None:
    await (await task).close()
