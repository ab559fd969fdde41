"""The latest traces, kept in memory and handed out as plain data (`trace.schema.json`)."""

from __future__ import annotations

from collections import Counter, OrderedDict
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.trace import Span, format_span_id, format_trace_id

MAX_TRACES = 1_000
MAX_SPANS_PER_TRACE = 512
MAX_UNATTRIBUTED = 64
# Completion ids come from implementations, which may send any length.
MAX_ALIAS_LENGTH = 200


class TraceStore(SpanProcessor):
    """The latest finished spans by trace: at most MAX_TRACES traces, and MAX_SPANS_PER_TRACE spans in each."""

    def __init__(self) -> None:
        self._traces: OrderedDict[str, list[ReadableSpan]] = OrderedDict()
        # By trace: the unattributed calls that may belong to it.
        self._perhaps: OrderedDict[str, list[ReadableSpan]] = OrderedDict()
        self._aliases: OrderedDict[str, str] = OrderedDict()
        self._unfinished: Counter[str] = Counter()

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Note that a span of this trace is open."""
        self._unfinished[format_trace_id(span.get_span_context().trace_id)] += 1

    def on_end(self, span: ReadableSpan) -> None:
        """Keep a span that has ended."""
        assert span.context is not None
        key = format_trace_id(span.context.trace_id)
        if key in self._unfinished:
            self._unfinished[key] -= 1
            if not self._unfinished[key]:
                del self._unfinished[key]
        self._keep(span, key)

    def add(self, span: ReadableSpan) -> None:
        """Keep a span that was made elsewhere and never started here."""
        assert span.context is not None
        self._keep(span, format_trace_id(span.context.trace_id))

    def shutdown(self) -> None:
        """Forget everything."""
        self._traces.clear()
        self._perhaps.clear()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Nothing is held back."""
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
        return {
            "trace_id": key,
            "complete": key not in self._unfinished,
            "spans": _ordered(spans),
            "unattributed": _ordered(self._perhaps.get(key, [])),
        }

    def is_open(self, key: str) -> bool:
        """Whether a span of the trace `key` has begun and not ended."""
        return key in self._unfinished

    def is_full(self, key: str) -> bool:
        """Whether no more spans of the trace `key` are kept."""
        return len(self._traces.get(key, ())) >= MAX_SPANS_PER_TRACE

    def latest(self, kind: str = "gateway") -> dict[str, Any] | None:
        """The newest complete trace that holds a span of that name."""
        for key in reversed(self._traces):
            if key not in self._unfinished and any(s.name == kind for s in self._traces[key]):
                return self.get(key)
        return None

    def recent(self, count: int) -> list[dict[str, Any]]:
        """The newest `count` traces, newest first, each in one row: id, begin, duration, root, span names in order."""
        return [self._row(key) for key in list(reversed(self._traces))[:count]]

    def _row(self, key: str) -> dict[str, Any]:
        spans = _ordered(self._traces[key])
        start = min(span["start_ns"] for span in spans)
        return {
            "trace_id": key,
            "complete": key not in self._unfinished,
            "start_ns": start,
            "duration_ms": (max(span["end_ns"] for span in spans) - start) / 1e6,
            "attached": spans[0]["attributes"].get("janus.attached"),
            "names": [span["name"] for span in spans],
        }

    def _keep(self, span: ReadableSpan, key: str) -> None:
        spans = self._traces.setdefault(key, [])
        if len(spans) < MAX_SPANS_PER_TRACE:
            spans.append(span)  # Made plain when somebody asks: few traces are looked at.
        for link in span.links:
            perhaps = self._perhaps.setdefault(format_trace_id(link.context.trace_id), [])
            if len(perhaps) < MAX_UNATTRIBUTED:
                perhaps.append(span)
        for kept in (self._traces, self._perhaps):
            while len(kept) > MAX_TRACES:
                kept.popitem(last=False)


def _ordered(spans: list[ReadableSpan]) -> list[dict[str, Any]]:
    """The spans as plain data, in the order in which they began; of those that began together, the longest first."""
    return sorted(map(_plain, spans), key=lambda s: (s["start_ns"], -s["end_ns"]))


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
        "attributes": {key: _listed(value) for key, value in (span.attributes or {}).items()},
        "events": [{"name": e.name, "at_ns": e.timestamp, "attributes": dict(e.attributes or {})} for e in span.events],
    }


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
