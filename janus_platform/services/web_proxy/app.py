"""The Web Proxy: `GET /fetch?url=`, a web page as clean Markdown (FR-3).

Every address is judged before it is fetched, each redirect again; robots.txt is obeyed (RFC 9309); a page is counted
while it is read and refused beyond the contract's limit; conversion happens in processes of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from janus_platform.clock import Clock
from janus_platform.contract import Contract, WebProxyService
from janus_platform.corpus import Corpus
from janus_platform.services.framework.app import ServiceContext, build_service, caller_of, read_query
from janus_platform.services.framework.problem import Problem
from janus_platform.services.web_proxy.charset import is_binary
from janus_platform.services.web_proxy.converter import Converter, WorkerConverter
from janus_platform.services.web_proxy.guard import Target, check_url, redirected
from janus_platform.services.web_proxy.robots import RobotsRules
from janus_platform.services.web_proxy.web import LiveWeb, LocalWeb, Reply, Web
from janus_platform.services.web_proxy.worker import HTML, media_type

__all__ = ["Fetcher", "LiveWeb", "LocalWeb", "build", "web_named"]

_TEXT = re.compile(r"text/[\w.+-]+|application/(json|xml|[\w.+-]+\+(json|xml))")


class Fetcher:
    """Fetches one address as the proxy promises it: guarded, polite, bounded by what `service` says."""

    def __init__(self, web: Web, converter: Converter, clock: Clock, service: WebProxyService) -> None:
        self.web, self.converter = web, converter
        self._max_bytes, self._max_redirects = service.max_page_bytes, service.max_redirects
        self._timeout_seconds: float = service.fetch_timeout_seconds
        self._robots = RobotsRules(web, clock, service.user_agent)

    async def fetch(self, url: str, caller: str) -> dict[str, object]:
        """The page at `url` for `caller`: content, title, final url, status and content type.

        Raises Problem: 422 (not a fetchable URL), 403 (private address, robots.txt), 413 (page too large), 415 (neither
        text nor HTML), 502 (no such page or host, too many redirects, not convertible), 504 (too slow).
        """
        target = check_url(url)
        try:
            # For everything that waits for other people's servers, so that many slow ones add up to no more than one.
            async with asyncio.timeout(self._timeout_seconds):
                target, reply = await self._follow(target)
        except TimeoutError:
            raise _timed_out(target, self._timeout_seconds) from None
        if not 200 <= reply.status < 300:
            raise _upstream_status(target, reply.status)
        if reply.truncated:
            raise _page_too_large(self._max_bytes)
        kind = media_type(reply.content_type)
        if kind not in HTML and not _TEXT.fullmatch(kind):
            raise _unsupported(kind or "of no declared type", kind)
        if is_binary(reply.body, reply.content_type):
            raise _unsupported(f"called {kind}, but holds no text", kind)
        content, title = await self.converter.convert(reply.body, reply.content_type, target.url, caller)
        return {
            "content": content,
            "title": title,
            "url": target.url,
            "status": reply.status,
            "content_type": reply.content_type,
        }

    async def _follow(self, target: Target) -> tuple[Target, Reply]:
        for _ in range(self._max_redirects + 1):
            await self._robots.check(target)
            reply = await self.web.get(target, self._max_bytes)
            if reply.location is None:
                return target, reply
            target = redirected(target, reply.location)
        raise Problem(
            502,
            "too-many-redirects",
            "The page redirects too often",
            f"The address redirects more than {self._max_redirects} times. Use the address where it should end.",
        )


def web_named(name: str, corpus: Corpus, contract: Contract) -> Web:
    """The real web for `live`, else the bundled one."""
    user_agent = contract.web_proxy.user_agent
    return LiveWeb(user_agent) if name == "live" else LocalWeb(corpus)


def build(context: ServiceContext, web: Web, converter: Converter | None = None) -> ASGIApp:
    """The Web Proxy over `web`, as an ASGI app; its lifespan starts and ends the conversion workers."""
    service = context.contract.web_proxy
    fetcher = Fetcher(web, converter or WorkerConverter(), context.clock, service)

    async def fetch(request: Request) -> Response:
        return JSONResponse(await fetcher.fetch(read_query(request, service)["url"], caller_of(request)))

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


def _timed_out(target: Target, seconds: float) -> Problem:
    return Problem(
        504,
        "upstream-timeout",
        "The page took too long",
        f"{target.host} did not finish its answer, with its redirects and robots.txt, within {seconds:g} s. "
        "Ask again later, or use another page.",
        url=target.url,
    )


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


def _unsupported(described: str, kind: str) -> Problem:
    return Problem(
        415,
        "unsupported-type",
        "This type of document cannot be read",
        f"The document is {described[:120]}; the proxy reads HTML, text and JSON. Use another source.",
        content_type=kind[:100],
    )
