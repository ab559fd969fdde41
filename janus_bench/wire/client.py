"""One request over a raw socket, with every read stamped before a single byte of it is parsed.

The OpenAI client and the usual HTTP clients parse while they read, and their parsing is then part of what they measure
(20 ms at 64 streams). Here a read is stamped (receiver.py), its bytes are kept, and nothing else is done; framing,
events and JSON are decoded afterwards from the kept reads. All stamps are nanoseconds of one monotonic clock.

What it does not do: redirects, compression, proxies, connection reuse. Each request opens its own connection, and the
time to connect is recorded apart from the time to first token, which counts from the request's last written byte.
"""

from __future__ import annotations

import asyncio
import errno
import re
import socket
import ssl
import time
from dataclasses import dataclass

from janus_bench.errors import RequestError
from janus_bench.wire.http1 import BadResponseError, ResponseDecoder
from janus_bench.wire.receiver import READER, Clock, Receiver
from janus_bench.wire.target import Target

_READS_A_STEP = 16
# An event stream is over with its `[DONE]`. What still comes within this time shows whether its server knows that.
_AFTER_DONE_SECONDS = 0.25
_DONE = re.compile(rb"(?:^|[\r\n])data: {0,2}\[DONE\][^\r\n]{0,8}(?:\r\n|\n|\r)(?:\r\n|\n|\r)")
_DONE_BYTES = 64  # within which it stands at the end of what has been read


@dataclass(frozen=True)
class Exchange:
    """A complete response. `reads` are (when the bytes arrived in ns, body bytes), in order of arrival.

    `stamped_by` is "kernel" or "reader"; `late_ns`, with the kernel's stamps, how long the latest read was in coming.
    `left_open` says that the body was not ended after its last event.
    """

    status: int
    headers: dict[str, str]
    started_ns: int
    connected_ns: int
    sent_ns: int
    ended_ns: int
    reads: tuple[tuple[int, bytes], ...]
    stamped_by: str = READER
    late_ns: int = 0
    left_open: bool = False

    @property
    def body(self) -> bytes:
        """All body bytes."""
        return b"".join(data for _, data in self.reads)


async def exchange(target: Target, body: bytes, *, timeout: float, clock: Clock = time.perf_counter_ns) -> Exchange:
    """POST the JSON `body` to the target and return the stamped response, whatever its status.

    `timeout` is in seconds and covers everything from connecting to the last byte. Raises RequestError with kind
    connection_refused, name_not_resolved, tls, connection_failed, timeout, no_response, bad_http, too_large or
    cut_stream.
    """
    try:
        async with asyncio.timeout(timeout):
            return await _exchange(target, body, clock)
    except TimeoutError:
        raise RequestError("timeout", f"no complete response within {timeout:g} s") from None


async def _exchange(target: Target, body: bytes, clock: Clock) -> Exchange:
    reader = Receiver(clock)
    started = clock()
    await _connect(target, reader)
    reader.stamp_in_kernel()
    connected = clock()
    try:
        sent = await reader.send(_request(target, body))
        decoder = ResponseDecoder()
        reads: list[tuple[int, bytes]] = []
        try:
            left_open = await _read(reader, decoder, reads)
        except BadResponseError as error:
            raise RequestError(error.kind, str(error)) from None
        assert decoder.status is not None
        ended = reader.reads[-1][0]
        # The loop may hear late that the last byte of a large request went out; the answer came after it.
        sent = min(sent, reader.reads[0][0])
        return Exchange(
            decoder.status,
            decoder.headers,
            started,
            connected,
            sent,
            ended,
            tuple(reads),
            reader.stamped_by,
            reader.late_ns,
            left_open,
        )
    finally:
        reader.close()


async def _read(reader: Receiver, decoder: ResponseDecoder, reads: list[tuple[int, bytes]]) -> bool:
    """Decode what has been read each time it may be complete, until it is. True where it ended with `[DONE]` alone."""
    fed, done = 0, False
    while True:
        try:
            async with asyncio.timeout(_AFTER_DONE_SECONDS if done else None):
                await reader.wake.wait()
        except TimeoutError:
            return True
        reader.wake.clear()
        closed = reader.closed
        while fed < len(reader.reads):
            stamp, data = reader.reads[fed]
            decoded = decoder.feed(data)
            if decoded:
                reads.append((stamp, decoded))
            fed += 1
            if fed % _READS_A_STEP == 0:
                await asyncio.sleep(0)  # other connections must not wait until all of this one is decoded
        if reader.overflow:
            raise BadResponseError("the body is larger than the limit", "too_large")
        if closed:
            decoder.end()
        if decoder.complete:
            return False
        done = done or _is_done(decoder, reads)
        if closed and done:
            return True
        if closed and decoder.status is None:
            raise RequestError("no_response", "the connection was closed before a response came")
        if closed:
            raise RequestError("cut_stream", "the connection was closed before the body had ended")
        if decoder.status is not None:
            reader.head_pending = False
            reader.chunked = "transfer-encoding" in decoder.headers


def _is_done(decoder: ResponseDecoder, reads: list[tuple[int, bytes]]) -> bool:
    """Whether what has been read ends with the last event of a stream."""
    if not decoder.headers.get("content-type", "").lower().startswith("text/event-stream"):
        return False
    tail, at = b"", len(reads)
    while at and len(tail) < _DONE_BYTES:
        at -= 1
        tail = reads[at][1] + tail
    return _DONE.search(tail[-_DONE_BYTES:]) is not None


async def _connect(target: Target, reader: Receiver) -> None:
    """Open the connection, TLS included. Raises RequestError."""
    tls = ssl.create_default_context() if target.tls else None
    try:
        await asyncio.get_running_loop().create_connection(
            lambda: reader, target.host, target.port, ssl=tls, happy_eyeballs_delay=0.25
        )
    except ssl.SSLError as error:
        raise RequestError("tls", getattr(error, "verify_message", "") or error.reason or "handshake failed") from None
    except socket.gaierror as error:
        raise RequestError("name_not_resolved", f"{target.host}: {error.strerror}") from None
    except TimeoutError:
        raise
    except OSError as error:
        # asyncio joins the errors of several addresses into one text
        refused = isinstance(error, ConnectionRefusedError) or f"[Errno {errno.ECONNREFUSED}]" in str(error)
        kind = "connection_refused" if refused else "connection_failed"
        raise RequestError(kind, f"{target.host} port {target.port}") from None
    except UnicodeError:
        raise RequestError("name_not_resolved", f"{target.host} is not a host name") from None


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
