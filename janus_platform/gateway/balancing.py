"""The load balancer: which backend of an implementation gets a request, and which are left out for a while.

The backend with the fewest open requests is chosen. One that fails EJECTION_FAILURES times in a row, requests and
health checks counted alike, is ejected for a while that grows with each ejection; it comes back slowly, with a share of
the requests that grows to a full one. The last backend in service is never ejected: a bad answer beats none at all.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from janus_platform.clock import Clock
from janus_platform.gateway.directory import Upstream
from janus_platform.gateway.remote_url import Address, RemoteUrl
from janus_platform.gateway.upstream_pool import status_of

log = logging.getLogger("janus.gateway")

CHECK_SECONDS = 5.0
CHECK_TIMEOUT_SECONDS = 2.0
EJECTION_FAILURES = 3
EJECTION_SECONDS = 10.0
MAX_EJECTION_SECONDS = 300.0
RETURN_SECONDS = 30.0
# The share of the requests that a backend starts with when it comes back.
FIRST_SHARE = 0.1


@dataclass(eq=False)
class Backend:
    """One running backend and how it has done. `out_until` is None while it is in service."""

    upstream: Upstream
    failures: int = 0
    ejections: int = 0
    out_until: float | None = None
    sound: bool = True
    back_since: float | None = None
    # Grows by one with each choice, by more while the share is smaller: the least is next among equally busy backends.
    turns: float = 0.0

    def share(self, now: float) -> float:
        """The part of a full share that it gets at `now`: less than 1 for a while after its return."""
        if self.back_since is None:
            return 1.0
        share = FIRST_SHARE + (1 - FIRST_SHARE) * (now - self.back_since) / RETURN_SECONDS
        if share >= 1:
            self.back_since, self.ejections = None, 0
        return min(1.0, share)


class Balancer:
    """Chooses among the backends of each implementation; `run` checks their health in the background."""

    def __init__(self, clock: Clock, health_path: str) -> None:
        self._clock, self._health_path = clock, health_path
        self._backends: dict[str, dict[Address, Backend]] = {}

    def choose(self, name: str, upstreams: Sequence[Upstream], tried: Sequence[Backend] = ()) -> Backend | None:
        """The backend for the next request; None when all have been tried.

        The first choice is made among the backends in service; where all of those have been tried, among the others.
        """
        backends = self._known(name, upstreams)
        left = [backend for backend in backends if backend not in tried]
        if len(left) < 2:
            return left[0] if left else None
        now = self._clock.now()
        serving = [backend for backend in left if self._in_service(backend, backends, now)] or left
        backend = min(serving, key=lambda backend: (backend.upstream.load.open / backend.share(now), backend.turns))
        backend.turns += 1 / backend.share(now)
        return backend

    def succeeded(self, backend: Backend) -> None:
        """The backend has answered as it should."""
        backend.failures = 0

    def failed(self, name: str, backend: Backend) -> None:
        """The backend could not be reached, broke off, or answered that it cannot."""
        backend.failures += 1
        others = [other for other in self._backends.get(name, {}).values() if other is not backend]
        if backend.failures < EJECTION_FAILURES or backend.out_until is not None:
            return
        if not any(other.out_until is None for other in others):
            return  # The last one.
        backend.ejections += 1
        backend.back_since = None
        seconds = min(EJECTION_SECONDS * backend.ejections, MAX_EJECTION_SECONDS)
        backend.out_until = self._clock.now() + seconds
        log.warning(
            "backend ejected implementation=%s backend=%s seconds=%g", name, _shown(backend.upstream.base), seconds
        )

    def states(self) -> Iterator[tuple[str, int, int]]:
        """For each implementation: its name, how many backends are in service, and how many are ejected."""
        for name, backends in self._backends.items():
            out = sum(backend.out_until is not None for backend in backends.values())
            yield name, len(backends) - out, out

    async def run(self, names: Callable[[], Iterable[str]]) -> None:
        """Check the health of every backend that has others beside it, until cancelled; forget what `names` has not."""
        while True:
            await self._clock.sleep(CHECK_SECONDS)
            for gone in self._backends.keys() - set(names()):
                del self._backends[gone]
            watched = [
                (name, backend)
                for name, backends in self._backends.items()
                if len(backends) > 1
                for backend in backends.values()
            ]
            await asyncio.gather(*(self._look_at(name, backend) for name, backend in watched))

    async def _look_at(self, name: str, backend: Backend) -> None:
        status = await status_of(backend.upstream.base, self._health_path, seconds=CHECK_TIMEOUT_SECONDS)
        backend.sound = status == 200
        if not backend.sound:
            self.failed(name, backend)
        elif backend.out_until is not None:
            self._in_service(backend, self._backends.get(name, {}).values(), self._clock.now())

    def _known(self, name: str, upstreams: Sequence[Upstream]) -> list[Backend]:
        known = self._backends.get(name, {})
        if len(known) != len(upstreams) or any(upstream.base not in known for upstream in upstreams):
            latest = max((backend.turns for backend in known.values()), default=0.0)
            fresh = {u.base: known.get(u.base) or Backend(u, turns=latest) for u in upstreams}
            known = self._backends[name] = fresh
        return list(known.values())

    def _in_service(self, backend: Backend, others: Iterable[Backend], now: float) -> bool:
        if backend.out_until is not None and now >= backend.out_until and backend.sound:
            backend.out_until, backend.failures, backend.back_since = None, 0, now
            backend.turns = max((other.turns for other in others), default=0.0)
        return backend.out_until is None


def _shown(address: Address) -> str:
    if isinstance(address, RemoteUrl):
        return address.url
    return address.name if not isinstance(address, tuple) else f"{address[0]}:{address[1]}"
