"""What is recorded: as much as the store can keep, whatever a `traceparent` asks for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from opentelemetry.trace import Link, SpanKind
from opentelemetry.trace import Span as OtelSpan

from janus_platform.traces import sampling as sampling_module
from janus_platform.traces.context import context_from, traceparent
from janus_platform.traces.store import MAX_SPANS_PER_TRACE, MAX_TRACES
from janus_platform.traces.tracing import Tracing


@pytest.fixture
def tracing(monkeypatch: pytest.MonkeyPatch) -> Tracing:
    """A platform's tracing at a time that stands still, so that no budget grows back."""
    monkeypatch.setattr(sampling_module.time, "monotonic", lambda: 1_000.0)
    return Tracing.recording()


def request(tracing: Tracing, sent: str | None = None) -> OtelSpan:
    """The span of a request that came in with the `traceparent` `sent`."""
    context = context_from({"traceparent": sent} if sent else {})
    return tracing.tracer.start_span("gateway", context=context, kind=SpanKind.SERVER)


def wish(number: int) -> str:
    return f"00-{number + 1:032x}-{number + 1:016x}-01"


@pytest.mark.parametrize(
    "sent", [lambda _: None, wish, lambda _: wish(0)], ids=["no traceparent", "a new trace each", "one trace for all"]
)
def test_a_flood_is_recorded_up_to_the_budget_whatever_its_senders_wish(
    tracing: Tracing, sent: Callable[[int], str | None]
) -> None:
    recorded = 0
    for number in range(MAX_TRACES + 200):
        span = request(tracing, sent(number))
        recorded += span.is_recording()
        span.end()
    assert recorded == MAX_TRACES


def test_requests_that_are_open_at_the_same_time_in_one_trace_are_paid_for_one_by_one(tracing: Tracing) -> None:
    spans = [request(tracing, wish(0)) for _ in range(MAX_TRACES + 50)]
    assert sum(span.is_recording() for span in spans) == MAX_TRACES


def test_service_calls_of_a_recorded_request_are_recorded_when_the_budget_is_spent(tracing: Tracing) -> None:
    span = request(tracing)
    while request(tracing).is_recording():
        pass
    call = tracing.tracer.start_span("search", context=context_from({"traceparent": traceparent(span)}))
    assert call.is_recording()
    call.end()
    span.end()
    late = tracing.tracer.start_span("search", context=context_from({"traceparent": traceparent(span)}))
    assert not late.is_recording()


def test_service_calls_with_trace_ids_that_an_implementation_invents_come_out_of_the_budget(tracing: Tracing) -> None:
    recorded = 0
    for number in range(MAX_TRACES + 50):
        call = tracing.tracer.start_span("inference", context=context_from({"traceparent": wish(number)}))
        recorded += call.is_recording()
        call.end()
    assert recorded == MAX_TRACES


def test_a_trace_that_is_full_records_no_more(tracing: Tracing) -> None:
    span = request(tracing)
    context = context_from({"traceparent": traceparent(span)})
    recorded = 0
    for _ in range(2 * MAX_SPANS_PER_TRACE):
        call = tracing.tracer.start_span("code_sandbox", context=context)
        recorded += call.is_recording()
        call.end()
    assert recorded == MAX_SPANS_PER_TRACE
    found = tracing.store.get(traceparent(span).split("-")[1])
    assert found is not None and len(found["spans"]) == MAX_SPANS_PER_TRACE


def test_what_is_not_recorded_goes_on_with_its_trace_id_and_without_the_flag(tracing: Tracing) -> None:
    while request(tracing).is_recording():
        pass
    span = request(tracing, wish(7))
    version, trace, _, flags = traceparent(span).split("-")
    assert (version, trace, flags) == ("00", f"{8:032x}", "00")
    call = tracing.tracer.start_span("search", context=context_from({"traceparent": traceparent(span)}))
    assert not call.is_recording()


def test_links_of_unattributed_calls_are_bounded(tracing: Tracing) -> None:
    with tracing.requests.answering("impl", request(tracing)):
        one: list[Link] = tracing.requests.candidates("impl")
        assert len(one) == 1
        spans = [request(tracing) for _ in range(100)]
        stack = [tracing.requests.answering("impl", span) for span in spans]
        for manager in stack:
            manager.__enter__()
        assert len(tracing.requests.candidates("impl")) == 32
        for manager in stack:
            manager.__exit__(None, None, None)
        assert tracing.requests.parent_for("impl", {})[1] == "inferred"
