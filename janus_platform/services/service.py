"""What all five services share: context, validation by the contract, rate limits, problems, health, spans, a log line.

A service is an ASGI app. It opens no socket, reads no global and does not wait by the wall clock: its index, its limits
and its clock are handed to it. The caller's id comes from the egress proxy in the ASGI scope's `state`.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, NoReturn

from opentelemetry.trace import SpanKind, Status, StatusCode
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from janus_platform.clock import CallerClocks, Clock, SystemClock
from janus_platform.contract import Contract, Parameter, Service
from janus_platform.services.problem import (
    Problem,
    bad_request,
    invalid_field,
    too_large,
)
from janus_platform.services.rate_limit import LimitSwitch, SlidingWindow, Verdict
from janus_platform.traces import ATTACHED, Tracing

Endpoint = Callable[[Request], Awaitable[Response]]
ErrorResponse = Callable[[Problem], Response]
Health = Callable[[], Mapping[str, Any]]
Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]

log = logging.getLogger("janus.services")

MAX_BODY_BYTES = 1_000_000
ANONYMOUS = "anonymous"


@dataclass(frozen=True)
class ServiceContext:
    """What a service is handed: the contract, the callers' clocks, whether limits hold, a clock, and the traces."""

    contract: Contract
    clocks: CallerClocks
    limits: LimitSwitch = field(default_factory=LimitSwitch)
    clock: Clock = field(default_factory=SystemClock)
    tracing: Tracing = field(default_factory=Tracing)


def caller_of(request: Request) -> str:
    """The caller's id as the egress proxy established it; `anonymous` where no proxy stands before the service."""
    return str(request.scope.get("state", {}).get("caller", ANONYMOUS))


def build_service(
    service: Service,
    context: ServiceContext,
    endpoint: Endpoint,
    *,
    health: Health = dict,
    extra_routes: Sequence[Route] = (),
    lifespan: Lifespan | None = None,
    error_response: ErrorResponse = Problem.response,
) -> ASGIApp:
    """The service's ASGI app: `endpoint` at the contract's method and path, and `GET /health`.

    Every error, those of routing and crashes included, leaves through `error_response`: as a problem (RFC 9457), unless
    the service speaks a wire format with another shape. Where the contract has a rate limit and `context.limits` is on,
    requests to the endpoint are counted per caller and answered 429 with `Retry-After` (RFC 9110, 10.2.3) beyond it.
    """
    limited = _rate_limited(endpoint, service, context)

    async def healthy(_: Request) -> Response:
        return JSONResponse({"status": "ok", "service": service.name, **health()})

    app = Starlette(
        routes=[
            Route(service.path, limited, methods=[service.method]),
            Route("/health", healthy, methods=["GET"]),
            *extra_routes,
        ],
        exception_handlers={
            kind: _handler(to_problem, error_response)
            for kind, to_problem in ((Problem, _as_is), (HTTPException, _of_routing), (Exception, _of_crash))
        },
        lifespan=lifespan,
    )
    return _Observed(app, service, context.tracing)


async def read_json(request: Request, service: Service, *, max_bytes: int = MAX_BODY_BYTES) -> dict[str, Any]:
    """The body as an object, with the contract's parameters checked and their defaults filled in.

    Unknown fields are kept. Raises Problem: 400 when the body is not a JSON object, 413 over `max_bytes`, 422 naming
    the field that is missing, of the wrong type or out of bounds.
    """
    body = await _read_body(request, max_bytes)
    try:
        values = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise bad_request(f"The body is not valid JSON. Send an object such as {_example(service)}.") from None
    if not isinstance(values, dict):
        raise bad_request(f"The body must be a JSON object such as {_example(service)}.")
    return {**values, **{p.name: _checked(p, values.get(p.name)) for p in service.all_parameters}}


def read_query(request: Request, service: Service) -> dict[str, Any]:
    """The query parameters that the contract names, checked. Raises Problem 422 naming the parameter."""
    return {p.name: _checked(p, request.query_params.get(p.name)) for p in service.all_parameters}


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON (RFC 8259, section 6)")


async def _read_body(request: Request, max_bytes: int) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > max_bytes:
            raise too_large(max_bytes)
        parts.append(part)
    return b"".join(parts)


def _example(service: Service) -> str:
    samples = {"string": "…", "integer": 1, "array": [], "object": {}, "boolean": False}
    values = {p.name: p.default or samples[p.type] for p in service.parameters if p.required or p.default}
    return json.dumps(values, ensure_ascii=False)


_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


