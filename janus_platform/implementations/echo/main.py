"""Echo: the smallest implementation that keeps the contract. It answers every message with that message.

It calls no service and does not reason: the lower end of the scale, and a server to test against.
Environment: HOST, PORT, JANUS_IMPLEMENTATION.
"""

from __future__ import annotations

import json
import os
import re
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

NAME = os.environ.get("JANUS_IMPLEMENTATION", "echo")


def last_text(messages: list[dict[str, Any]]) -> str:
    """The text of the last user message; the parts of a multi-part message, joined."""
    content = next((m.get("content") for m in reversed(messages) if m.get("role") == "user"), "") or ""
    if isinstance(content, str):
        return content
    return " ".join(part.get("text", "") for part in content if part.get("type") == "text")


# What a request may ask for and an echo cannot give, with the values that ask for nothing.
UNSUPPORTED: dict[str, tuple[Any, ...]] = {
    "response_format": ({"type": "text"},), "n": (1,), "logprobs": (False,), "top_logprobs": (0,), "logit_bias": ({},),
    "modalities": (["text"],), "audio": (), "functions": (), "function_call": ("none",), "web_search_options": (),
}  # fmt: skip


def unsupported(body: dict[str, Any]) -> str | None:
    """The first field that asks for what an echo does not do; better refused than ignored."""
    names = (name for name, nothing in UNSUPPORTED.items() if body.get(name) is not None and body[name] not in nothing)
    if name := next(names, None):
        return name
    return "tool_choice" if body.get("tool_choice") not in (None, "none", "auto") else None


def bounded(text: str, body: dict[str, Any]) -> tuple[str, str]:
    """As much of the text as `stop` and `max_tokens` leave, and its finish_reason."""
    stops = body.get("stop") or []
    for stop in [stops] if isinstance(stops, str) else stops:
        text = text.partition(stop)[0]
    most = body.get("max_completion_tokens") or body.get("max_tokens") or None
    if most is None or len(tokens(text)) <= most:
        return text, "stop"
    return "".join(tokens(text)[:most]), "length"


def tokens(text: str) -> list[str]:
    """The text in words, each with the space before it."""
    return re.findall(r"\s*\S+|\s+$", text)


async def chat(request: Request) -> Response:
    """POST /v1/chat/completions, streamed or not."""
    try:
        body = await request.json()
        question = last_text(body["messages"]) or "(nothing)"
        if name := unsupported(body):
            return refusal(f"An echo does not support `{name}`. Leave it out.", name, "unsupported_parameter")
        text, reason = bounded(question, body)
    except (ValueError, LookupError, TypeError, AttributeError):
        return refusal("Send a JSON object with messages.", None, "invalid_value")
    head = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time()), "model": NAME}
    prompt, completion = len(tokens(question)), len(tokens(text))
    total = prompt + completion
    usage = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total, "cost_usd": 0.0}
    if body.get("stream"):
        return StreamingResponse(stream(head, text, reason, usage), media_type="text/event-stream")
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": reason}
    return JSONResponse({**head, "object": "chat.completion", "choices": [choice], "usage": usage})


def refusal(message: str, param: str | None, code: str) -> JSONResponse:
    """A 400 in OpenAI's shape."""
    error = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    return JSONResponse({"error": error}, 400)


async def stream(head: dict[str, Any], text: str, reason: str, usage: dict[str, Any]) -> AsyncIterator[str]:
    """The events of a streamed answer, one for each word."""
    for chunk in chunks(text, reason, usage):
        yield f"data: {json.dumps({**head, 'object': 'chat.completion.chunk', **chunk})}\n\n"
    yield "data: [DONE]\n\n"


def chunks(text: str, reason: str, usage: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The chunks without their common head; the last one carries finish_reason and usage."""
    for token in tokens(text):
        yield {"choices": [{"index": 0, "delta": {"content": token}, "finish_reason": None}]}
    yield {"choices": [{"index": 0, "delta": {}, "finish_reason": reason}], "usage": usage}


async def health(_: Request) -> Response:
    """GET /health"""
    return JSONResponse({"status": "ok"})


async def models(_: Request) -> Response:
    """GET /v1/models"""
    model = {"id": NAME, "object": "model", "created": 0, "owned_by": "janus"}
    return JSONResponse({"object": "list", "data": [model]})


app = Starlette(
    routes=[
        Route("/v1/chat/completions", chat, methods=["POST"]),
        Route("/v1/models", models),
        Route("/health", health),
    ]
)

if __name__ == "__main__":
    uvicorn.run(
        app,
        host=os.environ.get("HOST", "127.0.0.1"),
        port=int(os.environ["PORT"]),
        http="h11",  # httptools drops the body of a request that would like an upgrade: `curl --http2`, Java.
        log_level="warning",
        access_log=False,
        ws="none",
        lifespan="off",
    )
