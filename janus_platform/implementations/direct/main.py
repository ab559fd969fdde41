"""Direct: hands each conversation straight to the inference service and streams what the model says.

It looks nothing up, runs nothing and adds nothing, so its score is that of the model alone: what another implementation
scores above it, it has earned itself. Messages, tools, pictures and settings go on as they came; thinking stays
apart (`reasoning_content`), and the usage, cost included, comes back in the last chunk.
Environment: HOST, PORT, JANUS_IMPLEMENTATION, CHUTES_API_KEY, and on the local platform the proxy and CA variables.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

NAME = os.environ.get("JANUS_IMPLEMENTATION", "direct")
MODEL = "gpt-4o-mini"
INFERENCE_URL = "https://api.chutes.ai/v1/chat/completions"
CALL_SECONDS = 290.0  # below the platform's five minutes a request
DONE = "[DONE]"


def build_app(transport: httpx.AsyncBaseTransport | None = None) -> Starlette:
    """The server. `transport` replaces the network in tests."""
    client = httpx.AsyncClient(transport=transport, timeout=CALL_SECONDS)

    async def chat(request: Request) -> Response:
        """POST /v1/chat/completions, streamed or not."""
        try:
            # who answers was the gateway's to decide
            body = {name: value for name, value in (await request.json()).items() if name != "competitor_id"}
            body["model"] = MODEL
        except (ValueError, AttributeError):
            return failure(400, "Send a JSON object with messages.")
        if body.get("stream"):
            body["stream_options"] = {"include_usage": True}
        call = client.build_request("POST", INFERENCE_URL, json=body, headers=headers(request))
        try:
            answer = await client.send(call, stream=True)
            if not body.get("stream") or answer.status_code != 200:
                return JSONResponse(named(json.loads(await answer.aread())), answer.status_code)
        except httpx.HTTPError as error:
            return failure(502, f"The inference service cannot be reached ({type(error).__name__}). Ask again.")
        except ValueError:
            return failure(502, "The inference service sent an answer that is not a JSON object. Ask again.")
        return StreamingResponse(closing(answer), media_type="text/event-stream")

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await client.aclose()

    routes = [
        Route("/v1/chat/completions", chat, methods=["POST"]),
        Route("/v1/models", models),
        Route("/health", health),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


def headers(request: Request) -> dict[str, str]:
    """The key, and the trace that the call belongs to (W3C Trace Context)."""
    passed = {name: request.headers[name] for name in ("traceparent", "tracestate") if name in request.headers}
    return {"Authorization": f"Bearer {os.environ.get('CHUTES_API_KEY', '')}", **passed}


async def closing(answer: httpx.Response) -> AsyncIterator[str]:
    """The events, and an end to the call as soon as the client leaves."""
    async with aclosing(answer), aclosing(events(answer)) as passed:
        async for text in passed:
            yield text


async def events(answer: httpx.Response) -> AsyncGenerator[str, None]:
    """The model's events under this implementation's name; usage joins the chunk with finish_reason, which is last.

    A stream that breaks off ends in an error event, and never in [DONE].
    """
    last: dict[str, Any] | None = None  # with several answers (`n`), the last of their ends
    try:
        async for line in answer.aiter_lines():
            payload = line.removeprefix("data:").strip() if line.startswith("data:") else ""
            if payload == DONE:
                break
            if not payload:
                continue
            chunk = named(json.loads(payload))
            if "error" in chunk:
                yield event(chunk)
                return
            if last is not None and not chunk["choices"]:
                last["usage"] = chunk.get("usage")
            elif chunk["choices"][0].get("finish_reason"):
                if last is not None:
                    yield event(last)
                last = chunk
            else:
                yield event(chunk)
        if last is not None:
            yield event(last)
            yield f"data: {DONE}\n\n"
            return
    except (httpx.HTTPError, ValueError, LookupError, TypeError):
        pass
    yield event({"error": {"message": "The inference service broke off its answer. Ask again.", "type": "api_error"}})


def event(chunk: dict[str, Any]) -> str:
    """One event of a stream."""
    return f"data: {json.dumps(chunk)}\n\n"


def named(answer: Any) -> dict[str, Any]:
    """The answer under this implementation's name. Raises ValueError for what is no object."""
    if not isinstance(answer, dict):
        raise ValueError("not an object")
    return {**answer, "model": NAME} if "error" not in answer else answer


def failure(status: int, message: str) -> JSONResponse:
    """An error in OpenAI's shape."""
    kind = "invalid_request_error" if status == 400 else "api_error"
    return JSONResponse({"error": {"message": message, "type": kind, "param": None, "code": None}}, status)


async def health(_: Request) -> Response:
    """GET /health"""
    return JSONResponse({"status": "ok"})


async def models(_: Request) -> Response:
    """GET /v1/models"""
    model = {"id": NAME, "object": "model", "created": 0, "owned_by": "janus"}
    return JSONResponse({"object": "list", "data": [model]})


if __name__ == "__main__":
    uvicorn.run(
        build_app(),
        host=os.environ.get("HOST", "127.0.0.1"),
        port=int(os.environ["PORT"]),
        http="h11",  # httptools drops the body of a request that would like an upgrade: `curl --http2`, Java.
        log_level="warning",
        access_log=False,
        ws="none",
    )
