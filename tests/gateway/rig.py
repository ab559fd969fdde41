"""Real sockets around the gateway: scripted upstream servers, and the gateway itself on an ephemeral port."""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx

from janus_platform.clock import Clock, SystemClock
from janus_platform.contract import load_contract
from janus_platform.corpus.browsing import BundledWeb
from janus_platform.gateway.access import Access, AccessRules
from janus_platform.gateway.app import GatewayApp, GatewaySettings, States
from janus_platform.gateway.directory import Upstream
from janus_platform.gateway.errors import NotDeployedError, NotReadyError, unreadable
from janus_platform.gateway.request_record import RequestRecord
from janus_platform.http.server import HttpServer, bind_loopback
from janus_platform.traces.tracing import Tracing

CONTRACT = load_contract()
PATIENCE = 30.0  # A test that waits longer than this has failed.


def in_loop(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Run an async test in an event loop of its own."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(asyncio.wait_for(test(*args, **kwargs), 4 * PATIENCE))

    return run


class Exchange:
    """One request as the scripted upstream sees it: what came, a way to answer, and whether the gateway has left."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes, body: bytes) -> None:
        self.head, self.body, self._reader, self._writer = head, body, reader, writer
        self.connection = writer  # The same object for every request of one connection.

    @property
    def headers(self) -> dict[str, str]:
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        return {k.lower(): v for k, _, v in (line.partition(": ") for line in lines if line)}

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    def start_stream(self) -> None:
        self.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")

    def chunk(self, data: bytes) -> None:
        self.send(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def end(self) -> None:
        self.send(b"0\r\n\r\n")

    def answer(self, status: int, body: bytes, *headers: str, content_type: str = "application/json") -> None:
        usual = [f"content-type: {content_type}", f"content-length: {len(body)}"]
        self.send("\r\n".join([f"HTTP/1.1 {status} X", *usual, *headers, "", ""]).encode() + body)

    async def drained(self) -> None:
        """Return once the gateway has taken nearly all of what was sent."""
        with suppress(ConnectionError):
            await self._writer.drain()

    def cut(self) -> None:
        self._writer.transport.abort()

    async def close(self) -> None:
        """End the connection after what has been sent."""
        with suppress(ConnectionError):
            await self._writer.drain()
        self._writer.close()

    async def gateway_left(self) -> None:
        """Return once the gateway has closed this connection."""
        with suppress(ConnectionError):
            await asyncio.wait_for(self._reader.read(1), PATIENCE)


Script = Callable[[Exchange], Awaitable[None] | None]


@asynccontextmanager
async def upstream(script: Script, name: str = "impl") -> AsyncIterator[Upstream]:
    """A server that runs `script` for each request."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                exchange = Exchange(reader, writer, head, b"")
                exchange.body = await reader.readexactly(int(exchange.headers.get("content-length", 0)))
                result = script(exchange)
                if result is not None:
                    await result
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield Upstream(name, server.sockets[0].getsockname()[:2])
    finally:
        server.close()


class Directory:
    """A directory over fixed upstreams, one or several of a name; a value that is an exception is raised."""

    def __init__(
        self, upstreams: Mapping[str, Upstream | list[Upstream] | NotReadyError], baseline: str = "impl"
    ) -> None:
        self.known, self.baseline = dict(upstreams), baseline

    def names(self) -> list[str]:
        return list(self.known)

    def describe(self) -> list[dict[str, Any]]:
        return [{"name": name, "created": 7} for name in self.known]

    async def upstreams(self, name: str) -> Sequence[Upstream]:
        found = self.known.get(name)
        if found is None:
            raise NotDeployedError(name)
        if isinstance(found, NotReadyError):
            raise found
        return found if isinstance(found, list) else [found]


class Served:
    """The gateway behind a real port."""

    def __init__(self, client: httpx.AsyncClient, app: GatewayApp, port: int, tracing: Tracing) -> None:
        self.client, self.app, self.port, self.tracing = client, app, port, tracing
        self.url = f"http://127.0.0.1:{port}"

    async def chat(self, *, headers: dict[str, str] | None = None, **changes: Any) -> httpx.Response:
        # Escaped, so that even half a surrogate pair can be sent.
        return await self.client.post("/v1/chat/completions", content=json.dumps(ask(**changes)), headers=headers)

    @asynccontextmanager
    async def streamed(self, **changes: Any) -> AsyncIterator[httpx.Response]:
        body = ask(stream=True, **changes)
        async with self.client.stream("POST", "/v1/chat/completions", json=body) as response:
            yield response

    async def finished_trace(self, name: str) -> dict[str, Any]:
        """The trace, once its last span has ended: that happens just after the last byte."""
        while not (found := self.tracing.store.get(name)) or not found["complete"]:
            await asyncio.sleep(0.001)
        return found


@asynccontextmanager
async def gateway(
    directory: Directory | Upstream | list[Upstream],
    *,
    leader: str | None = None,
    clock: Clock | None = None,
    rules: AccessRules | None = None,
    on_finished: Callable[[RequestRecord], None] | None = None,
    states: States | None = None,
) -> AsyncIterator[Served]:
    """The gateway over `directory`, or over one upstream, or several nodes, named `impl`."""
    if isinstance(directory, Upstream | list):
        directory = Directory({"impl": directory})
    tracing = Tracing.recording()
    web = BundledWeb(CONTRACT.gateway.web_path).answer
    app = GatewayApp(
        GatewaySettings(
            CONTRACT,
            directory,
            lambda: leader,
            tracing=tracing,
            clock=clock or SystemClock(),
            access=Access(rules),
            on_finished=on_finished,
            states=states,
            web=web,
        )
    )
    server = HttpServer(app, refused=unreadable)
    await server.start()
    sockets = bind_loopback(0)
    await server.listen(sockets)
    port = sockets[0].getsockname()[1]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE, trust_env=False) as client:
        yield Served(client, app, port, tracing)
    await server.close()


class HeldClock:
    """A clock that stands still until a test moves it; sleepers wake when their time has come."""

    def __init__(self) -> None:
        self._now = 0.0
        self._sleepers: list[tuple[float, asyncio.Event]] = []

    def now(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        event = asyncio.Event()
        self._sleepers.append((self._now + seconds, event))
        await event.wait()

    def advance(self, seconds: float) -> None:
        self._now += seconds
        for due, event in self._sleepers:
            if due <= self._now:
                event.set()


def ask(**changes: Any) -> dict[str, Any]:
    """A valid chat request with some fields changed; None removes one."""
    request = {"model": "impl", "messages": [{"role": "user", "content": "Hello"}], **changes}
    return {k: v for k, v in request.items() if v is not None}


def chunk(finish: str | None = None, /, **delta: str) -> bytes:
    """One completion chunk as an event."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return b"data: " + json.dumps({"id": "chatcmpl-7", "choices": [choice]}).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"


def last_error(body: bytes) -> dict[str, Any]:
    """The error event that a stream ended with."""
    last = body.rstrip().rsplit(b"\n\n", 1)[-1]
    return json.loads(last.removeprefix(b"data: "))["error"]
