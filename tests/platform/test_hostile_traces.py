"""Traces of hostile requests: bounded in memory, and drawn as text that runs nothing."""

from __future__ import annotations

import tracemalloc
import xml.etree.ElementTree as ET

from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from janus_platform.traces.context import trace_id
from janus_platform.traces.store import MAX_TRACES
from janus_platform.traces.tracing import Tracing
from janus_platform.traces.view import Trace

HOSTILE = """"><script>alert(1)</script><text x='&'"""


def test_ten_thousand_requests_leave_no_more_than_the_latest_traces() -> None:
    tracing = Tracing.recording(sampler=ALWAYS_ON)
    for number in range(10_000):
        with tracing.tracer.start_as_current_span("gateway") as span:
            tracing.store.alias(f"req_{number}", trace_id(span))
            tracing.store.alias(f"chatcmpl-{number}", trace_id(span))
    store = tracing.store
    assert len(store._traces) == MAX_TRACES
    assert len(store._aliases) == 4 * MAX_TRACES
    assert not store._unfinished
    assert store.get("req_9999") is not None and store.get("req_0") is None


def test_an_implementations_long_completion_ids_are_not_kept() -> None:
    tracing = Tracing.recording()
    tracemalloc.start()
    for number in range(100):
        with tracing.tracer.start_as_current_span("gateway") as span:
            tracing.store.alias(f"{number}" + "x" * 100_000, trace_id(span))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 1_000_000


def test_a_waterfall_spells_hostile_names_out_as_text() -> None:
    tracing = Tracing.recording()
    with tracing.tracer.start_as_current_span("gateway") as span:
        tracing.tracer.start_span(HOSTILE, attributes={"http.response.status_code": HOSTILE}).end()
    found = tracing.store.get(trace_id(span))
    assert found is not None
    svg = Trace(found).svg()
    assert "<script" not in svg
    drawn = ET.fromstring(svg)
    assert HOSTILE in [element.text for element in drawn.iter()]
    assert {element.tag.rpartition("}")[2] for element in drawn.iter()} <= {*"svg title desc line rect text g".split()}
