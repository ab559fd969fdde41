"""An implementation: the endpoints of the contract, around `answer`.

Environment: HOST, PORT, JANUS_IMPLEMENTATION.
"""

import json
import os
import time
from collections.abc import AsyncIterator
from inspect import signature
from typing import Any

import uvicorn
from answer import answer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

NAME = os.environ.get("JANUS_IMPLEMENTATION", "mine")

# What `answer` does not do is refused when a request asks for it: an answer that
# ignores it would mislead. Take out what yours honours.
UNSUPPORTED = """response_format tool_choice stop logprobs top_logprobs logit_bias
modalities audio functions function_call web_search_options""".split()
NOTHING: Any = (None, False, [], {}, "none", "auto", ["text"], {"type": "text"})


def unsupported(body: dict[str, Any]) -> str | None:
    """The first field of a request that asks for what this program does not do."""
    if body.get("n") not in (None, 1):
        return "n"
    return next((f for f in UNSUPPORTED if body.get(f) not in NOTHING), None)


async def bounded(question: str, body: dict[str, Any]) -> AsyncIterator[Any]:
    """What `answer` yields; its content ends after `max_tokens` pieces.

    An `answer(question, request)` gets the whole request: conversation, tools, pictures.
    """
    left = body.get("max_completion_tokens") or body.get("max_tokens") or -1
    given: tuple[Any, ...] = (question, body)[: len(signature(answer).parameters)]
    async for field, value in answer(*given):
        if field == "content" and left == 0:
            yield "finish_reason", "length"
        else:
            yield field, value
            left -= field == "content"


def envelope(kind: str, **choice: Any) -> dict[str, Any]:
    """What every chunk and every completion has around its text."""
    choices = [{"index": 0, "finish_reason": "stop", **choice}]
    head = {"id": f"chatcmpl-{time.time_ns():x}", "created": int(time.time())}
    return {**head, "object": kind, "model": NAME, "choices": choices}


async def events(question: str, body: dict[str, Any]) -> AsyncIterator[str]:
    """The events of a streamed answer; the last chunk carries finish_reason."""
    frame = envelope("chat.completion.chunk", finish_reason=None)
    end: dict[str, Any] = {"usage": None, "finish_reason": "stop"}
    async for field, value in bounded(question, body):
        if field in end:
            end[field] = value
            continue
        beside = {field: value} if field == "artifacts" else {}
        frame["choices"][0]["delta"] = {} if beside else {field: value}
        yield f"data: {json.dumps(frame | beside)}\n\n"
    frame["choices"][0] |= {"delta": {}, "finish_reason": end["finish_reason"]}
    yield f"data: {json.dumps({**frame, 'usage': end['usage']})}\n\ndata: [DONE]\n\n"


async def chat(request: Request) -> Response:
    """POST /v1/chat/completions, streamed or not."""
    try:
        body = await request.json()
        said = [m for m in body["messages"] if m.get("role") == "user"]
        question = text_of((said or body["messages"])[-1]["content"])
    except (ValueError, LookupError, TypeError, AttributeError):
        return refusal("Send messages.", "messages")
    if field := unsupported(body):
        return refusal(f"`{field}` is not supported here. Leave it out.", field)
    if body.get("stream"):
        stream = events(question, body)
        return StreamingResponse(stream, media_type="text/event-stream")
    message: dict[str, Any] = {"role": "assistant", "content": ""}
    end: dict[str, Any] = {"usage": None, "finish_reason": "stop"}
    async for field, value in bounded(question, body):
        if field in end:
            end[field] = value
        else:
            message[field] = message.get(field, type(value)()) + value
    if "artifacts" in message:
        end["artifacts"] = message.pop("artifacts")
    completion = envelope("chat.completion", message=message)
    completion["choices"][0]["finish_reason"] = end.pop("finish_reason")
    return JSONResponse(completion | end)


def refusal(message: str, param: str) -> JSONResponse:
    """A 400 in OpenAI's shape."""
    kind, code = "invalid_request_error", "unsupported_parameter"
    error = {"message": message, "type": kind, "param": param, "code": code}
    return JSONResponse({"error": error}, status_code=400)


def text_of(content: Any) -> str:
    """The text of a message; of one in parts, the parts that are text."""
    if isinstance(content, str):
        return content
    return " ".join(part["text"] for part in content if part["type"] == "text")


async def health(_: Request) -> Response:
    """GET /health"""
    return JSONResponse({"status": "ok"})


async def models(_: Request) -> Response:
    """GET /v1/models"""
    return JSONResponse({"object": "list", "data": [{"id": NAME, "object": "model"}]})


app = Starlette(
    routes=[
        Route("/v1/chat/completions", chat, methods=["POST"]),
        Route("/v1/models", models),
        Route("/health", health),
    ]
)

if __name__ == "__main__":
    host, port = os.environ.get("HOST", "127.0.0.1"), int(os.environ["PORT"])
    # h11: httptools drops the body of a request that offers an upgrade.
    uvicorn.run(app, host=host, port=port, http="h11", access_log=False)
