"""Rate limits per caller: a sliding window, counted on each caller's own clock.

The `limits` library was tried first; it reads the wall clock itself and cannot be handed one, so `clock.advance` could
not have been built on it. The window here is the textbook sliding log: exact, and as small as the contract's limits.
"""

from __future__ import annotations

import math
from collections import Counter, OrderedDict, deque
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from janus_platform.clock import CallerClocks
from janus_platform.contract import RateLimit

# A caller that is forgotten starts with a fresh window, so the bound must be far above any classroom's size.
MAX_CALLERS = 10_000


class LimitSwitch:
    """Whether rate limits hold at the moment. Whoever runs the platform may turn them off, for a benchmark say.

    They never hold for the callers in `free`.
    """

    def __init__(self, on: bool = True, *, free: Collection[str] = ()) -> None:
        self._on, self._suspensions, self._free = on, 0, frozenset(free)
        self._without: Counter[str] = Counter()

    @property
    def on(self) -> bool:
        return self._on and not self._suspensions

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Limits are off while this lasts, or another one that began meanwhile."""
        self._suspensions += 1
        try:
            yield
        finally:
            self._suspensions -= 1

    def holds_for(self, caller: str) -> bool:
        """Whether the limits hold for `caller`."""
        return self.on and caller not in self._free and not any(_belongs(caller, one) for one in self._without)

    @contextmanager
    def suspended_for(self, caller: str) -> Iterator[None]:
        """While this lasts, limits are off for `caller` and for the callers whose ids begin with it and a hyphen."""
        self._without[caller] += 1
        try:
            yield
        finally:
            self._without[caller] -= 1
            self._without += Counter()  # Drops what has come to zero.


def _belongs(caller: str, to: str) -> bool:
    return caller == to or caller.startswith(f"{to}-")


@dataclass(frozen=True)
class Verdict:
    """Whether a request may pass, how many more may in the window, and in how many whole seconds one more may."""

    allowed: bool
    remaining: int
    wait_seconds: int

    def headers(self, limit: RateLimit) -> dict[str, str]:
        """The verdict as `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-11, sections 3, 4).

        `q` requests in `w` seconds are the policy; `r` are left, and after `t` seconds one more is.
        """
        return {
            "RateLimit-Policy": f'"caller";q={limit.requests};w={limit.per_seconds}',
            "RateLimit": f'"caller";r={self.remaining};t={self.wait_seconds}',
        }


class SlidingWindow:
    """At most `limit.requests` requests of one caller in any `limit.per_seconds` seconds of its clock."""

    def __init__(self, limit: RateLimit, clocks: CallerClocks) -> None:
        self.limit = limit
        self._clocks = clocks
        # When each request that was let through stops counting. Kept as a sum, and only ever compared: a difference
        # would be rounded, and a caller that advanced its clock by the whole window be refused now and then.
        self._ends: OrderedDict[str, deque[float]] = OrderedDict()

    def take(self, caller: str) -> Verdict:
        """Count one request of `caller`; a refused request is not counted."""
        now = self._clocks.now(caller)
        ends = self._window(caller)
        while ends and now >= ends[0]:
            ends.popleft()
        allowed = len(ends) < self.limit.requests
        if allowed:
            ends.append(now + self.limit.per_seconds)
        return Verdict(allowed, self.limit.requests - len(ends), _whole_seconds(now, ends[0]))

    def _window(self, caller: str) -> deque[float]:
        window = self._ends.setdefault(caller, deque())
        self._ends.move_to_end(caller)
        if len(self._ends) > MAX_CALLERS:
            self._ends.popitem(last=False)
        return window


def _whole_seconds(now: float, end: float) -> int:
    seconds = max(1, math.ceil(end - now))
    return seconds if now + seconds >= end else seconds + 1
