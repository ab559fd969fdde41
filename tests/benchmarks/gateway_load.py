"""A load generator in a process of its own: it stamps every read with the monotonic clock and parses afterwards.

Standard input gives one JSON object, `{"port", "path", "streams", "apart_ms", "first", "gap", "tokens", "model",
"from"}` for streams, with `"connect"` each on a connection made for it, `{…, "leave", "after_ms"}` for streams that are
left, or `{…, "seconds", "connections"}` for whole answers; standard output gives the result.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import re
import sys
import time
from functools import partial
from typing import Any, cast

import uvloop

_TOKEN = re.compile(rb'"content": ?"t(\d+) "')
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


def request(job: dict[str, Any], number: int, *, stream: bool) -> bytes:
    """One chat request as bytes; its content is the plan that the ground-truth server follows."""
    tokens = job["tokens"] if stream else 0
    plan = f"stream={number} first={job.get('first', 0)} gap={job.get('gap', 0)} tokens={tokens}"
    body = json.dumps({"model": job["model"], "messages": [{"role": "user", "content": plan}], "stream": stream})
    head = f"POST {job['path']} HTTP/1.1\r\nhost: 127.0.0.1:{job['port']}\r\ncontent-type: application/json\r\n"
    key = "authorization: Bearer sk-bench\r\n" if job.get("key") else ""
    return f"{head}{key}content-length: {len(body)}\r\n\r\n{body}".encode()


class Stream(asyncio.Protocol):
    """One streamed answer: what came, and when."""

    def __init__(self, sent: bytes) -> None:
        self._request, self.sent = sent, 0
        self.reads: list[tuple[int, bytes]] = []
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        if self.sent:  # It was waiting for its connection.
            self.transport.write(self._request)

    def start(self) -> None:
        self.sent = time.monotonic_ns()
        self.transport.write(self._request)

    async def connect(self, port: int) -> None:
        """Start on a connection made for it, which counts from here."""
        self.sent = time.monotonic_ns()
        await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", port)

    def data_received(self, data: bytes) -> None:
        self.reads.append((time.monotonic_ns(), data))
        if data.endswith(b"0\r\n\r\n"):
            self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()

    def _end(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)

    def result(self) -> dict[str, Any]:
        """When the request was sent, when each token came, and how many tokens shared an HTTP chunk with another."""
        whole = b"".join(data for _, data in self.reads)
        times = [at for at, data in self.reads for _ in _TOKEN.findall(data)]
        # A read may end inside an event; then the token counts for the read that completes the search.
        numbers = [int(n) for n in _TOKEN.findall(whole)]
        if len(times) != len(numbers):
            times = _times_of(self.reads)
        shared = sum(max(0, len(_TOKEN.findall(chunk)) - 1) for chunk in _chunks(whole))
        ok = b" 200 " in whole[:16] and b"data: [DONE]" in whole
        return {"sent": self.sent, "times": times, "numbers": numbers, "merged": shared, "complete": ok}


def _times_of(reads: list[tuple[int, bytes]]) -> list[int]:
    seen, times, whole = 0, [], b""
    for at, data in reads:
        whole += data
        found = len(_TOKEN.findall(whole))
        times += [at] * (found - seen)
        seen = found
    return times


def _chunks(whole: bytes) -> list[bytes]:
    """The HTTP chunks (RFC 9112, section 7.1) of one response."""
    head, _, rest = whole.partition(b"\r\n\r\n")
    if b"chunked" not in head.lower():
        return [rest]
    chunks = []
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size or b"0", 16)
        if not length:
            break
        chunks.append(rest[:length])
        rest = rest[length + 2 :]
    return chunks


async def streams(job: dict[str, Any]) -> dict[str, Any]:
    """Start the streams `apart_ms` apart, on open connections or each on one made for it, and wait for the last one."""
    loop = asyncio.get_running_loop()
    ready = [Stream(request(job, job["from"] + number, stream=True)) for number in range(job["streams"])]
    if not job.get("connect"):
        for stream in ready:
            await loop.create_connection(partial(_same, stream), "127.0.0.1", job["port"])
    await asyncio.sleep(0.05)
    begun, connecting = loop.time(), []

    def start(stream: Stream) -> None:
        if job.get("connect"):
            connecting.append(loop.create_task(stream.connect(job["port"])))
        else:
            stream.start()

    for number, stream in enumerate(ready):
        loop.call_at(begun + number * job["apart_ms"] / 1000, start, stream)
    await asyncio.wait([stream.ended for stream in ready], timeout=job.get("limit", 120))
    await asyncio.sleep(0.02)
    results = [stream.result() for stream in ready]
    for stream in ready:
        stream.transport.abort()
    return {"streams": {job["from"] + n: result for n, result in enumerate(results)}}


def _same(stream: Stream) -> Stream:
    return stream


async def leave(job: dict[str, Any]) -> dict[str, Any]:
    """One stream after the other, each left `after_ms` after it was asked for; when that was, by stream."""
    loop, left = asyncio.get_running_loop(), {}
    for number in range(job["from"], job["from"] + job["leave"]):
        sent = request(job, number, stream=True)
        _, stream = await loop.create_connection(partial(Stream, sent), "127.0.0.1", job["port"])
        stream.start()
        await asyncio.sleep(job["after_ms"] / 1000)
        left[number] = time.monotonic_ns()
        stream.transport.abort()
        await asyncio.sleep(0.02)
    return {"left": left}


class Asker(asyncio.Protocol):
    """One connection that asks again as soon as it has been answered."""

    def __init__(self, sent: bytes) -> None:
        self._request, self._received = sent, b""
        self.answers = self.failures = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not found or (length and len(body) < int(length[1])) or (not length and not body.endswith(b"0\r\n\r\n")):
            return
        self.answers += 1
        self.failures += not head.startswith(b"HTTP/1.1 200") or b"Hello." not in body
        self._received = b""
        self.transport.write(self._request)


async def wholes(job: dict[str, Any]) -> dict[str, Any]:
    """Ask on `connections` connections for `seconds`; answers and failures."""
    loop = asyncio.get_running_loop()
    sent = request(job, 0, stream=False)
    askers = []
    for _ in range(job["connections"]):
        askers.append((await loop.create_connection(lambda: Asker(sent), "127.0.0.1", job["port"]))[1])
    await asyncio.sleep(0.2)
    before, begun = sum(asker.answers for asker in askers), time.monotonic()
    await asyncio.sleep(job["seconds"])
    answers, taken = sum(asker.answers for asker in askers) - before, time.monotonic() - begun
    for asker in askers:
        asker.transport.abort()
    return {"per_second": answers / taken, "failures": sum(asker.failures for asker in askers)}


def main() -> None:
    """Do one job and print its result."""
    gc.disable()
    if hasattr(os, "sched_setaffinity"):  # One core for it, so that what is measured has the others.
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    job = json.loads(sys.stdin.readline())
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        kind = wholes if "seconds" in job else leave if "leave" in job else streams
        print(json.dumps(runner.run(kind(job))))


if __name__ == "__main__":
    main()
