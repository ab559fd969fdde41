"""A real upstream on a real socket that misbehaves as a test tells it to, and the service in front of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from janus_platform.clock import ManualClock
from janus_platform.contract import UpstreamRules
from janus_platform.services.inference.upstream.engine import UpstreamEngine
from janus_platform.services.inference.upstream.settings import UpstreamSettings
from tests.services.inference_rig import SERVICE

Script = Callable[["Wire"], Awaitable[None]]
RULES: UpstreamRules = SERVICE.upstream


@dataclass
class Request:
    """What the upstream was asked."""

    line: str
    headers: dict[str, str]
    body: Any


@dataclass
class Wire:
    """The upstream's end of one connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        """Bytes as they are."""
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, status: int, body: Any, *headers: str) -> None:
        """A whole JSON answer."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        head = [f"HTTP/1.1 {status} X", "Content-Type: application/json", f"Content-Length: {len(data)}", *headers]
        await self.send("\r\n".join([*head, "", ""]).encode() + data)

    async def begin(self, content_type: str = "text/event-stream") -> None:
        """The head of a stream; it ends when the connection does."""
        await self.send(f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nConnection: close\r\n\r\n".encode())

    async def events(self, *data: Any) -> None:
        """Events of a stream."""
        for one in data:
            text = one if isinstance(one, str) else json.dumps(one)
            await self.send(f"data: {text}\n\n".encode())

    async def gone(self) -> None:
        """Return when the other end has closed the connection."""
        while await self.reader.read(1024):
            pass


@dataclass
class Upstream:
    """What was asked so far; each request is answered by the next script, the last one again and again."""

    url: str = ""
    asked: list[Request] = field(default_factory=list)


def chunk(text: str | None = None, **more: Any) -> dict[str, Any]:
    """A chunk as OpenAI sends it."""
    delta = {} if text is None else {"role": "assistant", "content": text}
    choice = {"index": 0, "delta": delta, "finish_reason": None if text else "stop"}
    head = {"id": "chatcmpl-up", "object": "chat.completion.chunk", "created": 1, "model": "llama3.2"}
    return {**head, "choices": [choice], **more}


def completion(text: str = "Hello") -> dict[str, Any]:
    """A completion as OpenAI sends it."""
    message = {"role": "assistant", "content": text}
    usage = {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30}
    return {
        "id": "chatcmpl-up",
        "object": "chat.completion",
        "created": 1,
        "model": "llama3.2",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": usage,
    }


async def whole(wire: Wire) -> None:
    """Answers well."""
    await wire.answer(200, completion())


async def streamed(wire: Wire) -> None:
    """Streams well."""
    await wire.begin()
    await wire.events(chunk("Hel"), chunk("lo"), chunk(), "[DONE]")


@asynccontextmanager
async def upstream(*scripts: Script) -> AsyncIterator[Upstream]:
    """A server that follows the scripts, one request a connection unless a script leaves it open."""
    state = Upstream()
    tasks: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (task := asyncio.current_task()) is not None:
            tasks.add(task)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                line, *lines = head.decode().strip().split("\r\n")
                headers = {k.lower(): v for k, _, v in (one.partition(": ") for one in lines)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                state.asked.append(Request(line, headers, json.loads(body) if body else None))
                await scripts[min(len(state.asked), len(scripts)) - 1](Wire(reader, writer))
                if "stream" in (state.asked[-1].body or {}) and state.asked[-1].body["stream"]:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    state.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield state
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def engine(url: str, key: str = "", models: Any = None, **rules: Any) -> AsyncIterator[UpstreamEngine]:
    """An engine for that upstream whose waits between attempts take no time."""
    settings = UpstreamSettings(url, key, models or {})
    made = UpstreamEngine(settings, replace(RULES, **rules), clock=ManualClock())
    try:
        yield made
    finally:
        await made.aclose()
