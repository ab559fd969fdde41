"""One server span and one log line a request. Neither holds any content, not even of a crash.

The line is `key=value` pairs: service, caller, method, route (as the contract writes it, never as it was asked for),
status, duration in milliseconds, and the bytes of the answer. `/health` and `/openapi.json` are asked by machines, all
the time, and leave none.
"""

from __future__ import annotations

import logging
import re
import time
import traceback
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from janus_platform.services import ServiceError
from janus_platform.services.framework.problem import Problem
from janus_platform.traces.context import ATTACHED
from janus_platform.traces.tracing import Tracing

log = logging.getLogger("janus.services")

ANONYMOUS = "anonymous"
UNOBSERVED = ("/health", "/openapi.json")
# Set by the rate limit, sent with whatever the endpoint answers.
EXTRA_HEADERS = "janus.headers"
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
_CALLER = re.compile(r"[\w.:-]{1,64}", re.ASCII)


class ServiceCrashedError(ServiceError):
    """An answer broke off after its first bytes. It says nothing of why: servers log what they are told."""


def crash_problem() -> Problem:
    """500: the service failed; what is known of it is in the platform's log."""
    return Problem(
        500, "internal-error", "The service failed", "This is a fault of the platform; `janus logs` has the details."
    )


class CrashMiddleware:
    """`app` whose exceptions are logged by type and place and go no further: their messages may hold what was asked."""

    def __init__(self, app: ASGIApp, name: str, on_crash: ASGIApp) -> None:
        self.app, self.name, self.on_crash = app, name, on_crash

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:
            log.error("crash service=%s error=%s at=%s", self.name, type(error).__name__, _place(error))
            if started:
                raise ServiceCrashedError(f"{self.name} broke off an answer") from None
            await self.on_crash(scope, receive, send)


class ObservabilityMiddleware:
    """`app` with a span and a log line a request; `routes` are the paths of its endpoints."""

    def __init__(self, app: ASGIApp, name: str, routes: Mapping[Any, str], tracing: Tracing) -> None:
        self.app, self.name, self.routes, self.tracing = app, name, routes, tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope = {**scope, EXTRA_HEADERS: []}
        if scope["path"] in UNOBSERVED:
            await self.app(scope, receive, _CountingSend(scope, send))
            return
        headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
        caller = _caller(scope)
        parent, attached = self.tracing.requests.parent_for(caller, headers)
        attributes = {"janus.caller": caller, "http.request.method": _method(scope), ATTACHED: attached}
        started = time.perf_counter()
        with self.tracing.tracer.start_as_current_span(
            self.name,
            context=parent,
            kind=SpanKind.SERVER,
            attributes=attributes,
            links=self.tracing.requests.candidates(caller) if attached == "unattributed" else (),
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            answer = _CountingSend(scope, send, span)
            try:
                await self.app(scope, receive, answer)
            finally:
                self._log(scope, caller, answer, (time.perf_counter() - started) * 1000)

    def _log(self, scope: Scope, caller: str, answer: _CountingSend, milliseconds: float) -> None:
        log.info(
            "request service=%s caller=%s method=%s route=%s status=%s duration_ms=%.1f bytes=%d",
            self.name,
            caller,
            _method(scope),
            self.routes.get(scope.get("endpoint"), "-"),  # The router leaves there what it found.
            answer.status or "-",
            milliseconds,
            answer.size,
        )


class _CountingSend:
    """Passes an answer on and counts it; adds what the rate limit says, and leaves out the body of one to HEAD."""

    def __init__(self, scope: Scope, send: Send, span: Span | None = None) -> None:
        self._scope, self._send, self._span = scope, send, span
        self.status: int | None = None
        self.size = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._started(message["status"])
            message = {**message, "headers": [*message.get("headers", ()), *self._scope[EXTRA_HEADERS]]}
        elif message["type"] == "http.response.body":
            if self._scope["method"] == "HEAD":
                message = {**message, "body": b""}
            self.size += len(message.get("body", b""))
        await self._send(message)

    def _started(self, status: int) -> None:
        self.status = status
        if self._span is not None:
            self._span.set_attribute("http.response.status_code", status)
            if status >= 500:
                self._span.set_status(Status(StatusCode.ERROR))


def caller_in(scope: Scope) -> str:
    """The caller's id as the egress proxy established it; `anonymous` where no proxy stands before the service."""
    return str(scope.get("state", {}).get("caller", ANONYMOUS))


def _caller(scope: Scope) -> str:
    caller = caller_in(scope)
    return caller if _CALLER.fullmatch(caller) else "malformed"


def _method(scope: Scope) -> str:
    # A method is any token (RFC 9110, 9.1), so a caller could write what it likes into it.
    return scope["method"] if scope["method"] in _METHODS else "other"


def _place(error: Exception) -> str:
    """Where it happened, innermost first: files and lines, which hold nothing of what was asked."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    return ",".join(f"{PurePath(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))
