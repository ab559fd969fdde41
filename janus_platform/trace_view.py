"""A trace as a reader sees it: a waterfall as SVG (notebook, chat page) and as text (terminal)."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

_WIDTH, _LABEL, _ROW, _TOP, _TICKS = 760, 190, 26, 34, 5
# Okabe-Ito: told apart with any colour vision, on white and on black.
_COLOURS = {
    "gateway": "#0072B2",
    "implementation": "#009E73",
    "search": "#E69F00",
    "web_proxy": "#CC79A7",
    "inference": "#D55E00",
    "code_sandbox": "#56B4E9",
    "vector_index": "#B8A800",
}
_OTHER = "#888888"
_TEXT_COLUMNS = 48


@dataclass(frozen=True)
class Span:
    """One span, its times in milliseconds since the trace's first span began."""

    name: str
    depth: int
    start_ms: float
    end_ms: float
    attributes: dict[str, Any]
    events: tuple[tuple[str, float], ...]

    @property
    def duration_ms(self) -> float:
        return self.end_ms - self.start_ms


class Trace:
    """One request's way through the platform; `spans` in the order they began."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self.raw = raw
        self.trace_id: str = raw["trace_id"]
        self.spans: list[Span] = _spans(raw["spans"])

    @property
    def duration_ms(self) -> float:
        """From the first span's begin to the last one's end."""
        return max(span.end_ms for span in self.spans)

    @property
    def service_calls(self) -> list[str]:
        """The platform services that were called, in order."""
        return [s.name for s in self.spans if s.name not in ("client", "gateway", "implementation")]

    def event_ms(self, name: str) -> float | None:
        """When an event such as `first_reasoning` or `first_content` happened, or None."""
        return next((at for span in self.spans for event, at in span.events if event == name), None)

    def to_dict(self) -> dict[str, Any]:
        """The trace as `trace.schema.json` describes it."""
        return self.raw

    def __str__(self) -> str:
        scale = _TEXT_COLUMNS / max(self.duration_ms, 1e-9)
        rows = [f"trace {self.trace_id}  {self.duration_ms:.1f} ms"]
        for span in self.spans:
            begin = int(span.start_ms * scale)
            bar = "█" * max(1, round(span.duration_ms * scale))
            label = "  " * span.depth + span.name
            rows.append(f"{label:<22}{' ' * begin}{bar:<{_TEXT_COLUMNS - begin}} {span.duration_ms:8.1f} ms")
        for name in ("first_reasoning", "first_content"):
            at = self.event_ms(name)
            if at is not None:
                rows.append(f"{name.replace('_', ' ')} after {at:.1f} ms")
        return "\n".join(rows)

    def __repr__(self) -> str:
        return f"<Trace {self.trace_id}: {' → '.join(s.name for s in self.spans)}>"

    def _repr_html_(self) -> str:
        return f'<div style="overflow-x:auto" tabindex="0">{self.svg()}</div>'

    def svg(self) -> str:
        """The waterfall as an SVG element that takes the page's own text colour."""
        scale = (_WIDTH - _LABEL - 80) / max(self.duration_ms, 1e-9)
        height = _TOP + _ROW * len(self.spans) + 30
        parts = [*self._axis(scale, height)]
        for row, span in enumerate(self.spans):
            parts += _bar(span, _TOP + row * _ROW, scale)
        parts += self._marks(scale, height)
        described = ", ".join(f"{s.name} {s.duration_ms:.0f} ms" for s in self.spans)
        # A narrow screen scrolls: smaller letters could not be read.
        size = f'viewBox="0 0 {_WIDTH} {height}" width="100%" style="min-width:560px;max-width:{_WIDTH}px"'
        return (
            f'<svg class="janus-waterfall" role="img" {size} font-family="system-ui, sans-serif" font-size="12" '
            'fill="currentColor" '
            f'xmlns="http://www.w3.org/2000/svg"><title>{escape("Waterfall: " + described)}</title>'
            + "".join(parts)
            + "</svg>"
        )

    def _axis(self, scale: float, height: int) -> list[str]:
        parts = []
        for tick in range(_TICKS + 1):
            at = self.duration_ms * tick / _TICKS
            x = _LABEL + at * scale
            end = f'x2="{x:.1f}" y2="{height - 28}"'
            parts.append(
                f'<line x1="{x:.1f}" y1="{_TOP - 8}" {end} stroke="currentColor" opacity=".15"/>'
                f'<text x="{x:.1f}" y="{_TOP - 14}" text-anchor="middle" opacity=".7">{at:.0f} ms</text>'
            )
        return parts

    def _marks(self, scale: float, height: int) -> list[str]:
        parts = []
        for row, name in enumerate(("first_reasoning", "first_content")):
            at = self.event_ms(name)
            if at is not None:
                x, y = _LABEL + at * scale, height - 22 + 14 * row
                parts.append(
                    f'<line x1="{x:.1f}" y1="{_TOP - 8}" x2="{x:.1f}" y2="{y}" stroke="currentColor" '
                    f'stroke-dasharray="3 3"/><text x="{x + 4:.1f}" y="{y}">{name.replace("_", " ")} {at:.0f} ms</text>'
                )
        return parts


def _bar(span: Span, y: int, scale: float) -> list[str]:
    x, width = _LABEL + span.start_ms * scale, max(2.0, span.duration_ms * scale)
    colour = _COLOURS.get(span.name, _OTHER)
    status = span.attributes.get("http.response.status_code", "")
    hint = escape(f"{span.name} {status}: {span.duration_ms:.1f} ms, from {span.start_ms:.1f} ms")
    size = f'x="{x:.1f}" y="{y + 3}" width="{width:.1f}" height="{_ROW - 10}" rx="3"'
    return [
        f'<text x="{8 + 14 * span.depth}" y="{y + 15}">{escape(span.name)}</text>',
        f'<rect {size} fill="{colour}"><title>{hint}</title></rect>',
        f'<text x="{x + width + 5:.1f}" y="{y + 15}" opacity=".8">{span.duration_ms:.1f} ms</text>',
    ]


def _spans(raw: list[dict[str, Any]]) -> list[Span]:
    start = min(s["start_ns"] for s in raw)
    parents = {s["span_id"]: s["parent_id"] for s in raw}
    return [
        Span(
            name=s["name"],
            depth=_depth(s["span_id"], parents),
            start_ms=(s["start_ns"] - start) / 1e6,
            end_ms=(s["end_ns"] - start) / 1e6,
            attributes=s["attributes"],
            events=tuple((e["name"], (e["at_ns"] - start) / 1e6) for e in s["events"]),
        )
        for s in raw
    ]


def _depth(span_id: str, parents: dict[str, str | None]) -> int:
    depth, seen, at = 0, {span_id}, parents.get(span_id)
    while at in parents and at is not None and at not in seen:
        seen.add(at)
        depth, at = depth + 1, parents[at]
    return depth
