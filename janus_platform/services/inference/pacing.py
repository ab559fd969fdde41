"""The pace of the local engine: each token is due at a time counted from the start, so that delays do not add up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """Seconds to the first token, then tokens per second."""

    first_token_seconds: float = 0.02
    tokens_per_second: float = 400.0

    def due(self, position: int) -> float:
        """When token `position` (from 0) is due, in seconds from the start."""
        return self.first_token_seconds + position / self.tokens_per_second
