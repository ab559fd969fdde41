"""A trace as a waterfall: a bar a span, a tick a chunk, first content and longest gap marked, the figures below.

As SVG it takes the text colour of the page that it stands in, and its title and description say in words what it shows.
Everything from outside is escaped: names and attributes may be hostile. As text it has a line a span.
"""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass
from html import escape

from janus_platform.traces.spans import Gap, Span

COLUMNS = 48  # of the bars, as text
_AXIS, _LINE, _TICKS = 34, 18, 6


@dataclass(frozen=True)
class Waterfall:
    """What is drawn: a row a span, a mark a chunk, how many services were called, and the figures in words."""

    trace_id: str
    duration_ms: float
    calls: int
    spans: tuple[Span, ...]
    chunks_ms: tuple[float, ...]
    content_ms: float | None
    longest_gap: Gap | None
    figures: tuple[str, ...]


@dataclass(frozen=True)
class _Form:
    """How the drawing is laid out, in units of its view box: its width, what it leaves free left and right of the bars,
    the height of a row, where in it the text and the bar stand, how high the bar is, and how many characters of a
    figure's line fit."""

    width: int
    left: int
    right: int
    row: int
    text: int
    bar: int
    height: int
    characters: int = 1_000

    def x(self, ms: float, end: float) -> float:
        return self.left + ms * (self.width - self.left - self.right) / max(end, 1e-9)


# Names stand left of the bars, outcomes right of them.
_WIDE = _Form(width=800, left=210, right=132, row=26, text=15, bar=3, height=16)
# For a phone: name and outcome stand above the bar, which has the whole width.
_NARROW = _Form(width=340, left=8, right=8, row=38, text=13, bar=18, height=14, characters=50)
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


def draw(drawn: Waterfall) -> str:
    """The waterfall as an SVG element for a page."""
    # A narrow window scrolls: smaller letters could not be read.
    return _svg(drawn, _WIDE, f'width="100%" style="min-width:600px;max-width:{_WIDE.width}px"', "")


def draw_narrow(drawn: Waterfall) -> str:
    """The same for a phone: readable at a width of 340 pixels."""
    return _svg(drawn, _NARROW, f'width="100%" style="max-width:{_NARROW.width * 1.5:g}px"', "")


def document(drawn: Waterfall) -> str:
    """The waterfall as a file of its own: light or dark as its reader's system is."""
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + _svg(drawn, _WIDE, f'width="{_WIDE.width}"', _STYLE) + "\n"


def _svg(drawn: Waterfall, form: _Form, size: str, style: str) -> str:
    end = max(span.end_ms for span in drawn.spans)
    bottom = _AXIS + form.row * (len(drawn.spans) + bool(drawn.chunks_ms))
    figures = [line for figure in drawn.figures for line in textwrap.wrap(figure, form.characters)]
    parts = [*_axis(end, form, bottom)]
    for row, span in enumerate(drawn.spans):
        parts += _bar(span, _AXIS + row * form.row, end, form)
    if drawn.chunks_ms:
        parts += _chunks(drawn, bottom - form.row, end, form)
    for number, line in enumerate(figures, 1):
        parts.append(f'<text x="8" y="{bottom + 4 + _LINE * number}" opacity=".85">{escape(line)}</text>')
    height = bottom + 10 + _LINE * len(figures)
    return (
        f'<svg class="janus-waterfall" role="img" viewBox="0 0 {form.width} {height}" {size} '
        'font-family="system-ui, sans-serif" font-size="12" fill="currentColor" xmlns="http://www.w3.org/2000/svg">'
        f"<title>{escape(_title(drawn))}</title><desc>{escape(_description(drawn))}</desc>{style}"
        + "".join(parts)
        + "</svg>"
    )


def _title(drawn: Waterfall) -> str:
    return f"Waterfall of a request of {drawn.duration_ms:.0f} ms with {drawn.calls} service calls"


def _description(drawn: Waterfall) -> str:
    rows = [f"{s.label} from {s.start_ms:.0f} ms, {s.outcome}" for s in drawn.spans]
    return ". ".join([*rows, *drawn.figures]) + "."


def ticks(end: float) -> list[float]:
    """Round times from 0 to `end`, at most six intervals between them: steps of 1, 2 or 5 times a power of ten."""
    least = max(end, 1e-9) / _TICKS
    power = 10.0 ** math.floor(math.log10(least))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))
    return [step * number for number in range(int(end / step + 1e-9) + 1)]


