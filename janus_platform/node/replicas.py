"""The nodes of one implementation: as many instances of it as were asked for, behind one name.

They share its folder, its caller id and its log; each has a sandbox, a process and a port of its own. The gateway's
load balancer chooses among those that run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from janus_platform.attestation import EventLog
from janus_platform.clock import Clock
from janus_platform.gateway.directory import Upstream
from janus_platform.node.instance import Instance
from janus_platform.node.log import BoundedLog
from janus_platform.node.remote import RemoteInstance

# A failed start is not tried again at once: each try may take all of its time limit.
RETRY_SECONDS = 10.0


Replica = Instance | RemoteInstance


class Replicas:
    """The instances of one implementation. `another` makes one that takes the place of one that has failed."""

    def __init__(self, instances: Sequence[Replica], another: Callable[[], Replica], clock: Clock) -> None:
        self.instances = list(instances)
        self._another, self._clock = another, clock
        self.asked_at = clock.now()

    @property
    def log(self) -> BoundedLog:
        """The log that all of them write."""
        return self.instances[0].log

    async def upstreams(self) -> list[Upstream]:
        """Those that run now; the others are started beside. Waits for the first one where none runs.

        Raises NotReadyError with the first one's reason when none can be started.
        """
        self.asked_at = self._clock.now()
        ready = [upstream for instance in self.instances if (upstream := instance.ready) is not None]
        if len(ready) == len(self.instances):
            return ready
        self._replace_failed()
        starts = [asyncio.ensure_future(instance.upstream()) for instance in self.instances]
        for start in starts:
            start.add_done_callback(_seen)
        if ready:
            return ready
        waiting = set(starts)
        while waiting:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if ready := [start.result() for start in done if not start.exception()]:
                return ready
        return [await starts[0]]

    async def all_started(self) -> None:
        """Return once every one of them runs. Raises NotReadyError when one cannot be started."""
        await asyncio.gather(*(instance.upstream() for instance in self.instances))

    async def event_logs(self) -> dict[str, EventLog]:
        """What was measured of each that runs, with the changes of its code since. Raises OSError."""
        running = [one.measured for one in self.instances if one.ready is not None and one.measured is not None]
        return {f"node-{n}": await asyncio.to_thread(measured.again) for n, measured in enumerate(running, 1)}

    async def drained(self) -> None:
        """Return once none of them is answering a request."""
        for instance in self.instances:
            await instance.load.drained()

    async def stop(self) -> None:
        """End all of them."""
        await asyncio.gather(*(instance.stop() for instance in self.instances))

    def describe(self) -> dict[str, Any]:
        """The first one's state as plain data, with sums over all; where there are several, each under `nodes`."""
        each = [instance.describe() for instance in self.instances]
        running = next((one for one in each if one["state"] == "running"), each[0])
        sums = {key: sum(one[key] for one in each) for key in ("restarts", "open_requests")}
        return running | sums | ({"nodes": each} if len(each) > 1 else {})

    def _replace_failed(self) -> None:
        for number, instance in enumerate(self.instances):
            if instance.failed_at is not None and self._clock.now() - instance.failed_at >= RETRY_SECONDS:
                self.instances[number] = self._another()


def _seen(start: asyncio.Future[Upstream]) -> None:
    # Whether it could start is asked again with the next request; a failure is in its log.
    if not start.cancelled():
        start.exception()
