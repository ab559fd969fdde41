"""A sequence diagram as SVG: a line down for each participant, an arrow a message, a bar while a call is open.

The drawing takes the text colour of the page that it stands in; its title and description say in words what it shows.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from janus_book.sequence import Message, Sequence

_WIDTH, _LEFT, _TOP, _ROW, _BAR = 800, 110, 56, 34, 9
# The waterfall's colours, so that a service looks the same in both.
_COLOURS = {
    "Your Implementation": "#009E73",
    "Search API": "#E69F00",
    "Web Proxy": "#CC79A7",
    "Chutes Inference": "#D55E00",
    "Code Sandbox": "#56B4E9",
    "Vector Index": "#B8A800",
}
_OTHER = "#888888"


def draw(sequence: Sequence) -> str:
    """The sequence as an SVG element for a page."""
    gap = (_WIDTH - _LEFT - 80) / max(len(sequence.participants) - 1, 1)
    places = {name: _LEFT + gap * number for number, name in enumerate(sequence.participants)}
    bottom = _TOP + _ROW * len(sequence.messages) + 10
    parts = [_lifeline(name, x, bottom) for name, x in places.items()]
    parts += [_open_bar(name, places[name], first, last) for name, first, last in _open_calls(sequence, bottom)]
    parts += [_arrow(message, places, _row(number)) for number, message in enumerate(sequence.messages)]
    # A narrow screen scrolls: smaller letters could not be read.
    return (
        f'<svg class="janus-sequence" role="img" viewBox="0 0 {_WIDTH} {bottom + 8}" width="100%" '
        f'style="min-width:600px;max-width:{_WIDTH}px" font-family="system-ui, sans-serif" font-size="12" '
        'fill="currentColor" xmlns="http://www.w3.org/2000/svg">'
        f"<title>Sequence of {len(sequence.calls)} service calls</title><desc>{escape(_description(sequence))}</desc>"
        '<defs><marker id="janus-arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path d="M0 0 8 4 0 8z" fill="currentColor"/></marker></defs>' + "".join(parts) + "</svg>"
    )


def _description(sequence: Sequence) -> str:
    return ". ".join(f"{_time(m)}{m.sender} to {m.receiver}: {m.text}" for m in sequence.messages) + "."


def _time(message: Message) -> str:
    return "" if message.ms is None else f"{message.ms:.0f} ms: "


def _row(number: int) -> float:
    return _TOP + _ROW * number + 20


def _lifeline(name: str, x: float, bottom: int) -> str:
    return (
        f'<line x1="{x:.1f}" y1="34" x2="{x:.1f}" y2="{bottom}" stroke="currentColor" opacity=".35"/>'
        f'<rect x="{x - 66:.1f}" y="6" width="132" height="28" rx="4" fill="{_COLOURS.get(name, _OTHER)}" '
        'fill-opacity=".25" stroke="currentColor" stroke-opacity=".6"/>'
        f'<text x="{x:.1f}" y="24" text-anchor="middle">{escape(name)}</text>'
    )


def _open_calls(sequence: Sequence, bottom: int) -> list[tuple[str, float, float]]:
    """Who was at work from which height to which: from a call to the next reply of the same participant."""
    found, began = [], dict[str, list[float]]()
    for number, message in enumerate(sequence.messages):
        if not message.is_reply:
            began.setdefault(message.receiver, []).append(_row(number))
        elif began.get(message.sender):
            found.append((message.sender, began[message.sender].pop(0), _row(number)))
    return found + [(name, first, bottom) for name, rows in began.items() for first in rows]


def _open_bar(name: str, x: float, first: float, last: float) -> str:
    return (
        f'<rect x="{x - _BAR / 2:.1f}" y="{first:.1f}" width="{_BAR}" height="{last - first:.1f}" '
        f'fill="{_COLOURS.get(name, _OTHER)}" stroke="currentColor" stroke-opacity=".6"/>'
    )


def _arrow(message: Message, places: dict[str, float], y: float) -> str:
    x1, x2 = places[message.sender], places[message.receiver]
    side = 1 if x2 > x1 else -1
    # The service's end of the arrow meets the bar, not the line.
    x1, x2 = (x1 - _BAR / 2, x2) if message.is_reply else (x1, x2 - _BAR / 2)
    dashes = ' stroke-dasharray="5 4"' if message.is_reply else ""
    at = "" if message.ms is None else f'<text x="2" y="{y + 4:.1f}" opacity=".75">{message.ms:.0f} ms</text>'
    near = min(places[message.sender], places[message.receiver]) + 10
    return (
        f'{at}<line x1="{x1:.1f}" y1="{y:.1f}" x2="{x2 - side:.1f}" y2="{y:.1f}" stroke="currentColor" '
        f'marker-end="url(#janus-arrow)"{dashes}/>'
        f'<text x="{near:.1f}" y="{y - 5:.1f}">{escape(message.text)}</text>'
    )
