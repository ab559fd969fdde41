"""How much of request bodies the process holds at once: for each caller, and together.

Small bodies are always let in: a caller that fills the budget keeps nobody else from asking.
"""

from __future__ import annotations

import ctypes
from collections import Counter
from contextlib import suppress

from janus_platform.errors import PlatformError

FREE_BYTES = 65_536
CALLER_BYTES = 128_000_000
TOTAL_BYTES = 256_000_000
# Given back to the system when all of it is free again: the allocator would keep it for ever.
KEPT_BYTES = 32_000_000


class BodyBudgetError(PlatformError):
    """More bodies are on their way than are let in; `status` is the caller's doing (429) or everybody's (503)."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


class BodyBudget:
    """Counts what is held of the bodies of open requests."""

    def __init__(self, *, total: int = TOTAL_BYTES, of_a_caller: int = CALLER_BYTES) -> None:
        self._most, self._most_of_one = total, of_a_caller
        self._of: Counter[str] = Counter()
        self._peak = self.held = 0

    def take(self, caller: str, size: int, more: int) -> int:
        """Count `more` bytes of a body that has now `size`; how many were counted. Raises BodyBudgetError."""
        if size <= FREE_BYTES:
            return 0
        counted = more if size - more > FREE_BYTES else size
        if self._of[caller] + counted > self._most_of_one:
            self._forget(caller)
            raise BodyBudgetError(
                429,
                f"Bodies of over {self._most_of_one:,} bytes are in transit from here. Wait until some are done.",
            )
        if self.held + counted > self._most:
            self._forget(caller)
            raise BodyBudgetError(
                503, f"Bodies of over {self._most:,} bytes are already in transit. Send yours again in a moment."
            )
        self._of[caller] += counted
        self.held += counted
        self._peak = max(self._peak, self.held)
        return counted

    def release(self, caller: str, counted: int) -> None:
        """Give back what was counted."""
        if not counted:
            return
        self._of[caller] -= counted
        self.held -= counted
        self._forget(caller)
        if not self.held:
            if self._peak > KEPT_BYTES:
                _trim()
            self._peak = 0

    def _forget(self, caller: str) -> None:
        if not self._of[caller]:
            del self._of[caller]


def _trim() -> None:
    with suppress(OSError, AttributeError):  # Only glibc has it.
        ctypes.CDLL(None).malloc_trim(0)


# One process has one memory, so its servers share a budget.
SHARED = BodyBudget()
