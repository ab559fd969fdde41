"""The Web Proxy: `GET /fetch?url=`, a web page as clean Markdown (FR-3).

Every address is judged before it is fetched, each redirect again; robots.txt is obeyed (RFC 9309); a page is counted
while it is read and refused beyond the contract's limit; conversion happens in a process of its own.
"""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import re
from collections import OrderedDict
from collections.abc import AsyncIterator
from urllib.parse import urljoin

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from janus_platform.clock import Clock
from janus_platform.services.problem import Problem
from janus_platform.services.service import ServiceContext, build_service, read_query
from janus_platform.services.web_proxy_converter import Converter, WorkerConverter
from janus_platform.services.web_proxy_guard import Target, check_url
from janus_platform.services.web_proxy_robots import AGENT, CACHE_SECONDS, MAX_ROBOTS_BYTES, Robots, read_robots
from janus_platform.services.web_proxy_web import REDIRECTS, LiveWeb, LocalWeb, Reply, Web

__all__ = ["Fetcher", "LiveWeb", "LocalWeb", "build"]

MAX_REDIRECTS = 5
MAX_CACHED_ORIGINS = 1_000

_HTML = {"text/html", "application/xhtml+xml"}
_TEXT = re.compile(r"text/[\w.+-]+|application/(json|xml|[\w.+-]+\+(json|xml))")
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_PARAMETER_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.:-]{1,40})", re.IGNORECASE)
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# The encodings of web pages (WHATWG Encoding) that Python can read in linear time and without side effects.
_CHARSET = re.compile(
    r"utf-?8|utf-16(le|be)?|us-ascii|ascii|latin-?1|iso-8859-\d+|windows-125\d|cp125\d|koi8-[ru]|gbk|gb2312|gb18030"
    r"|big5|euc-(jp|kr)|shift[_-]jis|iso-2022-jp|macintosh",
    re.IGNORECASE,
)


class Fetcher:
    """Fetches one address as the proxy promises it: guarded, polite, bounded."""

    def __init__(self, web: Web, converter: Converter, clock: Clock, max_page_bytes: int) -> None:
        self.web, self.converter = web, converter
        self._clock, self._max_bytes = clock, max_page_bytes
        self._robots: OrderedDict[str, tuple[float, Robots]] = OrderedDict()

    async def fetch(self, url: str) -> dict[str, object]:
        """The page at `url`: content, title, final url, status and content type.

        Raises Problem: 422 (not a fetchable URL), 403 (private address, robots.txt), 413 (page too large), 415 (neither
        text nor HTML), 502 (no such page or host, too many redirects, not convertible), 504 (too slow).
        """
        target, reply = await self._follow(check_url(url))
        if not 200 <= reply.status < 300:
            raise _upstream_status(target, reply.status)
        if reply.truncated:
            raise _page_too_large(self._max_bytes)
        kind = reply.content_type.partition(";")[0].strip().lower()
        if kind not in _HTML and not _TEXT.fullmatch(kind):
            raise _unsupported(kind)
        text = decode(reply.body, reply.content_type)
        content, title = await self.converter.convert(text, target.url) if kind in _HTML else (text, "")
        return {
            "content": content,
            "title": title,
            "url": target.url,
            "status": reply.status,
            "content_type": reply.content_type,
        }

    async def _follow(self, target: Target) -> tuple[Target, Reply]:
        for _ in range(MAX_REDIRECTS + 1):
            await self._obey_robots(target)
            reply = await self.web.get(target, self._max_bytes)
            if reply.location is None:
                return target, reply
            target = _redirected(target, reply.location)
        raise Problem(
            502,
            "too-many-redirects",
            "The page redirects too often",
            f"The address redirects more than {MAX_REDIRECTS} times. Use the address where it should end.",
        )

    async def _obey_robots(self, target: Target) -> None:
        robots = await self._robots_of(target)
        rule = robots.refusal(target.url)
        if rule is not None and target.path != "/robots.txt":
            raise Problem(
                403,
                "robots-disallowed",
                "robots.txt forbids this page",
                f"{target.origin}/robots.txt forbids {target.path} to {AGENT}: {rule}. Use another page.",
                rule=rule,
                robots_url=f"{target.origin}/robots.txt",
            )

    async def _robots_of(self, target: Target) -> Robots:
        now = self._clock.now()
        cached = self._robots.get(target.origin)
        if cached is not None and now - cached[0] < CACHE_SECONDS:
            return cached[1]
        robots = await self._read_robots(Target(target.scheme, target.host, target.port, "/robots.txt"))
        # An unreachable robots.txt is asked for again: it may be back in a moment.
        if not robots.unreachable:
            self._robots[target.origin] = (now, robots)
            while len(self._robots) > MAX_CACHED_ORIGINS:
                self._robots.popitem(last=False)
        return robots

    async def _read_robots(self, target: Target) -> Robots:
        """RFC 9309, 2.3.1.2: up to five redirects are followed, beyond them the file counts as missing."""
        for _ in range(MAX_REDIRECTS + 1):
            reply = await self.web.get(target, MAX_ROBOTS_BYTES)
            if reply.status not in REDIRECTS or reply.location is None:
                return read_robots(reply.status, reply.body)
            target = _redirected(target, reply.location)
        return Robots()


