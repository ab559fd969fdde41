"""Service calls as a sequence diagram: read from the documented one (Mermaid), or from a recorded trace (FR-2, step 4).

Both become the same thing, so that a page can show them side by side and a test can compare them. Drawn, it has a line
down for each participant, an arrow a message, and a bar while a call is open.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from janus_platform.traces.spans import Span
    from janus_platform.traces.view import Trace

IMPLEMENTATION = "Your Implementation"
_PARTICIPANT = re.compile(r"participant (\w+) as (.+)")
_MESSAGE = re.compile(r"(\w+)\s*(-?)->>\s*(\w+)\s*:\s*(.+)")
_IGNORED = re.compile(r"sequenceDiagram|%%.*|acc(Title|Descr)\b.*|")
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


@dataclass(frozen=True)
class Message:
    """An arrow: from whom to whom, what stands on it, when it was sent, and its HTTP status where these are known."""

    sender: str
    receiver: str
    text: str
    is_reply: bool
    ms: float | None = None
    status: int | None = None


@dataclass(frozen=True)
class Sequence:
    """A sequence diagram: its participants from left to right, its messages from top to bottom."""

    participants: tuple[str, ...]
    messages: tuple[Message, ...]

    @property
    def calls(self) -> list[str]:
        """Who is called, in order."""
        return [message.receiver for message in self.messages if not message.is_reply]

    def svg(self) -> str:
        """The diagram as an SVG element that takes the page's own text colour."""
        return draw(self)

    def _repr_html_(self) -> str:
        return f'<div style="overflow-x:auto" tabindex="0" role="group" aria-label="Sequence">{self.svg()}</div>'

    def __repr__(self) -> str:
        return "\n".join(f"{m.sender} {'-->>' if m.is_reply else '->>'} {m.receiver}: {m.text}" for m in self.messages)


def documented(source: str) -> Sequence:
    """The sequence that a Mermaid `sequenceDiagram` draws. Raises ValueError for a line that it does not know."""
    titles: dict[str, str] = {}
    messages: list[Message] = []
    for line in map(str.strip, source.splitlines()):
        if match := _PARTICIPANT.fullmatch(line):
            titles[match[1]] = match[2].strip()
        elif (match := _MESSAGE.fullmatch(line)) and match[1] in titles and match[3] in titles:
            messages.append(Message(titles[match[1]], titles[match[3]], match[4].strip(), is_reply=bool(match[2])))
        elif not _IGNORED.fullmatch(line):
            raise ValueError(f"{line!r} is neither a participant nor a message between two of them.")
    return Sequence(tuple(titles.values()), tuple(messages))


def recorded(trace: Trace) -> Sequence:
    """The calls of a trace: each service in the order of its first call, each message at the time it was sent.

    On the arrows stand the facts that the spans hold; what was asked and answered is in no trace.
    """
    from janus_platform.contract import load_contract  # not at once: reading a diagram needs no platform

    titles = {service.name: service.title for service in load_contract().services.values()}
    spans = [span for span in trace.spans if span.name in titles]
    messages = []
    for span in spans:
        title = titles[span.name]
        messages.append(Message(IMPLEMENTATION, title, _asked(span), is_reply=False, ms=span.start_ms))
        if span.status is not None:
            reply = Message(title, IMPLEMENTATION, _answered(span), is_reply=True, ms=span.end_ms, status=span.status)
            messages.append(reply)
    called = dict.fromkeys(titles[span.name] for span in spans)
    return Sequence((IMPLEMENTATION, *called), tuple(sorted(messages, key=lambda message: message.ms or 0.0)))


def differences(diagram: Sequence, trace: Trace) -> list[str]:
    """What the diagram shows and the trace does not have, and the other way round: a sentence each; none if they agree.

    Calls must begin in the diagram's order and each must have been answered with success. They may overlap: a diagram
    with one arrow after the other does not say that they must not.
    """
    seen = recorded(trace)
    unlike = [f"{name} is in the diagram and not in the trace." for name in _missing(diagram, seen)]
    unlike += [f"{name} is in the trace and not in the diagram." for name in _missing(seen, diagram)]
    if not unlike and diagram.calls != seen.calls:
        unlike.append(f"The diagram calls {', '.join(diagram.calls)}; the trace has {', '.join(seen.calls)}.")
    replies = [m.sender for m in seen.messages if m.status is not None and m.status < 400]
    expected = [m.sender for m in diagram.messages if m.is_reply]
    if not unlike and sorted(replies) != sorted(expected):
        unlike.append(f"The diagram has replies of {', '.join(expected)}; in the trace answered {', '.join(replies)}.")
    return unlike


def _missing(one: Sequence, other: Sequence) -> list[str]:
    return [name for name in one.participants if name not in other.participants]


def _asked(span: Span) -> str:
    held = span.attributes
    about = held.get("gen_ai.request.model") or held.get("janus.sandbox.language") or ""
    return f"{held.get('http.request.method', '')} {about}".strip()


def _answered(span: Span) -> str:
    held, facts = span.attributes, [str(span.status)]
    if "janus.search.results" in held:
        facts.append(f"{held['janus.search.results']} results")
    if "janus.sandbox.exit_code" in held:
        facts.append(f"exit code {held['janus.sandbox.exit_code']}")
    return " · ".join(facts)


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
    bars, began = [], dict[str, list[float]]()
    for number, message in enumerate(sequence.messages):
        if not message.is_reply:
            began.setdefault(message.receiver, []).append(_row(number))
        elif began.get(message.sender):
            bars.append((message.sender, began[message.sender].pop(0), _row(number)))
    return bars + [(name, first, bottom) for name, rows in began.items() for first in rows]


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
