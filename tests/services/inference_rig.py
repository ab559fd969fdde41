"""The inference service for tests: in process on a clock that stands still, or on a real socket for the real client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import httpx
import openai
from starlette.types import ASGIApp

from janus_platform.clock import CallerClocks, Clock, ManualClock, SystemClock
from janus_platform.contract import load_contract
from janus_platform.http.server import HttpServer, bind_loopback
from janus_platform.services.framework.app import ServiceContext
from janus_platform.services.inference.app import build
from janus_platform.services.inference.engine import Embedded, Embedder, Engine
from janus_platform.services.inference.local.prompt import Message
from janus_platform.services.inference.tokens import Pace
from tests.services.inference_prompts import QUANTUM, prompt

T = TypeVar("T")
CONTRACT = load_contract()
SERVICE = CONTRACT.inference
KEY = "cpk_local_test"
Question = Callable[[openai.AsyncOpenAI], Awaitable[Any]]


def wire(messages: Sequence[Message]) -> Any:
    """Messages as a request carries them."""
    return [{"role": m.role, "content": m.text} for m in messages]


ASKED = wire(prompt("Explain quantum entanglement", QUANTUM))


class Letters:
    """An embedder that counts letters: deterministic, and needs no weights."""

    name, dimensions = "letters", 3

    async def embed(self, texts: Sequence[str], max_tokens: int, caller: str = "") -> Embedded:
        """The shares of a, e and i."""
        vectors = [[text.count(letter) / len(text) for letter in "aei"] for text in texts]
        return Embedded(vectors, sum(map(len, texts)))


def service(
    *,
    clock: Clock | None = None,
    pace: Pace | None = None,
    upstream: Engine | None = None,
    embedder: Embedder | None = None,
) -> ASGIApp:
    """The service's app; without a clock, on one that moves only when told."""
    clock = clock or ManualClock()
    context = ServiceContext(CONTRACT, CallerClocks(clock), clock=clock)
    accepts = KEY.__eq__
    return build(context, keys=accepts, pace=pace, upstream=upstream, embedder=embedder or Letters())


def send(
    app: ASGIApp, method: str, path: str, body: Any = None, *, key: str = KEY, headers: dict[str, str] | None = None
) -> httpx.Response:
    """One request in process; `body` is bytes as they are, or becomes JSON."""

    async def main() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=SERVICE.origin) as client:
            content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
            auth = {"Authorization": f"Bearer {key}"} if key else {}
            return await client.request(method, path, content=content, headers=auth | (headers or {}))

    return asyncio.run(main())


def chat(app: ASGIApp, text: str = "Hello", **fields: Any) -> httpx.Response:
    """One chat request with a single user message."""
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": text}], **fields}
    return send(app, "POST", SERVICE.path, body)


@asynccontextmanager
async def listening(app: ASGIApp) -> AsyncIterator[str]:
    """The app on a free port of the loopback; gives its base URL."""
    server, sockets = HttpServer(app), bind_loopback(0)[:1]
    port = sockets[0].getsockname()[1]
    await server.start()
    await server.listen(sockets)
    try:
        yield f"http://127.0.0.1:{port}{SERVICE.base_path}"
    finally:
        await server.close()


@asynccontextmanager
async def official(base_url: str, key: str = KEY, *, strict: bool = True) -> AsyncIterator[openai.AsyncOpenAI]:
    """The official client, strict about what it is sent, with no retries of its own and past any proxy."""
    http = openai.DefaultAsyncHttpxClient(trust_env=False)
    async with openai.AsyncOpenAI(
        api_key=key, base_url=base_url, max_retries=0, http_client=http, _strict_response_validation=strict
    ) as client:
        yield client


def over_sockets(question: Callable[[openai.AsyncOpenAI], Awaitable[T]], app: ASGIApp | None = None) -> T:
    """What the official client gets over a real connection, at full speed."""
    quick = Pace(first_token_seconds=0.0, tokens_per_second=1e6)

    async def main() -> T:
        async with listening(app or service(clock=SystemClock(), pace=quick)) as url, official(url) as client:
            return await question(client)

    return asyncio.run(main())


def both(fields: dict[str, Any], app: ASGIApp | None = None) -> tuple[Any, list[Any]]:
    """A completion and the chunks of the same request streamed, as the official client's validated objects."""

    async def ask(client: openai.AsyncOpenAI) -> tuple[Any, list[Any]]:
        whole = await client.chat.completions.create(**fields)
        stream = await client.chat.completions.create(**fields, stream=True, stream_options={"include_usage": True})
        return whole, [chunk async for chunk in stream]

    return over_sockets(ask, app)


def joined(chunks: Sequence[Any], field: str = "content") -> str:
    """The text of one field over all deltas."""
    return "".join(getattr(c.choices[0].delta, field, None) or "" for c in chunks if c.choices)
