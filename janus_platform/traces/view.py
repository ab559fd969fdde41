"""A trace as a reader holds it: spans with times in milliseconds, and the figures that are read off them.

Drawn by waterfall.py: for a notebook, as a file, and as text for a terminal.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from janus_platform.traces.spans import Gap, Span, read_spans
from janus_platform.traces.waterfall import Waterfall, as_text, document, draw, draw_narrow

_NO_SERVICES = ("client", "gateway", "node", "implementation")
_TOKEN_TIMES = "janus.token_ms"


class Trace:
    """One request's way through the platform; `spans` in the order they began.

    `unattributed` are calls that may belong to it, or to another request that the same caller answered meanwhile.
    """

    def __init__(self, raw: dict[str, Any]) -> None:
        self.raw = raw
        self.trace_id: str = raw["trace_id"]
        start = min(s["start_ns"] for s in raw["spans"])
        self.spans: list[Span] = read_spans(raw["spans"], start)
        self.unattributed: list[Span] = read_spans(raw.get("unattributed", ()), start)

    @property
    def duration_ms(self) -> float:
        """From the first span's begin to the last one's end."""
        return max(span.end_ms for span in self.spans)

    @property
    def service_calls(self) -> list[str]:
        """The platform services that were called, in order."""
        return [s.name for s in self._services()]

    @property
    def service_ms(self) -> dict[str, float]:
        """How long the calls of each service took together, in the order of the first ones."""
        total: dict[str, float] = {}
        for span in self._services():
            total[span.name] = total.get(span.name, 0.0) + span.duration_ms
        return total

    @property
    def own_ms(self) -> float | None:
        """How long the implementation ran without any service call open; None where it never ran."""
        inside = [s for s in self.spans if s.name == "implementation"]
        if not inside:
            return None
        return sum(s.duration_ms for s in inside) - _covered((s.start_ms, s.end_ms) for s in self._services())

    @property
    def tokens_ms(self) -> list[float]:
        """When each chunk with reasoning or content left the gateway."""
        gateway = next((s for s in self.spans if _TOKEN_TIMES in s.attributes), None)
        return [gateway.start_ms + at for at in gateway.attributes[_TOKEN_TIMES]] if gateway else []

    @property
    def first_token_ms(self) -> float | None:
        """Time to first token: from the first span's begin to the first chunk with reasoning or content."""
        return self.tokens_ms[0] if self.tokens_ms else None

    @property
    def gaps_ms(self) -> list[float]:
        """Inter-token latency: the time between one chunk with reasoning or content and the next."""
        return [after - before for before, after in pairwise(self.tokens_ms)]

    @property
    def median_gap_ms(self) -> float | None:
        """The median of `gaps_ms`; None where there is no gap."""
        return median(self.gaps_ms) if self.gaps_ms else None

    @property
    def longest_gap(self) -> Gap | None:
        """The longest pause between two chunks, and when it began; None where there is none."""
        times = self.tokens_ms
        gaps = [Gap(before, after - before) for before, after in pairwise(times)]
        return max(gaps, key=lambda gap: gap.ms, default=None)

    def event_ms(self, name: str) -> float | None:
        """When an event such as `first_reasoning` or `first_content` happened, or None."""
        return next((at for span in self.spans for event, at in span.events if event == name), None)

    def named(self, name: str) -> list[Span]:
        """The spans of that name, in order."""
        return [span for span in self.spans if span.name == name]

    def to_dict(self) -> dict[str, Any]:
        """The trace as `trace.schema.json` describes it."""
        return self.raw

    def figures(self) -> list[str]:
        """What is read off the waterfall, one sentence a line."""
        return [*self._stream_figures(), *self._service_figures()]

    @property
    def waterfall(self) -> Waterfall:
        """What is drawn of it."""
        return Waterfall(
            trace_id=self.trace_id,
            duration_ms=self.duration_ms,
            calls=len(self.service_calls),
            spans=(*self.spans, *self.unattributed),
            chunks_ms=tuple(self.tokens_ms),
            content_ms=self.event_ms("first_content"),
            longest_gap=self.longest_gap,
            figures=tuple(self.figures()),
        )

    def svg(self) -> str:
        """The waterfall as an SVG element that takes the page's own text colour."""
        return draw(self.waterfall)

    def document(self) -> str:
        """The waterfall as an SVG file that is light or dark as its reader prefers."""
        return document(self.waterfall)

    def save_svg(self, file: str | Path) -> None:
        """Write `document()` into a file. Raises OSError."""
        Path(file).write_text(self.document(), encoding="utf-8")

    def __str__(self) -> str:
        return as_text(self.waterfall)

    def __repr__(self) -> str:
        return f"<Trace {self.trace_id}: {' → '.join(s.name for s in self.spans)}>"

    def _repr_html_(self) -> str:
        # A page that styles the two classes shows the one that fits; any other shows the wide one, which scrolls.
        return (
            '<div class="janus-wide" style="overflow-x:auto" tabindex="0" role="group" aria-label="Waterfall">'
            f'{self.svg()}</div><div class="janus-narrow" style="display:none">{draw_narrow(self.waterfall)}</div>'
        )

    def _services(self) -> list[Span]:
        return [s for s in self.spans if s.name not in _NO_SERVICES]

    def _stream_figures(self) -> list[str]:
        lines = []
        content = self.event_ms("first_content")
        if self.first_token_ms is not None:
            later = f" · first content after {content:.1f} ms" if content is not None else ""
            lines.append(f"time to first token {self.first_token_ms:.1f} ms{later}")
        gap, middle = self.longest_gap, self.median_gap_ms
        if gap is not None and middle is not None:
            lines.append(
                f"{len(self.tokens_ms)} chunks; gap between two: median {middle:.1f} ms, "
                f"longest {gap.ms:.1f} ms (from {gap.start_ms:.1f} ms on)"
            )
        return lines

    def _service_figures(self) -> list[str]:
        parts = [f"{name} {ms:.1f} ms" for name, ms in self.service_ms.items()]
        if parts and self.own_ms is not None:
            parts.append(f"no service open {self.own_ms:.1f} ms")
        return [" · ".join(parts)] if parts else []


def _covered(intervals: Iterable[tuple[float, float]]) -> float:
    """The length of the union of intervals."""
    total, reached = 0.0, float("-inf")
    for begin, end in sorted(intervals):
        total += max(0.0, end - max(begin, reached))
        reached = max(reached, end)
    return total
