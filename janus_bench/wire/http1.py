"""An HTTP/1.1 response, decoded step by step from the bytes of a socket (RFC 9112) by llhttp.

It reads what a bench needs: status, header fields, and a body framed by chunks, by length or by the end of the
connection. It does not follow redirects, decompress, or reuse connections; the request asks for `identity`.
"""

from __future__ import annotations

import httptools

from janus_bench.errors import BenchError

# Of a head, or of chunk sizes, extensions and trailers without any content between them.
MAX_OVERHEAD_BYTES = 64 * 1024
MAX_BODY_BYTES = 64 * 1024 * 1024
_START = b"HTTP/1."  # llhttp would read RTSP and HTTP/2.0 as well
_SWITCHING = 101
_NO_BODY = (204, 304)


class BadResponseError(BenchError):
    """The bytes are no HTTP/1.1 response to this request, or exceed a limit; the message says which rule they break.

    `kind` is the short name under which a report counts it.
    """

    def __init__(self, what: str, kind: str = "bad_http") -> None:
        super().__init__(what)
        self.kind = kind


class ResponseDecoder:
    """Feed it bytes as they arrive; it returns the body bytes that became readable.

    `status` and `headers` (names in lower case, the last of equal names wins) are set once the head is complete;
    `complete` turns true when the framing says that the body has ended. What comes after that is passed over.
    """

    def __init__(self, *, max_body_bytes: int = MAX_BODY_BYTES) -> None:
        self.status: int | None = None
        self.headers: dict[str, str] = {}
        self.complete = False
        self._max_body_bytes = max_body_bytes
        self._body_bytes = 0
        self._overhead = 0  # bytes of head or framing since the last ones of the body
        self._refusal: BadResponseError | None = None
        self._parts: list[bytes] = []
        self._start = b""
        # llhttp calls the `on_…` methods below.
        self._parser = httptools.HttpResponseParser(self)
        # What servers do and a bench need not mind. No response is taken for another by it: each has its connection.
        self._parser.set_dangerous_leniencies(
            lenient_chunked_length=True,  # chunks beside a length: the chunks are what counts
            lenient_keep_alive=True,  # an interim response that announces the end of the connection
            lenient_optional_cr_before_lf=True,
            lenient_spaces_after_chunk_size=True,
        )

    def feed(self, data: bytes) -> bytes:
        """Decode `data` and return what it adds to the body. Raises BadResponseError."""
        if self.complete:
            return b""
        in_head = self.status is None
        if in_head:
            self._check_start(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if not self.complete:
                raise self._refusal or BadResponseError(f"it is not HTTP/1.1: {error}") from None
        if self._refusal:
            raise self._refusal
        body = b"".join(self._parts)
        self._parts.clear()
        self._body_bytes += len(body)
        if self._body_bytes > self._max_body_bytes:
            raise BadResponseError("the body is larger than the limit", "too_large")
        self._overhead = 0 if body or self.complete else self._overhead + len(data)
        if self._overhead > MAX_OVERHEAD_BYTES:
            raise BadResponseError(f"the {'head' if in_head else 'framing'} is larger than the limit", "too_large")
        return body

    def end(self) -> None:
        """The connection was closed. Completes a body framed by the end of the connection, and no other."""
        framed = self.status in _NO_BODY or "content-length" in self.headers or "transfer-encoding" in self.headers
        if self.status is not None and not framed:
            self.complete = True

    def _check_start(self, data: bytes) -> None:
        self._start = (self._start + data)[: len(_START)]
        if not _START.startswith(self._start):
            raise BadResponseError("it does not start with HTTP/1.x")

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.status is None:  # otherwise a trailer
            self.headers[name.decode("latin-1").lower()] = value.decode("latin-1").strip(" \t")

    def on_headers_complete(self) -> None:
        if self.complete:  # another response, which nobody asked for
            return
        status = self._parser.get_status_code()
        coding = self.headers.get("transfer-encoding", "").lower()
        if not 100 <= status < 600:
            self._refusal = BadResponseError(f"{status} is not an HTTP status")
        elif status == _SWITCHING:
            self._refusal = BadResponseError("the server switches protocols, which was not requested", f"http_{status}")
        elif status < 200:  # other interim responses carry no body (RFC 9110 section 15.2)
            self.headers = {}
        elif coding not in ("", "chunked") and status not in _NO_BODY:
            self._refusal = BadResponseError(f"a transfer coding other than chunked: {coding[:40]!r}")
        else:
            self.status = status

    def on_body(self, body: bytes) -> None:
        if not self.complete:
            self._parts.append(body)

    def on_message_complete(self) -> None:
        self.complete = self.status is not None
