"""The chunks of an answer put together as a `chat.completion` object.

llama.cpp looks whether its caller is still there with each chunk that it writes. Before a whole answer it looks once a
second, and not even then while others are being answered: so every answer is asked for as chunks.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from janus_platform.services.inference.engine import Chunk

_TEXTS = ("content", "reasoning_content", "refusal")


async def assembled(chunks: AsyncIterator[Chunk]) -> dict[str, Any]:
    """The whole answer. Raises ApiError where the chunks do."""
    answer: dict[str, Any] = {}
    choices: dict[int, dict[str, Any]] = {}
    async for chunk in chunks:
        answer |= {name: value for name, value in chunk.items() if name != "choices"}
        for part in chunk["choices"]:
            _add(choices.setdefault(part["index"], _empty(part["index"])), part)
    return {**answer, "object": "chat.completion", "choices": [choices[index] for index in sorted(choices)]}


def _empty(index: int) -> dict[str, Any]:
    message = {"role": "assistant", "content": "", "refusal": None}
    return {"index": index, "message": message, "logprobs": None, "finish_reason": None}


def _add(choice: dict[str, Any], part: dict[str, Any]) -> None:
    choice["finish_reason"] = part.get("finish_reason") or choice["finish_reason"]
    if logprobs := part.get("logprobs"):
        choice["logprobs"] = choice["logprobs"] or {"content": []}
        choice["logprobs"]["content"] += logprobs.get("content") or []
    message, delta = choice["message"], part.get("delta") or {}
    for name in _TEXTS:
        if text := delta.get(name):
            message[name] = (message.get(name) or "") + text
    for piece in delta.get("tool_calls") or ():
        _add_call(message, piece)


def _add_call(message: dict[str, Any], piece: dict[str, Any]) -> None:
    calls = message.setdefault("tool_calls", [])
    while len(calls) <= piece["index"]:
        calls.append({"id": "", "type": "function", "function": {"name": "", "arguments": ""}})
    call, function = calls[piece["index"]], piece.get("function") or {}
    call["id"] = piece.get("id") or call["id"]
    call["function"]["name"] += function.get("name") or ""
    call["function"]["arguments"] += function.get("arguments") or ""
    message["content"] = message["content"] or None
