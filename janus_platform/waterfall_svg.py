"""A trace as SVG: a bar a span, a tick a chunk, the first content and the longest gap marked, the figures below.

The drawing takes the text colour of the page that it stands in. Its title and description say in words what it shows.
Everything from outside is escaped: names and attributes may be hostile.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from janus_platform.trace_view import Span, Trace

_WIDTH, _LABEL, _RIGHT, _ROW, _TOP, _TICKS, _LINE = 800, 210, 132, 26, 34, 5, 18
# Okabe-Ito: told apart with any colour vision. The bars' outline carries the contrast, on white and on black.
_COLOURS = {
    "client": "#999999",
    "gateway": "#0072B2",
    "node": "#3D6B8C",
    "implementation": "#009E73",
    "search": "#E69F00",
    "web_proxy": "#CC79A7",
    "inference": "#D55E00",
    "code_sandbox": "#56B4E9",
    "vector_index": "#B8A800",
}
_OTHER = "#888888"
_STYLE = (
    "<style>svg{color:#1a1a1a;background:#fff}"
    "@media (prefers-color-scheme:dark){svg{color:#e8e8e8;background:#121212}}</style>"
)


def draw(trace: Trace) -> str:
    """The waterfall as an SVG element for a page."""
    # A narrow screen scrolls: smaller letters could not be read.
    return _svg(trace, f'width="100%" style="min-width:600px;max-width:{_WIDTH}px"', "")


def document(trace: Trace) -> str:
    """The waterfall as a file of its own: light or dark as its reader's system is."""
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + _svg(trace, f'width="{_WIDTH}"', _STYLE) + "\n"


def _svg(trace: Trace, size: str, style: str) -> str:
    rows = [*trace.spans, *trace.unattributed]
    end = max(span.end_ms for span in rows)
    scale = (_WIDTH - _LABEL - _RIGHT) / max(end, 1e-9)
    bottom = _TOP + _ROW * len(rows) + (_ROW if trace.tokens_ms else 0)
    height = bottom + 10 + _LINE * len(trace.figures())
    parts = [*_axis(end, scale, bottom)]
    for row, span in enumerate(rows):
        parts += _bar(span, _TOP + row * _ROW, scale)
    if trace.tokens_ms:
        parts += _chunks(trace, bottom - _ROW, scale)
    for number, line in enumerate(trace.figures(), 1):
        parts.append(f'<text x="8" y="{bottom + 4 + _LINE * number}" opacity=".85">{escape(line)}</text>')
    return (
        f'<svg class="janus-waterfall" role="img" viewBox="0 0 {_WIDTH} {height}" {size} '
        'font-family="system-ui, sans-serif" font-size="12" fill="currentColor" xmlns="http://www.w3.org/2000/svg">'
        f"<title>{escape(_title(trace))}</title><desc>{escape(_description(trace))}</desc>{style}"
        + "".join(parts)
        + "</svg>"
    )


def _title(trace: Trace) -> str:
    return f"Waterfall of a request of {trace.duration_ms:.0f} ms with {len(trace.service_calls)} service calls"


def _description(trace: Trace) -> str:
    said = [f"{s.label} from {s.start_ms:.0f} ms, {s.outcome}" for s in (*trace.spans, *trace.unattributed)]
    return ". ".join([*said, *trace.figures()]) + "."


def _axis(end: float, scale: float, bottom: int) -> list[str]:
    parts = []
    for tick in range(_TICKS + 1):
        at = end * tick / _TICKS
        x = _LABEL + at * scale
        parts.append(
            f'<line x1="{x:.1f}" y1="{_TOP - 8}" x2="{x:.1f}" y2="{bottom}" stroke="currentColor" opacity=".15"/>'
            f'<text x="{x:.1f}" y="{_TOP - 14}" text-anchor="middle" opacity=".75">{at:.0f} ms</text>'
        )
    return parts


def _bar(span: Span, y: int, scale: float) -> list[str]:
    begin = max(0.0, span.start_ms)
    x, width = _LABEL + begin * scale, max(2.0, (span.end_ms - begin) * scale)
    hint = escape(f"{span.label}: {span.outcome}, from {span.start_ms:.1f} ms")
    # Where it belongs is not certain: dashed.
    dashes = ' stroke-dasharray="4 3"' if span.attached in ("inferred", "unattributed") else ""
    faint = ' fill-opacity=".4"' if span.attached == "unattributed" else ""
    return [
        f'<text x="{8 + 12 * span.depth}" y="{y + 15}">{escape(span.label)}</text>',
        f'<rect x="{x:.1f}" y="{y + 3}" width="{width:.1f}" height="{_ROW - 10}" rx="3" '
        f'fill="{_COLOURS.get(span.name, _OTHER)}"{faint} stroke="currentColor" stroke-opacity=".6"{dashes}>'
        f"<title>{hint}</title></rect>",
        f'<text x="{x + width + 5:.1f}" y="{y + 15}" opacity=".85">{escape(span.outcome)}</text>',
    ]


def _chunks(trace: Trace, y: int, scale: float) -> list[str]:
    """The row of ticks: short while the implementation thinks, long while it answers; the longest gap underlined."""
    content = trace.event_ms("first_content")
    parts = [f'<text x="8" y="{y + 15}">chunks</text>']
    for at in trace.tokens_ms:
        top = y + 3 if content is not None and at >= content - 0.5 else y + 10
        x = _LABEL + at * scale
        parts.append(f'<line x1="{x:.1f}" y1="{top}" x2="{x:.1f}" y2="{y + 19}" stroke="currentColor"/>')
    if gap := trace.longest_gap:
        x1, x2 = _LABEL + gap.start_ms * scale, _LABEL + (gap.start_ms + gap.ms) * scale
        parts.append(
            f'<line x1="{x1:.1f}" y1="{y + 22}" x2="{x2:.1f}" y2="{y + 22}" stroke="#D55E00" stroke-width="2">'
            f"<title>longest gap: {gap.ms:.1f} ms</title></line>"
        )
    return parts
