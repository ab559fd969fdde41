"""The two webs that the web proxy fetches from: the bundled one and the real one. Neither follows redirects.

Whoever calls has judged the URL with `check_url`. The real web judges each network address again, at the moment of
connecting: that is the address the bytes go to, whatever the name resolved to before.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from janus_platform.corpus import Corpus, Document, Page, Redirect
from janus_platform.public_address import is_public
from janus_platform.services import ServiceError
from janus_platform.services.framework.problem import Problem
from janus_platform.services.web_proxy import odd_site
from janus_platform.services.web_proxy.encoding import ContentEncodingError, read_decoded
from janus_platform.services.web_proxy.guard import Target, address_refused

REDIRECTS = frozenset({301, 302, 303, 307, 308})
_BLOCK = 65_536
_RESOLVER_THREADS = 16


@dataclass(frozen=True)
class Reply:
    """The answer of a web server: `body` is decoded and cut behind the limit, in which case `truncated` is true."""

    status: int
    content_type: str = ""
    body: bytes = b""
    location: str | None = None
    truncated: bool = False


class Web(Protocol):
    """Somewhere pages can be fetched from."""

    name: str

    async def get(self, target: Target, max_bytes: int) -> Reply:
        """One GET; whoever calls limits its time. Raises Problem: 403 for an address that is not public, else 502."""

    async def close(self) -> None:
        """Close what is open."""

    def health(self) -> dict[str, Any]:
        """What `GET /health` says about it."""


class LocalWeb:
    """The bundled web: a corpus that answers as its servers would, and odd.example. It opens no connection."""

    name = "corpus"

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus

    async def get(self, target: Target, max_bytes: int) -> Reply:
        if target.host == odd_site.HOST:
            return await _odd(target, max_bytes)
        if target.host not in self._corpus.hosts:
            hosts = ", ".join([*self._corpus.hosts, odd_site.HOST])
            raise _unreachable(target, f"the local web has no such host; it has {hosts}")
        if target.path == "/robots.txt":
            rules = self._corpus.robots(target.host)
            return Reply(404) if rules is None else _cut(Reply(200, "text/plain", rules.encode()), max_bytes)
        match self._corpus.lookup(target.url):
            case Page(html=body, content_type=kind) | Document(body=body, content_type=kind):
                return _cut(Reply(200, kind, body), max_bytes)
            case Redirect(status=status, location=location):
                return Reply(status, location=location)
        return Reply(404)

    async def close(self) -> None:
        """Nothing is open."""

    def health(self) -> dict[str, Any]:
        return {"web": self.name, "hosts": len(self._corpus.hosts), "pages": len(self._corpus.pages)}


class AddressRefusedError(ServiceError, OSError):
    """A connection was about to go to an address that is not public."""


class LiveWeb:
    """The real web, over HTTP and HTTPS; only public addresses are ever connected to."""

    name = "live"

    def __init__(
        self,
        user_agent: str,
        resolver: AbstractResolver | None = None,
        may_connect: Callable[[str], bool] = is_public,
    ) -> None:
        self._user_agent, self._resolver, self._may_connect = user_agent, resolver, may_connect
        self._session: aiohttp.ClientSession | None = None

    async def get(self, target: Target, max_bytes: int) -> Reply:
        try:
            async with self._opened().get(URL(target.url, encoded=True), allow_redirects=False) as response:
                if response.status in REDIRECTS and (location := response.headers.get("Location")):
                    return Reply(response.status, location=location)
                if not 200 <= response.status < 300:
                    return Reply(response.status)
                blocks, encodings = (
                    response.content.iter_chunked(_BLOCK),
                    response.headers.getall("Content-Encoding", []),
                )
                body = await read_decoded(blocks, encodings, max_bytes + 1)
                # Header bytes that are not ASCII arrive as lone surrogates.
                kind = response.headers.get("Content-Type", "")[:200].encode("ascii", "replace").decode()
                return _cut(Reply(response.status, kind, body), max_bytes)
        except (aiohttp.ClientError, ContentEncodingError, OSError, ValueError) as error:
            if _is_refused(error):
                raise address_refused(target.host) from None
            raise _unreachable(target, _reason(error)) from None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def health(self) -> dict[str, Any]:
        return {"web": self.name}

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                resolver=self._resolver or PooledResolver(),
                socket_factory=self._guarded_socket,
                use_dns_cache=False,
                limit=32,
                limit_per_host=4,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={
                    "User-Agent": f"{self._user_agent}/1.0",
                    "Accept": "text/html, text/*;q=0.9, application/json;q=0.9",
                    "Accept-Encoding": "gzip, deflate",
                },
                timeout=aiohttp.ClientTimeout(total=None),
                # Decoded here, block by block, so that no bomb can unfold before it is counted.
                auto_decompress=False,
                trust_env=False,
            )
        return self._session

    def _guarded_socket(self, address_info: Any) -> socket.socket:
        """A socket for the address that is about to be connected to (`getaddrinfo`'s tuple): asked at the last moment.

        Raises AddressRefusedError unless the address is public.
        """
        family, kind, protocol, _, address = address_info
        if not self._may_connect(str(address[0])):
            raise AddressRefusedError(f"{address[0]} is not public")
        return socket.socket(family, kind, protocol)


class PooledResolver(AbstractResolver):
    """The system's resolver in threads of its own: a name server that never answers must not hold up other work."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_RESOLVER_THREADS, "web-proxy-resolver")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of `host`. Raises OSError when there are none."""
        addresses = await asyncio.get_running_loop().run_in_executor(
            self._pool, lambda: socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG)
        )
        return [
            ResolveResult(
                hostname=host, host=str(address[0]), port=port, family=kind, proto=protocol, flags=socket.AI_NUMERICHOST
            )
            for kind, _, protocol, _, address in addresses
        ]

    async def close(self) -> None:
        """Wait for no name server any more."""
        self._pool.shutdown(wait=False, cancel_futures=True)


async def _odd(target: Target, max_bytes: int) -> Reply:
    answer = await odd_site.answer(target.path, max_bytes)
    if answer is None:
        return Reply(404)
    return Reply(302, location=answer) if isinstance(answer, str) else _cut(Reply(*answer), max_bytes)


def _cut(reply: Reply, max_bytes: int) -> Reply:
    if len(reply.body) <= max_bytes:
        return reply
    return Reply(reply.status, reply.content_type, reply.body[:max_bytes], reply.location, truncated=True)


def _is_refused(error: BaseException | None) -> bool:
    """Whether AddressRefusedError is the cause: aiohttp wraps it, and joins those of several addresses in a group."""
    seen: list[BaseException | None] = [error]
    while seen:
        current = seen.pop()
        if isinstance(current, AddressRefusedError):
            return True
        if isinstance(current, BaseExceptionGroup):
            seen.extend(current.exceptions)
        elif current is not None:
            seen.extend((current.__cause__, getattr(current, "os_error", None)))
    return False


def _reason(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "the name does not resolve"
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        return "its TLS certificate is not valid"
    if isinstance(error, ValueError | ContentEncodingError):
        return str(error)
    return "the connection failed"


def _unreachable(target: Target, reason: str) -> Problem:
    return Problem(
        502,
        "unreachable",
        "The page could not be reached",
        f"{target.host}: {reason}. Check the address.",
        url=target.url,
    )
