"""One trace goes through everything: OpenTelemetry spans, kept in memory and handed out as plain data.

Gateway, node and services make spans with the tracer of a `Tracing`; W3C `traceparent` headers (Trace Context, section
3.2) join them. A service call without that header is attached to the only open request of its caller and marked
`inferred`, or stays `unattributed` where the caller has none or several.
"""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from opentelemetry import trace as otel
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import Decision, ParentBased, Sampler, SamplingResult
from opentelemetry.trace import Span, Tracer, format_span_id, format_trace_id
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

MAX_TRACES = 1_000
TRACES_PER_SECOND = 100.0
MAX_SPANS_PER_TRACE = 512
# Completion ids come from implementations, which may send any length.
MAX_ALIAS_LENGTH = 200
ATTACHED = "janus.attached"
_PROPAGATOR = TraceContextTextMapPropagator()


def context_from(headers: Mapping[str, str]) -> Context:
    """The context that `traceparent` carries; an empty one when the header is absent or malformed."""
    return _PROPAGATOR.extract(headers, Context())


def traceparent(span: Span) -> str:
    """The `traceparent` header that makes what follows a child of `span`."""
    context = span.get_span_context()
    return f"00-{format_trace_id(context.trace_id)}-{format_span_id(context.span_id)}-{int(context.trace_flags):02x}"


def trace_id(span: Span) -> str:
    """The span's trace id, 32 hexadecimal digits."""
    return format_trace_id(span.get_span_context().trace_id)


class OpenRequests:
    """Which requests each caller is answering at the moment, to place service calls that carry no `traceparent`."""

    def __init__(self) -> None:
        self._open: dict[str, list[Span]] = {}

    @contextmanager
    def answering(self, caller: str, span: Span) -> Iterator[None]:
        """While this lasts, `caller` is answering the request of `span`."""
        spans = self._open.setdefault(caller, [])
        spans.append(span)
        try:
            yield
        finally:
            spans.remove(span)
            if not spans:
                self._open.pop(caller, None)

    def parent_for(self, caller: str, headers: Mapping[str, str]) -> tuple[Context, str]:
        """Where a call of `caller` belongs: the parent context, and "propagated", "inferred" or "unattributed"."""
        if "traceparent" in headers:
            context = context_from(headers)
            if otel.get_current_span(context).get_span_context().is_valid:
                return context, "propagated"
        spans = self._open.get(caller, [])
        if len(spans) == 1:
            return otel.set_span_in_context(spans[0], Context()), "inferred"
        return Context(), "unattributed"


class TraceStore(SpanProcessor):
    """The latest finished spans by trace: at most MAX_TRACES traces, and MAX_SPANS_PER_TRACE spans in each."""

    def __init__(self) -> None:
        self._traces: OrderedDict[str, list[ReadableSpan]] = OrderedDict()
        self._aliases: OrderedDict[str, str] = OrderedDict()
        self._unfinished: Counter[str] = Counter()

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        self._unfinished[trace_id(span)] += 1

    def on_end(self, span: ReadableSpan) -> None:
        assert span.context is not None
        key = format_trace_id(span.context.trace_id)
        self._unfinished[key] -= 1
        if not self._unfinished[key]:
            del self._unfinished[key]
        spans = self._traces.setdefault(key, [])
        if len(spans) < MAX_SPANS_PER_TRACE:
            spans.append(span)  # Made plain when somebody asks: few traces are looked at.
        while len(self._traces) > MAX_TRACES:
            self._traces.popitem(last=False)

    def shutdown(self) -> None:
        self._traces.clear()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return True

    def alias(self, name: str, key: str) -> None:
        """Let `name` (a request id, a completion id) stand for the trace `key`; a name too long to keep does not."""
        if len(name) > MAX_ALIAS_LENGTH:
            return
        self._aliases[name] = key
        while len(self._aliases) > 4 * MAX_TRACES:
            self._aliases.popitem(last=False)

    def get(self, name: str) -> dict[str, Any] | None:
        """The trace of that trace id, request id or completion id as `trace.schema.json` describes it, or None."""
        key = self._aliases.get(name, name)
        spans = self._traces.get(key)
        if not spans:
            return None
        ordered = sorted(map(_plain, spans), key=lambda s: (s["start_ns"], s["end_ns"]))
        return {"trace_id": key, "complete": key not in self._unfinished, "spans": ordered}

    def latest(self, kind: str = "gateway") -> dict[str, Any] | None:
        """The newest complete trace that holds a span of that name."""
        for key in reversed(self._traces):
            if key not in self._unfinished and any(s.name == kind for s in self._traces[key]):
                return self.get(key)
        return None


def _plain(span: ReadableSpan) -> dict[str, Any]:
    assert span.context is not None
    return {
        "span_id": format_span_id(span.context.span_id),
        "parent_id": format_span_id(span.parent.span_id) if span.parent else None,
        "name": span.name,
        "kind": span.kind.name.lower(),
        "start_ns": span.start_time or 0,
        "end_ns": span.end_time or 0,
        "status": span.status.status_code.name.lower(),
        "attributes": dict(span.attributes or {}),
        "events": [{"name": e.name, "at_ns": e.timestamp, "attributes": dict(e.attributes or {})} for e in span.events],
    }


class WithinMeans(Sampler):
    """Records every new trace while they come at a rate that the store can keep; beyond it, `per_second` of them.

    A recorded trace costs 150 µs a request. A burst as large as the store is recorded whole; what comes faster for
    longer would only push other traces out of the store.
    """

    def __init__(self, *, burst: int = MAX_TRACES, per_second: float = TRACES_PER_SECOND) -> None:
        self._burst, self._per_second, self._left = float(burst), per_second, float(burst)
        self._seen = 0.0

    def should_sample(self, *_: Any, **__: Any) -> SamplingResult:
        """Whether the next trace is recorded."""
        now = time.monotonic()
        self._left = min(self._burst, self._left + (now - self._seen) * self._per_second)
        self._seen = now
        if self._left < 1:
            return SamplingResult(Decision.DROP)
        self._left -= 1
        return SamplingResult(Decision.RECORD_AND_SAMPLE)

    def get_description(self) -> str:
        return f"WithinMeans({self._burst:g}, {self._per_second:g}/s)"


@dataclass
class Tracing:
    """What the platform hands to gateway, node and services: a tracer, the store behind it, and the open requests."""

    tracer: Tracer = field(default_factory=otel.NoOpTracer)
    store: TraceStore = field(default_factory=TraceStore)
    requests: OpenRequests = field(default_factory=OpenRequests)

    @classmethod
    def recording(cls) -> Tracing:
        """A Tracing whose spans are kept in its store."""
        store = TraceStore()
        provider = TracerProvider(
            sampler=ParentBased(WithinMeans()), resource=Resource({"service.name": "janus"}), shutdown_on_exit=False
        )
        provider.add_span_processor(store)
        return cls(tracer=provider.get_tracer("janus_platform"), store=store)
