"""An implementation that runs elsewhere: the node neither starts nor isolates it, and only asks whether it is well.

So it has no evidence, no sandbox and no output here, and its key has to be given to it by whoever runs it. It gets
requests while its health path answers 200; after as many other answers as the contract says, it gets none until then.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
from pathlib import Path
from typing import Any

from janus_platform.clock import Clock
from janus_platform.contract import Contract
from janus_platform.gateway.directory import Load, Upstream
from janus_platform.gateway.errors import NotReadyError
from janus_platform.gateway.remote_url import RemoteUrl
from janus_platform.gateway.upstream_pool import status_of
from janus_platform.node.log import BoundedLog
from janus_platform.node.measurements import Measured

log = logging.getLogger("janus.node")

LAYER = "elsewhere"


class RemoteInstance:
    """One of them, with the face of an `Instance`. Its health is asked for from its first request on."""

    def __init__(self, name: str, url: RemoteUrl, log_file: Path, *, contract: Contract, clock: Clock) -> None:
        self.name, self.load, self.log = name, Load(), BoundedLog(log_file)
        self._url, self._clock, self._rules = url, clock, contract.node
        self._health_path, self._failures = contract.implementation.health_path, 0
        self._upstream = Upstream(name, url, self.load)
        self._checking: asyncio.Task[None] | None = None
        self._asking: asyncio.Task[None] | None = None
        self._well: bool | None = None
        self._stopped = False
        # It is never measured, and recovers by itself: nothing takes its place.
        self.measured: Measured | None = None
        self.failed_at: float | None = None

    @property
    def state(self) -> str:
        """One of: idle, running, unhealthy, stopped."""
        if self._stopped:
            return "stopped"
        return "idle" if self._well is None else "running" if self._well else "unhealthy"

    @property
    def ready(self) -> Upstream | None:
        """Where it listens, if it was well when it was last asked."""
        return self._upstream if self._well and not self._stopped else None

    async def upstream(self) -> Upstream:
        """Where it listens. Raises NotReadyError when it is not well."""
        if self._stopped:
            raise NotReadyError("it has been removed.")
        if not self._well:
            if self._asking is None or self._asking.done():
                self._asking = asyncio.create_task(self._ask())
            await asyncio.shield(self._asking)
        if self._checking is None and not self._stopped:
            self._checking = asyncio.create_task(self._check())
        if not self._well:
            raise NotReadyError(f"GET {self._health_path} of {self._url.url} does not answer 200. Start it there.")
        return self._upstream

    async def stop(self) -> None:
        """Ask no more; what runs there runs on."""
        self._stopped = True
        for task in (self._checking, self._asking):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    def describe(self) -> dict[str, Any]:
        """State and open requests, as plain data in the form that an instance's has."""
        return {
            "state": self.state,
            "isolation": LAYER,
            "restarts": 0,
            "last_end": "",
            "pid": None,
            "open_requests": self.load.open,
        }

    async def _check(self) -> None:
        while True:
            await self._clock.sleep(self._rules.health_check_seconds)
            await self._ask()

    async def _ask(self) -> None:
        status = await status_of(self._url, self._health_path)
        self._failures = 0 if status == 200 else self._failures + 1
        well = self._failures < (self._rules.health_failures if self._well else 1)
        if well is not self._well:
            health = "healthy" if well else f"not healthy: {f'answered {status}' if status else 'no answer'}"
            self._note(f"{self._url.url} is {health} (its output stays on the machine where it runs)")
            log.info("implementation elsewhere name=%s healthy=%s", self.name, well)
        self._well = well

    def _note(self, text: str) -> None:
        # The only lines of its log: its own output stays where it runs.
        now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        self.log.write(f"{now} {text}\n".encode())
