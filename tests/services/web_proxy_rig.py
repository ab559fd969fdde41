"""The Web Proxy in front of a web of prepared replies, for every test file about it."""

from __future__ import annotations

from typing import Any

import httpx

from janus_platform.corpus import load_corpus
from janus_platform.services.web_proxy.app import LocalWeb, build
from janus_platform.services.web_proxy.converter import not_convertible
from janus_platform.services.web_proxy.guard import Target
from janus_platform.services.web_proxy.markdown import NotConvertibleError
from janus_platform.services.web_proxy.web import Reply
from janus_platform.services.web_proxy.worker import convert
from tests.services.asgi import CONTRACT, ask, context

SERVICE = CONTRACT.web_proxy
PAGE = "https://site.example.net/page"


class InProcess:
    """The same conversion without the worker, for tests that are not about it."""

    async def convert(self, body: bytes, content_type: str, base_url: str, caller: str) -> tuple[str, str]:
        try:
            return convert(body, content_type, base_url)
        except NotConvertibleError as error:
            raise not_convertible(str(error)) from None

    async def warm(self) -> None: ...

    async def close(self) -> None: ...


class FakeWeb:
    """A web of prepared replies that remembers what it was asked for."""

    name = "fake"

    def __init__(self, replies: dict[str, Reply]) -> None:
        self.replies = replies
        self.asked: list[str] = []

    async def get(self, target: Target, max_bytes: int) -> Reply:
        self.asked.append(target.url)
        return self.replies.get(target.url, Reply(404))

    async def close(self) -> None: ...

    def health(self) -> dict[str, Any]:
        return {"web": self.name}


LOCAL = build(context(), LocalWeb(load_corpus()), InProcess())


def fetch(url: str, app: Any = LOCAL) -> httpx.Response:
    return ask(app, "GET", SERVICE.url, params={"url": url})


def fetch_from(replies: dict[str, Reply], url: str = PAGE) -> httpx.Response:
    return fetch(url, build(context(), FakeWeb(replies), InProcess()))


def html(body: str, **options: Any) -> Reply:
    return Reply(200, "text/html; charset=utf-8", body.encode(), **options)
