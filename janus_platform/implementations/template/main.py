"""An implementation: the endpoints of the contract, around `answer`.

Environment: HOST, PORT, JANUS_IMPLEMENTATION.
"""

import json
import os
import time
from collections.abc import AsyncIterator
from typing import Any

import uvicorn
from answer import answer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

NAME = os.environ.get("JANUS_IMPLEMENTATION", "mine")


def envelope(kind: str, **choice: Any) -> dict[str, Any]:
    """What every chunk and every completion has around its text."""
    choices = [{"index": 0, "finish_reason": "stop", **choice}]
    head = {"id": f"chatcmpl-{time.time_ns():x}", "created": int(time.time())}
    return {**head, "object": kind, "model": NAME, "choices": choices}


async def events(question: str) -> AsyncIterator[str]:
    """The events of a streamed answer; the last chunk carries finish_reason."""
    frame = envelope("chat.completion.chunk", finish_reason=None)
    usage = None
    async for field, value in answer(question):
        if field == "usage":
            usage = value
            continue
        frame["choices"][0]["delta"] = {field: value}
        yield f"data: {json.dumps(frame)}\n\n"
    frame["choices"][0] |= {"delta": {}, "finish_reason": "stop"}
    yield f"data: {json.dumps({**frame, 'usage': usage})}\n\ndata: [DONE]\n\n"


async def chat(request: Request) -> Response:
    """POST /v1/chat/completions, streamed or not."""
    try:
        body = await request.json()
        question = text_of(body["messages"][-1]["content"])
    except (ValueError, LookupError, TypeError):
        error = {"message": "Send messages.", "type": "invalid_request_error"}
        return JSONResponse({"error": error}, status_code=400)
    if body.get("stream"):
        return StreamingResponse(events(question), media_type="text/event-stream")
    message: dict[str, Any] = {"role": "assistant", "content": ""}
    usage = None
    async for field, value in answer(question):
        if field == "usage":
            usage = value
        else:
            message[field] = message.get(field, "") + value
    completion = envelope("chat.completion", message=message)
    return JSONResponse({**completion, "usage": usage})


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
