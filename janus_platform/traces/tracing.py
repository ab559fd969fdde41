"""What the platform hands to gateway, node and services: a tracer, the store behind it, and the open requests."""

from __future__ import annotations

from dataclasses import dataclass, field

from opentelemetry import trace as otel
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import Sampler
from opentelemetry.trace import Tracer

from janus_platform.traces.context import (
    OpenRequests,
)
from janus_platform.traces.sampling import within_means
from janus_platform.traces.store import TraceStore

RESOURCE = Resource({"service.name": "janus"})


@dataclass
class Tracing:
    """What the platform hands to gateway, node and services: a tracer, the store behind it, and the open requests."""

    tracer: Tracer = field(default_factory=otel.NoOpTracer)
    store: TraceStore = field(default_factory=TraceStore)
    requests: OpenRequests = field(default_factory=OpenRequests)
    processors: tuple[SpanProcessor, ...] = ()

    @classmethod
    def recording(cls, exporter: SpanExporter | None = None, sampler: Sampler | None = None) -> Tracing:
        """A Tracing whose spans are kept in its store, and sent on by `exporter` where there is one.

        `sampler` decides what is recorded; without one, as many traces as the store can keep.
        """
        store = TraceStore()
        processors: list[SpanProcessor] = [store]
        if exporter is not None:
            processors.append(BatchSpanProcessor(exporter))
        provider = TracerProvider(sampler=sampler or within_means(store), resource=RESOURCE, shutdown_on_exit=False)
        for processor in processors:
            provider.add_span_processor(processor)
        return cls(tracer=provider.get_tracer("janus_platform"), store=store, processors=tuple(processors))

    def report(self, span: ReadableSpan) -> None:
        """Take in a span that was made elsewhere and has ended."""
        self.store.add(span)
        for processor in self.processors:
            if processor is not self.store:
                processor.on_end(span)

    def close(self) -> None:
        """Send on what has not been sent yet, and forget the traces. Blocks while it sends."""
        for processor in self.processors:
            processor.shutdown()
