"""What a ground-truth server is asked to emit: the plan of one stream, carried in the request's last message."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

# Planted faults, and the kind of error or the violation that the bench must name for each.
FAULTS = {
    "refuse_429": "http_429",
    "fail_500": "http_500",
    "close": "no_response",
    "cut": "cut_stream",
    "malformed": "malformed_event",
    "error_event": "error_event",
    "no_done": "missing_done",
    "no_finish_reason": "missing_finish_reason",
    "not_openai": "not_openai",
}
_MOST = {
    "first_ms": 60_000,
    "gap_ms": 60_000,
    "tokens": 100_000,
    "stall_after": 100_000,
    "stall_ms": 60_000,
    "per_chunk": 1000,
}


@dataclass(frozen=True)
class Plan:
    """One stream: `tokens` pieces, the first after `first_ms`, one each `gap_ms`, `stall_ms` more before one of them.

    A piece is one token, or `per_chunk` of them. `stall_after` counts pieces; 0 plants no stall. `fault` is one of
    FAULTS, or empty.
    """

    id: str
    first_ms: float = 0.0
    gap_ms: float = 0.0
    tokens: int = 1
    stall_after: int = 0
    stall_ms: float = 0.0
    fault: str = ""
    per_chunk: int = 1

    def to_text(self) -> str:
        """The plan as the message that carries it."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Plan:
        """The plan of a message. Raises ValueError where it is none, or too large."""
        try:
            values: dict[str, Any] = json.loads(text)
            plan = cls(**values)
            within = all(0 <= getattr(plan, name) <= most for name, most in _MOST.items())
        except (TypeError, RecursionError):
            raise ValueError("the message holds no plan") from None
        if (
            not within
            or not isinstance(plan.tokens, int)
            or not isinstance(plan.per_chunk, int)
            or not isinstance(plan.id, str)
        ):
            raise ValueError("the plan is out of bounds")
        if plan.fault and plan.fault not in FAULTS:
            raise ValueError(f"there is no fault {plan.fault!r}")
        return plan

    def due_ms(self) -> list[float]:
        """When each piece is due, in milliseconds after the request."""
        due, at = [], self.first_ms
        for number in range(self.tokens):
            if number:
                at += self.gap_ms + (self.stall_ms if number == self.stall_after else 0.0)
            due.append(at)
        return due


@dataclass(frozen=True)
class Truth:
    """What the server did with a plan: when the request's last byte had arrived, and when it wrote each piece (ns)."""

    received_ns: int
    emitted_ns: tuple[int, ...]
