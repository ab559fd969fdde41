"""One HTTP/1.1 connection to an implementation (RFC 9112): a request out, an answer in, as it arrives.

A general HTTP client costs 130 µs a request and 30 µs a chunk, most of it for what the gateway must not do (redirects,
cookies, decompression, merging reads). This one hands on what llhttp parses, in the same turn of the event loop, and
ends at once when told. What it does not do: TLS, pipelining, or anything else than a POST with a body.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import cast

import httptools

from janus_platform.gateway.errors import NoResponseError, NotHttpError, ResponseCutOffError

# What a client that does not read may make us hold of one answer; above it, the implementation has to wait.
HIGH_WATER_BYTES = 65_536
LOW_WATER_BYTES = 16_384
# Head, chunk sizes and trailers hold nothing for the client; this much of them without content is an attack.
MAX_OVERHEAD_BYTES = 65_536
_NO_BODY = (204, 304)


class Connection(asyncio.Protocol):
    """One connection. `ask`, then `head`, then `part` until it returns nothing; then `reusable` says if it may go on.

    `on_closed` is called once, when the connection has ended.
    """

    def __init__(self, on_closed: Callable[[Connection], None]) -> None:
        self._on_closed = on_closed
        self._waiter: asyncio.Future[None] | None = None
        self._headers: dict[str, str] = {}
        self._error: Exception | None = None
        self._parts: deque[bytes] = deque()
        self._status = self._held = self._overhead = 0
        self._open = self._answered = self._ended = self._until_close = self._paused = False
        self._keep_alive = True
        self.closed = self.used = False

    def ask(self, head: bytes, body: bytes) -> None:
        """Send one request. `head` ends with the empty line."""
        self._reset()
        if len(body) < HIGH_WATER_BYTES:
            self._transport.write(head + body)
        else:
            self._transport.writelines((head, body))

    async def head(self) -> tuple[int, dict[str, str]]:
        """Status and headers of the answer, names in lower case. Raises NoResponseError or NotHttpError."""
        while not self._answered:
            await self._news()
        return self._status, self._headers

    async def part(self) -> bytes:
        """The next bytes of the answer's content, one chunk at most; nothing at its end.

        Raises ResponseCutOffError or NotHttpError.
        """
        while not self._parts:
            if self._ended:
                return b""
            await self._news()
        part = self._parts.popleft()
        self._held -= len(part)
        if self._paused and self._held < LOW_WATER_BYTES and not self.closed:
            self._paused = False
            self._transport.resume_reading()
        return part

    @property
    def waiting(self) -> bool:
        """Whether more of the answer has already arrived."""
        return bool(self._parts) or self._ended

    @property
    def reusable(self) -> bool:
        """Whether the answer has been read to its end and the connection may carry another request."""
        return self._ended and self._keep_alive and not self._parts and not self.closed

    def abort(self) -> None:
        """End the connection at once; the implementation sees it as its client's leaving."""
        self.closed = True
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        if not self._ended and self._open:
            if self._answered and self._until_close and exc is None:
                self._ended = True
            else:
                self._fail(ResponseCutOffError() if self._answered else NoResponseError())
        self._wake()
        self._on_closed(self)

    def data_received(self, data: bytes) -> None:
        if not self._open or self._ended:  # Nobody asked; RFC 9112, section 9.2, has it closed.
            self.abort()
            return
        self._overhead += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail(NotHttpError())
        if self._overhead > MAX_OVERHEAD_BYTES:
            self._fail(NotHttpError())
        if self._held > HIGH_WATER_BYTES and not self._paused and not self.closed:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def on_message_begin(self) -> None:
        if self._ended:
            self._keep_alive = False  # A second answer to one request.

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._answered:
            self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._status = self._parser.get_status_code()
        if self._status < 200:  # Interim (RFC 9110, section 15.2); the answer is still to come.
            self._headers = {}
            return
        self._until_close = (
            self._status not in _NO_BODY
            and "content-length" not in self._headers
            and "chunked" not in self._headers.get("transfer-encoding", "").lower()
        )
        self._answered = True

    def on_body(self, body: bytes) -> None:
        if self._ended:
            return
        self._overhead = 0
        self._parts.append(body)
        self._held += len(body)

    def on_message_complete(self) -> None:
        if self._answered and not self._ended:
            self._ended = True
            self._keep_alive = self._keep_alive and self._parser.should_keep_alive()

    def _reset(self) -> None:
        # llhttp forgets none of what it saw of an answer, so each answer gets a parser of its own.
        self._parser = httptools.HttpResponseParser(self)
        self._headers, self._error = {}, None
        self._parts.clear()
        self._status = self._held = self._overhead = 0
        self._answered = self._ended = self._until_close = False
        self._open = self._keep_alive = True

    def _fail(self, error: Exception) -> None:
        self._error = self._error or error
        self._keep_alive = False

    async def _news(self) -> None:
        if self._error:
            raise self._error
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None
        if self._error and not self._parts:
            raise self._error

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
