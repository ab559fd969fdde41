"""A raw asyncio server whose every byte and moment is known: what the bench's own measurements are held against.

It runs in a thread with a loop of its own, on an ephemeral loopback port, and stamps each piece right before it is
written, with the clock that the client stamps with.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

Request = dict[str, Any]


@dataclass
class Reply:
    """Bytes to send: a head, then steps of (seconds to wait before it, bytes). `cut` closes without ending the body."""

    steps: Sequence[tuple[float, bytes]]
    status: str = "200 OK"
    content_type: str = "text/event-stream"
    cut: bool = False
    raw: bool = False  # steps are the whole response, head included
    hang: bool = False
    together: int = 0  # wait until so many requests have been in flight at once


@dataclass
class GroundTruth:
    """What a running server knows: its address, the requests it got, and when it wrote each step of each reply (ns)."""

    port: int = 0
    tls: bool = False
    requests: list[Request] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    emitted: list[list[int]] = field(default_factory=list)
    flying: int = 0  # requests that have arrived and whose reply has not ended
    most_flying: int = 0

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://localhost:{self.port}"


def event(chunk: dict[str, Any]) -> bytes:
    """One SSE event."""
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


def chunk(
    model: str = "known", finish: str | None = None, usage: Any = None, artifacts: Any = None, **delta: Any
) -> dict[str, Any]:
    """One chat completion chunk."""
    body: dict[str, Any] = {"object": "chat.completion.chunk", "model": model}
    body["choices"] = [{"index": 0, "delta": delta, "finish_reason": finish}]
    if usage is not None:
        body["usage"] = usage
    if artifacts is not None:
        body["artifacts"] = artifacts
    return body


def stream(
    content: Sequence[str],
    *,
    reasoning: Sequence[str] = (
        "First I look at ",
        "what was asked.",
    ),
    first: float = 0.0,
    gap: float = 0.0,
    model: str = "known",
    usage: Any = None,
    artifacts: Any = None,
    tool_calls: Any = None,
    done: bool = True,
    finish: str | None = "stop",
) -> Reply:
    """A well-formed stream: reasoning, content, then finish_reason and [DONE]; waits in seconds."""
    pieces = [chunk(model, reasoning_content=text) for text in reasoning]
    pieces += [chunk(model, content=text) for text in content]
    if tool_calls is not None:
        pieces.append(chunk(model, tool_calls=tool_calls))
    if artifacts is not None:
        pieces.append(chunk(model, artifacts=artifacts))
    steps = [(gap if number else first, event(piece)) for number, piece in enumerate(pieces)]
    end = event(chunk(model, finish=finish, usage=usage)) if finish or usage else b""
    steps.append((0.0, end + (b"data: [DONE]\n\n" if done else b"")))
    return Reply(steps)


def plain(status: str, body: Any, content_type: str = "application/json") -> Reply:
    """An answer that is no stream."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply([(0.0, data)], status=status, content_type=content_type)


@contextlib.contextmanager
def serving(respond: Callable[[Request], Reply], tls: ssl.SSLContext | None = None) -> Iterator[GroundTruth]:
    """Run the server; `respond` chooses the reply to each request's JSON body."""
    truth = GroundTruth(tls=tls is not None)
    ready = threading.Event()
    stop: list[Callable[[], None]] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        stop.append(lambda: loop.call_soon_threadsafe(ended.set))
        server = await asyncio.start_server(
            lambda r, w: _serve(r, w, respond, truth), "localhost", 0, ssl=tls, family=socket.AF_INET
        )
        truth.port = server.sockets[0].getsockname()[1]
        ready.set()
        await ended.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
    thread.start()
    ready.wait()
    try:
        yield truth
    finally:
        stop[0]()
        thread.join()


async def _serve(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, respond: Callable[[Request], Reply], truth: GroundTruth
) -> None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        if not head.startswith("POST"):
            return  # it has no pages
        length = int(re.search(r"(?i)content-length: (\d+)", head)[1])
        body = json.loads(await reader.readexactly(length))
        truth.flying += 1
        truth.most_flying = max(truth.most_flying, truth.flying)
        truth.requests.append(body)
        truth.headers.append(head)
        await _reply(respond(body), writer, truth)
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def _reply(reply: Reply, writer: asyncio.StreamWriter, truth: GroundTruth) -> None:
    while truth.most_flying < reply.together:
        await asyncio.sleep(0.001)
    stamps: list[int] = []
    truth.emitted.append(stamps)
    if not reply.raw:
        head = f"HTTP/1.1 {reply.status}\r\nContent-Type: {reply.content_type}\r\nTransfer-Encoding: chunked\r\n\r\n"
        writer.write(head.encode())
    for wait, data in reply.steps:
        if wait:
            await asyncio.sleep(wait)
        stamps.append(time.perf_counter_ns())
        writer.write(data if reply.raw else b"%x\r\n%b\r\n" % (len(data), data) if data else b"")
        await writer.drain()
    if reply.hang:
        await asyncio.Event().wait()
    truth.flying -= 1
    if not reply.raw and not reply.cut:
        writer.write(b"0\r\n\r\n")
        await writer.drain()


def refused_port() -> int:
    """A loopback port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
