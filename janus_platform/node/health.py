"""Whether a running implementation is healthy: its health path is asked every few seconds."""

from __future__ import annotations

from janus_platform.clock import Clock
from janus_platform.contract import NodeRules
from janus_platform.gateway.directory import Load
from janus_platform.node.probe import Base, status_of

SECONDS = 2.0  # to answer


class Health:
    """Asks `path` as often as the rules say.

    `complaint` says why it gets no requests: from an answer other than 200 until the next 200. Silence is no complaint
    at first, for a program that answers one request at a time is silent while it works. It has longer then, but not for
    ever: one that hangs would else never be started again, as long as somebody asks it something.
    """

    def __init__(self, path: str, rules: NodeRules, load: Load, clock: Clock) -> None:
        self.path, self.complaint = path, ""
        self._rules, self._load, self._clock = rules, load, clock

    def forget(self) -> None:
        """Begin anew, with another process."""
        self.complaint = ""

    async def until_lost(self, base: Base) -> str:
        """Return, with the reason, once it has failed too often in a row; while requests are open it may more often."""
        failures = idle = 0
        while True:
            await self._clock.sleep(self._rules.health_check_seconds)
            status = await status_of(base, self.path, seconds=SECONDS)
            said = f"GET {self.path} " + ("did not answer" if status is None else f"answered {status}")
            self.complaint = said if status not in (200, None) else self.complaint if status is None else ""
            if status == 200:
                failures = idle = 0
                continue
            failures, idle = failures + 1, 0 if self._load.open else idle + 1
            if idle >= self._rules.health_failures or failures >= self._rules.health_failures_at_work:
                return f"{said} {failures} times in a row"
