"""Guest: an implementation that behaves as the message says, so that a reader can watch how the platform handles it.

`inside` reports what the process sees of its sandbox, `crash` ends it, the messages of `failure_modes.py` break the
stream, those of `service_calls.py` call services, `escape 4711` calls what `escape_attempts.py` defines with that
number; any other message is echoed. The notebooks deploy it; the platform does not start it.
Environment: HOST, PORT, JANUS_IMPLEMENTATION, CHUTES_API_KEY, and on the local platform the proxy and CA variables.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import time
import uuid
from collections.abc import AsyncIterator
from types import FunctionType
from typing import Any

import escape_attempts
import uvicorn
from failure_modes import FAILURE_MODES
from sandbox_report import sandbox_report
from service_calls import SERVICE_CALLS
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from trace_context import TraceContext

NAME = os.environ.get("JANUS_IMPLEMENTATION", "guest")


async def answer_to(message: str) -> str:
    """The answer to a message that names no failure mode."""
    if message == "crash":
        print("I was told to crash, and end with exit code 3.", file=sys.stderr, flush=True)
        os._exit(3)
    if message == "inside":
        return json.dumps(sandbox_report())
    if message.startswith("escape "):
        return json.dumps(await asyncio.to_thread(escape_results, int(message.split()[1])))
    if message in SERVICE_CALLS:
        return json.dumps(await SERVICE_CALLS[message]())
    return message or "(nothing)"


def escape_results(port: int) -> dict[str, str]:
    """The result of each function of escape_attempts.py: what it returned, or the name of its error."""
    results = {}
    for name, escape in vars(escape_attempts).items():
        if isinstance(escape, FunctionType) and not name.startswith("_"):
            try:
                results[name] = f"reached: {escape(port)}"
            except Exception as error:
                results[name] = f"blocked: {type(error).__name__}"
    return results


async def chat(request: Request) -> Response:
    """POST /v1/chat/completions, streamed or not."""
    try:
        body = await request.json()
        message = str(body["messages"][-1]["content"])
    except (ValueError, LookupError, TypeError):
        error = {"message": "Send messages.", "type": "invalid_request_error", "param": "messages", "code": None}
        return JSONResponse({"error": error}, 400)
    head = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time()), "model": NAME}
    if body.get("stream"):
        return StreamingResponse(events(head, message), media_type="text/event-stream")
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": await answer_to(message)},
        "finish_reason": "stop",
    }
    return JSONResponse({**head, "object": "chat.completion", "choices": [choice]})


async def events(head: dict[str, Any], message: str) -> AsyncIterator[bytes]:
    """The stream: a thought, the words of the answer, the end; or a failure mode instead."""

    def event(delta: dict[str, str], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return f"data: {json.dumps({**head, 'object': 'chat.completion.chunk', 'choices': [choice]})}\n\n".encode()

    if message in FAILURE_MODES:
        async for part in FAILURE_MODES[message](event):
            yield part
        return
    yield event({"reasoning_content": "I do what I am told. "})
    for word in re.findall(r"(?<!\s)\s*+\S+", await answer_to(message)):
        yield event({"content": word})
    yield event({}, "stop")
    yield b"data: [DONE]\n\n"


async def health(_: Request) -> Response:
    """GET /health"""
    return JSONResponse({"status": "ok"})


app = TraceContext(Starlette(routes=[Route("/v1/chat/completions", chat, methods=["POST"]), Route("/health", health)]))

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
