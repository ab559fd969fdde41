"""One chat request from its first byte to its last: checked, routed, tried on a node, traced, counted, logged."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping

from opentelemetry.context import Context
from opentelemetry.trace import INVALID_SPAN, Span, SpanKind, Status, StatusCode, set_span_in_context

from janus_platform.clock import Clock
from janus_platform.contract import Contract
from janus_platform.gateway import errors
from janus_platform.gateway.balancing import Backend, Balancer
from janus_platform.gateway.body import read_body
from janus_platform.gateway.errors import BackendError, ClientDisconnectedError, ResponseError
from janus_platform.gateway.metrics import NOBODY, Metrics
from janus_platform.gateway.remote_url import host_header
from janus_platform.gateway.request_record import RequestRecord, tokens
from janus_platform.gateway.response_stream import Client, Headers, Receive, Send
from janus_platform.gateway.routing import Router
from janus_platform.gateway.timeouts import Ticker
from janus_platform.gateway.upstream_exchange import Progress, Target, UpstreamExchange
from janus_platform.gateway.upstream_pool import ConnectionPool
from janus_platform.gateway.validation import SMALL_BYTES, ChatRequest, parse_chat_request
from janus_platform.processes.workers import JobFailedError, TooManyJobsError, Workers
from janus_platform.traces.context import TOKEN_TIMES, context_from, trace_id, traceparent
from janus_platform.traces.tracing import Tracing

log = logging.getLogger("janus.gateway")

CHECK = "janus_platform.gateway.validation:check_large"
PING_SECONDS = 1.0
# A request is tried on at most this many nodes: what breaks each of them would go through all of a large set.
MAX_TRIES = 3


_NO_PARENT = Context()


class Chat:
    """Answers chat requests; `answer` is the gateway's hot path."""

    def __init__(
        self,
        contract: Contract,
        router: Router,
        balancer: Balancer,
        connections: ConnectionPool,
        metrics: Metrics,
        tracing: Tracing,
        clock: Clock,
        answered: Callable[[RequestRecord], None] | None = None,
    ) -> None:
        self._contract, self._router, self._balancer, self._connections = contract, router, balancer, connections
        self._metrics, self._tracing, self._clock = metrics, tracing, clock
        self._ticker, self._answered = Ticker(clock), answered
        self._workers = Workers()
        self._seconds = contract.implementation.request_timeout_seconds

    async def close(self) -> None:
        """Stop the timer and the worker processes."""
        self._ticker.close()
        await self._workers.close()

    async def _checked(self, body: bytes) -> ChatRequest:
        """The request; a large one is parsed and checked in a process of its own. Raises ResponseError."""
        if len(body) <= SMALL_BYTES:
            return parse_chat_request(body, self._contract)
        try:
            said, _ = await self._workers.run(CHECK, body, contract=self._contract)
        except TooManyJobsError:
            message = "Other large requests are being checked. Send this one again in a moment."
            raise ResponseError(503, message, code="busy", headers={"retry-after": "1"}) from None
        except JobFailedError as error:
            message = f"The request is too much to check: {error}. Send less."
            raise ResponseError(400, message, code="request_too_large") from None
        if "error" in said:
            raise ResponseError(**said["error"])
        return ChatRequest(**said, body=body)

    async def answer(
        self, headers: Mapping[str, str], request_id: str, about: Headers, receive: Receive, send: Send
    ) -> None:
        """Answer one request. Raises ResponseError while nothing has been sent; `about` gets that answer's headers."""
        parent = context_from(headers) if "traceparent" in headers else _NO_PARENT
        span = self._tracing.tracer.start_span("gateway", context=parent, kind=SpanKind.SERVER)
        handling = _Handling(
            self, request_id, about, span, Client(receive, send, self._clock, ping_seconds=PING_SECONDS)
        )
        outcome = 500
        try:
            body = await read_body(headers, receive, self._contract.gateway.max_body_bytes)
            handling.received = len(body)
            outcome = await handling.answer(await self._checked(body))
        except ResponseError as error:
            outcome = error.status
            span.set_attribute("janus.error", error.traced_code)
            raise
        except ClientDisconnectedError:
            outcome = 499  # nginx's name for it: the client closed the request.
            span.add_event("client_left")
        finally:
            handling.end(outcome)


