"""How many traces are recorded: as many as the store can keep."""

from __future__ import annotations

import time
from collections.abc import Sequence

from opentelemetry.context import Context
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import Link, SpanKind, TraceState
from opentelemetry.util.types import Attributes

from janus_platform.traces.store import MAX_TRACES

TRACES_PER_SECOND = 100.0


class WithinMeans(Sampler):
    """Records every new trace while they come at a rate that the store can keep; beyond it, `per_second` of them.

    A recorded trace costs 150 µs a request. A burst as large as the store is recorded whole; what comes faster for
    longer would only push other traces out of the store.
    """

    def __init__(self, *, burst: int = MAX_TRACES, per_second: float = TRACES_PER_SECOND) -> None:
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
        """Whether the next trace is recorded; its first span then gets `attributes`."""
        now = time.monotonic()
        self._left = min(self._burst, self._left + (now - self._seen) * self._per_second)
        self._seen = now
        if self._left < 1:
            return SamplingResult(Decision.DROP)
        self._left -= 1
        return SamplingResult(Decision.RECORD_AND_SAMPLE, attributes)

    def get_description(self) -> str:
        return f"WithinMeans({self._burst:g}, {self._per_second:g}/s)"
