"""Answers that take long: a line of JSON for each step, and one for the answer, for clients that ask for lines.

The last line is `{"status", "answer"}`, as the plain answer would have been; each one before it `{"progress"}`, empty
where there is nothing new to say and the connection is only kept alive.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

LINES = "application/x-ndjson"
ALIVE_SECONDS = 10.0
# What somebody left waiting for goes on to its end, as one that was asked for without progress does.
_going_on: set[asyncio.Future[Response]] = set()


async def with_progress(request: Request, work: Callable[[Callable[[str], None]], Awaitable[Response]]) -> Response:
    """What `work` answers; where the client takes lines, each step that it tells of comes before."""
    if LINES not in request.headers.get("accept", ""):
        return await work(lambda _: None)
    steps: asyncio.Queue[str] = asyncio.Queue()
    working = asyncio.ensure_future(work(steps.put_nowait))
    _going_on.add(working)
    working.add_done_callback(_going_on.discard)
    return StreamingResponse(_lines(steps, working), media_type=LINES)


async def _lines(steps: asyncio.Queue[str], working: asyncio.Future[Response]) -> AsyncIterator[bytes]:
    while not working.done() or not steps.empty():
        step = asyncio.ensure_future(steps.get())
        try:
            waited: set[asyncio.Future[Any]] = {step, working}
            await asyncio.wait(waited, timeout=ALIVE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if step.done() or not working.done():
                yield _line({"progress": step.result() if step.done() else ""})
        finally:
            step.cancel()
    answer = working.result()
    yield _line({"status": answer.status_code, "answer": json.loads(bytes(answer.body))})


def _line(content: dict[str, object]) -> bytes:
    return json.dumps(content).encode() + b"\n"
