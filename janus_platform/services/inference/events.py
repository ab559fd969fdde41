"""An answer as Server-Sent Events, and waiting for work only as long as the caller waits too."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import aclosing
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from janus_platform.services import ServiceError
from janus_platform.services.inference.engine import Chunk
from janus_platform.services.inference.errors import ApiError

T = TypeVar("T")
log = logging.getLogger("janus.services.inference")
HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


class CallerLeftError(ServiceError):
    """The caller closed the connection before the answer was there."""


class EventStream(Response):
    """Chunks as events, each sent as soon as it is there, then `end`.

    An ApiError becomes an error event with no end marker behind it. When the caller leaves, the chunks are closed.
    """

    media_type = "text/event-stream"

    def __init__(self, chunks: AsyncIterator[Chunk], end: str, finish: Callable[[Chunk], Chunk]) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self._chunks, self._end, self._finish = chunks, end, finish

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the end or until the caller leaves."""
        sending = asyncio.ensure_future(self._send(send))
        left = asyncio.ensure_future(_left(receive))
        try:
            await asyncio.wait((sending, left), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, left):
                task.cancel()
            results = await asyncio.gather(sending, left, return_exceptions=True)
        if isinstance(results[0], Exception):
            raise results[0]

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        async with aclosing(self._chunks) as chunks:  # type: ignore[type-var]
            try:
                async for chunk in chunks:
                    await _more(send, event(self._finish(chunk)))
                await _more(send, f"data: {self._end}\n\n".encode())
            except ApiError as error:
                log.warning("an answer broke off: code=%s", error.code)
                await _more(send, error.event())
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def while_there(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """What `work` gives. Raises CallerLeftError, with the work cancelled, when the caller goes first."""
    task = asyncio.ensure_future(work)
    left = asyncio.ensure_future(_left(request.receive))
    try:
        await asyncio.wait((task, left), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise CallerLeftError
    finally:
        for one in (task, left):
            one.cancel()
        await asyncio.gather(task, left, return_exceptions=True)


def event(data: Chunk) -> bytes:
    """One event (WHATWG HTML, 9.2)."""
    return f"data: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n".encode()


async def _more(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
