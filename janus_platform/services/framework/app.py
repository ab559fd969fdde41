"""The ASGI app of a service: context, rate limits, problems, health, the OpenAPI document.

A service is an ASGI app. It opens no socket, reads no global and does not wait by the wall clock: its index, its limits
and its clock are handed to it. The caller's id comes from the egress proxy in the ASGI scope's `state`.

To add a parameter, a response field, an endpoint or a kind of problem: write it into contract.toml (the keys are listed
in contract/services.py), and hand `build_service` the new endpoint's Route. `read_json` and `read_query` then check the
parameter, `GET /openapi.json` and the book's reference page show it, and the property tests hold the service to it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from janus_platform.clock import CallerClocks, Clock, SystemClock
from janus_platform.contract import JSON, Contract, Service
from janus_platform.services.framework.observability import (
    EXTRA_HEADERS,
    CrashMiddleware,
    ObservabilityMiddleware,
    caller_in,
    crash_problem,
)
from janus_platform.services.framework.openapi import HEALTH_PATH, document
from janus_platform.services.framework.openapi import PATH as OPENAPI_PATH
from janus_platform.services.framework.problem import Problem
from janus_platform.services.framework.rate_limit import LimitSwitch, SlidingWindow, Verdict
from janus_platform.services.framework.request import read_json as read_json
from janus_platform.services.framework.request import read_object as read_object
from janus_platform.services.framework.request import read_query as read_query
from janus_platform.traces.tracing import Tracing

Endpoint = Callable[[Request], Awaitable[Response]]
ErrorResponse = Callable[[Problem], Response]
Health = Callable[[], Mapping[str, Any]]
Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


@dataclass(frozen=True)
class ServiceContext:
    """The parts of a service: the contract, the callers' clocks, the switch of the limits, a clock, and the traces."""

    contract: Contract
    clocks: CallerClocks
    limits: LimitSwitch = field(default_factory=LimitSwitch)
    clock: Clock = field(default_factory=SystemClock)
    tracing: Tracing = field(default_factory=Tracing)


def caller_of(request: Request) -> str:
    """The caller's id as the egress proxy established it; `anonymous` where no proxy stands before the service."""
    return caller_in(request.scope)


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
    """The service's ASGI app: `endpoint` at the contract's method and path, `GET /health` and `GET /openapi.json`.

    Every error, those of routing and crashes included, leaves through `error_response`: as a problem (RFC 9457), unless
    the service speaks a wire format with another shape. Where the contract has a rate limit and `context.limits` is on,
    requests to the endpoint are counted per caller and answered 429 with `Retry-After` (RFC 9110, 10.2.3) beyond it.
    """
    described = _OpenApiEndpoint(context.contract, service)

    async def healthy(_: Request) -> Response:
        return JSONResponse({"status": "ok", "service": service.name, "openapi": OPENAPI_PATH, **health()})

    routes: list[Route] = [
        Route(service.path, _rate_limited(endpoint, service, context), methods=[service.method]),
        Route(HEALTH_PATH, healthy, methods=["GET"]),
        Route(OPENAPI_PATH, described.answer, methods=["GET"]),
        *extra_routes,
    ]
    errors = _ErrorResponses(routes, error_response)
    app = Starlette(
        routes=routes,
        exception_handlers={Problem: errors.on_problem, HTTPException: errors.on_routing},
        middleware=[Middleware(CrashMiddleware, name=service.name, on_crash=errors.on_crash)],
        lifespan=lifespan,
    )
    # `/search/` is not `/search`: a redirect would hide the mistake from a client that follows it, and puzzle others.
    app.router.redirect_slashes = False
    return ObservabilityMiddleware(app, service.name, {route.endpoint: route.path for route in routes}, context.tracing)


class _OpenApiEndpoint:
    """`GET /openapi.json`: the document as bytes, made when it is first asked for, and its entity tag."""

    def __init__(self, contract: Contract, service: Service) -> None:
        self._contract, self._service = contract, service

    @cached_property
    def _body(self) -> bytes:
        return json.dumps(document(self._contract, self._service), ensure_ascii=False).encode()

    @cached_property
    def _tag(self) -> str:
        return f'"{hashlib.sha256(self._body).hexdigest()[:32]}"'

    async def answer(self, request: Request) -> Response:
        """The document, or 304 where the caller has it already (RFC 9110, 13.1.2)."""
        headers = {"ETag": self._tag, "Cache-Control": "no-cache"}
        known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
        if known & {self._tag, "*"}:
            return Response(status_code=304, headers=headers)
        return Response(self._body, media_type=JSON, headers=headers)


class _ErrorResponses:
    """Every error of a service, in its shape."""

    def __init__(self, routes: Sequence[Route], error_response: ErrorResponse) -> None:
        self._shape = error_response
        self._here = ", ".join(f"{'/'.join(sorted((r.methods or set()) - {'HEAD'}))} {r.path}" for r in routes)

    async def on_problem(self, _: Request, error: Exception) -> Response:
        """A problem that an endpoint raised."""
        assert isinstance(error, Problem)
        return self._respond(error)

    async def on_routing(self, request: Request, error: Exception) -> Response:
        """404, 405, or the answer to OPTIONS (RFC 9110, 9.3.7)."""
        assert isinstance(error, HTTPException)
        headers = dict(error.headers or {})
        if error.status_code == 405 and request.method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": f"{headers.get('Allow', '')}, OPTIONS".strip(", ")})
        slug, detail = {
            404: ("not-found", f"There is nothing at this path. This service has {self._here}."),
            405: ("method-not-allowed", f"This path takes {headers.get('Allow', 'another method')} only."),
        }.get(error.status_code, ("http-error", str(error.detail)))
        return self._respond(Problem(error.status_code, slug, str(error.detail), detail, headers=headers))

    async def on_crash(self, scope: Scope, receive: Receive, send: Send) -> None:
        """500, as an ASGI app."""
        await self._respond(crash_problem())(scope, receive, send)

    def _respond(self, problem: Problem) -> Response:
        response = self._shape(problem)
        response.headers.update(problem.headers)
        return response


def _rate_limited(endpoint: Endpoint, service: Service, context: ServiceContext) -> Endpoint:
    if service.rate_limit is None:
        return endpoint
    window = SlidingWindow(service.rate_limit, context.clocks)

    async def limited(request: Request) -> Response:
        caller = caller_of(request)
        if context.limits.holds_for(caller):
            verdict = window.take(caller)
            limit_headers = verdict.headers(window.limit)
            # On every answer, also an error's: the caller learns how much is left before it is refused.
            request.scope[EXTRA_HEADERS].extend((k.lower().encode(), v.encode()) for k, v in limit_headers.items())
            if not verdict.allowed:
                raise _too_many(service, window, verdict)
        return await endpoint(request)

    return limited


def _too_many(service: Service, window: SlidingWindow, verdict: Verdict) -> Problem:
    limit, wait = window.limit, verdict.wait_seconds
    return Problem(
        429,
        "rate-limited",
        "Too many requests",
        f"{service.title} takes {limit.requests} requests per {limit.per_seconds} seconds from one caller. "
        f"Wait {wait} s (Retry-After) and send it again, or keep answers you already have.",
        headers={"Retry-After": str(wait)},
        retry_after_seconds=wait,
    )
