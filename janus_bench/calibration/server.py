"""The ground-truth server: `python -m janus_bench.calibration.server`, a process of its own on a loopback port.

It answers `POST` on any path as the request's Plan says, and notes when it handed each piece to the kernel, in
nanoseconds of the machine's monotonic clock, which all its processes share. `GET /truth` tells the notes and forgets
them. It prints its port on one line, and ends when its standard input does, so that it never outlives who started it.
"""

from __future__ import annotations

import asyncio
import gc
import json
import re
import sys
import time
from typing import cast

from janus_bench.calibration.plan import Plan

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_MOST_REQUEST_BYTES = 1_000_000
_STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
_PIECE = (
    b'data: {"id":"truth","object":"chat.completion.chunk","created":1,"model":"ground-truth",'
    b'"choices":[{"index":0,"delta":{"content":"%b"},"finish_reason":null}]}\n\n'
)
_STOP = (
    b'data: {"id":"truth","object":"chat.completion.chunk","created":1,"model":"ground-truth",'
    b'"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":1,"completion_tokens":%d,"total_tokens":%d}}\n\n'
)
_DONE = b"data: [DONE]\n\n"
# Faults that end a stream in its middle, with what they write there.
_BREAKS = {
    "cut": b"",
    "malformed": b'data: {"choices": [\n\n',
    "error_event": b'data: {"error": {"message": "planted"}}\n\n',
}
_STATUSES = {"refuse_429": "429 Too Many Requests", "fail_500": "500 Internal Server Error"}

Notes = dict[str, tuple[int, list[int]]]


class Connection(asyncio.Protocol):
    """One request, answered as planned."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._received = b""
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if len(self._received) > _MOST_REQUEST_BYTES:
            return self._transport.abort()
        length = _LENGTH.search(head)
        if separator and len(body) >= (int(length[1]) if length else 0):
            self._answer(head, body, time.perf_counter_ns())

    def _answer(self, head: bytes, body: bytes, received_ns: int) -> None:
        if head.startswith(b"GET"):
            notes = json.dumps(self._notes).encode()
            self._notes.clear()
            return self._whole("200 OK", notes)
        try:
            plan = Plan.from_text(json.loads(body)["messages"][-1]["content"])
        except (ValueError, LookupError, TypeError) as error:
            return self._whole("400 Bad Request", json.dumps({"error": {"message": str(error)}}).encode())
        emitted: list[int] = []
        self._notes[plan.id] = (received_ns, emitted)
        self._follow(plan, received_ns, emitted)

    def _follow(self, plan: Plan, received_ns: int, emitted: list[int]) -> None:
        if plan.fault == "close":
            return self._transport.abort()
        if plan.fault in _STATUSES:
            return self._whole(_STATUSES[plan.fault], b'{"error": {"message": "planted"}}')
        if plan.fault == "not_openai":
            return self._whole("200 OK", b"<p>planted</p>", "text/html")
        loop = asyncio.get_running_loop()
        start = loop.time()
        due = [start + wait / 1e3 for wait in plan.due_ms()]
        self._transport.write(_STREAM_HEAD)

        breaks_at = max(1, plan.tokens // 2) if plan.fault in _BREAKS else 0

        def emit() -> None:
            now, pieces = loop.time(), []
            while len(emitted) < len(due) and due[len(emitted)] <= now and (not breaks_at or len(emitted) < breaks_at):
                pieces.append(_chunk(_PIECE % (b"t%d " % len(emitted) * plan.per_chunk)))
                emitted.append(0)
            # What is due at once is written at once, and has one stamp.
            emitted[len(emitted) - len(pieces) :] = [time.perf_counter_ns()] * len(pieces)
            self._transport.write(b"".join(pieces))
            if breaks_at and len(emitted) == breaks_at:
                return self._break(plan.fault)
            if len(emitted) == len(due):
                return self._end(plan)
            self._timer = loop.call_at(due[len(emitted)], emit)

        self._timer = loop.call_at(due[0], emit)

    def _break(self, fault: str) -> None:
        """End a stream in its middle, as its fault says."""
        if fault == "cut":
            return self._transport.abort()
        self._transport.write(_chunk(_BREAKS[fault]) + b"0\r\n\r\n")
        self._transport.close()

    def _end(self, plan: Plan) -> None:
        emitted = plan.tokens * plan.per_chunk
        last = b"" if plan.fault == "no_finish_reason" else _chunk(_STOP % (emitted, emitted + 1))
        last += b"" if plan.fault == "no_done" else _chunk(_DONE)
        self._transport.write(last + b"0\r\n\r\n")
        self._transport.close()

    def _whole(self, status: str, body: bytes, kind: str = "application/json") -> None:
        head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        self._transport.write(head.encode() + body)
        self._transport.close()


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


async def _serve() -> None:
    notes: Notes = {}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(notes), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    # A collection in the middle of a gap would be measured as one.
    gc.freeze()
    gc.disable()
    await loop.run_in_executor(None, sys.stdin.buffer.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(_serve())
