"""The platform services as this implementation calls them: addresses as in the specification, answers kept in memory.

Every call carries the `traceparent` of the request that it serves (W3C Trace Context), taken from a context variable.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import httpx
from steps import ResearchError

SEARCH_URL = "https://search.janus.rodeo/search"
FETCH_URL = "https://proxy.janus.rodeo/fetch"
VECTOR_URL = "https://vector.janus.rodeo/query"
EXECUTE_URL = "https://sandbox.janus.rodeo/execute"
INFERENCE_URL = "https://api.chutes.ai/v1/chat/completions"
MODEL = "gpt-4o-mini"

TRACEPARENT: ContextVar[str | None] = ContextVar("traceparent", default=None)

CALL_SECONDS = 30.0
SANDBOX_SECONDS = 30
CACHED_SEARCHES, CACHED_PAGES = 256, 64
CHUNKS = 12
# Cosines of the index: what is about something else stays below 0.35, what answers begins at 0.45.
LEAST_COSINE = 0.4
MAX_PAGE_CHARACTERS = 1_000_000

T = TypeVar("T")


class ServiceError(ResearchError):
    """A service did not do what it was asked; the message is a clause that fits into a sentence for the user."""


class RateLimitedError(ServiceError):
    """The service's limit is reached; `retry_after` is the seconds it asks to wait, 0 when it did not say."""

    def __init__(self, service: str, retry_after: int) -> None:
        wait = f", which frees up in {retry_after} s" if retry_after else ""
        super().__init__(f"the {service} is at its rate limit{wait}")
        self.retry_after = retry_after


@dataclass(frozen=True)
class Result:
    """One search result, or a passage of the vector index with the heading that it stands under."""

    title: str
    url: str
    snippet: str
    heading: str = ""


@dataclass(frozen=True)
class Delta:
    """A piece of the model's answer: some `content`, some `reasoning`, pieces of tool calls, or the final `usage`."""

    content: str = ""
    reasoning: str = ""
    usage: dict[str, Any] | None = None
    tool_calls: Sequence[dict[str, Any]] = ()


@dataclass(frozen=True)
class Execution:
    """What a program printed, how it ended, and how many seconds the call took."""

    stdout: str
    stderr: str
    exit_code: int
    seconds: float


