"""The five platform services, as this program calls them."""

import os
from collections.abc import AsyncIterator
from typing import Any

import httpx
from openai import AsyncOpenAI, OpenAIError

from saying import RefusedError

MODEL = "gpt-4o-mini"
llm = AsyncOpenAI(
    api_key=os.environ.get("CHUTES_API_KEY", "none"),
    base_url="https://api.chutes.ai/v1",
)


async def call(method: str, url: str, **more: Any) -> dict[str, Any]:
    """The JSON of a call that went well."""
    try:
        async with httpx.AsyncClient(timeout=30) as http:
            reply = await http.request(method, url, **more)
            reply.raise_for_status()
            return dict(reply.json())
    except (httpx.HTTPError, ValueError) as error:
        raise RefusedError(
            f"No answer from {httpx.URL(url).host}: {error}"
        ) from error


async def search(query: str) -> list[dict[str, str]]:
    """Results with title, url and snippet, the best first."""
    body = {"query": query, "num_results": 3}
    return list(
        (await call("POST", "https://search.janus.rodeo/search", json=body))[
            "results"
        ]
    )


async def fetch(url: str) -> str:
    """A page as Markdown."""
    page = await call("GET", "https://proxy.janus.rodeo/fetch", params={"url": url})
    return str(page["content"])


async def near(query: str) -> list[dict[str, str]]:
    """Passages near in meaning, with source and content."""
    body = {"query": query, "top_k": 3}
    return list(
        (await call("POST", "https://vector.janus.rodeo/query", json=body))["chunks"]
    )


async def run(code: str) -> tuple[str, float]:
    """What a Python program printed, and for how many seconds it ran."""
    body = {"language": "python", "code": code, "timeout": 20}
    done = await call("POST", "https://sandbox.janus.rodeo/execute", json=body)
    if done["exit_code"]:
        last = (done["stderr"].strip().splitlines() or ["no output"])[-1]
        raise RefusedError(f"The program failed: {last}")
    return str(done["stdout"]).strip(), done["duration_ms"] / 1000


async def infer(messages: list[Any], **more: Any) -> tuple[Any, dict[str, Any]]:
    """A model's message, and what it cost."""
    try:
        reply = await llm.chat.completions.create(
            model=MODEL, messages=messages, **more
        )
    except OpenAIError as error:
        raise RefusedError(f"No answer from the model: {error}") from error
    usage = reply.usage.model_dump(exclude_none=True) if reply.usage else {}
    return reply.choices[0].message, usage


async def tell(messages: list[Any]) -> AsyncIterator[tuple[str, Any]]:
    """A model's answer as it comes, piece by piece, and at the end what it cost."""
    more: Any = {"stream": True, "stream_options": {"include_usage": True}}
    try:
        stream = await llm.chat.completions.create(
            model=MODEL, messages=messages, **more
        )
        async for chunk in stream:
            if chunk.choices and chunk.choices[0].delta.content:
                yield "content", chunk.choices[0].delta.content
            if chunk.usage:
                yield "usage", chunk.usage.model_dump(exclude_none=True)
    except OpenAIError as error:
        raise RefusedError(f"No answer from the model: {error}") from error
