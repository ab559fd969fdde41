"""Service calls as a sequence diagram: read from the documented one (Mermaid), or from a recorded trace (FR-2, step 4).

Both become the same thing, so that a page can show them side by side and a test can compare them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from janus_platform.traces.view import Span, Trace

IMPLEMENTATION = "Your Implementation"
_PARTICIPANT = re.compile(r"participant (\w+) as (.+)")
_MESSAGE = re.compile(r"(\w+)\s*(-?)->>\s*(\w+)\s*:\s*(.+)")
_IGNORED = re.compile(r"sequenceDiagram|%%.*|acc(Title|Descr)\b.*|")


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
        from janus_book.sequence_svg import draw

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
        if found := _PARTICIPANT.fullmatch(line):
            titles[found[1]] = found[2].strip()
        elif (found := _MESSAGE.fullmatch(line)) and found[1] in titles and found[3] in titles:
            messages.append(Message(titles[found[1]], titles[found[3]], found[4].strip(), is_reply=bool(found[2])))
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
    found = [f"{name} is in the diagram and not in the trace." for name in _missing(diagram, seen)]
    found += [f"{name} is in the trace and not in the diagram." for name in _missing(seen, diagram)]
    if not found and diagram.calls != seen.calls:
        found.append(f"The diagram calls {', '.join(diagram.calls)}; the trace has {', '.join(seen.calls)}.")
    replies = [m.sender for m in seen.messages if m.status is not None and m.status < 400]
    expected = [m.sender for m in diagram.messages if m.is_reply]
    if not found and sorted(replies) != sorted(expected):
        found.append(f"The diagram has replies of {', '.join(expected)}; in the trace answered {', '.join(replies)}.")
    return found


def _missing(one: Sequence, other: Sequence) -> list[str]:
    return [name for name in one.participants if name not in other.participants]


def _asked(span: Span) -> str:
    held = span.attributes
    about = held.get("gen_ai.request.model") or held.get("janus.sandbox.language") or ""
    return f"{held.get('http.request.method', '')} {about}".strip()


def _answered(span: Span) -> str:
    held, said = span.attributes, [str(span.status)]
    if "janus.search.results" in held:
        said.append(f"{held['janus.search.results']} results")
    if "janus.sandbox.exit_code" in held:
        said.append(f"exit code {held['janus.sandbox.exit_code']}")
    return " · ".join(said)
