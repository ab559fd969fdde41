"""Where a span belongs: the W3C `traceparent` header, and the requests that a caller is answering at the moment.

A service call without that header is attached to the only open request of its caller and marked `inferred`. Where the
caller has none or several it stays `unattributed`: a trace of its own, linked to each request that it may belong to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import trace as otel
from opentelemetry.context import Context
from opentelemetry.trace import Link, Span, format_span_id, format_trace_id
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

# How a service's span came to its place: "propagated", "inferred" or "unattributed".
ATTACHED = "janus.attached"
# On a gateway's span: when each chunk with reasoning or content came, in milliseconds since the span began.
TOKEN_TIMES = "janus.token_ms"
# More candidates than this say nothing: the caller answers many at once.
MAX_CANDIDATES = 32
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

    def candidates(self, caller: str) -> list[Link]:
        """Links to the requests that an unattributed call of `caller` may belong to."""
        return [Link(span.get_span_context()) for span in self._open.get(caller, [])[:MAX_CANDIDATES]]
