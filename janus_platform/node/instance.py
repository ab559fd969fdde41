"""One running implementation: started, watched, restarted once after a crash, ended with its whole tree."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import subprocess
from pathlib import Path
from typing import Any

from janus_platform.clock import Clock
from janus_platform.gateway.directory import Load, NotReady, Upstream
from janus_platform.node.log import BoundedLog
from janus_platform.node.measuring import Measured, Measurer
from janus_platform.node.probe import status_of
from janus_platform.node.walls import Launch, Walls
from janus_platform.processes import Child

log = logging.getLogger("janus.node")

START_SECONDS = 15.0
POLL_SECONDS = 0.01
# A crash after this long is a new incident, with a restart of its own.
STEADY_SECONDS = 60.0


class Instance:
    """One implementation and its process. It starts when its upstream is first asked for."""

    def __init__(
        self, name: str, walls: Walls, log_file: Path, *, health_path: str, clock: Clock, measure: Measurer
    ) -> None:
        self.name, self.load = name, Load()
        self.log = BoundedLog(log_file, secrets=walls.secrets())
        self._walls, self._health_path, self._clock, self._measure = walls, health_path, clock, measure
        self.measured: Measured | None = None
        self._child: Child | None = None
        self._starting: asyncio.Task[Upstream] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._following: asyncio.Task[None] | None = None
        self.restarts = 0
        self.started_at = 0.0
        self.failed_at: float | None = None
        self._stopped = False

    @property
    def state(self) -> str:
        """One of: idle, starting, running, failed, stopped."""
        if self._stopped:
            return "stopped"
        if self.failed_at is not None:
            return "failed"
        if self._starting is None:
            return "idle"
        return "running" if self._starting.done() else "starting"

    @property
    def pid(self) -> int | None:
        """The process that leads the tree, while it runs."""
        return self._child.pid if self._child and self._child.exit_code is None else None

    def describe(self) -> dict[str, Any]:
        """State, isolation layer, restarts, pid and open requests, as plain data."""
        return {
            "state": self.state,
            "isolation": self._walls.layer,
            "restarts": self.restarts,
            "pid": self.pid,
            "open_requests": self.load.open,
        }

    @property
    def ready(self) -> Upstream | None:
        """Where it listens, if it runs at this moment."""
        start = self._starting
        if self._stopped or start is None or not start.done() or start.cancelled() or start.exception():
            return None
        return start.result()

    async def upstream(self) -> Upstream:
        """Where it listens, once it is healthy. Raises NotReady with the end of its log when it cannot be."""
        if self._stopped:
            raise NotReady("it has been stopped.")
        if self._starting is None:
            self._starting = asyncio.create_task(self._start())
        # One client's leaving must not end the start that others wait for.
        return await asyncio.shield(self._starting)

    async def stop(self) -> None:
        """End the whole tree and remove what it needed; the log stays."""
        self._stopped = True
        for task in (self._starting, self._watching):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, NotReady):
                    await task
        await self._end()
        self._walls.close()

    async def _start(self) -> Upstream:
        try:
            launch = self._walls.launch()
            self.log.hide(self._walls.secrets())  # They may be others than at the start before.
            # Before the process exists: what it runs is what was measured.
            self.measured = await asyncio.to_thread(self._measure, launch.env)
            self._child = await Child.start(
                launch.argv, env=launch.env, cwd=launch.cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
        except OSError as error:
            self._failed()
            raise NotReady(f"it cannot be started: {error}") from error
        assert self._child.process.stdout is not None
        self._following = asyncio.create_task(self.log.follow(self._child.process.stdout))
        try:
            await self._until_healthy(self._child, launch)
        except BaseException:
            await self._end()
            self._failed()
            raise
        self.started_at, self.failed_at = self._clock.now(), None
        self._watching = asyncio.create_task(self._watch(self._child))
        log.info("implementation started name=%s isolation=%s", self.name, self._walls.layer)
        return Upstream(self.name, launch.base, self.load)

    async def _until_healthy(self, child: Child, launch: Launch) -> None:
        deadline = self._clock.now() + START_SECONDS
        status: int | None = None
        while self._clock.now() < deadline:
            if child.exit_code is not None:
                await self._drain_log()
                raise NotReady(f"it ended with exit code {child.exit_code} while it started.{self._last_words()}")
            # Before the socket is there, asking costs nothing; after that, one small request each time.
            if not isinstance(launch.base, Path) or launch.base.exists():
                status = await status_of(launch.base, self._health_path)
                if status == 200:
                    return
            await self._clock.sleep(POLL_SECONDS)
        answered = f"answered {status}" if status else "did not answer"
        raise NotReady(f"GET {self._health_path} {answered} within {START_SECONDS:g} seconds.{self._last_words()}")

    def _last_words(self) -> str:
        lines = self.log.last_lines()
        return f" The end of its log:\n{lines}" if lines else " Its log is empty."

    async def _watch(self, child: Child) -> None:
        code = await child.wait()
        await self._end()
        if self._clock.now() - self.started_at >= STEADY_SECONDS:
            self.restarts = 0
        log.warning("implementation ended name=%s exit_code=%d restarts=%d", self.name, code, self.restarts)
        if self.restarts:
            self._failed()
            self._starting = asyncio.create_task(_raise(NotReady(f"it crashed twice.{self._last_words()}")))
        else:
            self.restarts += 1
            self._starting = asyncio.create_task(self._start())
        with contextlib.suppress(NotReady):
            await asyncio.shield(self._starting)

    def _failed(self) -> None:
        self.failed_at = self._clock.now()
        self._walls.close()

    async def _end(self) -> None:
        if self._child is not None:
            await self._child.end()
        await self._drain_log()

    async def _drain_log(self) -> None:
        if self._following is not None:
            # A process that left the tree may hold the pipe open for ever.
            await asyncio.wait({self._following}, timeout=1.0)
            self._following.cancel()


async def _raise(error: NotReady) -> Upstream:
    raise error
