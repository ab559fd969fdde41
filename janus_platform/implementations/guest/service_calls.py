"""Service calls with the trace's context and without, in turn, at once, too often and wrongly, by message."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from trace_context import outgoing

SEARCH_URL = "https://search.janus.rodeo/search"
FETCH_URL = "https://proxy.janus.rodeo/fetch"
SANDBOX_URL = "https://sandbox.janus.rodeo/execute"
CALL_SECONDS = 20.0
TOO_MANY = 30


def _client(**more: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=CALL_SECONDS, **more)


async def with_context() -> list[int]:
    """One search that says which request it serves."""
    async with _client(headers=outgoing()) as http:
        return [(await http.post(SEARCH_URL, json={"query": "entanglement"})).status_code]


async def without_context() -> list[int]:
    """One search that does not say it."""
    async with _client() as http:
        return [(await http.post(SEARCH_URL, json={"query": "entanglement"})).status_code]


async def in_turn() -> list[int]:
    """Three calls, each after the other's answer."""
    async with _client(headers=outgoing()) as http:
        return [(await call).status_code for call in _three(http)]


async def at_once() -> list[int]:
    """The same three calls, sent together."""
    async with _client(headers=outgoing()) as http:
        return [answer.status_code for answer in await asyncio.gather(*_three(http))]


async def too_often() -> dict[str, Any]:
    """Search until the service says that it is enough."""
    statuses = []
    async with _client(headers=outgoing()) as http:
        for _ in range(TOO_MANY):
            answer = await http.post(SEARCH_URL, json={"query": "tides"})
            statuses.append(answer.status_code)
            if answer.status_code == 429:
                return {"calls": len(statuses), "last": 429, "retry_after": answer.headers["retry-after"]}
    return {"calls": len(statuses), "last": statuses[-1], "retry_after": None}


async def wrongly() -> list[int]:
    """A search without a query, a page that does not exist, a host that is not allowed (0: no answer at all)."""
    async with _client(headers=outgoing()) as http:
        statuses = [(await http.post(SEARCH_URL, json={})).status_code]
        statuses.append((await http.get(FETCH_URL, params={"url": "https://physics.org/nowhere"})).status_code)
        try:
            statuses.append((await http.get("https://example.com/")).status_code)
        except httpx.ProxyError:
            statuses.append(0)
    return statuses


def _three(http: httpx.AsyncClient) -> list[Any]:
    # Long enough that waiting for each other shows.
    return [http.post(SANDBOX_URL, json={"language": "bash", "code": "sleep 0.1"}) for _ in range(3)]


SERVICE_CALLS: dict[str, Callable[[], Awaitable[Any]]] = {
    "with context": with_context,
    "without context": without_context,
    "in turn": in_turn,
    "at once": at_once,
    "too often": too_often,
    "wrongly": wrongly,
}
