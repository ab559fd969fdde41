"""A web server with odd habits on this machine, and the web proxy's live web told that it is the public internet."""

from __future__ import annotations

import asyncio
import dataclasses
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any

import httpx
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult

from janus_platform.services.framework.app import ServiceContext
from janus_platform.services.web_proxy.app import LiveWeb, build
from tests.services.asgi import CONTRACT, client, context
from tests.services.web_proxy_rig import SERVICE, InProcess

PUBLIC = "127.0.0.1"
ORIGIN = "http://odd.example.net"
DRIP_SECONDS = 0.02

Answer = bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]


class OddServer:
    """Answers each path with prepared bytes or a coroutine that writes them, and closes. `asked` keeps the requests."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self._answers = answers
        self.asked: list[str] = []

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request of one connection."""
        try:
            request = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.asked.append(request)
            await self._answer(request.split()[1], reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # Whoever asked has left.
        finally:
            writer.close()

    async def _answer(self, path: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer until all is written or the other side has left."""
        answer = self._answers.get(path, response(b"", status="404 Not Found"))
        if isinstance(answer, bytes):
            writer.write(answer)
            await writer.drain()
            return
        tasks = {asyncio.ensure_future(answer(writer)), asyncio.ensure_future(reader.read())}
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [request.split()[1] for request in self.asked]


class Names(AbstractResolver):
    """A name server: its answers in turn, the last one for ever. Every address is that of the odd server's port."""

    def __init__(self, port: int, *addresses: str) -> None:
        self._port, self._addresses = port, list(addresses or (PUBLIC,))

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
        """One address."""
        address = self._addresses.pop(0) if len(self._addresses) > 1 else self._addresses[0]
        kind = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [ResolveResult(hostname=host, host=address, port=self._port, family=kind, proto=6, flags=0)]

    async def close(self) -> None:
        """Nothing is open."""


@dataclasses.dataclass
class Fetched:
    """The proxy's answers, and what the odd server saw."""

    answers: list[httpx.Response]
    server: OddServer

    @property
    def answer(self) -> httpx.Response:
        return self.answers[-1]

    @property
    def slug(self) -> str:
        """The kind of problem."""
        return str(self.answer.json()["type"]).rpartition("#")[2]


def fetch_live(
    answers: Mapping[str, Answer],
    *paths: str,
    addresses: tuple[str, ...] = (),
    timeout_seconds: float = 10,
    tls: ssl.SSLContext | None = None,
    origin: str = ORIGIN,
) -> Fetched:
    """Fetch `paths` of the odd server, one after the other, through the whole proxy."""

    async def fetched() -> Fetched:
        odd = OddServer(answers)
        server = await asyncio.start_server(odd.handle, PUBLIC, 0, ssl=tls)
        names = Names(server.sockets[0].getsockname()[1], *addresses)
        web = LiveWeb("JanusBot", names, may_connect=lambda address: address == PUBLIC)
        app = build(_hurried(timeout_seconds), web, InProcess())
        async with server, client(app, SERVICE.origin) as opened:
            got = [await opened.get("/fetch", params={"url": origin + path}) for path in paths or ("/page",)]
            await web.close()
        return Fetched(got, odd)

    return asyncio.run(fetched())


def _hurried(timeout_seconds: float) -> ServiceContext:
    """A context whose contract grants a fetch that much time."""
    service = msgspec.structs.replace(SERVICE, fetch_timeout_seconds=timeout_seconds)  # type: ignore[arg-type]
    services = MappingProxyType({**CONTRACT.services, "web_proxy": service})
    return dataclasses.replace(context(), contract=msgspec.structs.replace(CONTRACT, services=services))


def response(body: bytes, *headers: str, status: str = "200 OK", kind: str = "text/html") -> bytes:
    """A whole HTTP/1.1 answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", f"Content-Type: {kind}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def redirect(location: str, status: str = "302 Found") -> bytes:
    """A redirect to `location`."""
    return response(b"", f"Location: {location}", status=status)


def dripping(start: bytes, drop: bytes) -> Answer:
    """`start` at once, then `drop` again and again."""

    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while True:
            writer.write(drop)
            await writer.drain()
            await asyncio.sleep(DRIP_SECONDS)

    return drip


def endless(start: bytes, block: bytes) -> Answer:
    """`start`, then `block` as fast as the other side reads it."""

    async def flood(writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while True:
            writer.write(block)
            await writer.drain()

    return flood
