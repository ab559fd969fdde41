"""The OpenAI wire format with the platform's extensions: reasoning_content, artifacts, usage with cost."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from typing import Any

from settings import Bounded
from steps import Picture, Step, Text, Thought, ToolCalls, Usage

NAME = os.environ.get("JANUS_IMPLEMENTATION", "research")


def _head(kind: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{uuid.uuid4().hex}", "object": kind, "created": int(time.time()), "model": NAME}


async def stream(steps: Bounded, usage: Usage) -> AsyncIterator[bytes]:
    """The events of a streamed answer; the last chunk carries finish_reason and the usage of the whole."""
    head = _head("chat.completion.chunk")
    role: dict[str, Any] = {"role": "assistant"}
    reason = "stop"
    async for step in steps:
        yield _event({**head, **_chunk(step, role)})
        role = {}
        reason = "tool_calls" if isinstance(step, ToolCalls) else reason
    last = {"choices": [{"index": 0, "delta": {}, "finish_reason": steps.reason or reason}], "usage": usage.totals}
    yield _event({**head, **last})
    yield b"data: [DONE]\n\n"


async def whole(steps: Bounded, usage: Usage) -> dict[str, Any]:
    """The same answer as one completion."""
    content, reasoning, artifacts = [], [], []
    calls: dict[int, dict[str, Any]] = {}
    async for step in steps:
        match step:
            case Thought(text):
                reasoning.append(text)
            case Text(text):
                content.append(text)
            case Picture():
                artifacts.append(_artifact(step))
            case ToolCalls(pieces):
                _join(calls, pieces)
    message: dict[str, Any] = {
        "role": "assistant",
        "content": "".join(content),
        "reasoning_content": "".join(reasoning),
    }
    if calls:
        message["tool_calls"] = [calls[index] for index in sorted(calls)]
    reason = "tool_calls" if calls else "stop"
    completion = {
        **_head("chat.completion"),
        "choices": [{"index": 0, "message": message, "finish_reason": steps.reason or reason}],
        "usage": usage.totals,
    }
    return {**completion, "artifacts": artifacts} if artifacts else completion


def _join(calls: dict[int, dict[str, Any]], pieces: Sequence[dict[str, Any]]) -> None:
    """Add pieces of tool calls to the calls that they belong to: names and ids come once, arguments bit by bit."""
    for piece in pieces:
        said = piece.get("function") or {}
        call = calls.setdefault(
            piece.get("index", len(calls)), {"id": "", "type": "function", "function": {"name": "", "arguments": ""}}
        )
        call["id"] = piece.get("id") or call["id"]
        for name in ("name", "arguments"):
            call["function"][name] += said.get(name) or ""


def _chunk(step: Step, role: dict[str, Any]) -> dict[str, Any]:
    match step:
        case Thought(text):
            return _choice({**role, "reasoning_content": text})
        case Text(text):
            return _choice({**role, "content": text})
        case Picture():
            return {**_choice(dict(role)), "artifacts": [_artifact(step)]}
        case ToolCalls(calls):
            return _choice({**role, "tool_calls": list(calls)})


def _choice(delta: dict[str, Any]) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}


def _artifact(picture: Picture) -> dict[str, str]:
    return {"type": "image/png", "name": picture.name, "data": picture.data}


def _event(chunk: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(chunk, ensure_ascii=False).encode("utf-8", "replace") + b"\n\n"
