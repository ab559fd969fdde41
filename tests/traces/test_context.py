"""W3C Trace Context at the gateway: what a client's `traceparent` brings about, and what it cannot."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import trace as otel

from janus_platform.traces.context import context_from
from janus_platform.traces.tracing import Tracing
from tests.gateway.rig import Exchange, gateway, in_loop, upstream

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SENT = f"00-{TRACE}-{PARENT}-01"
# Section 3.2.2: lengths, lower case, all zeros, version ff, what follows in version 00.
MALFORMED = [
    "",
    "00",
    f"00-{TRACE}-{PARENT}",
    f"00-{TRACE.upper()}-{PARENT}-01",
    f"00-{'0' * 32}-{PARENT}-01",
    f"00-{TRACE}-{'0' * 16}-01",
    f"ff-{TRACE}-{PARENT}-01",
    f"00-{TRACE}-{PARENT}-01-more",
    f"00-{TRACE}0-{PARENT}-01",
    f"00-{TRACE}-{PARENT}-0g",
    f"00-{TRACE}-{PARENT}-01, {SENT}",
    "x" * 8_000,
]


async def passed_on(headers: dict[str, str]) -> tuple[dict[str, str], dict[str, str], Tracing]:
    """What an implementation gets and a client gets back when a request is sent with `headers`; and the tracing."""
    seen: list[dict[str, str]] = []

    def notes(exchange: Exchange) -> None:
        seen.append(exchange.headers)
        exchange.answer(200, b"{}")

    async with upstream(notes) as up, gateway(up) as served:
        answer = await served.chat(headers=headers)
        assert answer.status_code == 200
        if parts(answer.headers["traceparent"])[2]:
            await served.finished_trace(answer.headers["x-request-id"])
        return seen[0], dict(answer.headers), served.tracing


def parts(traceparent: str) -> tuple[str, str, bool]:
    """Trace id, span id and the sampled flag; beside it, a platform's own trace id has the flag for "random"."""
    found = re.fullmatch(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})", traceparent)
    assert found, traceparent
    return found[1], found[2], bool(int(found[3], 16) & 1)


def spans_of(tracing: Tracing, name: str) -> dict[str, dict[str, Any]]:
    found = tracing.store.get(name)
    assert found is not None
    return {span["name"]: span for span in found["spans"]}


@in_loop
async def test_a_request_with_a_traceparent_is_part_of_its_senders_trace() -> None:
    given_on, given_back, tracing = await passed_on({"traceparent": SENT})
    spans = spans_of(tracing, TRACE)
    assert list(spans) == ["gateway", "node", "implementation"]
    assert spans["gateway"]["parent_id"] == PARENT
    assert spans["node"]["parent_id"] == spans["gateway"]["span_id"]
    assert spans["implementation"]["parent_id"] == spans["node"]["span_id"]
    assert parts(given_back["traceparent"]) == (TRACE, spans["gateway"]["span_id"], True)
    assert parts(given_on["traceparent"]) == (TRACE, spans["implementation"]["span_id"], True)


@in_loop
async def test_a_sender_that_does_not_record_is_not_recorded_and_its_trace_id_goes_on() -> None:
    given_on, given_back, tracing = await passed_on({"traceparent": f"00-{TRACE}-{PARENT}-00"})
    assert tracing.store.get(TRACE) is None and tracing.store.get(given_back["x-request-id"]) is None
    for traceparent in (given_on["traceparent"], given_back["traceparent"]):
        trace, _, sampled = parts(traceparent)
        assert (trace, sampled) == (TRACE, False)


@in_loop
async def test_a_later_version_is_read_as_far_as_this_one_goes() -> None:
    _, given_back, tracing = await passed_on({"traceparent": f"cc-{TRACE}-{PARENT}-01-what-the-future-brings"})
    assert parts(given_back["traceparent"])[0] == TRACE
    assert spans_of(tracing, TRACE)["gateway"]["parent_id"] == PARENT


@pytest.mark.parametrize("sent", MALFORMED, ids=range(len(MALFORMED)))
@in_loop
async def test_a_malformed_traceparent_starts_a_new_trace(sent: str) -> None:
    given_on, given_back, tracing = await passed_on({"traceparent": sent, "tracestate": "vendor=value"})
    trace, _, sampled = parts(given_back["traceparent"])
    assert trace != TRACE and sampled
    assert spans_of(tracing, trace)["gateway"]["parent_id"] is None
    assert "tracestate" not in given_on and parts(given_on["traceparent"])[0] == trace


@given(st.text(st.characters(max_codepoint=255), max_size=80) | st.from_regex(r"[0-9a-f]{2}-[0-9a-f-]{20,60}"))
def test_no_traceparent_raises_and_only_a_valid_one_is_believed(sent: str) -> None:
    context = otel.get_current_span(context_from({"traceparent": sent})).get_span_context()
    believed = re.fullmatch(r"[ \t]*([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?[ \t]*\n?", sent)
    assert not context.is_valid or believed is not None
