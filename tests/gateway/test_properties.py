"""Whatever comes in, the gateway passes it on unchanged or names what is wrong with it."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from janus_platform.gateway.errors import ResponseError
from janus_platform.gateway.events import EventReader
from janus_platform.gateway.validation import OPTIONAL, parse_chat_request
from tests.gateway.rig import CONTRACT, DONE, ask

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
fields = st.sampled_from(["model", "messages", CONTRACT.wire.routing_field, *OPTIONAL])
part = st.fixed_dictionaries({"type": st.sampled_from(["text", "image_url", "file", "odd"])}, optional={"text": values})
message = st.dictionaries(
    st.sampled_from(["role", "content", "name", "tool_calls", "tool_call_id"]),
    values | st.lists(part, max_size=3) | st.sampled_from(["user", "assistant", "tool", "system"]),
)
ends = st.sampled_from(["\n", "\r\n", "\r"])


def parsed(request: Any) -> ResponseError | None:
    """The error that a request gets, or None when it passes with its bytes unchanged."""
    body = json.dumps(request).encode()
    try:
        assert parse_chat_request(body, CONTRACT).body == body
    except ResponseError as error:
        return error
    return None


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.dictionaries(fields, values | st.lists(message, max_size=3)))
def test_any_object_passes_or_gets_a_400_that_names_one_of_its_fields(changes: dict[str, Any]) -> None:
    error = parsed({**ask(), **changes})
    if error is not None:
        assert error.status == 400 and error.param
        assert error.param.partition(".")[0].partition("[")[0] in {*changes, "messages"}
        json.loads(error.body())


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.binary(max_size=80))
def test_any_bytes_get_a_400_that_can_be_read(body: bytes) -> None:
    try:
        parse_chat_request(body, CONTRACT)
    except ResponseError as error:
        assert error.status == 400 and json.loads(error.body())["error"]["message"]
    else:
        raise AssertionError("80 random bytes are no request")


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.dictionaries(texts.filter(lambda name: name not in {*OPTIONAL, *ask(), "competitor_id"}), values))
def test_fields_that_the_gateway_does_not_know_pass(extra: dict[str, Any]) -> None:
    assert parsed({**ask(), **extra}) is None


@st.composite
def streams(draw: st.DrawFn) -> tuple[list[bytes], list[bytes]]:
    """Events as an implementation may write them, end marker included, and the same bytes cut anywhere."""
    end = draw(ends)
    events = []
    for _ in range(draw(st.integers(0, 6))):
        kind = draw(st.sampled_from(["chunk", "comment", "fields", "two lines"]))
        text = draw(texts)
        data = json.dumps({"id": "c", "choices": [{"delta": {"content": text}}]}, ensure_ascii=draw(st.booleans()))
        lines = {
            "chunk": [f"data: {data}"],
            "comment": [": " + text.replace("\r", " ").replace("\n", " ")],
            "fields": ["event: message", "id: 7", f"data:{data}"],
            "two lines": ["data: {", "data: }"],
        }[kind]
        events.append((end.join(lines) + end + end).encode())
    events.append(DONE.replace(b"\n", end.encode()))
    whole = b"".join(events)
    cuts = sorted(draw(st.sets(st.integers(0, len(whole)), max_size=20)))
    return events, [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]


@settings(max_examples=400, deadline=None, derandomize=True)
@given(streams())
def test_events_leave_one_by_one_and_unchanged_however_the_network_cut_them(
    stream: tuple[list[bytes], list[bytes]],
) -> None:
    events, pieces = stream
    reader = EventReader(CONTRACT.wire)
    out = [event for piece in pieces for event in reader.feed(piece)]
    assert reader.fault is None and reader.done
    assert out == events


@settings(max_examples=200, deadline=None, derandomize=True)
@given(streams(), st.data())
def test_an_event_leaves_with_its_last_byte(stream: tuple[list[bytes], list[bytes]], data: st.DataObject) -> None:
    events, _ = stream
    reader = EventReader(CONTRACT.wire)
    for event in events:
        cut = data.draw(st.integers(0, len(event) - 1))
        assert list(reader.feed(event[:cut])) == [] or event.endswith(b"\r\r")
        assert list(reader.feed(event[cut:])) == [event]
