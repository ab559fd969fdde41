"""The spans of a trace as a reader holds them: names, depths, times in milliseconds, and how each ended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

_ATTACHED, _STATUS = "janus.attached", "http.response.status_code"


@dataclass(frozen=True)
class Span:
    """One span, its times in milliseconds since the trace's first span began."""

    name: str
    depth: int
    start_ms: float
    end_ms: float
    attributes: dict[str, Any]
    events: tuple[tuple[str, float], ...]
    failed: bool = False

    @property
    def duration_ms(self) -> float:
        """How long it took."""
        return self.end_ms - self.start_ms

    @property
    def attached(self) -> str | None:
        """How a service call came to its place: propagated, inferred or unattributed; None for other spans."""
        return self.attributes.get(_ATTACHED)

    @property
    def status(self) -> int | None:
        """The HTTP status it answered with, where it has one."""
        status = self.attributes.get(_STATUS)
        return status if isinstance(status, int) else None

    @property
    def label(self) -> str:
        """Its name, with how it was placed where that is not certain."""
        return f"{self.name} ({self.attached})" if self.attached in ("inferred", "unattributed") else self.name

    @property
    def outcome(self) -> str:
        """Its duration, with the status where that is an error."""
        error = self.status if self.status is not None and self.status >= 400 else "failed" if self.failed else ""
        return f"{self.duration_ms:.1f} ms" + (f" · {error}" if error else "")


@dataclass(frozen=True)
class Gap:
    """A pause of `ms` milliseconds between two chunks, the first of which came at `start_ms`."""

    start_ms: float
    ms: float


def read_spans(raw: Iterable[dict[str, Any]], start: int) -> list[Span]:
    """Spans as they are kept, with their times counted from `start` (ns)."""
    raw = list(raw)
    parents = {s["span_id"]: s["parent_id"] for s in raw}
    return [
        Span(
            name=s["name"],
            depth=_depth(s["span_id"], parents),
            start_ms=(s["start_ns"] - start) / 1e6,
            end_ms=(s["end_ns"] - start) / 1e6,
            attributes=s["attributes"],
            events=tuple((e["name"], (e["at_ns"] - start) / 1e6) for e in s["events"]),
            failed=s["status"] == "error",
        )
        for s in raw
    ]


def _depth(span_id: str, parents: dict[str, str | None]) -> int:
    depth, seen, at = 0, {span_id}, parents.get(span_id)
    while at in parents and at is not None and at not in seen:
        seen.add(at)
        depth, at = depth + 1, parents[at]
    return depth
