"""What is kept of one chat request: spans, counters, a line in the log, and a record in numbers alone."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from opentelemetry.context import Context
from opentelemetry.trace import INVALID_SPAN, Span, SpanKind, Status, StatusCode, set_span_in_context

from janus_platform.clock import Clock
from janus_platform.gateway.errors import ResponseError
from janus_platform.gateway.metrics import NOBODY, ImplementationMetrics, Metrics
from janus_platform.gateway.upstream_exchange import Progress
from janus_platform.traces.context import TOKEN_TIMES, context_from, trace_id, traceparent
from janus_platform.traces.tracing import Tracing

log = logging.getLogger("janus.gateway")

# A count that an implementation reports is believed up to here.
MAX_TOKENS = 1_000_000_000
_NO_PARENT = Context()


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One chat request that is over: `implementation` is `none` where it reached none; `status` is the client's.

    Times are in seconds from the request's head; `first_token` and the token counts are None where there was none, or
    the implementation did not say. No field could hold any content.
    """

    request_id: str
    implementation: str
    status: int
    stream: bool
    seconds: float
    first_token: float | None
    request_bytes: int
    response_bytes: int
    prompt_tokens: int | None
    completion_tokens: int | None


def tokens(usage: object, name: str) -> int | None:
    """The count of that name in an answer's `usage`; None where there is no usable one: implementations send it."""
    value = usage.get(name) if isinstance(usage, Mapping) else None
    usable = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_TOKENS
    return value if usable else None


class RequestRecorder:
    """Records one chat request while it is answered; `finish` closes its span, counts it and logs it."""

    def __init__(
        self, request_id: str, headers: Mapping[str, str], tracing: Tracing, metrics: Metrics, clock: Clock
    ) -> None:
        self._id, self._tracing, self._metrics, self._clock = request_id, tracing, metrics, clock
        parent = context_from(headers) if "traceparent" in headers else _NO_PARENT
        self._span = tracing.tracer.start_span("gateway", context=parent, kind=SpanKind.SERVER)
        self._node_span: Span = INVALID_SPAN
        self._recording = self._span.is_recording()
        self.started = clock.now()
        self.implementation, self._stream, self.request_bytes, self._seconds = NOBODY, False, 0, 0.0
        self.progress = Progress(event=self._event, completion=self._completion)
        if self._recording:
            tracing.store.alias(request_id, trace_id(self._span))

    @property
    def traceparent(self) -> bytes:
        """The request's trace context, for the answer's head."""
        return traceparent(self._span).encode()

    @property
    def counters(self) -> ImplementationMetrics:
        """The metrics of the implementation that answers."""
        return self._metrics.of(self.implementation)

    def routed(self, implementation: str, *, stream: bool, asked_ns: int) -> None:
        """An implementation is chosen. Its node was asked for it at `asked_ns`, and may have had to start it first."""
        self.implementation, self._stream = implementation, stream
        if self._recording:
            self._span.set_attributes({"janus.stream": stream, "janus.implementation": implementation})
            self._node_span = self._tracing.tracer.start_span(
                "node",
                context=set_span_in_context(self._span),
                attributes={"janus.implementation": implementation},
                start_time=asked_ns,
            )

    def call(self, caller: str) -> Span:
        """The span of one attempt on a backend; give it back to `called`."""
        if not self._recording:
            return self._span
        return self._tracing.tracer.start_span(
            "implementation",
            context=set_span_in_context(self._node_span),
            kind=SpanKind.CLIENT,
            attributes={"janus.implementation": self.implementation, "janus.caller": caller},
        )

    def called(self, span: Span) -> None:
        """That attempt is over."""
        if self._recording:
            span.end()

    def answered(self) -> None:
        """The node has no more to do with it."""
        self._node_span.end()

    def retried(self, error: ResponseError) -> None:
        """An attempt failed with `error`, and another follows."""
        self.counters.retries.inc()
        self._span.add_event("retry", {"janus.error": error.traced_code})

    def failed(self, error: ResponseError) -> None:
        """The client gets `error`."""
        self._span.set_attribute("janus.error", error.traced_code)

    def disconnected(self) -> None:
        """The client closed its connection."""
        self._span.add_event("client_left")

    def finish(self, status: int) -> None:
        """Close the span, count the request and write its one line into the log."""
        span, progress = self._span, self.progress
        if self._recording:
            span.set_attribute("http.response.status_code", status)
            times = [round((at - self.started) * 1000, 3) for at in progress.token_times]
            span.set_attribute(TOKEN_TIMES, times)
        if status >= 500:
            span.set_status(Status(StatusCode.ERROR))
        self._seconds = self._clock.now() - self.started
        span.end()
        counters = self.counters
        counters.answered(status)
        counters.duration.observe(self._seconds)
        if progress.first_token is not None:
            counters.first_token.observe(progress.first_token - self.started)
        if progress.events:
            counters.events.inc(progress.events)
        milliseconds = self._seconds * 1000
        log.info(
            "request id=%s implementation=%s status=%d ms=%.1f", self._id, self.implementation, status, milliseconds
        )

    def record(self, status: int, response_bytes: int) -> RequestRecord:
        """The record of a request that is finished."""
        first, usage = self.progress.first_token, self.progress.usage
        return RequestRecord(
            self._id,
            self.implementation,
            status,
            self._stream,
            self._seconds,
            None if first is None else first - self.started,
            self.request_bytes,
            response_bytes,
            tokens(usage, "prompt_tokens"),
            tokens(usage, "completion_tokens"),
        )

    def _event(self, name: str, attributes: dict[str, int | str]) -> None:
        if self._recording:
            self._span.add_event(name, attributes)

    def _completion(self, completion: str) -> None:
        if self._recording:
            self._tracing.store.alias(completion, trace_id(self._span))