def _checked(parameter: Parameter, value: Any) -> Any:
    name = parameter.name
    if value is None:
        if parameter.required:
            raise invalid_field(name, f"`{name}` is missing. Send it as a JSON {parameter.type}.")
        return parameter.default
    is_wrong_bool = isinstance(value, bool) and parameter.type != "boolean"
    if is_wrong_bool or not isinstance(value, _PYTHON_TYPES[parameter.type]):
        raise invalid_field(name, f"`{name}` must be of JSON type {parameter.type}.")
    if isinstance(value, str):
        _check_string(parameter, value)
    if parameter.max_length is not None and isinstance(value, str | list) and len(value) > parameter.max_length:
        of_what = "characters" if isinstance(value, str) else "entries"
        raise invalid_field(name, f"`{name}` may have at most {parameter.max_length} {of_what}. Shorten it.")
    if isinstance(value, int | float):
        _check_number(parameter, value)
    return value


def _check_number(parameter: Parameter, value: float) -> None:
    low, high = parameter.minimum, parameter.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        raise invalid_field(parameter.name, f"`{parameter.name}` must lie between {low} and {high}.")


def _check_string(parameter: Parameter, value: str) -> None:
    if parameter.required and not value.strip():
        raise invalid_field(parameter.name, f"`{parameter.name}` is empty. Send some text.")
    if parameter.enum and value not in parameter.enum:
        raise invalid_field(parameter.name, f"`{parameter.name}` must be one of: {', '.join(parameter.enum)}.")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise invalid_field(parameter.name, f"`{parameter.name}` holds a lone surrogate; send valid Unicode.") from None


def _rate_limited(endpoint: Endpoint, service: Service, context: ServiceContext) -> Endpoint:
    if service.rate_limit is None:
        return endpoint
    window = SlidingWindow(service.rate_limit, context.clocks)

    async def limited(request: Request) -> Response:
        if not context.limits.on:
            return await endpoint(request)
        verdict = window.take(caller_of(request))
        if not verdict.allowed:
            raise _too_many(service, window, verdict)
        try:
            response = await endpoint(request)
        except Problem as problem:
            problem.headers.update(_limit_headers(window, verdict))
            raise
        response.headers.update(_limit_headers(window, verdict))
        return response

    return limited


def _limit_headers(window: SlidingWindow, verdict: Verdict) -> dict[str, str]:
    # Field names and syntax: IETF draft-ietf-httpapi-ratelimit-headers.
    reset = math.ceil(verdict.reset_seconds)
    return {
        "RateLimit-Policy": f'"caller";q={window.limit.requests};w={window.limit.per_seconds}',
        "RateLimit": f'"caller";r={verdict.remaining};t={reset}',
    }


def _too_many(service: Service, window: SlidingWindow, verdict: Verdict) -> Problem:
    wait = max(1, math.ceil(verdict.reset_seconds))
    limit = window.limit
    return Problem(
        429,
        "rate-limited",
        "Too many requests",
        f"{service.title} takes {limit.requests} requests per {limit.per_seconds} seconds from one caller. "
        f"Wait {wait} s (Retry-After) and send it again, or keep answers you already have.",
        headers={"Retry-After": str(wait), **_limit_headers(window, verdict)},
        retry_after_seconds=wait,
    )


def _handler(
    to_problem: Callable[[Request, Exception], Problem], error_response: ErrorResponse
) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def handle(request: Request, error: Exception) -> Response:
        problem = to_problem(request, error)
        response = error_response(problem)
        response.headers.update(problem.headers)
        return response

    return handle


def _as_is(_: Request, error: Exception) -> Problem:
    assert isinstance(error, Problem)
    return error


def _of_routing(request: Request, error: Exception) -> Problem:
    assert isinstance(error, HTTPException)
    detail = {
        404: f"There is nothing at {request.url.path}. GET /health says what this service is.",
        405: f"{request.method} is not possible here; see the Allow header.",
    }.get(error.status_code, str(error.detail))
    slug = {404: "not-found", 405: "method-not-allowed"}.get(error.status_code, "http-error")
    return Problem(error.status_code, slug, str(error.detail), detail, headers=dict(error.headers or {}))


def _of_crash(_: Request, error: Exception) -> Problem:
    return Problem(
        500, "internal-error", "The service failed", "This is a fault of the platform; `janus logs` has the details."
    )


class _Observed:
    """One server span and one structured log line a request; neither holds any content."""

    def __init__(self, app: ASGIApp, service: Service, tracing: Tracing) -> None:
        self.app, self.service, self.tracing = app, service, tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] == "/health":
            await self.app(scope, receive, send)
            return
        headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
        caller = str(scope.get("state", {}).get("caller", ANONYMOUS))
        parent, attached = self.tracing.requests.parent_for(caller, headers)
        attributes = {"janus.caller": caller, "http.request.method": scope["method"], ATTACHED: attached}
        status = 500
        with self.tracing.tracer.start_as_current_span(
            self.service.name, context=parent, kind=SpanKind.SERVER, attributes=attributes
        ) as span:

            async def watched(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                    span.set_attribute("http.response.status_code", status)
                    if status >= 500:
                        span.set_status(Status(StatusCode.ERROR))
                await send(message)

            try:
                await self.app(scope, receive, watched)
            finally:
                log.info("request service=%s caller=%s status=%d", self.service.name, caller, status)
