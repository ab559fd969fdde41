"""Rate limits per caller: a sliding window, counted on each caller's own clock.

The `limits` library was tried first; it reads the wall clock itself and cannot be handed one, so `clock.advance` could
not have been built on it. The window here is the textbook sliding log: exact, and as small as the contract's limits.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from janus_platform.clock import CallerClocks
from janus_platform.contract import RateLimit

# A caller that is forgotten starts with a fresh window, so the bound must be far above any classroom's size.
MAX_CALLERS = 10_000


class LimitSwitch:
    """Whether rate limits hold at the moment. Whoever runs the platform may turn them off, for a benchmark say."""

    def __init__(self, on: bool = True) -> None:
        self._on, self._suspensions = on, 0

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


@dataclass(frozen=True)
class Verdict:
    """Whether a request may pass; `remaining` requests in the window, `reset_seconds` until one more is free."""

    allowed: bool
    remaining: int
    reset_seconds: float


class SlidingWindow:
    """At most `limit.requests` requests of one caller in any `limit.per_seconds` seconds of its clock."""

    def __init__(self, limit: RateLimit, clocks: CallerClocks) -> None:
        self.limit = limit
        self._clocks = clocks
        self._taken: OrderedDict[str, deque[float]] = OrderedDict()

    def take(self, caller: str) -> Verdict:
        """Count one request of `caller`; a refused request is not counted."""
        now = self._clocks.now(caller)
        window = self._window(caller)
        while window and now - window[0] >= self.limit.per_seconds:
            window.popleft()
        allowed = len(window) < self.limit.requests
        if allowed:
            window.append(now)
        reset = self.limit.per_seconds - (now - window[0])
        return Verdict(allowed, self.limit.requests - len(window), reset)

    def _window(self, caller: str) -> deque[float]:
        window = self._taken.setdefault(caller, deque())
        self._taken.move_to_end(caller)
        if len(self._taken) > MAX_CALLERS:
            self._taken.popitem(last=False)
        return window
