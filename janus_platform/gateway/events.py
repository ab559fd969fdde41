"""Server-sent events as they pass: cut at event boundaries, checked, never changed (WHATWG HTML, section 9.2).

Bytes are handed on only in whole events, one at a time, so that a keep-alive comment or an error event can stand
between any two, and no two become one. An event of the usual size is parsed (3 µs for 200 bytes): that is what tells a
malformed stream from a good one. What the standard ignores or replaces passes: fields that it does not know, comments,
events without data, bytes that are not UTF-8. So does what JSON parsers differ about (`NaN`), and an event of a type of
its own, whatever its data. Only a byte order mark is taken away: behind a ping it would no longer come first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from janus_platform.contract import Wire

# Two ends of line, each CRLF, LF or CR. A last CR after CRLF waits for what follows: it is half of an end of line.
_BOUNDARY = re.compile(rb"(?:\r\n|\n)(?:\r\n|\n|\r(?=[^\n]))|\r\r\n?")
_LONGEST_BOUNDARY = 4
_LINE_END = re.compile(rb"\r\n|\n|\r")
_USUAL = (b"", b"message")  # The types of an event that a client takes for a chunk.
_BOM = b"\xef\xbb\xbf"
_SPACE = b" \t\r\n"
# Larger events carry artifacts; parsing one would hold up every other stream, so only their outline is checked.
MAX_PARSED_BYTES = 65_536
MAX_EVENT_BYTES = 16_000_000
_DECODER = json.JSONDecoder()


class EventReader:
    """Reads one stream. After each event, the attributes say what has passed so far.

    `reasoning` and `content` count the chunks that carried some; `finish_reason` and `usage` are the last
    ones sent; `done` means that the end-of-stream marker passed; `failed` that the upstream sent an error event;
    `fault` says why the stream is malformed, or is None.
    """

    def __init__(self, wire: Wire) -> None:
        self._reasoning_field, self._content_field = wire.reasoning_field, wire.content_field
        self._end = wire.end_of_stream.encode()
        self._pending = bytearray()
        self.reasoning = self.content = self.events = 0
        self.completion_id: str | None = None
        self.usage: object = None
        self.finish_reason: str | None = None
        self.done = self.failed = False
        self.fault: str | None = None

    @property
    def pending(self) -> bool:
        """Whether part of an event is held back."""
        return bool(self._pending)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take bytes from upstream and return those that may go on: well-formed events, each whole and unchanged.

        Nothing comes after the end marker or a fault.
        """
        if self._pending:
            # A boundary may lie across two reads.
            start = max(0, len(self._pending) - _LONGEST_BOUNDARY)
            self._pending += data
            if not _BOUNDARY.search(self._pending, start):
                self._check_size()
                return
            data = bytes(self._pending)
            self._pending.clear()
        if not self.events:
            data = data.removeprefix(_BOM)
        taken = 0
        for boundary in _BOUNDARY.finditer(data):
            self._event(data[taken : boundary.start()])
            if self.fault:
                return
            yield data[taken : boundary.end()]
            taken = boundary.end()
            if self.done:
                return
        if taken < len(data):
            self._pending += data[taken:] if taken else data
            self._check_size()

    def _check_size(self) -> None:
        if len(self._pending) > MAX_EVENT_BYTES:
            self.fault = f"an event is larger than {MAX_EVENT_BYTES:,} bytes"

    def _event(self, event: bytes) -> None:
        self.events += 1
        if event.startswith(b"data:") and b"\n" not in event and b"\r" not in event:
            self._data(event[5:].strip(_SPACE))
            return
        fields = [line.partition(b":")[::2] for line in _LINE_END.split(event)]
        payload = [value.strip(_SPACE) for name, value in fields if name == b"data"]
        if payload:
            self._data(b"\n".join(payload))
            if self.fault and any(name == b"event" and value.strip() not in _USUAL for name, value in fields):
                self.fault = None

    def _data(self, payload: bytes) -> None:
        if payload == self._end:
            self.done = True
        elif not payload:
            return
        elif len(payload) > MAX_PARSED_BYTES:
            if not (payload.startswith(b"{") and payload.endswith(b"}")):
                self.fault = "an event's data is not a JSON object"
        else:
            self._chunk(payload)

    def _chunk(self, payload: bytes) -> None:
        try:
            text = payload.decode("utf-8", "replace")
            chunk, end = _DECODER.raw_decode(text)
        except (ValueError, RecursionError):
            text, chunk, end = "", None, 0
        if not isinstance(chunk, dict) or end != len(text):
            self.fault = "an event's data is not a JSON object"
            return
        if "error" in chunk and chunk["error"] is not None and not chunk.get("choices"):
            self.failed = True
        if self.completion_id is None and isinstance(chunk.get("id"), str):
            self.completion_id = chunk["id"]
        if chunk.get("usage"):
            self.usage = chunk["usage"]
        choices = chunk.get("choices")
        if isinstance(choices, list) and choices and isinstance(choices[0], dict):
            self._choice(choices[0])

    def _choice(self, choice: dict[str, Any]) -> None:
        delta = choice.get("delta")
        if isinstance(delta, dict):
            self.reasoning += bool(delta.get(self._reasoning_field))
            self.content += bool(delta.get(self._content_field))
        if isinstance(choice.get("finish_reason"), str):
            self.finish_reason = choice["finish_reason"]
