"""The two webs that the web proxy can fetch from: the bundled one and the real one. Neither follows redirects.

Whoever calls has judged the URL with `check_url`. The real web judges each network address again, at the moment of
connecting: that is the address the bytes go to, whatever the name resolved to before.
"""

from __future__ import annotations

import socket
import zlib
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from janus_platform.corpus import Corpus, Document, Page, Redirect
from janus_platform.services.problem import Problem
from janus_platform.services.web_proxy_guard import Target, address_refused, is_public
from janus_platform.services.web_proxy_robots import AGENT

TIMEOUT_SECONDS = 10.0
_BLOCK = 65_536


@dataclass(frozen=True)
class Reply:
    """What a web server answered: `body` is decoded and cut behind the limit, in which case `truncated` is true."""

    status: int
    content_type: str = ""
    body: bytes = b""
    location: str | None = None
    truncated: bool = False


class Web(Protocol):
    """Somewhere pages can be fetched from."""

    name: str

    async def get(self, target: Target, max_bytes: int) -> Reply:
        """One GET. Raises Problem: 403 when the address is not public, 502 or 504 when no answer comes."""

    async def close(self) -> None:
        """Close what is open."""

    def health(self) -> dict[str, Any]:
        """What `GET /health` says about it."""


class LocalWeb:
    """The bundled web: a corpus that answers as its servers would. It opens no connection."""

    name = "corpus"

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus

    async def get(self, target: Target, max_bytes: int) -> Reply:
        if target.host not in self._corpus.hosts:
            raise _unreachable(target, f"the local web has no such host; it has {', '.join(self._corpus.hosts)}")
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


class AddressRefused(OSError):
    """A connection was about to go to an address that is not public."""


class LiveWeb:
    """The real web, over HTTP and HTTPS; only public addresses are ever connected to."""

    name = "live"

    def __init__(self, resolver: AbstractResolver | None = None, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._resolver, self._timeout = resolver, timeout_seconds
        self._session: aiohttp.ClientSession | None = None

    async def get(self, target: Target, max_bytes: int) -> Reply:
        url = URL(target.url, encoded=True)
        try:
            async with self._opened().get(url, allow_redirects=False) as response:
                body = await _read(response, max_bytes + 1)
                reply = Reply(
                    response.status,
                    # Header bytes that are not ASCII arrive as lone surrogates.
                    response.headers.get("Content-Type", "")[:200].encode("ascii", "replace").decode(),
                    body,
                    response.headers.get("Location") if response.status in REDIRECTS else None,
                )
                return _cut(reply, max_bytes)
        except TimeoutError:
            raise _timed_out(target, self._timeout) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
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
                resolver=self._resolver, socket_factory=guarded_socket, use_dns_cache=False, limit=32, limit_per_host=4
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": f"{AGENT}/1.0", "Accept": "text/html, text/*;q=0.9, application/json;q=0.9"},
                timeout=aiohttp.ClientTimeout(total=self._timeout),
                # Decoded here, block by block, so that no bomb can unfold before it is counted.
                auto_decompress=False,
                trust_env=False,
            )
            self._session.headers["Accept-Encoding"] = "gzip, deflate"
        return self._session


REDIRECTS = frozenset({301, 302, 303, 307, 308})


def guarded_socket(address_info: Any) -> socket.socket:
    """A socket for the address that is about to be connected to (`getaddrinfo`'s tuple).

    Raises AddressRefused unless the address is public.
    """
    family, kind, protocol, _, address = address_info
    if not is_public(str(address[0])):
        raise AddressRefused(f"{address[0]} is not public")
    return socket.socket(family, kind, protocol)


async def _read(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """At most `limit` decoded bytes. Raises ValueError for an encoding that was not asked for, or a damaged one."""
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "", "gzip", "x-gzip", "deflate"):
        raise ValueError(f"it answered in the encoding {encoding[:40]}")
    decoder = None if encoding in ("identity", "") else zlib.decompressobj(zlib.MAX_WBITS | 32)
    body = bytearray()
    async for block in response.content.iter_chunked(_BLOCK):
        try:
            # What does not fit stays inside the decoder, undecoded.
            body += block if decoder is None else decoder.decompress(block, limit - len(body))
        except zlib.error:
            raise ValueError("its compressed answer is damaged") from None
        if len(body) >= limit:
            break
    return bytes(body[:limit])


def _cut(reply: Reply, max_bytes: int) -> Reply:
    if len(reply.body) <= max_bytes:
        return reply
    return Reply(reply.status, reply.content_type, reply.body[:max_bytes], reply.location, truncated=True)


def _is_refused(error: BaseException | None) -> bool:
    """Whether AddressRefused is the cause: aiohttp wraps it, and joins those of several addresses in a group."""
    seen: list[BaseException | None] = [error]
    while seen:
        current = seen.pop()
        if isinstance(current, AddressRefused):
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
    if isinstance(error, ValueError):
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


def _timed_out(target: Target, seconds: float) -> Problem:
    return Problem(
        504,
        "upstream-timeout",
        "The page took too long",
        f"{target.host} did not finish its answer within {seconds:g} s. Ask again later, or use another page.",
        url=target.url,
    )
