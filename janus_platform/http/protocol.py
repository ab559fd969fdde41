"""One HTTP/1.x connection as a server meets it: uvicorn's protocol, with limits on what a client may send, and when.

Head and body have a size, a deadline and, for bodies, a budget shared by all connections of the process. What the app
has no part in is refused in the app's own shape. What uvicorn leaves undone is done here: an upgrade that nobody offers
is ignored (RFC 9110, 7.8), HTTP/1.0 gets no chunks (RFC 9112, 6.1), and a client that closes only its own direction
gets its answer.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from janus_platform.errors import PlatformError
from janus_platform.http.body_budget import BodyBudget, BodyBudgetError

MAX_HEAD_BYTES = 65_536
# From the connection's beginning, or a later request's first byte, until the head is whole.
HEAD_SECONDS = 20.0
# From the head until the body is whole: ten megabytes over a line of 1.4 Mbit/s.
BODY_SECONDS = 60.0
# A client that closes its direction this soon after its request, and before the answer has begun, waits for it; one
# that does so later has left. On the wire nothing else tells the two apart before something is written to them. A busy
# event loop reads the end later than it came, so its turns count as well.
HALF_CLOSE_SECONDS = 0.0005
HALF_CLOSE_TURNS = 4
# What a refused client still sends is read and dropped for so long: closing at once would reset the refusal away.
LINGER_SECONDS = 2.0
LINGER_BYTES = 40_000_000
# In a request's state: the host that the absolute form of its target names (RFC 9112, 3.2.2), empty in origin form.
AUTHORITY = "authority"
# Content type and body of the answer to what no app gets to see, made of its status and of what to do.
Refused = Callable[[int, str], tuple[bytes, bytes]]


def problem(status: int, detail: str) -> tuple[bytes, bytes]:
    """A refusal as problem details (RFC 9457)."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return b"application/problem+json", json.dumps(body).encode()


