"""Research, the baseline implementation: an HTTP server for `/v1/chat/completions`, `/v1/models` and `/health`.

Environment: HOST, PORT, JANUS_IMPLEMENTATION, CHUTES_API_KEY, and on the local platform the proxy and CA variables.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import uvicorn
from flow import Research
from questions import read_question
from services import TRACEPARENT, Services
from settings import Bounded, UnsupportedSettingError, read_settings
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from steps import Usage
from wire import NAME, stream, whole


def build_app(services: Services) -> Starlette:
    """The server over `services`."""
    research = Research(services)

    async def chat(request: Request) -> Response:
        try:
            body = await request.json()
            settings = read_settings(body)
            question = read_question([m for m in body["messages"] if isinstance(m, dict)], _tools(body), settings)
        except UnsupportedSettingError as error:
            return _invalid(str(error), error.param, "unsupported_parameter")
        except (ValueError, LookupError, TypeError, AttributeError):
            return _invalid("Send a JSON object with a list of messages.")
        if not question.text and not question.has_picture:
            return _invalid("Send a user message with some text.")
        TRACEPARENT.set(request.headers.get("traceparent"))
        usage = Usage()
        steps = Bounded(research.answer(question, usage), settings)
        if not body.get("stream"):
            return JSONResponse(await whole(steps, usage))
        headers = {"cache-control": "no-cache"}
        return StreamingResponse(_closing(stream(steps, usage)), media_type="text/event-stream", headers=headers)

    async def models(_: Request) -> Response:
        model = {"id": NAME, "object": "model", "created": 0, "owned_by": "janus"}
        return JSONResponse({"object": "list", "data": [model]})

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await services.aclose()

    return Starlette(
        routes=[
            Route("/v1/chat/completions", chat, methods=["POST"]),
            Route("/v1/models", models),
            Route("/health", health),
        ],
        lifespan=lifespan,
    )


async def _closing(events: Any) -> AsyncIterator[bytes]:
    # Starlette drops the iterator when the client leaves; this ends the calls behind it at once.
    async with aclosing(events):
        async for event in events:
            yield event


def _tools(body: dict[str, Any]) -> dict[str, Any]:
    """What the request says of tools, as the model gets it; nothing where it offers none or forbids them."""
    if not body.get("tools") or body.get("tool_choice") == "none":
        return {}
    return {name: body[name] for name in ("tools", "tool_choice", "parallel_tool_calls") if name in body}


def _invalid(message: str, param: str = "messages", code: str = "invalid_value") -> Response:
    error = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    return JSONResponse({"error": error}, 400)


if __name__ == "__main__":
    uvicorn.run(
        build_app(Services()),
        host=os.environ.get("HOST", "127.0.0.1"),
        port=int(os.environ["PORT"]),
        http="h11",  # httptools drops the body of a request that would like an upgrade: `curl --http2`, Java.
        log_level="warning",
        access_log=False,
        ws="none",
        timeout_keep_alive=75,
    )
