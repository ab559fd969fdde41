"""Leases, which count the platform's users: it ends when its last user is gone, unless it is detached.

A user holds a lease, an open connection that the kernel closes however the user's process ends, or is a process that
the platform watches (the terminal session behind `janus up`).
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Iterator

from janus_platform.clock import Clock
from janus_platform.processes.child import ProcessId

WATCH_SECONDS = 0.5


class Leases:
    """The leases and the watched processes; `detached` keeps the platform running without any."""

    def __init__(self, clock: Clock, *, detached: bool = False, grace_seconds: float = 5.0) -> None:
        # The grace lets a restarted kernel join again, and whoever started the platform take the first lease.
        self._clock, self._grace = clock, grace_seconds
        self._leases = 0
        self._watched: set[ProcessId] = set()
        self._changed = asyncio.Event()
        self.detached = detached

    @property
    def count(self) -> int:
        return self._leases + len(self._watched)

    @contextlib.contextmanager
    def lease(self) -> Iterator[None]:
        """One user, for as long as this lasts."""
        self._leases += 1
        self._changed.set()
        try:
            yield
        finally:
            self._leases -= 1
            self._changed.set()

    def watch(self, process: ProcessId) -> None:
        """Count `process` as a user until it ends."""
        self._watched.add(process)
        self._changed.set()

    def detach(self) -> None:
        """Keep running, with users or without."""
        self.detached = True
        self._changed.set()

    async def run_until_unused(self, ending: asyncio.Event) -> None:
        """Return once `ending` is set: by a signal, by somebody else, or here when the last user is gone."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ending.set)

        async def end_when_unused() -> None:
            try:
                await self.wait_until_gone()
            finally:
                # In the same step: whoever asks for a lease from here on is told that the platform is ending.
                ending.set()

        unused = asyncio.create_task(end_when_unused())
        await ending.wait()
        unused.cancel()

    async def wait_until_gone(self) -> None:
        """Return when there has been no user for the whole grace."""
        quiet_since: float | None = None
        while True:
            self._watched = {p for p in self._watched if p.alive()}
            now = self._clock.now()
            idle = not self.detached and not self.count
            quiet_since = (quiet_since if quiet_since is not None else now) if idle else None
            if quiet_since is not None and now - quiet_since >= self._grace:
                return
            self._changed.clear()
            left = self._grace - (now - quiet_since) if quiet_since is not None else None
            await self._wait_for_change(left)

    async def _wait_for_change(self, at_most: float | None) -> None:
        limits = [s for s in (at_most, WATCH_SECONDS if self._watched else None) if s is not None]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(limits) if limits else None):
                await self._changed.wait()