def build(context: ServiceContext, web: Web, converter: Converter | None = None) -> ASGIApp:
    """The Web Proxy over `web`, as an ASGI app; its lifespan starts and ends the conversion worker."""
    service = context.contract.services["web_proxy"]
    assert service.max_page_bytes is not None
    fetcher = Fetcher(web, converter or WorkerConverter(), context.clock, service.max_page_bytes)

    async def fetch(request: Request) -> Response:
        return JSONResponse(await fetcher.fetch(read_query(request, service)["url"]))

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        warming = asyncio.create_task(fetcher.converter.warm())
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                await warming
            await fetcher.converter.close()
            await web.close()

    return build_service(service, context, fetch, health=web.health, lifespan=lifespan)


def decode(body: bytes, content_type: str) -> str:
    """The text of `body`: by byte-order mark, `Content-Type`, `<meta charset>`, else UTF-8; undecodable bytes become �.

    The order is that of WHATWG HTML, 13.2.3.2.
    """
    for mark, name in _BYTE_ORDER_MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, errors="replace")
    declared = _PARAMETER_CHARSET.search(content_type)
    if declared:
        return body.decode(_codec(declared[1]), errors="replace")
    in_page = _META_CHARSET.search(body[:1024])
    # A page that declares UTF-16 in readable ASCII is not in UTF-16 (WHATWG HTML, 13.2.3.2).
    name = in_page[1].decode("ascii") if in_page else "utf-8"
    return body.decode("utf-8" if name.lower().startswith("utf-16") else _codec(name), errors="replace")


def _redirected(target: Target, location: str) -> Target:
    """Where a redirect leads, judged like any address. Raises Problem 403 (private address) or 502 (not fetchable)."""
    try:
        return check_url(urljoin(target.url, location))
    except (Problem, ValueError) as error:
        if isinstance(error, Problem) and error.status == 403:
            raise
        raise Problem(
            502,
            "bad-redirect",
            "The page redirects to where the proxy cannot follow",
            f"{target.origin} redirects to something that is no http or https address on port 80 or 443.",
            url=target.url,
        ) from None


def _codec(name: str) -> str:
    if not _CHARSET.fullmatch(name):
        return "utf-8"
    # Browsers read these as windows-1252 (WHATWG Encoding, 4.2).
    if name.lower() in {"ascii", "us-ascii", "latin1", "latin-1", "iso-8859-1"}:
        return "cp1252"
    try:
        return codecs.lookup(name).name
    except LookupError:
        return "utf-8"


def _upstream_status(target: Target, status: int) -> Problem:
    return Problem(
        502,
        "upstream-status",
        "The page is not there",
        f"{target.origin} answered {status} for this page. Check the address, or use another source.",
        upstream_status=status,
        url=target.url,
    )


def _page_too_large(limit_bytes: int) -> Problem:
    return Problem(
        413,
        "page-too-large",
        "The page is too large",
        f"The page has more than {limit_bytes:,} bytes. Use a smaller page on the subject.",
        limit_bytes=limit_bytes,
    )


def _unsupported(kind: str) -> Problem:
    named = kind[:100] or "of no declared type"
    return Problem(
        415,
        "unsupported-type",
        "This type of document cannot be read",
        f"The document is {named}; the proxy reads HTML, text and JSON. Use another source.",
        content_type=kind[:100],
    )