class HttpConnection(HttpToolsProtocol):
    """One connection. `on_lost` is told of its end, `on_refused` of the status of what is refused without the app."""

    def __init__(
        self,
        config: Config,
        server: ServerState,
        app_state: dict[str, Any],
        refused: Refused,
        budget: BodyBudget,
        on_lost: Callable[[], None] | None,
        on_refused: Callable[[int], None] | None,
    ) -> None:
        super().__init__(config, server, app_state)
        self._on_lost, self._on_refused = on_lost, on_refused
        self.access_log = False  # Its lines hold addresses, and uvicorn writes them for whoever listens.
        self._refused, self._budget = refused, budget
        self._timer: asyncio.TimerHandle | None = None
        self._in_head, self._in_body, self._begun = True, False, False
        self._upgrading = self._lingering = False
        self._received = self._fields = self._dropped = 0
        self._held = self._size = 0
        self._whole_at = 0.0
        self._turns = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, OneWrite(cast(asyncio.Transport, transport))))
        known = self.app_state.get("caller") or self.app_state.get("learner")
        self._caller = str(known or (self.client[0] if self.client else ""))
        self._ensure_due(HEAD_SECONDS)

    def data_received(self, data: bytes) -> None:
        if self._lingering:
            self._dropped += len(data)
            if self._dropped > LINGER_BYTES:
                self.transport.abort()
            return
        if self._in_head:
            self._received += len(data)
        self._feed(data)
        self._bound()

    def _bound(self) -> None:
        """See to it that what has begun to arrive ends, in size and in time."""
        if self._lingering:
            return
        # One endless line calls nothing below: the parser keeps it until it ends.
        if self._in_head and self._received > MAX_HEAD_BYTES:
            self.send_400_response("")
        elif self._in_body:
            self._ensure_due(BODY_SECONDS)
        elif self._begun or not self._answering:
            self._ensure_due(HEAD_SECONDS)

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """Keep the connection for the answer where the client has just said all it has to say."""
        if self._lingering or self._in_body or not self._answering or self.scheme == "https":
            return None  # TLS closes both directions at once.
        self.cycle.keep_alive = False
        just_now = self._turns > 0 or self.loop.time() - self._whole_at < HALF_CLOSE_SECONDS
        return just_now and not self.cycle.response_started

    def _turn(self) -> None:
        self._turns -= 1
        if self._turns > 0:
            self.loop.call_soon(self._turn)

    def connection_lost(self, exc: Exception | None) -> None:
        self._not_due()
        self._release()
        super().connection_lost(exc)
        if self._on_lost is not None:
            self._on_lost()

    def on_message_begin(self) -> None:
        self._begun = True
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        self.scope["state"][AUTHORITY] = b"" if url[:1] in (b"/", b"*") else _authority(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value) + len(": \r\n"))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT":
            self._upgrading = True  # The parser stops here; `_feed` has the request read again without the offer.
            return
        if self.parser.get_http_version() == "1.0":
            self.expect_100_continue = False  # RFC 9110, 10.1.1
        elif sum(name == b"host" for name, _ in self.headers) != 1:
            raise _HostHeaderError  # RFC 9112, 3.2
        super().on_headers_complete()
        self._in_head, self._in_body = False, True
        self._received = self._size = 0
        self._not_due()
        if self.scope["http_version"] == "1.0":
            self.cycle.transport = cast(asyncio.Transport, Unframed(self.transport))

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if not self.cycle.response_complete:
            self._held += self._budget.take(self._caller, self._size, len(body))
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self._upgrading:
            return
        self._in_head, self._in_body, self._begun = True, False, False
        self._received = self._fields = 0
        self._not_due()
        self._whole_at, self._turns = self.loop.time(), HALF_CLOSE_TURNS
        self.loop.call_soon(self._turn)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        self._release()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what the parser or a bound stopped, and close the connection."""
        if max(self._received, self._fields) > MAX_HEAD_BYTES and self._in_head:
            detail = f"The request's head is over {MAX_HEAD_BYTES:,} bytes. Send fewer or shorter headers."
            self._refuse(431, detail)
        else:
            self._refuse(400, msg or "This is not an HTTP/1.1 request. Send one, as curl or an HTTP library does.")

    def _feed(self, data: bytes) -> None:
        """Have the parser read; refuse what it stops at. An upgrade is not offered here, so the request is read on."""
        self._unset_keepalive_if_required()
        while data:
            try:
                self.parser.feed_data(data)
                return
            except httptools.HttpParserUpgrade as stopped:
                data = self._without_upgrade() + data[stopped.args[0] :]
            except httptools.HttpParserError as error:
                reason = error.__context__
                if isinstance(reason, BodyBudgetError):
                    self._refuse(reason.status, reason.detail, (b"retry-after: 1",))
                elif isinstance(reason, _HostHeaderError):
                    self.send_400_response("An HTTP/1.1 request names one host (RFC 9112, 3.2). Send one Host header.")
                else:
                    self.send_400_response("")
                return

    def _without_upgrade(self) -> bytes:
        """The head as it came, without the offer, for a parser that has seen nothing of it."""
        self._upgrading = False
        self._fields = 0
        head = [b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())]
        head += [b"%b: %b" % header for header in self.headers if header[0] != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # As uvicorn has it.
        return b"\r\n".join([*head, b"", b""])

    def _count(self, size: int) -> None:
        self._fields += size
        if self._fields > MAX_HEAD_BYTES:
            raise ValueError("head too large")  # The parser stops, and send_400_response follows.

    @property
    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _ensure_due(self, seconds: float) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(seconds, self._too_late)

    def _not_due(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_late(self) -> None:
        self._timer = None
        if self._lingering or (self._in_head and not self._begun):
            self.transport.close()  # One that says nothing is told nothing.
            return
        part, seconds = ("head", HEAD_SECONDS) if self._in_head else ("body", BODY_SECONDS)
        self._refuse(408, f"The request's {part} did not arrive within {seconds:g} seconds. Send it again.")

    def _refuse(self, status: int, detail: str, more: tuple[bytes, ...] = ()) -> None:
        if self.transport.is_closing():
            return
        if self._on_refused is not None:
            self._on_refused(status)
        if self._in_head and self._answering:  # The request before it still gets its answer, the last one here.
            self.cycle.keep_alive = False
            self._lingering = True
            return
        self._release()
        if self._in_head or not self.cycle.response_started:
            content_type, body = self._refused(status, detail)
            lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode(), b"content-type: " + content_type]
            lines += [b"content-length: %d" % len(body), b"connection: close", *more]
            self.transport.write(b"\r\n".join([*lines, b"", body]))
        if self._answering:  # To the app, its client has gone.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self._linger()

    def _linger(self) -> None:
        self._lingering = True
        self.flow.resume_reading()
        if not self.transport.can_write_eof():
            self.transport.close()
            return
        self.transport.write_eof()
        self._not_due()
        self._ensure_due(LINGER_SECONDS)

    def _release(self) -> None:
        held, self._held = self._held, 0
        self._budget.release(self._caller, held)


class _HostHeaderError(PlatformError):
    """A request of HTTP/1.1 that names no host, or several."""


def _authority(url: bytes) -> bytes:
    return url.partition(b"://")[2].partition(b"/")[0]


class OneWrite:
    """A transport that sends an answer's head together with what follows it: a system call less for each answer.

    A head that nothing follows goes out in the event loop's next turn.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._held = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send, or hold a head back."""
        if self._held:
            data, self._held = self._held + data, b""
        elif data.startswith(b"HTTP/1.1 ") and data.endswith(b"\r\n\r\n") and not data.startswith(b"HTTP/1.1 1"):
            self._held = data
            asyncio.get_running_loop().call_soon(self._flush)
            return
        self._transport.write(data)

    def write_eof(self) -> None:
        """Send what is held, and that nothing follows."""
        self._flush()
        self._transport.write_eof()

    def close(self) -> None:
        """Send what is held, and close."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        held, self._held = self._held, b""
        if held and not self._transport.is_closing():
            self._transport.write(held)


class Unframed:
    """A transport for an answer to HTTP/1.0, which knows no chunks: its content ends with the connection.

    Every write is what uvicorn makes of one message: a head, or whole chunks.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._in_head, self._chunked = True, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send the head without its announcement of chunks, and of chunks their content."""
        if self._in_head:
            self._in_head = False
            plain = data.replace(b"\r\ntransfer-encoding: chunked\r\n", b"\r\n")
            self._chunked = plain != data
            self._transport.write(plain)
            return
        content = data
        if self._chunked:
            size, _, rest = data.partition(b"\r\n")
            content = rest[: int(size or b"0", 16)]
        if content:
            self._transport.write(content)
