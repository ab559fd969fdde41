"""What control APIs share: JSON bodies of a bounded size, leases as answers that last, errors as JSON.

The platform's own API, a classroom's for its learners and a bridge's on a learner's machine are built from it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from janus_platform.errors import PlatformError
from janus_platform.gateway.errors import NotDeployedError, NotReadyError
from janus_platform.processes.child import ProcessId
from janus_platform.runtime.leases import Leases
from janus_platform.traces.reported import reported_span
from janus_platform.traces.store import MAX_TRACES
from janus_platform.traces.tracing import RESOURCE

MAX_BODY_BYTES = 100_000
Handler = Callable[[Request, Exception], Awaitable[Response]]


def control_app(
    routes: Sequence[Route], crash: Callable[[Exception], str], handlers: Mapping[Any, Handler] | None = None
) -> ASGIApp:
    """A control API of these routes; `crash` says what an error that nobody expected is answered with."""

    async def on_crash(_: Request, error: Exception) -> Response:
        return problem(500, crash(error))

    return Starlette(
        routes=routes, exception_handlers={HTTPException: _on_http_exception, Exception: on_crash, **(handlers or {})}
    )


class ControlApi:
    """The handlers' base: answers that last until the connection or `ending` ends them."""

    def __init__(self, ending: asyncio.Event) -> None:
        self.ending = ending

    def held(self, context: AbstractContextManager[Any], welcome: Mapping[str, Any]) -> Response:
        """An answer of one line, `welcome`, that lasts, and `context` with it, until either side ends it."""
        self.check_stays()

        async def hold() -> AsyncIterator[bytes]:
            with context:
                yield json.dumps(welcome).encode() + b"\n"
                # Starlette cancels this when the connection ends.
                await self.ending.wait()

        return StreamingResponse(hold(), media_type="application/x-ndjson")

    def check_stays(self) -> None:
        """Refuse, with the status that clients take for "not running", where the end has begun."""
        if self.ending.is_set():
            raise HTTPException(503, "The platform is shutting down.")


class LocalControlApi(ControlApi):
    """The base where users are processes of this machine: `leases` counts them."""

    def __init__(self, ending: asyncio.Event, leases: Leases) -> None:
        super().__init__(ending)
        self.leases = leases

    def local_routes(self) -> list[Route]:
        """The routes of what a user of this machine does."""
        return [
            Route("/status", self.status),
            Route("/watch", self.watch, methods=["POST"]),
            Route("/detach", self.detach, methods=["POST"]),
            Route("/down", self.down, methods=["POST"]),
        ]

    async def status(self, _: Request) -> Response:
        """What runs and how it is."""
        raise NotImplementedError

    async def watch(self, request: Request) -> Response:
        """Count a process as a user until it ends."""
        pid = (await read_object(request)).get("pid")
        if isinstance(pid, bool) or not isinstance(pid, int) or pid <= 0:
            raise HTTPException(422, "pid must be a positive integer")
        self.check_stays()
        try:
            self.leases.watch(ProcessId.of(pid))
        except ProcessLookupError as error:
            raise HTTPException(404, str(error)) from None
        return await self.status(request)

    async def detach(self, request: Request) -> Response:
        """Stay without users."""
        self.check_stays()
        self.leases.detach()
        return await self.status(request)

    async def down(self, _: Request) -> Response:
        """End."""
        self.ending.set()
        return JSONResponse({"ending": True})


async def read_object(request: Request, max_bytes: int = MAX_BODY_BYTES) -> dict[str, Any]:
    """The JSON object in the request's body. Raises HTTPException; no more than `max_bytes` are ever held."""
    if request.headers.get("content-encoding", "").strip().lower() not in ("", "identity"):
        raise HTTPException(415, "The body is compressed. Send it plain, without Content-Encoding.")
    received = bytearray()
    try:
        async for part in request.stream():
            received += part
            if len(received) > max_bytes:
                raise HTTPException(413, f"This takes at most {max_bytes:,} bytes.")
    except ClientDisconnect:
        raise HTTPException(400, "The request ended early.") from None
    try:
        body = json.loads(received)
        # What cannot be written as UTF-8 (a lone surrogate) could not be answered, logged or stored either.
        json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise HTTPException(400, "The body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise HTTPException(400, "The body is not a JSON object.")
    return body


def text_of(body: Mapping[str, Any], name: str) -> str:
    """The string `name` of a body. Raises HTTPException."""
    value = body.get(name)
    if not isinstance(value, str):
        raise HTTPException(422, f"{name} must be a string")
    return value


def advanced(advance: Callable[[str, float], float], caller: str, seconds: object) -> Response:
    """The answer to moving a caller's clock on by `seconds` of a body. Raises HTTPException."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise HTTPException(422, "seconds must be a number")
    try:
        return JSONResponse({"offset_seconds": advance(caller, seconds)})
    except (ValueError, OverflowError) as error:
        raise HTTPException(422, str(error)) from None


def trace_count(request: Request) -> int:
    """How many traces the query asks for. Raises HTTPException."""
    count = request.query_params.get("count", "20")
    if not count.isascii() or not count.isdigit() or not 0 < int(count[:9]) <= MAX_TRACES:
        raise HTTPException(422, f"count is a number from 1 to {MAX_TRACES}")
    return int(count)


def span_of(body: Mapping[str, Any]) -> ReadableSpan:
    """The span that a client reports. Raises HTTPException."""
    try:
        return reported_span(body, RESOURCE)
    except ValueError as error:
        raise HTTPException(422, str(error)) from None


async def answered(action: Callable[..., Awaitable[Any]], *arguments: Any) -> Response:
    """What `action` returns, as JSON. Raises HTTPException with the reason of an expected error."""
    try:
        return JSONResponse(await action(*arguments))
    except (PlatformError, NotReadyError, NotDeployedError, ValueError, OSError) as error:
        raise HTTPException(422, str(error)) from error


def problem(status: int, detail: str) -> Response:
    """An error's answer."""
    return JSONResponse({"status": status, "detail": detail}, status)


async def _on_http_exception(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return problem(error.status_code, error.detail)