def _axis(end: float, form: _Form, bottom: int) -> list[str]:
    parts, marks = [], ticks(end)
    # On a phone every other mark has its number; all have their line.
    every = 1 if form is _WIDE else 2
    for number, at in enumerate(marks):
        x = form.x(at, end)
        parts.append(
            f'<line x1="{x:.1f}" y1="{_AXIS - 8}" x2="{x:.1f}" y2="{bottom}" stroke="currentColor" opacity=".15"/>'
        )
        if number % every == 0:
            inside = "end" if x + 20 > form.width else "middle"
            anchor = inside if number or form is _WIDE else "start"
            parts.append(f'<text x="{x:.1f}" y="{_AXIS - 14}" text-anchor="{anchor}" opacity=".75">{at:g} ms</text>')
    return parts


def _bar(span: Span, y: int, end: float, form: _Form) -> list[str]:
    begin = max(0.0, span.start_ms)
    x = form.x(begin, end)
    width = max(2.0, form.x(span.end_ms, end) - x)
    hint = escape(f"{span.label}: {span.outcome}, from {span.start_ms:.1f} ms")
    # Where it belongs is not certain: dashed.
    dashes = ' stroke-dasharray="4 3"' if span.attached in ("inferred", "unattributed") else ""
    faint = ' fill-opacity=".4"' if span.attached == "unattributed" else ""
    outcome_at = f'x="{x + width + 5:.1f}"' if form is _WIDE else f'x="{form.width - 4}" text-anchor="end"'
    return [
        f'<text x="{8 + 12 * span.depth}" y="{y + form.text}">{escape(span.label)}</text>',
        f'<rect x="{x:.1f}" y="{y + form.bar}" width="{width:.1f}" height="{form.height}" rx="3" '
        f'fill="{_COLOURS.get(span.name, _OTHER)}"{faint} stroke="currentColor" stroke-opacity=".6"{dashes}>'
        f"<title>{hint}</title></rect>",
        f'<text {outcome_at} y="{y + form.text}" opacity=".85">{escape(span.outcome)}</text>',
    ]


def _chunks(drawn: Waterfall, y: int, end: float, form: _Form) -> list[str]:
    """The row of ticks: short while the implementation thinks, long while it answers; the longest gap underlined."""
    top = y + form.bar
    parts = [f'<text x="8" y="{y + form.text}">chunks</text>']
    for at in drawn.chunks_ms:
        begin = top if drawn.content_ms is not None and at >= drawn.content_ms - 0.5 else top + form.height / 2
        x = form.x(at, end)
        parts.append(f'<line x1="{x:.1f}" y1="{begin:g}" x2="{x:.1f}" y2="{top + form.height}" stroke="currentColor"/>')
    if gap := drawn.longest_gap:
        x1, x2 = form.x(gap.start_ms, end), form.x(gap.start_ms + gap.ms, end)
        under = top + form.height + 3
        parts.append(
            f'<line x1="{x1:.1f}" y1="{under}" x2="{x2:.1f}" y2="{under}" stroke="#D55E00" stroke-width="2">'
            f"<title>longest gap: {gap.ms:.1f} ms</title></line>"
        )
    return parts


def as_text(drawn: Waterfall) -> str:
    """The waterfall as lines of text, COLUMNS characters wide between labels and durations."""
    labels = ["  " * span.depth + span.label for span in drawn.spans]
    width = max(map(len, labels)) + 2
    scale = COLUMNS / max(max(span.end_ms for span in drawn.spans), 1e-9)
    lines = [f"trace {drawn.trace_id}  {drawn.duration_ms:.1f} ms"]
    for label, span in zip(labels, drawn.spans, strict=True):
        lines.append(f"{label:<{width}}{_text_bar(span, scale)} {span.outcome:>10}")
    if drawn.chunks_ms:
        columns = {min(int(at * scale), COLUMNS - 1) for at in drawn.chunks_ms}
        marks = "".join("·" if column in columns else " " for column in range(COLUMNS))
        lines.append(f"{'chunks':<{width}}{marks.rstrip()}")
    return "\n".join([*lines, *drawn.figures])


def _text_bar(span: Span, scale: float) -> str:
    # A call that may belong to another request can have begun before this one.
    begin = min(max(0, int(span.start_ms * scale)), COLUMNS - 1)
    length = min(max(1, round(span.duration_ms * scale)), COLUMNS - begin)
    return f"{' ' * begin}{'█' * length:<{COLUMNS - begin}}"
