"""Asks each origin for its robots.txt, once a day, and stands before every page that the web proxy fetches."""

from __future__ import annotations

from collections import OrderedDict

from janus_platform.clock import Clock
from janus_platform.services.framework.problem import Problem
from janus_platform.services.web_proxy.guard import Target, redirected
from janus_platform.services.web_proxy.robots import MAX_ROBOTS_BYTES, Robots, read_robots
from janus_platform.services.web_proxy.web import Web

# RFC 9309, 2.4: not longer than a day.
CACHE_SECONDS = 86_400
# RFC 9309, 2.3.1.2: at least five redirects of robots.txt should be followed.
MAX_REDIRECTS = 5
# Rules take some twenty times the room of the file that they were read from. The smallest entry counts as 1 kB.
MAX_CACHED_BYTES = 4_000_000
MIN_ENTRY_BYTES = 1_000


class RobotsGate:
    """The robots.txt rules for one agent on one web, cached by origin on `clock`."""

    def __init__(self, web: Web, clock: Clock, agent: str) -> None:
        self.agent = agent
        self._web, self._clock = web, clock
        self._cache: OrderedDict[str, tuple[float, Robots]] = OrderedDict()
        self._cached_bytes = 0

    async def check(self, target: Target) -> None:
        """Let `target` pass. Raises Problem 403 naming the rule that forbids it, or what `Web.get` raises."""
        if target.path.partition("?")[0] == "/robots.txt":  # always allowed (RFC 9309, 2.2.2)
            return
        rule = (await self._robots_of(target)).refusal(target.path)
        if rule is not None:
            robots_url = f"{target.origin}/robots.txt"
            raise Problem(
                403,
                "robots-disallowed",
                "robots.txt forbids this page",
                f"{robots_url} forbids {target.path} to {self.agent}: {rule}. Use another page.",
                rule=rule,
                robots_url=robots_url,
                user_agent=self.agent,
            )

    async def _robots_of(self, target: Target) -> Robots:
        now = self._clock.now()
        cached = self._cache.get(target.origin)
        if cached is not None and now - cached[0] < CACHE_SECONDS:
            self._cache.move_to_end(target.origin)
            return cached[1]
        robots = await self._read(Target(target.scheme, target.host, target.port, "/robots.txt"))
        # An unreachable robots.txt is asked for again: it may be back in a moment.
        if not robots.unreachable:
            self._keep(target.origin, now, robots)
        return robots

    async def _read(self, target: Target) -> Robots:
        """Beyond the redirects that are followed, the file counts as missing (RFC 9309, 2.3.1.2)."""
        for _ in range(MAX_REDIRECTS + 1):
            reply = await self._web.get(target, MAX_ROBOTS_BYTES)
            if reply.location is None:
                return read_robots(reply.status, reply.body, self.agent)
            target = redirected(target, reply.location)
        return Robots()

    def _keep(self, origin: str, now: float, robots: Robots) -> None:
        self._drop(origin)
        self._cache[origin] = (now, robots)
        self._cached_bytes += _room(robots)
        while self._cached_bytes > MAX_CACHED_BYTES:
            self._drop(next(iter(self._cache)))

    def _drop(self, origin: str) -> None:
        _, robots = self._cache.pop(origin, (0.0, None))
        self._cached_bytes -= _room(robots) if robots else 0


def _room(robots: Robots) -> int:
    return max(robots.size_bytes, MIN_ENTRY_BYTES)
