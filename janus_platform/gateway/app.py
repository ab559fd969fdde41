"""The gateway's ASGI app: raw routing on the hot path, one span and one log line a request.

No framework stands in the way of a chunk: routing through Starlette costs a millisecond to the first token and half the
requests a second. What this module does not do: count its own clients' requests, or check keys; whoever reaches the
loopback address may ask.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from opentelemetry.trace import Span, SpanKind, Status, StatusCode, set_span_in_context

from janus_platform.clock import Clock, SystemClock
from janus_platform.contract import Contract
from janus_platform.gateway import errors
from janus_platform.gateway.directory import Directory
from janus_platform.gateway.errors import GatewayError
from janus_platform.gateway.forwarding import ClientLeft, Exchange, Headers, Message, Progress, Receive, Send, Target
from janus_platform.gateway.models import list_models
from janus_platform.gateway.routing import Leader, Router
from janus_platform.gateway.sessions import UpstreamSessions
from janus_platform.gateway.validation import ChatRequest, parse_chat_request
from janus_platform.traces import Tracing, context_from, trace_id, traceparent

Scope = MutableMapping[str, Any]
Page = Callable[[], tuple[bytes, bytes]]

log = logging.getLogger("janus.gateway")

JSON = b"application/json"
HTML = b"text/html; charset=utf-8"
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
BODY_SECONDS = 60.0
# A client that is still sending sees a reset instead of the 413, so a body up to this many limits is read and dropped.
DISCARDED = 4


def build_gateway(
    contract: Contract,
    directory: Directory,
    leader: Leader,
    *,
    tracing: Tracing | None = None,
    clock: Clock | None = None,
    chat_page: bytes | None = None,
) -> GatewayApp:
    """The gateway over `directory`. `leader` returns the leading implementation's name, or None.

    The app understands the ASGI lifespan; where that is not run, `aclose` must be called. `chat_page` is served at `/`.
    """
    return GatewayApp(contract, directory, leader, tracing or Tracing(), clock or SystemClock(), chat_page)


class GatewayApp:
    """An ASGI app; see `build_gateway`."""

    def __init__(
        self,
        contract: Contract,
        directory: Directory,
        leader: Leader,
        tracing: Tracing,
        clock: Clock,
        chat_page: bytes | None,
    ) -> None:
        self._contract, self._directory, self._tracing, self._clock = contract, directory, tracing, clock
        self._router = Router(contract, directory, leader)
        self._sessions = UpstreamSessions()
        gateway = contract.gateway
        self._pages: dict[str, Page] = {gateway.models_path: self._models, gateway.health_path: self._health}
        if chat_page is not None:
            self._pages["/"] = lambda: (HTML, chat_page)
        self._paths = [gateway.chat_path, *self._pages]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def aclose(self) -> None:
        """Close every connection to an implementation."""
        await self._sessions.aclose()

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                await self.aclose()
                await send({"type": "lifespan.shutdown.complete"})
                return
            await send({"type": "lifespan.startup.complete"})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else f"req_{secrets.token_hex(12)}"
        about: Headers = [(b"x-request-id", request_id.encode())]
        try:
            self._same_origin(headers)
            if scope["path"] == self._contract.gateway.chat_path:
                _allow(scope, "POST")
                await self._chat(headers, request_id, about, receive, send)
                return
            await _respond(send, 200, *self._page(scope), about)
        except GatewayError as error:
            await _respond_error(send, error, about)
        except Exception:
            log.exception("request id=%s failed inside the gateway", request_id)
            message = "The gateway failed. This is a fault of the platform; `janus logs` has the details."
            await _respond_error(send, GatewayError(500, message, code="internal_error"), about)

    def _page(self, scope: Scope) -> tuple[bytes, bytes]:
        path, models_path = scope["path"], self._contract.gateway.models_path
        if page := self._pages.get(path):
            _allow(scope, "GET, HEAD")
            return page()
        if path.startswith(models_path + "/"):
            _allow(scope, "GET, HEAD")
            return self._model(path.removeprefix(models_path + "/"))
        raise errors.unknown_path(path, self._paths)

    def _models(self) -> tuple[bytes, bytes]:
        return JSON, json.dumps(list_models(self._contract, self._directory, self._router.current)).encode()

    def _model(self, name: str) -> tuple[bytes, bytes]:
        models = list_models(self._contract, self._directory, self._router.current)["data"]
        for model in models:
            if model["id"] == name:
                return JSON, json.dumps(model).encode()
        raise errors.model_not_found(name, "model", [model["id"] for model in models])

    def _health(self) -> tuple[bytes, bytes]:
        status = {"status": "ok", "contract": self._contract.version, "janus": self._router.current}
        return JSON, json.dumps(status).encode()

    def _same_origin(self, headers: Mapping[str, str]) -> None:
        """Closed to other origins: a page elsewhere can send a request without asking, but not get it answered."""
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != headers.get("host"):
            raise errors.foreign_origin()

    async def _chat(
        self, headers: Mapping[str, str], request_id: str, about: Headers, receive: Receive, send: Send
    ) -> None:
        span = self._tracing.tracer.start_span("gateway", context=context_from(headers), kind=SpanKind.SERVER)
        outcome, implementation = 500, "-"
        try:
            if span.is_recording():
                self._tracing.store.alias(request_id, trace_id(span))
                about.append((b"traceparent", traceparent(span).encode()))
            body = await self._body(headers, receive)
            request = parse_chat_request(body, self._contract)
            span.set_attribute("janus.stream", request.stream)
            implementation, upstream = await self._router.route(request)
            about.append((b"x-janus-implementation", implementation.encode()))
            span.set_attribute("janus.implementation", implementation)
            with upstream.load.request():
                session, origin = await self._sessions.get(upstream)
                url = origin + self._contract.implementation.chat_path
                target = Target(implementation, session, url, _upstream_headers(request, request_id))
                outcome = await self._forward(request, target, upstream.caller, span, receive, send, about)
        except GatewayError as error:
            outcome = error.status
            span.set_attribute("janus.error", error.code)
            raise
        except ClientLeft:
            outcome = 499  # nginx's name for it: the client closed the request.
            span.add_event("client_left")
        finally:
            span.set_attribute("http.response.status_code", outcome)
            if outcome >= 500:
                span.set_status(Status(StatusCode.ERROR))
            span.end()
            log.info("request id=%s implementation=%s status=%d", request_id, implementation, outcome)

    async def _forward(
        self,
        request: ChatRequest,
        target: Target,
        caller: str,
        span: Span,
        receive: Receive,
        send: Send,
        about: Headers,
    ) -> int:
        """Forward inside a client span; the status that the client saw, or 502 or 504 for a stream that failed."""
        tracing = self._tracing
        call = tracing.tracer.start_span(
            "implementation",
            context=set_span_in_context(span),
            kind=SpanKind.CLIENT,
            attributes={"janus.implementation": target.name, "janus.caller": caller},
        )
        if call.is_recording():
            target.headers["traceparent"] = traceparent(call)
        progress = Progress(
            event=lambda name, attributes: span.add_event(name, attributes),
            completion=lambda completion: tracing.store.alias(completion, trace_id(span)),
        )
        exchange = Exchange(
            self._contract, self._clock, request, target, progress, receive=receive, send=send, headers=about
        )
        try:
            with tracing.requests.answering(caller, call):
                await exchange.run()
        except GatewayError as error:
            call.set_status(Status(StatusCode.ERROR, error.code))
            raise
        finally:
            call.end()
        return progress.status

    async def _body(self, headers: Mapping[str, str], receive: Receive) -> bytes:
        limit = self._contract.gateway.max_body_bytes
        length = headers.get("content-length", "")
        announced = int(length) if length.isdecimal() and len(length) < 20 else 0
        waits = headers.get("expect", "").lower() == "100-continue"
        if announced > limit and (waits or announced > DISCARDED * limit):
            raise errors.too_large(limit)
        message = await receive()
        if message["type"] == "http.request" and not message.get("more_body"):
            body: bytes = message.get("body", b"")
            if len(body) > limit:
                raise errors.too_large(limit)
            return body
        return await _within(self._clock, BODY_SECONDS, _rest_of_body(message, receive, limit))


async def _rest_of_body(message: Message, receive: Receive, limit: int) -> bytes:
    parts: list[bytes] = []
    size, more = 0, True
    while more and size <= DISCARDED * limit:
        if message["type"] == "http.disconnect":
            raise ClientLeft
        part = message.get("body", b"")
        size += len(part)
        if size <= limit:
            parts.append(part)
        else:
            parts.clear()
        more = bool(message.get("more_body"))
        if more:
            message = await receive()
    if size > limit:
        raise errors.too_large(limit)
    return b"".join(parts)


async def _within(clock: Clock, seconds: float, reading: Awaitable[bytes]) -> bytes:
    """The body, or GatewayError 408 when it is not complete within `seconds`."""
    work, pause = asyncio.ensure_future(reading), asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait((work, pause), return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            return work.result()
    finally:
        work.cancel()
        pause.cancel()
        await asyncio.gather(work, pause, return_exceptions=True)
    message = f"The body did not arrive within {seconds:g} seconds. Send it again."
    raise GatewayError(408, message, code="body_timeout", headers={"connection": "close"})


def _allow(scope: Scope, allowed: str) -> None:
    if scope["method"] not in allowed.split(", "):
        raise errors.wrong_method(scope["method"], scope["path"], allowed)


def _upstream_headers(request: ChatRequest, request_id: str) -> dict[str, str]:
    # The client's own key and cookies are not the implementation's business.
    return {
        "content-type": "application/json",
        "accept": "text/event-stream" if request.stream else "application/json",
        "accept-encoding": "identity",
        "x-request-id": request_id,
    }


async def _respond_error(send: Send, error: GatewayError, about: Headers) -> None:
    more = [(k.encode(), v.encode()) for k, v in error.headers.items()]
    await _respond(send, error.status, JSON, error.body(), [*about, *more])


async def _respond(send: Send, status: int, content_type: bytes, body: bytes, about: Headers) -> None:
    headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode()), *about]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
