"""One request over a raw socket, with every read stamped before a single byte of it is parsed.

The OpenAI client and the usual HTTP clients parse while they read, and their parsing is then part of what they measure
(20 ms at 64 streams). Here `data_received` takes the time, keeps the bytes, and does nothing else; framing, events
and JSON are decoded afterwards from the kept reads. All stamps are nanoseconds of one monotonic clock.

What it does not do: redirects, compression, proxies, connection reuse. Each request opens its own connection, and the
time to connect is recorded apart from the time to first token, which counts from the request's last written byte.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass

from janus_bench.errors import RequestFailed
from janus_bench.http1 import MAX_BODY_BYTES, MAX_HEAD_BYTES, BadResponse, ResponseDecoder
from janus_bench.target import Target

Clock = Callable[[], int]
_FRAMING_ALLOWANCE = 4  # chunk framing around one-byte chunks multiplies the bytes on the wire


@dataclass(frozen=True)
class Exchange:
    """A complete response. `reads` are (time of the read in ns, body bytes it brought), in order of arrival."""

    status: int
    headers: dict[str, str]
    started_ns: int
    connected_ns: int
    sent_ns: int
    ended_ns: int
    reads: tuple[tuple[int, bytes], ...]

    @property
    def body(self) -> bytes:
        """All body bytes."""
        return b"".join(data for _, data in self.reads)


async def exchange(target: Target, body: bytes, *, timeout: float, clock: Clock = time.perf_counter_ns) -> Exchange:
    """POST the JSON `body` to the target and return the stamped response, whatever its status.

    `timeout` is in seconds and covers everything from connecting to the last byte. Raises RequestFailed with kind
    connection_refused, name_not_resolved, tls, connection_failed, timeout, no_response, bad_http, too_large or
    cut_stream.
    """
    try:
        async with asyncio.timeout(timeout):
            return await _exchange(target, body, clock)
    except TimeoutError:
        raise RequestFailed("timeout", f"no complete response within {timeout:g} s") from None


async def _exchange(target: Target, body: bytes, clock: Clock) -> Exchange:
    reader = _Reader(clock)
    started = clock()
    transport = await _connect(target, reader)
    connected = clock()
    try:
        sent = await reader.send(_request(target, body))
        decoder = ResponseDecoder()
        reads: list[tuple[int, bytes]] = []
        try:
            await _read(reader, decoder, reads)
        except BadResponse as error:
            kind = "too_large" if "larger" in str(error) else "bad_http"
            raise RequestFailed(kind, str(error)) from None
        assert decoder.status is not None
        ended = reader.reads[-1][0]
        return Exchange(decoder.status, decoder.headers, started, connected, sent, ended, tuple(reads))
    finally:
        transport.abort()  # a target that keeps the connection open must not keep ours


async def _read(reader: _Reader, decoder: ResponseDecoder, reads: list[tuple[int, bytes]]) -> None:
    """Decode what has been read each time it may be complete, until it is."""
    fed = 0
    while True:
        await reader.wake.wait()
        reader.wake.clear()
        closed = reader.closed
        for stamp, data in reader.reads[fed:]:
            decoded = decoder.feed(data)
            if decoded:
                reads.append((stamp, decoded))
        fed = len(reader.reads)
        if reader.overflow:
            raise BadResponse("the body is larger than the limit")
        if closed:
            decoder.end()
        if decoder.complete:
            return
        if closed and decoder.status is None:
            raise RequestFailed("no_response", "the connection was closed before a response came")
        if closed:
            raise RequestFailed("cut_stream", "the connection was closed before the body had ended")
        if decoder.status is not None:
            reader.head_pending = False
            reader.chunked = "transfer-encoding" in decoder.headers


class _Reader(asyncio.Protocol):
    """Stamps and keeps each read; wakes the decoder only where a response may have ended."""

    def __init__(self, clock: Clock) -> None:
        self.reads: list[tuple[int, bytes]] = []
        self.wake = asyncio.Event()
        self.closed = False
        self.overflow = False
        self.head_pending = True
        self.chunked = False
        self._clock = clock
        self._bytes = 0
        self._tail = b""
        self._transport: asyncio.Transport | None = None
        self._drained: asyncio.Future[int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        stamp = self._clock()
        self.reads.append((stamp, data))
        self._bytes += len(data)
        if self._bytes > _FRAMING_ALLOWANCE * MAX_BODY_BYTES + MAX_HEAD_BYTES:
            self.overflow = True
        self._tail = data[-4:] if len(data) >= 4 else (self._tail + data)[-4:]
        # Chunked bodies end so. Others are short (a JSON body) or end with the connection: look at every read.
        if self.head_pending or self.overflow or self._tail == b"\r\n\r\n" or not self.chunked:
            self.wake.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        self.wake.set()
        self.resume_writing()

    def resume_writing(self) -> None:
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(self._clock())

    async def send(self, request: bytes) -> int:
        """Write `request`; return when its last byte was handed to the kernel (ns)."""
        assert self._transport is not None
        self._drained = asyncio.get_running_loop().create_future()
        self._transport.set_write_buffer_limits(high=0)
        self._transport.write(request)
        if self._transport.get_write_buffer_size() == 0:
            return self._clock()
        return await self._drained


async def _connect(target: Target, reader: _Reader) -> asyncio.Transport:
    """Open the connection, TLS included. Raises RequestFailed."""
    tls = ssl.create_default_context() if target.tls else None
    try:
        transport, _ = await asyncio.get_running_loop().create_connection(
            lambda: reader, target.host, target.port, ssl=tls, happy_eyeballs_delay=0.25
        )
    except ssl.SSLError as error:
        raise RequestFailed("tls", getattr(error, "verify_message", "") or error.reason or "handshake failed") from None
    except socket.gaierror as error:
        raise RequestFailed("name_not_resolved", f"{target.host}: {error.strerror}") from None
    except TimeoutError:
        raise
    except OSError as error:
        # asyncio joins the errors of several addresses into one text
        refused = isinstance(error, ConnectionRefusedError) or f"[Errno {errno.ECONNREFUSED}]" in str(error)
        kind = "connection_refused" if refused else "connection_failed"
        raise RequestFailed(kind, f"{target.host} port {target.port}") from None
    except UnicodeError:
        raise RequestFailed("name_not_resolved", f"{target.host} is no host name") from None
    return transport


def _request(target: Target, body: bytes) -> bytes:
    lines = [
        f"POST {target.path} HTTP/1.1",
        f"Host: {target.host_header}",
        "User-Agent: janus-bench",
        "Content-Type: application/json",
        "Accept: text/event-stream, application/json",
        "Accept-Encoding: identity",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    if target.api_key:
        lines.append(f"Authorization: Bearer {target.api_key}")
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body
