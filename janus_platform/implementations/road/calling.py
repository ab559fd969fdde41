"""The caller's tools: a model says which to call, and reads what came of it."""

from collections.abc import AsyncIterator
from typing import Any

from services import infer


async def answer(
    question: str, request: dict[str, Any]
) -> AsyncIterator[tuple[str, Any]]:
    """The calls that the model wants, or its answer to what came back from them."""
    if not request.get("tools"):
        return
    yield "reasoning_content", "Looking at the tools that came with the question.\n"
    message, usage = await infer(request["messages"], tools=request["tools"])
    yield "usage", usage
    calls = [call.model_dump() for call in message.tool_calls or []]
    if calls:
        yield (
            "tool_calls",
            [{"index": place, **made} for place, made in enumerate(calls)],
        )
        yield "finish_reason", "tool_calls"
    elif request["messages"][-1]["role"] == "tool":
        yield "content", message.content
