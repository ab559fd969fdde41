"""One running implementation: started, watched, started again after a crash, ended with its whole tree.

It gets requests only while it is healthy: not before its health path has answered 200, nor while that says otherwise.
After a crash it is started again with a growing delay (health.py). Ended by the node it counts as crashed: when it
takes more than its limits allow (resource_watch.py), or when its health path stays silent (health.py).
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import math
import subprocess
from pathlib import Path
from typing import Any

from janus_platform.clock import Clock
from janus_platform.contract import Contract
from janus_platform.gateway.directory import Load, Upstream
from janus_platform.gateway.errors import NotReadyError
from janus_platform.gateway.upstream_pool import status_of
from janus_platform.node.health import Backoff, Health, round_trip_ms
from janus_platform.node.log import BoundedLog, missing_package_remedy
from janus_platform.node.measurements import Measured, Measurer
from janus_platform.node.programs import ProgramMissingError
from janus_platform.node.resource_watch import until_over_limits
from janus_platform.node.sandbox import Launch, Sandbox
from janus_platform.processes.child import Child

log = logging.getLogger("janus.node")

START_SECONDS = 15.0
POLL_SECONDS = 0.01
# A process that broke a connection off by ending is known to have ended after so long.
NOTICE_SECONDS = 0.5


class Instance:
    """One implementation and its process. It starts when its upstream is first asked for."""

    def __init__(
        self, name: str, sandbox: Sandbox, log_file: Path, *, contract: Contract, clock: Clock, measure: Measurer
    ) -> None:
        self.name, self.load = name, Load()
        self.log = BoundedLog(log_file, secrets=sandbox.secrets())
        self._sandbox, self._clock, self._measure, self._rules = sandbox, clock, measure, contract.node
        self._health = Health(contract.implementation.health_path, contract.node, self.load, clock)
        self._backoff = Backoff(contract.node)
        self.measured: Measured | None = None
        self._child: Child | None = None
        self._launch: Launch | None = None
        self._starting: asyncio.Task[Upstream] | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._following: asyncio.Task[None] | None = None
        self.restarts = 0
        self.started_at = 0.0
        self.failed_at: float | None = None
        self.last_end = ""
        self.forwarding_ms: float | None = None
        self._due = 0.0
        self._stopped = False

    @property
    def state(self) -> str:
        """One of: idle, starting, running, unhealthy, restarting, failed (it never started), stopped."""
        if self._stopped:
            return "stopped"
        if self.failed_at is not None:
            return "failed"
        if self._starting is None:
            return "idle"
        if not self._starting.done():
            return "restarting" if self.last_end else "starting"
        return "unhealthy" if self._health.complaint else "running"

    @property
    def pid(self) -> int | None:
        """The process that leads the tree, while it runs."""
        return self._child.pid if self._child and self._child.exit_code is None else None

    def describe(self) -> dict[str, Any]:
        """State, sandbox and limits, restarts and the last one's reason, pid, open requests, as plain data."""
        return {
            "state": self.state,
            "isolation": self._sandbox.layer,
            "walls": self._sandbox.describe(),
            "restarts": self.restarts,
            "last_end": self.last_end,
            "pid": self.pid,
            "open_requests": self.load.open,
            "forwarding_ms": self.forwarding_ms,
        }

    @property
    def ready(self) -> Upstream | None:
        """Where it listens, if it runs and is healthy at this moment."""
        start = self._starting
        if self._stopped or start is None or not start.done() or start.cancelled() or start.exception():
            return None
        return start.result() if self.pid is not None and not self._health.complaint else None

    async def upstream(self) -> Upstream:
        """Where it listens, once it is healthy. Raises NotReadyError with the end of its log when it cannot be.

        A restart that is due soon is waited for; for a later one NotReadyError says when.
        """
        if self._stopped:
            raise NotReadyError("it has been stopped.")
        if complaint := self._health.complaint:
            raise NotReadyError(f"{complaint}.", retry_after=self._rules.health_check_seconds)
        if self._due - self._clock.now() > self._rules.wait_for_restart_seconds:
            raise self._down()
        if self._starting is None:
            self._starting = asyncio.create_task(self._start())
        # One client's leaving must not end the start that others wait for.
        return await asyncio.shield(self._starting)

    async def stop(self) -> None:
        """End the whole tree and remove what it needed; the log stays."""
        self._stopped = True
        for task in (self._keeping, self._starting):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, NotReadyError):
                    await task
        await self._end()
        self._sandbox.close()

    async def _start(self) -> Upstream:
        """The first start."""
        try:
            upstream = await self._started()
        except BaseException:
            self.failed_at = self._clock.now()
            self._sandbox.close()
            raise
        self._keeping = asyncio.create_task(self._keep())
        return upstream

    async def _started(self) -> Upstream:
        try:
            child, launch = await self._spawned()
            await self._until_healthy(child, launch)
        except BaseException:
            await self._end()
            raise
        self.started_at = self._clock.now()
        if launch.echo is not None:
            self.forwarding_ms = await round_trip_ms(launch.echo)
        log.info("implementation started name=%s isolation=%s", self.name, self._sandbox.layer)
        return Upstream(self.name, launch.base, self.load, functools.partial(self._lost, child))

    async def _spawned(self) -> tuple[Child, Launch]:
        try:
            await asyncio.to_thread(self._sandbox.look_up)
            launch = self._launch = self._sandbox.launch()
            try:
                self.log.hide(self._sandbox.secrets())  # They may be others than at the start before.
                # Before the process exists: what it runs is what was measured.
                self.measured = await asyncio.to_thread(self._measure, launch.env)
                child = self._child = await Child.start(
                    launch.argv,
                    env=launch.env,
                    cwd=launch.cwd,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    pass_fds=launch.pass_fds,
                    before_exec=launch.before_exec,
                )
            finally:
                launch.release()
        except (OSError, ProgramMissingError, subprocess.SubprocessError) as error:
            raise NotReadyError(f"it cannot be started: {error}") from error
        assert child.stdout is not None
        self._following = asyncio.create_task(self.log.follow(child.stdout))
        return child, launch

    async def _until_healthy(self, child: Child, launch: Launch) -> None:
        deadline = self._clock.now() + START_SECONDS
        status: int | None = None
        while self._clock.now() < deadline:
            if child.exit_code is not None:
                await self._drain_log()
                raise NotReadyError(f"it ended with exit code {child.exit_code} while it started.{self._last_words()}")
            status = await status_of(launch.base, self._health.path)
            if status == 200:
                return
            await self._clock.sleep(POLL_SECONDS)
        answered = f"answered {status}" if status else "did not answer"
        raise NotReadyError(f"GET {self._health.path} {answered} within {START_SECONDS:g} seconds.{self._last_words()}")

    def _last_words(self) -> str:
        lines = self.log.last_lines()
        if not lines:
            return " Its log is empty."
        todo = missing_package_remedy(lines)
        return f" {todo} The end of its log:\n{lines}" if todo else f" The end of its log:\n{lines}"

    async def _keep(self) -> None:
        """Watch it, and start it again whenever it ends, until cancelled."""
        while True:
            assert self._child is not None and self._launch is not None
            self.last_end = await self._until_it_ends(self._child, self._launch)
            self._child.kill()  # What is left of it takes nothing more from anybody.
            self._go_down(ran=self._clock.now() - self.started_at)
            while not await self._is_back():
                self._go_down(ran=0.0)

    def _go_down(self, *, ran: float) -> None:
        """Plan the next start, and make known when that is before anybody can ask."""
        delay = self._backoff.crashed(ran)
        self._due = self._clock.now() + delay
        self._health.forget()
        self.restarts += 1
        self._starting = asyncio.create_task(self._start_when_due())
        self._starting.add_done_callback(_seen)
        reason = self.last_end.replace(" ", "-")
        log.warning(
            "implementation ended name=%s reason=%s restarts=%d wait_seconds=%g",
            self.name, reason, self.restarts, delay,
        )  # fmt: skip

    async def _start_when_due(self) -> Upstream:
        await self._end()
        await self._clock.sleep(max(0.0, self._due - self._clock.now()))
        return await self._started()

    async def _is_back(self) -> bool:
        assert self._starting is not None
        try:
            await asyncio.shield(self._starting)
        except NotReadyError as error:
            self.last_end = str(error).partition(". ")[0].partition("\n")[0].removesuffix(".")
            return False
        return True

    async def _until_it_ends(self, child: Child, launch: Launch) -> str:
        """Why it is over: it ended, or has to be ended."""
        ended = asyncio.create_task(child.wait())
        watches = (
            asyncio.create_task(until_over_limits(launch.guard, self._sandbox.limits, child.pid, self._clock)),
            asyncio.create_task(self._health.until_lost(launch.base)),
        )
        measuring = asyncio.create_task(self._measure_forwarding(launch))
        try:
            done, _ = await asyncio.wait({ended, *watches}, return_when=asyncio.FIRST_COMPLETED)
            if reason := next((task.result() for task in watches if task in done), None):
                return reason
            if launch.guard.struck():
                return f"over its {self._sandbox.limits.memory_bytes / 1e9:g} GB of memory"
            return f"exit code {ended.result()}"
        finally:
            for task in (ended, *watches, measuring):
                task.cancel()
            await asyncio.gather(ended, *watches, measuring, return_exceptions=True)

    async def _measure_forwarding(self, launch: Launch) -> None:
        while launch.echo is not None:
            await self._clock.sleep(self._rules.health_check_seconds)
            self.forwarding_ms = await round_trip_ms(launch.echo)

    async def _lost(self, child: Child) -> NotReadyError | None:
        """What to tell a client whose request `child` did not answer, where that is because it has ended."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(NOTICE_SECONDS):
                await child.wait()
        return None if child.exit_code is None else self._down()

    def _down(self) -> NotReadyError:
        wait = max(1, math.ceil(self._due - self._clock.now()))
        why = f" ({self.last_end})" if self.last_end else ""
        return NotReadyError(f"it crashed{why} and is being restarted; try again in {wait} s.", retry_after=wait)

    async def _end(self) -> None:
        if self._child is not None:
            await self._child.end()
        await self._drain_log()
        if self._launch is not None:
            await self._launch.guard.close()
            self._launch = None

    async def _drain_log(self) -> None:
        if self._following is not None:
            # A process that left the tree may hold the pipe open for ever.
            await asyncio.wait({self._following}, timeout=1.0)
            self._following.cancel()


def _seen(start: asyncio.Task[Upstream]) -> None:
    # Whether it could start is in its log, and asked again with the next request.
    if not start.cancelled():
        start.exception()
