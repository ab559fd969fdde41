"""A ground-truth server: an upstream whose every emission is known, in a process of its own.

The last message's content is the plan: `stream=7 first=50 gap=20 tokens=100`, in milliseconds. The server logs, one
JSON line a stream, when the request was complete and when it handed each token to the kernel, or when it saw that its
client had left, in nanoseconds of the machine's monotonic clock, which all processes share. A plan without tokens is
answered whole.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import re
import sys
import time
from typing import IO, cast

import uvloop

_PLAN = re.compile(rb"stream=(\d+) first=(\d+) gap=(\d+) tokens=(\d+)")
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
_COMPLETION = b'{"id":"chatcmpl-%d","object":"chat.completion","created":1,"model":"truth","choices":[%s]}'
_CHOICE = b'{"index":0,"message":{"role":"assistant","content":"Hello."},"finish_reason":"stop"}'
_EVENT = (
    b'data: {"id":"chatcmpl-%d","object":"chat.completion.chunk","created":1,"model":"truth",'
    b'"choices":[{"index":0,"delta":{"content":"t%d "},"finish_reason":null}]}\n\n'
)
_STOP = (
    b'data: {"id":"chatcmpl-%d","object":"chat.completion.chunk","created":1,"model":"truth",'
    b'"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
)
_DONE = b"data: [DONE]\n\n"


class Truth(asyncio.Protocol):
    """One connection: requests one after the other, each answered as its plan says."""

    def __init__(self, log: IO[str]) -> None:
        self._log, self._received = log, b""
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer:
            self._timer.cancel()
            self._log.write(json.dumps({"stream": self._stream, "left": time.monotonic_ns()}) + "\n")

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found:
            return
        length = _LENGTH.search(head)
        if length and len(body) < int(length[1]):
            return
        self._received = b""
        self._answer(body)

    def _answer(self, body: bytes) -> None:
        plan = _PLAN.search(body)
        stream, first, gap, tokens = (int(part) for part in plan.groups()) if plan else (0, 0, 0, 0)
        if not tokens:
            answer = _COMPLETION % (stream, _CHOICE)
            head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(answer)
            self._transport.write(head + answer)
            return
        self._stream, self._gap, self._left, self._arrived = stream, gap / 1000, tokens, time.monotonic_ns()
        self._emitted: list[int] = []
        loop = asyncio.get_running_loop()
        self._due = loop.time() + first / 1000
        self._timer = loop.call_at(self._due, self._token)

    def _token(self) -> None:
        now = time.monotonic_ns()
        chunk = _chunked(_EVENT % (self._stream, len(self._emitted)))
        self._transport.write(chunk if self._emitted else _HEAD + chunk)
        self._emitted.append(now)
        if len(self._emitted) < self._left:
            self._due += self._gap
            self._timer = asyncio.get_running_loop().call_at(self._due, self._token)
            return
        self._timer = None
        self._transport.write(_chunked(_STOP % self._stream) + _chunked(_DONE) + b"0\r\n\r\n")
        line = {"stream": self._stream, "arrived": self._arrived, "emitted": self._emitted}
        self._log.write(json.dumps(line) + "\n")


def _chunked(event: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(event), event)


async def serve(log: IO[str]) -> None:
    """Serve on a free port of the loopback, which is printed, until standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Truth(log), "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    ended = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), ended.set)
    await ended.wait()


def main() -> None:
    """Serve, and keep the log in the file that `--log` names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--log", required=True)
    gc.disable()  # A collection would be an error in the emit times.
    with (
        open(parser.parse_args().log, "w", encoding="utf-8", buffering=1) as log,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(serve(log))


if __name__ == "__main__":
    main()
