"""How many traces are recorded: as many as the store can keep, whoever asks for more."""

from __future__ import annotations

import time
from collections.abc import Sequence

from opentelemetry.context import Context
from opentelemetry.sdk.trace.sampling import Decision, ParentBased, Sampler, SamplingResult
from opentelemetry.trace import Link, SpanKind, TraceState, format_trace_id, get_current_span
from opentelemetry.util.types import Attributes

from janus_platform.traces.store import MAX_TRACES, TraceStore

TRACES_PER_SECOND = 100.0
# The span of a request that comes in. Anybody may send one, with any `traceparent`.
REQUEST = "gateway"


def within_means(store: TraceStore) -> Sampler:
    """The platform's sampler. A `traceparent` whose sampled flag is 00 is obeyed; one whose flag is 01 is a wish.

    That flag is the sender's own decision (W3C Trace Context, section 3.2.2.5.1): were it a command, each client could
    have everything recorded.
    """
    means = WithinMeans(store)
    return ParentBased(means, remote_parent_sampled=means)


class WithinMeans(Sampler):
    """Records every new trace while they come at a rate that the store can keep; beyond it, `per_second` of them.

    A recorded trace costs 150 µs a request. A burst as large as the store is recorded whole; what comes faster for
    longer would only push other traces out of the store. A service call in a trace of `store` that is still open is
    part of what has been paid for, until that trace is full.
    """

    def __init__(
        self, store: TraceStore | None = None, *, burst: int = MAX_TRACES, per_second: float = TRACES_PER_SECOND
    ) -> None:
        self._store = store
        self._burst, self._per_second, self._left = float(burst), per_second, float(burst)
        self._seen = 0.0

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        """Whether the span is recorded; it then gets `attributes`."""
        key = format_trace_id(trace_id)
        if name != REQUEST and self._store is not None and self._store.is_open(key):
            recorded = not self._store.is_full(key)
        else:
            recorded = self._afforded()
        # What the sender's `tracestate` says goes on either way (section 3.3).
        sent = get_current_span(parent_context).get_span_context().trace_state if parent_context is not None else None
        if not recorded:
            return SamplingResult(Decision.DROP, trace_state=sent)
        return SamplingResult(Decision.RECORD_AND_SAMPLE, attributes, sent)

    def _afforded(self) -> bool:
        """Take one trace from what is left, if one is."""
        now = time.monotonic()
        self._left = min(self._burst, self._left + (now - self._seen) * self._per_second)
        self._seen = now
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def get_description(self) -> str:
        return f"WithinMeans({self._burst:g}, {self._per_second:g}/s)"
