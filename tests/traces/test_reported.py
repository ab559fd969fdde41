"""A client's own span: made around a block, reported as plain numbers, believed only where it can be true."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.trace import StatusCode, format_span_id, format_trace_id

from janus_platform.traces.client_span import ClientSpan
from janus_platform.traces.reported import MAX_EVENTS, MAX_NANOSECONDS, reported_span
from janus_platform.traces.tracing import RESOURCE, Tracing

GOOD: dict[str, Any] = {
    "trace_id": "0af7651916cd43dd8448eb211c80319c",
    "span_id": "b7ad6b7169203331",
    "start_ns": 1_000,
    "end_ns": 2_000,
    "events": [["first_byte", 1_500]],
}


def test_a_block_is_reported_with_what_happened_in_it() -> None:
    told: list[dict[str, Any]] = []
    with ClientSpan(lambda **span: told.append(span)) as call:
        call.event("first_byte")
    [span] = told
    made = reported_span({**span, "events": [list(event) for event in span["events"]]}, RESOURCE)
    assert made.context is not None
    sent = call.headers["traceparent"].split("-")
    ids = [format_trace_id(made.context.trace_id), format_span_id(made.context.span_id)]
    assert sent == ["00", *ids, "01"]
    assert [event.name for event in made.events] == ["first_byte"]
    assert made.status.status_code is StatusCode.UNSET


def test_a_span_does_not_end_before_what_happened_in_it_when_the_clock_is_set_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    times, told = iter([5_000, 9_000, 1_000]), list[dict[str, Any]]()
    monkeypatch.setattr("janus_platform.traces.client_span.time.time_ns", lambda: next(times))
    with ClientSpan(lambda **span: told.append(span)) as call:
        call.event("first_byte")
    assert (told[0]["start_ns"], told[0]["end_ns"]) == (5_000, 9_000)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"name": "gateway"}, "has no name"),
        ({"attributes": {"content": "words"}}, "has no attributes"),
        ({"trace_id": "0" * 32}, "trace_id"),
        ({"trace_id": "0AF7651916CD43DD8448EB211C80319C"}, "trace_id"),
        ({"trace_id": None}, "trace_id"),
        ({"span_id": "b7ad6b7169203331\n"}, "span_id"),
        ({"start_ns": True}, "start_ns"),
        ({"start_ns": 0}, "start_ns"),
        ({"end_ns": 2**63}, "end_ns"),
        ({"end_ns": 1.5e9}, "end_ns"),
        ({"end_ns": 999}, "ends after it begins"),
        ({"end_ns": MAX_NANOSECONDS + 1_001}, "within a day"),
        ({"failed": "no"}, "failed"),
        ({"events": {}}, "events is a list"),
        ({"events": [["e", 1_500]] * (MAX_EVENTS + 1)}, "events is a list"),
        ({"events": [["first_byte", 2_001]]}, "An event is"),
        ({"events": [["What was said", 1_500]]}, "An event is"),
        ({"events": [["first_byte", True]]}, "An event is"),
        ({"events": ["first_byte"]}, "An event is"),
    ],
    ids=str,
)
def test_what_cannot_be_true_is_refused_with_the_rule(change: dict[str, Any], rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        reported_span({**GOOD, **change}, RESOURCE)


@given(
    st.dictionaries(st.sampled_from(sorted({*GOOD, "failed"})), st.none() | st.booleans() | st.integers() | st.text())
)
def test_nothing_but_a_rule_is_ever_raised(change: dict[str, Any]) -> None:
    try:
        reported_span({**GOOD, **change}, RESOURCE)
    except ValueError as error:
        assert str(error)


def test_a_reported_span_joins_the_trace_that_it_names() -> None:
    tracing = Tracing.recording()
    tracing.report(reported_span(GOOD, RESOURCE))
    found = tracing.store.get(GOOD["trace_id"])
    assert found is not None and found["complete"]
    assert [(span["name"], span["start_ns"], span["end_ns"]) for span in found["spans"]] == [("client", 1_000, 2_000)]
