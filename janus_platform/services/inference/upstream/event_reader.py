"""Server-Sent Events of an upstream's stream, read within bounds (WHATWG HTML, 9.2; only `data` matters here)."""

from __future__ import annotations

from collections.abc import Iterator

from janus_platform.services import ServiceError


class StreamTooLargeError(ServiceError):
    """An event, or the whole answer, is larger than its bound."""


class EventReader:
    """Bytes in, the data of each finished event out. CR, LF and CRLF end a line; an empty line ends an event."""

    def __init__(self, max_event_bytes: int, max_bytes: int) -> None:
        self._max_event_bytes, self._left = max_event_bytes, max_bytes
        self._line = bytearray()
        self._data: list[bytes] = []
        self._size = 0
        self._after_cr = False

    def feed(self, received: bytes) -> Iterator[bytes]:
        """The data of the events that `received` finishes. Raises StreamTooLargeError."""
        self._left -= len(received)
        if self._left < 0:
            raise StreamTooLargeError
        for part in received.replace(b"\r\n", b"\n").splitlines(keepends=True) if received else ():
            yield from self._part(part)

    def _part(self, part: bytes) -> Iterator[bytes]:
        if self._after_cr and part == b"\n":
            self._after_cr = False
            return
        self._line += part.rstrip(b"\r\n")
        self._size += len(part)
        if self._size > self._max_event_bytes:
            raise StreamTooLargeError
        self._after_cr = part.endswith(b"\r")
        if part.endswith((b"\n", b"\r")):
            line, self._line = bytes(self._line), bytearray()
            yield from self._finished(line)

    def _finished(self, line: bytes) -> Iterator[bytes]:
        if line.startswith(b"data:"):
            self._data.append(line[5:].removeprefix(b" "))
        elif not line:
            data, self._data, self._size = b"\n".join(self._data), [], 0
            if data:
                yield data
