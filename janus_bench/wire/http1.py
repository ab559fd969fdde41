"""An HTTP/1.1 response, decoded step by step from the bytes of a socket (RFC 9112).

It reads what a bench needs: status, header fields, and a body framed by chunks, by length or by the end of the
connection. It does not follow redirects, decompress, or reuse connections; the request asks for `identity`.
"""

from __future__ import annotations

import re

MAX_HEAD_BYTES = 64 * 1024
MAX_BODY_BYTES = 64 * 1024 * 1024
_MAX_CHUNK_LINE = 4096
_SWITCHING = 101
_SHORT_SIZE_LINE = 10  # eight digits and the line end
_HEX_DIGITS = b"0123456789abcdefABCDEF"
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: [^\r\n]*)?")
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;.*)?")


class BadResponse(ValueError):
    """The bytes are no HTTP/1.1 response to this request, or exceed a limit; the message says which rule they break.

    `kind` is the short name under which a report counts it.
    """

    def __init__(self, what: str, kind: str = "bad_http") -> None:
        super().__init__(what)
        self.kind = kind


class ResponseDecoder:
    """Feed it bytes as they arrive; it returns the body bytes that became readable.

    `status` and `headers` (names in lower case, the last of equal names wins) are set once the head is complete;
    `complete` turns true when the framing says that the body has ended.
    """

    def __init__(self, *, max_body_bytes: int = MAX_BODY_BYTES) -> None:
        self.status: int | None = None
        self.headers: dict[str, str] = {}
        self.complete = False
        self._head = bytearray()
        self._body: _Chunked | _Counted | _UntilClose | None = None
        self._left = max_body_bytes

    def feed(self, data: bytes) -> bytes:
        """Decode `data` and return what it adds to the body. Raises BadResponse."""
        if self.complete:
            return b""
        if self._body is None:
            self._head += data
            data = self._read_head()
            if self._body is None:
                return b""
        body = self._body.feed(data)
        self._left -= len(body)
        if self._left < 0:
            raise BadResponse("the body is larger than the limit", "too_large")
        self.complete = self._body.complete
        return body

    def end(self) -> None:
        """The connection was closed. Completes a body framed by the end of the connection, and no other."""
        if isinstance(self._body, _UntilClose):
            self.complete = True

    def _read_head(self) -> bytes:
        while True:
            end = re.search(rb"\r?\n\r?\n", self._head)
            if end is None:
                if len(self._head) > MAX_HEAD_BYTES:
                    raise BadResponse("the head is larger than the limit", "too_large")
                if not b"HTTP/1.".startswith(bytes(self._head[:7])):
                    raise BadResponse("it does not start with HTTP/1.x")
                return b""
            head, rest = bytes(self._head[: end.start()]), bytes(self._head[end.end() :])
            if len(head) > MAX_HEAD_BYTES:
                raise BadResponse("the head is larger than the limit", "too_large")
            status, headers = _parse_head(head)
            if status == _SWITCHING:
                raise BadResponse("the server switches protocols, which was not asked for", f"http_{status}")
            if 100 <= status < 200:  # other interim responses carry no body (RFC 9110 section 15.2)
                self._head = bytearray(rest)
                continue
            self.status, self.headers = status, headers
            self._head.clear()
            self._body = _framing(status, headers)
            return rest


def _parse_head(head: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = re.split(rb"\r?\n", head)
    match = _STATUS.fullmatch(first)
    if match is None:
        raise BadResponse("the status line is not one of HTTP/1.x")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or _NAME.fullmatch(name) is None:
            raise BadResponse("a header line has no valid field name")
        key, text = name.decode("ascii").lower(), value.strip(b" \t").decode("latin-1")
        if key == "content-length" and headers.get(key, text) != text:
            raise BadResponse("two different Content-Length fields")
        headers[key] = text
    return int(match[1]), headers


def _framing(status: int, headers: dict[str, str]) -> _Chunked | _Counted | _UntilClose:
    """How the body ends (RFC 9112 section 6.3)."""
    if status in (204, 304):
        return _Counted(0)
    coding = headers.get("transfer-encoding", "").lower()
    if coding:
        if coding != "chunked":
            raise BadResponse(f"a transfer coding other than chunked: {coding[:40]!r}")
        return _Chunked()
    length = headers.get("content-length")
    if length is None:
        return _UntilClose()
    if not (length.isascii() and length.isdigit() and len(length) <= 15):
        raise BadResponse("Content-Length is not a number")
    return _Counted(int(length))


class _UntilClose:
    complete = False

    def feed(self, data: bytes) -> bytes:
        return data


class _Counted:
    def __init__(self, length: int) -> None:
        self._left = length
        self.complete = length == 0

    def feed(self, data: bytes) -> bytes:
        body = data[: self._left]
        self._left -= len(body)
        self.complete = self._left == 0
        return body


class _Chunked:
    """Chunked transfer coding (RFC 9112 section 7.1); extensions and trailers are read and dropped."""

    def __init__(self) -> None:
        self.complete = False
        self._buffer = bytearray()
        self._left = 0  # bytes of the current chunk still to come
        self._state = "size"
        self._trailer_bytes = 0

    def feed(self, data: bytes) -> bytes:
        self._buffer += data
        out = bytearray()
        while not self.complete:
            if self._state == "size":
                self._take_whole_chunks(out)
            if not self._step(out):
                break
        return bytes(out)

    def _take_whole_chunks(self, out: bytearray) -> None:
        """Take the plain chunks that the buffer begins with and holds whole.

        Streams are nearly always made of these, and stepping through their states would cost more than parsing them.
        """
        data, start = self._buffer, 0
        while (line_end := data.find(b"\r\n", start, start + _SHORT_SIZE_LINE)) > start:
            digits = data[start:line_end]
            # int() alone would also take signs, blanks and underscores.
            size = int(digits, 16) if digits.isalnum() and not digits.translate(None, _HEX_DIGITS) else 0
            end = line_end + 2 + size
            if not size or data[end : end + 2] != b"\r\n":
                break
            out += data[line_end + 2 : end]
            start = end + 2
        del data[:start]

    def _step(self, out: bytearray) -> bool:
        """Take one element off the buffer; False when it needs more bytes."""
        if self._state == "data":
            taken = self._buffer[: self._left]
            del self._buffer[: len(taken)]
            out += taken
            self._left -= len(taken)
            if self._left == 0:
                self._state = "after"
            return self._left == 0
        line = self._line()
        if line is None:
            return False
        if self._state == "size":
            self._start_chunk(line)
        elif self._state == "after":
            if line:
                raise BadResponse("a chunk is longer than its size says")
            self._state = "size"
        else:
            self._trailer(line)
        return True

    def _line(self) -> bytes | None:
        end = self._buffer.find(b"\r\n", 0, _MAX_CHUNK_LINE + 2)
        if end < 0:
            if len(self._buffer) > _MAX_CHUNK_LINE:
                raise BadResponse("a chunk line is longer than the limit")
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    def _start_chunk(self, line: bytes) -> None:
        match = _SIZE.fullmatch(line)
        if match is None:
            raise BadResponse("a chunk size is not hexadecimal")
        self._left = int(match[1], 16)
        self._state = "data" if self._left else "trailers"

    def _trailer(self, line: bytes) -> None:
        self._trailer_bytes += len(line)
        if self._trailer_bytes > MAX_HEAD_BYTES:
            raise BadResponse("the trailers are larger than the limit", "too_large")
        self.complete = not line