class _Handling:
    """The state of one chat request."""

    def __init__(self, chat: Chat, request_id: str, about: Headers, span: Span, client: Client) -> None:
        self._chat, self._id, self._about, self._span, self._client = chat, request_id, about, span, client
        self._started = chat._clock.now()
        self._name, self._streams, self.received = NOBODY, False, 0
        self._progress = Progress(event=self._event, completion=self._completion)
        self._recording = span.is_recording()
        self._node: Span = INVALID_SPAN
        about.append((b"traceparent", traceparent(span).encode()))
        if self._recording:
            chat._tracing.store.alias(request_id, trace_id(span))

    async def answer(self, request: ChatRequest) -> int:
        """Route, forward, and try again where that is possible; the status that the client saw."""
        chat, span, wanted = self._chat, self._span, time.time_ns()
        self._name, upstreams = await chat._router.route(request)
        self._about.append((b"x-janus-implementation", self._name.encode()))
        if self._recording:
            span.set_attributes({"janus.stream": request.stream, "janus.implementation": self._name})
            self._node = self._node_span(wanted)
        exchange = UpstreamExchange(
            chat._contract, chat._clock, request, self._client, chat._connections, self._progress, self._headers
        )
        if request.stream:
            self._client.will_stream(exchange.stream_headers)
        counters = chat._metrics.of(self._name)
        tried: list[Backend] = []
        counters.open.inc()
        try:
            with self._client.attended(chat._ticker, chat._seconds, errors.took_too_long(chat._seconds)):
                while (node := chat._balancer.choose(self._name, upstreams, tried)) is not None:
                    tried.append(node)
                    try:
                        await self._try(node, request, exchange)
                        return self._progress.status
                    except BackendError as error:
                        counters.node_failures.inc()
                        if self._client.answered:
                            raise
                        if len(tried) == min(len(upstreams), MAX_TRIES):
                            raise await self._why(node, error) from error
                        counters.retries.inc()
                        span.add_event("retry", {"janus.error": error.traced_code})
            raise errors.not_ready(self._name, "none of its nodes runs.")
        except ResponseError as error:
            if not self._client.started:
                raise
            await exchange.fail(error)
            return error.status
        finally:
            counters.open.dec()
            self._node.end()

    async def _why(self, node: Backend, error: BackendError) -> ResponseError:
        """What a client is told whom no node answered: that the process ended and is started again, if it did."""
        down = await node.upstream.lost()
        return error if down is None else errors.not_ready(self._name, str(down), down.retry_after)

    async def _try(self, node: Backend, request: ChatRequest, exchange: UpstreamExchange) -> None:
        """Forward to one node inside a client span."""
        chat, upstream = self._chat, node.upstream
        call: Span = self._call_span(upstream.caller) if self._recording else self._span
        target = Target(self._name, upstream.base, self._head(request, call, host_header(upstream.base)))
        try:
            with upstream.load.request(), chat._tracing.requests.answering(upstream.caller, call):
                await exchange.run(target)
            chat._balancer.succeeded(node)
        except ResponseError as error:
            call.set_status(Status(StatusCode.ERROR, error.traced_code))
            if isinstance(error, BackendError):
                chat._balancer.failed(self._name, node)
            raise
        finally:
            if self._recording:
                call.end()

    def _node_span(self, wanted: int) -> Span:
        """From the moment the node was asked for the implementation: it may have to start it first."""
        return self._chat._tracing.tracer.start_span(
            "node",
            context=set_span_in_context(self._span),
            attributes={"janus.implementation": self._name},
            start_time=wanted,
        )

    def _call_span(self, caller: str) -> Span:
        return self._chat._tracing.tracer.start_span(
            "implementation",
            context=set_span_in_context(self._node),
            kind=SpanKind.CLIENT,
            attributes={"janus.implementation": self._name, "janus.caller": caller},
        )

    def end(self, outcome: int) -> None:
        """Close the span, count the request and write its one line into the log."""
        span, now = self._span, self._chat._clock.now()
        if self._recording:
            span.set_attribute("http.response.status_code", outcome)
            times = self._progress.token_times
            span.set_attribute(TOKEN_TIMES, [round((at - self._started) * 1000, 3) for at in times])
        if outcome >= 500:
            span.set_status(Status(StatusCode.ERROR))
        span.end()
        seconds = now - self._started
        counters = self._chat._metrics.of(self._name)
        counters.answered(outcome)
        counters.duration.observe(seconds)
        progress = self._progress
        if progress.first_token is not None:
            counters.first_token.observe(progress.first_token - self._started)
        if progress.events:
            counters.events.inc(progress.events)
        log.info("request id=%s implementation=%s status=%d ms=%.1f", self._id, self._name, outcome, seconds * 1000)
        if self._chat._answered is not None:
            self._chat._answered(self._record(outcome, seconds))

    def _record(self, outcome: int, seconds: float) -> RequestRecord:
        progress = self._progress
        first = progress.first_token
        return RequestRecord(
            self._id,
            self._name,
            outcome,
            self._streams,
            seconds,
            None if first is None else first - self._started,
            self.received,
            self._client.sent,
            tokens(progress.usage, "prompt_tokens"),
            tokens(progress.usage, "completion_tokens"),
        )

    def _head(self, request: ChatRequest, call: Span, host: str) -> bytes:
        # The client's own key and cookies are not the implementation's business.
        accept = "text/event-stream" if request.stream else "application/json"
        context = call.get_span_context()
        state = f"tracestate: {context.trace_state.to_header()}\r\n" if context.trace_state else ""
        return (
            f"POST {self._chat._contract.implementation.chat_path} HTTP/1.1\r\nhost: {host}\r\n"
            f"content-type: application/json\r\naccept: {accept}\r\naccept-encoding: identity\r\n"
            f"x-request-id: {self._id}\r\ntraceparent: {traceparent(call)}\r\n{state}"
            f"content-length: {len(request.body)}\r\n\r\n"
        ).encode("latin-1")

    def _headers(self) -> Headers:
        """The answer's headers, `Server-Timing` (W3C) among them: until asked, and until the answer's first byte."""
        asked, now = self._progress.asked, self._chat._clock.now()
        timing = f"gateway;dur={(asked - self._started) * 1000:.2f}, implementation;dur={(now - asked) * 1000:.2f}"
        return [*self._about, (b"server-timing", timing.encode())]

    def _event(self, name: str, attributes: dict[str, int | str]) -> None:
        if self._recording:
            self._span.add_event(name, attributes)

    def _completion(self, completion: str) -> None:
        if self._recording:
            self._chat._tracing.store.alias(completion, trace_id(self._span))
