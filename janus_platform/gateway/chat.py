"""One chat request from its first byte to its last: read, checked, routed, tried on a backend, recorded."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from opentelemetry.trace import Span, Status, StatusCode

from janus_platform.clock import Clock
from janus_platform.contract import Contract
from janus_platform.gateway import errors
from janus_platform.gateway.balancing import Backend, Balancer
from janus_platform.gateway.body import RequestReader
from janus_platform.gateway.directory import Upstream
from janus_platform.gateway.errors import BackendError, ClientDisconnectedError, ResponseError
from janus_platform.gateway.metrics import Metrics
from janus_platform.gateway.remote_url import host_header
from janus_platform.gateway.request_record import RequestRecord, RequestRecorder
from janus_platform.gateway.response_stream import Client, Headers, Receive, Send
from janus_platform.gateway.routing import Router
from janus_platform.gateway.timeouts import Ticker
from janus_platform.gateway.upstream_exchange import Target, UpstreamExchange
from janus_platform.gateway.upstream_pool import ConnectionPool
from janus_platform.gateway.validation import ChatRequest
from janus_platform.traces.context import traceparent
from janus_platform.traces.tracing import Tracing

PING_SECONDS = 1.0
# A request is tried on at most this many backends: what breaks each of them would go through all of a large set.
MAX_TRIES = 3
# nginx's status for a client that closed the request.
CLIENT_CLOSED_REQUEST = 499


@dataclass(frozen=True)
class ChatParts:
    """What all chat requests of a gateway share; `on_finished` gets the record of each one when it is over."""

    contract: Contract
    router: Router
    balancer: Balancer
    connections: ConnectionPool
    metrics: Metrics
    tracing: Tracing
    clock: Clock
    ticker: Ticker
    on_finished: Callable[[RequestRecord], None] | None = None


class Chat:
    """Answers chat requests; `answer` is the gateway's hot path."""

    def __init__(self, parts: ChatParts) -> None:
        self._parts, self._reader = parts, RequestReader(parts.contract)

    async def close(self) -> None:
        """Stop the timer and the worker processes."""
        self._parts.ticker.close()
        await self._reader.close()

    async def answer(
        self, headers: Mapping[str, str], request_id: str, response_headers: Headers, receive: Receive, send: Send
    ) -> None:
        """Answer one request.

        Raises ResponseError while nothing has been sent; `response_headers` gets headers for that answer too.
        """
        parts = self._parts
        recorder = RequestRecorder(request_id, headers, parts.tracing, parts.metrics, parts.clock)
        response_headers.append((b"traceparent", recorder.traceparent))
        client = Client(receive, send, parts.clock, ping_seconds=PING_SECONDS)
        status = 500
        try:
            body = await self._reader.read(headers, receive)
            recorder.request_bytes = len(body)
            request = await self._reader.checked(body)
            handler = ChatRequestHandler(parts, request, client, recorder, request_id, response_headers)
            status = await handler.answer()
        except ResponseError as error:
            status = error.status
            recorder.failed(error)
            raise
        except ClientDisconnectedError:
            status = CLIENT_CLOSED_REQUEST
            recorder.disconnected()
        finally:
            recorder.finish(status)
            if parts.on_finished is not None:
                parts.on_finished(recorder.record(status, client.sent))


class ChatRequestHandler:
    """Routes one valid request and forwards it to a backend, and to another one where the first does not answer."""

    def __init__(
        self,
        parts: ChatParts,
        request: ChatRequest,
        client: Client,
        recorder: RequestRecorder,
        request_id: str,
        response_headers: Headers,
    ) -> None:
        self._parts, self._request, self._client, self._recorder = parts, request, client, recorder
        self._request_id, self._response_headers = request_id, response_headers

    async def answer(self) -> int:
        """The status that the client saw. Raises ResponseError while nothing has been sent."""
        parts, request, client, recorder = self._parts, self._request, self._client, self._recorder
        asked_ns = time.time_ns()
        name, upstreams = await parts.router.route(request)
        recorder.routed(name, stream=request.stream, asked_ns=asked_ns)
        self._response_headers.append((b"x-janus-implementation", name.encode()))
        exchange = UpstreamExchange(
            parts.contract, parts.clock, request, client, parts.connections, recorder.progress, self._headers
        )
        if request.stream:
            client.will_stream(exchange.stream_headers)
        seconds = parts.contract.implementation.request_timeout_seconds
        open_requests = recorder.counters.open
        open_requests.inc()
        try:
            with client.attended(parts.ticker, seconds, errors.took_too_long):
                await self._forward(exchange, upstreams)
            return recorder.progress.status
        except ResponseError as error:
            if not client.started:
                raise
            await exchange.fail(error)
            return error.status
        finally:
            open_requests.dec()
            recorder.answered()

    async def _forward(self, exchange: UpstreamExchange, upstreams: Sequence[Upstream]) -> None:
        """Try one backend after the other until one has answered. Raises ResponseError."""
        recorder, tried = self._recorder, list[Backend]()
        name = recorder.implementation
        while (backend := self._parts.balancer.choose(name, upstreams, tried)) is not None:
            tried.append(backend)
            try:
                return await self._try(backend, exchange)
            except BackendError as error:
                recorder.counters.node_failures.inc()
                if self._client.answered:
                    raise
                if len(tried) == min(len(upstreams), MAX_TRIES):
                    # The client is told where the process ended and is started again.
                    lost = await backend.upstream.lost()
                    raise error if lost is None else errors.not_ready(name, str(lost), lost.retry_after) from error
                recorder.retried(error)
        raise errors.not_ready(name, "none of its nodes is running.")

    async def _try(self, backend: Backend, exchange: UpstreamExchange) -> None:
        """Forward to one backend inside a client span."""
        parts, recorder, upstream = self._parts, self._recorder, backend.upstream
        name, span = recorder.implementation, recorder.call(upstream.caller)
        target = Target(name, upstream.base, self._request_head(span, host_header(upstream.base)))
        try:
            with upstream.load.request(), parts.tracing.requests.answering(upstream.caller, span):
                await exchange.run(target)
            parts.balancer.succeeded(backend)
        except ResponseError as error:
            span.set_status(Status(StatusCode.ERROR, error.traced_code))
            if isinstance(error, BackendError):
                parts.balancer.failed(name, backend)
            raise
        finally:
            recorder.called(span)

    def _request_head(self, span: Span, host: str) -> bytes:
        # The client's own key and cookies are not the implementation's business.
        accept = "text/event-stream" if self._request.stream else "application/json"
        context = span.get_span_context()
        state = f"tracestate: {context.trace_state.to_header()}\r\n" if context.trace_state else ""
        return (
            f"POST {self._parts.contract.implementation.chat_path} HTTP/1.1\r\nhost: {host}\r\n"
            f"content-type: application/json\r\naccept: {accept}\r\naccept-encoding: identity\r\n"
            f"x-request-id: {self._request_id}\r\ntraceparent: {traceparent(span)}\r\n{state}"
            f"content-length: {len(self._request.body)}\r\n\r\n"
        ).encode("latin-1")

    def _headers(self) -> Headers:
        """The answer's headers, `Server-Timing` (W3C) among them: until asked, and until the answer's first byte."""
        requested_at = self._recorder.progress.requested_at
        ours, theirs = requested_at - self._recorder.started, self._parts.clock.now() - requested_at
        timing = f"gateway;dur={ours * 1000:.2f}, implementation;dur={theirs * 1000:.2f}"
        return [*self._response_headers, (b"server-timing", timing.encode())]
