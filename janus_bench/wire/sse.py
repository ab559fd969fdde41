"""Server-Sent Events, parsed as WHATWG HTML section 9.2.6 says, from bytes split anywhere.

Each event keeps the time stamp of the read that completed it, so parsing may happen long after the read. Ids, retry
times and reconnection are of no use to a bench and are not kept.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from janus_bench.errors import BenchError

MAX_EVENT_BYTES = 32 * 1024 * 1024
_DATA = b"data: "
_LINE_END = re.compile(rb"\r\n|\r|\n")


class EventTooLargeError(BenchError):
    """One event exceeds the limit."""


class Event(NamedTuple):
    """One dispatched event: its type ("message" unless named), its data, and when its last byte was read (ns)."""

    type: str
    data: str
    at_ns: int
    valid_utf8: bool = True


class EventParser:
    """Feed it body bytes with the time they were read; it returns the events they complete."""

    def __init__(self, *, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self.comments = 0
        self._limit = max_event_bytes
        self._partial: list[bytes] = []  # pieces of a line whose end has not arrived
        self._data: list[bytes] = []
        self._type = b""
        self._size = 0
        self._first_line = True
        self._after_cr = False  # a line feed that follows belongs to the same line end

    def feed(self, body: bytes, at_ns: int) -> list[Event]:
        """Parse `body`, read at `at_ns`. Raises EventTooLargeError."""
        if self._after_cr and body[:1] == b"\n":
            body = body[1:]
            self._after_cr = False
        if not body:
            return []
        events: list[Event] = []
        start = 0
        while True:
            if not self._size and not self._first_line:
                start = self._plain_events(body, start, at_ns, events)
            end = _LINE_END.search(body, start)
            if end is None:
                break
            self._partial.append(body[start : end.start()])
            self._count(len(self._partial[-1]))
            line = b"".join(self._partial)
            self._partial.clear()
            event = self._line(line, at_ns)
            if event is not None:
                events.append(event)
            start = end.end()
        self._after_cr = body.endswith(b"\r")
        if start < len(body):
            self._partial.append(body[start:])
            self._count(len(body) - start)
        return events

    def _plain_events(self, body: bytes, start: int, at_ns: int, events: list[Event]) -> int:
        """Take the events of a single `data: ` line that stand at `start`; returns where the next line begins.

        Streams of chat completions are made of these, and going through them line by line takes twice as long.
        """
        while body.startswith(_DATA, start) and (end := body.find(b"\n\n", start)) >= 0:
            value = body[start + len(_DATA) : end]
            if b"\n" in value or b"\r" in value or len(value) > self._limit:
                break
            text, valid = _decoded(value)
            events.append(Event("message", text, at_ns, valid))
            start = end + 2
        return start

    def _count(self, size: int) -> None:
        self._size += size
        if self._size > self._limit:
            raise EventTooLargeError("an event is larger than the limit")

    def _line(self, line: bytes, at_ns: int) -> Event | None:
        if self._first_line:
            self._first_line = False
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not line:
            return self._dispatch(at_ns)
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if not field:
            self.comments += 1
            self._size -= len(line)  # a comment belongs to no event: hours of keep-alives are no large event
        elif field == b"data":
            self._data.append(value)
        elif field == b"event":
            self._type = value
        return None

    def _dispatch(self, at_ns: int) -> Event | None:
        data, kind = self._data, self._type
        self._data, self._type, self._size = [], b"", 0
        if not data:
            return None
        text, valid = _decoded(b"\n".join(data))
        return Event(kind.decode("utf-8", "replace") or "message", text, at_ns, valid)


def _decoded(value: bytes) -> tuple[str, bool]:
    try:
        return value.decode("utf-8"), True
    except UnicodeDecodeError:
        return value.decode("utf-8", "replace"), False