class Cache(Generic[T]):
    """The `size` most recently used answers. Callers who ask for the same thing at once share one call."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._answers: OrderedDict[str, asyncio.Task[T]] = OrderedDict()

    async def get(self, key: str, ask: Callable[[], Awaitable[T]]) -> T:
        """The answer for `key`, from memory or from `ask`. A failure is not kept."""
        task = self._answers.get(key)
        if task is None or (task.done() and (task.cancelled() or task.exception())):
            task = self._answers[key] = asyncio.ensure_future(ask())
        self._answers.move_to_end(key)
        while len(self._answers) > self._size:
            self._answers.popitem(last=False)
        return await asyncio.shield(task)

    def has(self, key: str) -> bool:
        """Whether the answer for `key` is in memory."""
        task = self._answers.get(key)
        return task is not None and task.done() and not task.cancelled() and task.exception() is None


class Services:
    """A client for the five platform services. `transport` replaces the network in tests."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._client = httpx.AsyncClient(transport=transport, timeout=CALL_SECONDS, follow_redirects=False)
        self._searches: Cache[list[Result]] = Cache(CACHED_SEARCHES)
        self._pages: Cache[str] = Cache(CACHED_PAGES)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    def has_page(self, url: str) -> bool:
        """Whether reading `url` would cost no call."""
        return self._pages.has(url)

    def has_search(self, query: str) -> bool:
        """Whether searching for `query` would cost no call."""
        return self._searches.has(query)

    async def search(self, query: str) -> list[Result]:
        """The best results for `query`, best first. Raises RateLimitedError or ServiceError."""
        return await self._searches.get(query, lambda: self._search(query))

    async def fetch(self, url: str) -> str:
        """The page at `url` as Markdown. Raises RateLimitedError or ServiceError."""
        return await self._pages.get(url, lambda: self._fetch(url))

    async def chunks(self, query: str) -> list[Result]:
        """The passages of the vector index nearest in meaning to `query`. Raises RateLimitedError or ServiceError."""
        answer = await self._call("vector index", "POST", VECTOR_URL, json={"query": query[:2_000], "top_k": CHUNKS})
        found = answer.get("chunks")
        if not isinstance(found, list):
            raise ServiceError("the vector index sent an answer without chunks")
        least = LEAST_COSINE if answer.get("method") == "semantic" else 0.0
        near = [c for c in found if isinstance(c, dict) and isinstance(c.get("score"), float) and c["score"] >= least]
        return [
            Result(
                str(c.get("title", "")), str(c.get("source", "")), str(c.get("content", "")), str(c.get("heading", ""))
            )
            for c in near
        ]

    async def execute(self, code: str, files: Sequence[dict[str, str]] = ()) -> Execution:
        """Run Python `code` in the sandbox, beside `files`: each a `name` with `data` in Base64.

        Raises RateLimitedError or ServiceError; a failing program is no error.
        """
        started = time.monotonic()
        body: dict[str, Any] = {"language": "python", "code": code, "timeout": SANDBOX_SECONDS}
        if files:
            body["files"] = list(files)
        limit = SANDBOX_SECONDS + CALL_SECONDS
        answer = await self._call("code sandbox", "POST", EXECUTE_URL, json=body, timeout=limit)
        seconds = time.monotonic() - started
        try:
            return Execution(str(answer["stdout"]), str(answer["stderr"]), int(answer["exit_code"]), seconds)
        except (LookupError, TypeError, ValueError):
            raise ServiceError("the code sandbox sent an answer without stdout and exit code") from None

    async def infer(self, messages: Sequence[dict[str, Any]], **more: Any) -> AsyncIterator[Delta]:
        """The model's answer, piece by piece as it arrives; `more` goes into the request, tools for instance.

        Raises RateLimitedError or ServiceError.
        """
        name = "inference service"
        asked = {"model": MODEL, "messages": list(messages), "stream": True, "stream_options": {"include_usage": True}}
        body = {**more, **asked}
        headers = {**_headers(), "Authorization": f"Bearer {os.environ.get('CHUTES_API_KEY', '')}"}
        try:
            async with self._client.stream("POST", INFERENCE_URL, json=body, headers=headers) as response:
                await _check(name, response)
                async for line in response.aiter_lines():
                    if line.startswith("data:") and (payload := line[5:].strip()) != "[DONE]":
                        yield _delta(payload)
        except httpx.HTTPError as error:
            raise ServiceError(f"the {name} cannot be reached ({type(error).__name__})") from error

    async def _search(self, query: str) -> list[Result]:
        answer = await self._call("Search API", "POST", SEARCH_URL, json={"query": query, "num_results": 10})
        found = answer.get("results")
        if not isinstance(found, list):
            raise ServiceError("the Search API sent an answer without results")
        results = [r for r in found if isinstance(r, dict)]
        return [Result(str(r.get("title", "")), str(r.get("url", "")), str(r.get("snippet", ""))) for r in results]

    async def _fetch(self, url: str) -> str:
        content = (await self._call("web proxy", "GET", FETCH_URL, params={"url": url})).get("content")
        if not isinstance(content, str):
            raise ServiceError("the web proxy sent an answer without content")
        return content[:MAX_PAGE_CHARACTERS]

    async def _call(self, service: str, method: str, url: str, **request: Any) -> dict[str, Any]:
        try:
            response = await self._client.request(method, url, headers=_headers(), **request)
            await _check(service, response)
            answer = response.json()
        except httpx.HTTPError as error:
            raise ServiceError(f"the {service} cannot be reached ({type(error).__name__})") from error
        except ValueError:
            raise ServiceError(f"the {service} sent an answer that is not JSON") from None
        if not isinstance(answer, dict):
            raise ServiceError(f"the {service} sent an answer that is not a JSON object")
        return answer


def _headers() -> dict[str, str]:
    traceparent = TRACEPARENT.get()
    return {"traceparent": traceparent} if traceparent else {}


async def _check(service: str, response: httpx.Response) -> None:
    if response.status_code == 429:
        wait = response.headers.get("retry-after", "")
        raise RateLimitedError(service, int(wait) if wait.isdigit() else 0)
    if response.status_code != 200:
        await response.aread()
        raise ServiceError(f"the {service} answered {response.status_code}{_title(response)}")


def _title(response: httpx.Response) -> str:
    """The title of the problem that a service sent (RFC 9457), as the end of a clause."""
    try:
        title = response.json()["title"]
    except (ValueError, LookupError, TypeError):
        return ""
    return f" ({title})" if isinstance(title, str) and len(title) < 200 else ""


def _delta(payload: str) -> Delta:
    try:
        chunk = json.loads(payload)
        usage = chunk.get("usage")
        choices = chunk.get("choices") or [{}]
        said = choices[0].get("delta") or {}
        if "error" in chunk:
            raise ServiceError("the inference service broke off its answer")
        content, reasoning = said.get("content") or "", said.get("reasoning_content") or ""
        calls = [call for call in said.get("tool_calls") or () if isinstance(call, dict)]
    except (ValueError, LookupError, TypeError, AttributeError):
        raise ServiceError("the inference service sent something that is not a completion chunk") from None
    return Delta(str(content), str(reasoning), usage if isinstance(usage, dict) else None, calls)
