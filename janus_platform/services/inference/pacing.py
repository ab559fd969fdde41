"""How fast the local engine talks: each token due at a time counted from the start, so that delays do not add up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """Seconds to the first token, then tokens per second."""

    first_token_seconds: float = 0.02
    tokens_per_second: float = 400.0

    def due(self, place: int) -> float:
        """When token `place` (from 0) is due, in seconds from the start."""
        return self.first_token_seconds + place / self.tokens_per_second
