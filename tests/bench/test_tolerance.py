"""Streams that the official clients survive: read as what they are, and named where they break the contract."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from typing import Any

import pytest

from janus_bench.errors import RequestError
from janus_bench.wire.chat import Answer, read_answer
from janus_bench.wire.client import Exchange, exchange
from janus_bench.wire.http1 import BadResponseError, ResponseDecoder
from janus_bench.wire.target import parse_target
from tests.bench.ground_truth import Reply, chunk, event, plain, serving, stream

DONE = b"data: [DONE]\n\n"


def read(reply: Reply, timeout: float = 20.0) -> tuple[Exchange, Answer]:
    """What the bench makes of a reply."""

    async def main(url: str) -> Exchange:
        return await exchange(parse_target(url), b"{}", timeout=timeout)

    with serving(lambda request: reply) as server:
        response = asyncio.run(main(server.url))
    return response, read_answer(response)


def around(*events: bytes, end: bytes = DONE) -> Reply:
    """A whole answer with these events in its middle."""
    parts = [event(chunk(content="It ")), *events, event(chunk(content="is.", finish="stop")), end]
    return Reply([(0.0, part) for part in parts])


def calls(*pieces: Any) -> tuple[Answer, list[tuple[str, str]]]:
    """What comes of these pieces of tool calls, one an event."""
    parts = [event(chunk(tool_calls=[piece])) for piece in pieces]
    parts += [event(chunk(finish="tool_calls")), DONE]
    answer = read(Reply([(0.0, part) for part in parts]))[1]
    return answer, [(call["name"], call["arguments"]) for call in answer.tool_calls]


@pytest.mark.parametrize(
    ("part", "violations"),
    [
        (event({"usage": {"completion_tokens": 2}}), ["chunk_without_choices"]),
        (event({"choices": None, "usage": {"completion_tokens": 2}}), ["chunk_without_choices"]),
        (event({"choices": [], "usage": {"completion_tokens": 2}}), []),
        (event({"choices": [{"index": 0, "delta": None}]}), ["chunk_without_delta"]),
        (event({"choices": [{"index": 0}]}), ["chunk_without_delta"]),
        (event({"choices": [None]}), ["chunk_without_delta"]),
        (event({"choices": [{"index": 0, "delta": {"role": "assistant", "content": None}}]}), []),
        (event({"choices": [{"index": 0, "delta": {"content": 7}}]}), ["text_not_a_string"]),
        (b"data:\n\n", ["blank_event"]),
        (b"data: \n\n", ["blank_event"]),
        (b"event: ping\ndata: {}\n\n", ["foreign_event"]),
        (b'event: ping\ndata: {"type": "ping"}\n\n', ["foreign_event"]),
        (b"event: ping\ndata: 12:30\n\n", ["foreign_event"]),
        (b"event: ping\n\n", []),
        (b": a comment\n\n", []),
        (b"id: 7\nretry: 100\nunknown: x\n\n", []),
        (b"data: " + json.dumps({"error": None, "choices": []}).encode() + b"\n\n", []),
    ],
)
def test_what_official_clients_survive_is_no_lost_answer(part: bytes, violations: list[str]) -> None:
    answer = read(around(part))[1]
    assert answer.text == "It is."
    assert answer.violations == violations


def test_a_named_event_with_choices_is_read_as_the_clients_read_it() -> None:
    answer = read(around(b"event: completion\n" + event(chunk(content="really "))))[1]
    assert (answer.text, answer.violations) == ("It really is.", [])


def test_content_in_parts_is_read_and_named() -> None:
    parts = [{"type": "text", "text": "really "}, {"type": "image"}]
    answer = read(around(event(chunk(content=parts))))[1]
    assert (answer.text, answer.violations) == ("It really is.", ["text_not_a_string"])


@pytest.mark.parametrize("end", [b"data: [DONE] \n\n", b"data:  [DONE]\n\n", b"data: [DONE]\t\r\n\r\n"])
def test_a_done_with_white_space_ends_the_answer_and_is_named(end: bytes) -> None:
    answer = read(around(end=end))[1]
    assert (answer.text, answer.violations) == ("It is.", ["inexact_done"])


def test_a_done_without_a_blank_is_a_done() -> None:
    assert read(around(end=b"data:[DONE]\r\n\r\n"))[1].violations == []


def test_reasoning_has_two_names_and_is_read_once() -> None:
    thought = [event(chunk(reasoning="I look. ")), event(chunk(reasoning="I see. ", reasoning_content="I see. "))]
    parts = [*thought, event(chunk(content="So.", finish="stop")), DONE]
    answer = read(Reply([(0.0, part) for part in parts]))[1]
    assert (answer.reasoning, answer.text, answer.violations) == ("I look. I see. ", "So.", [])


def call(name: str | None = None, arguments: Any = None, **more: Any) -> dict[str, Any]:
    return {**more, "function": {"name": name, "arguments": arguments}}


def test_calls_without_an_index_are_told_apart_by_their_ids() -> None:
    answer, found = calls(
        call("f", '{"a":', id="1"), call(None, "1}"), call("g", "{}", id="2"), call(None, " ", id="1")
    )
    assert found == [("f", '{"a":1} '), ("g", "{}")]
    assert answer.violations == ["tool_call_without_index"]


def test_a_second_id_at_the_same_index_is_another_call() -> None:
    answer, found = calls(
        call("f", "{", index=0, id="1"), call("g", "[", index=0, id="2"), call(None, "]", index=0, id="2")
    )
    assert found == [("f", "{"), ("g", "[]")]
    assert answer.violations == ["tool_call_index_reused"]


def test_the_same_id_again_is_the_same_call() -> None:
    answer, found = calls(call("f", "{", index=0, id="1"), call("", "}", index=0, id="1"))
    assert (found, answer.violations) == ([("f", "{}")], [])


def test_arguments_as_an_object_are_read_and_named() -> None:
    answer, found = calls(call("f", {"a": 1}, index=0, id="1"))
    assert (found, answer.violations) == ([("f", '{"a": 1}')], ["tool_call_not_text"])


def test_a_call_without_its_function_is_read_and_one_without_its_list_too() -> None:
    answer, found = calls({"index": 0, "id": "1", "type": "function"}, call("f", "{}", index=0))
    assert (found, answer.violations) == ([("f", "{}")], [])
    single = Reply([(0, event(chunk(tool_calls=call("f", "{}", index=0), finish="tool_calls"))), (0, DONE)])
    assert read(single)[1].violations == ["tool_calls_not_a_list"]


def test_calls_of_an_answer_that_is_no_stream_need_no_index() -> None:
    message = {"content": None, "tool_calls": [call("f", "{}", id="1"), call("g", "{}", id="2")]}
    answer = read(plain("200 OK", {"choices": [{"message": message, "finish_reason": "tool_calls"}]}))[1]
    assert [one["name"] for one in answer.tool_calls] == ["f", "g"]
    assert answer.violations == ["not_streamed"]


def test_the_tokens_that_chunks_count_are_kept_where_more_than_the_last_does() -> None:
    counted = [event({**chunk(content="a "), "usage": {"completion_tokens": n}}) for n in (1, 2, 4)]
    assert [tokens for _, tokens in read(around(*counted))[1].token_counts] == [1, 2, 4]
    assert read(stream(["a"], usage={"completion_tokens": 3}))[1].token_counts == []


@pytest.mark.parametrize(
    "pieces", [[DONE], [b"data: [DO", b"NE]\n\n"], [b"data: [DONE]\r\n", b"\r\n"], [b"data: [DONE] \n\n"]]
)
def test_done_ends_the_answer_even_where_the_connection_stays_open(pieces: list[bytes]) -> None:
    steps = [*stream(["It ", "is."], done=False).steps, *((0.01, piece) for piece in pieces)]
    begun = time.monotonic()
    response, answer = read(Reply(steps, hang=True), timeout=600)
    assert time.monotonic() - begun < 60  # the time-out is ten times that
    assert answer.text == "It is."
    assert "body_not_ended" in answer.violations
    assert response.left_open
    assert response.ended_ns == response.reads[-1][0]


def test_the_word_done_in_an_answer_ends_nothing() -> None:
    said = ["Servers end with data: [DONE]\n\n ", "and that is it."]
    assert read(stream(said, gap=0.4))[1].text == "".join(said)


def test_an_upgrade_that_nobody_asked_for_is_named() -> None:
    reply = Reply([(0, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n")], raw=True)
    with pytest.raises(RequestError) as failed:
        read(reply)
    assert failed.value.kind == "http_101"
    decoder = ResponseDecoder()
    decoder.feed(
        b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    )
    assert decoder.complete


def test_a_compressed_answer_is_named_with_its_coding() -> None:
    body = gzip.compress(b"data: {}\n\n")
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    with pytest.raises(RequestError, match="gzip") as failed:
        read(Reply([(0, head.encode() + body)], raw=True))
    assert failed.value.kind == "compressed"
    with pytest.raises(BadResponseError, match="gzip, chunked"):
        ResponseDecoder().feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n")


# What LiteLLM 1.x sends on: no [DONE]-less end, an empty delta after finish_reason, usage in a chunk of its own.
def through_a_proxy(*deltas: dict[str, Any], finish: str = "stop") -> Reply:
    """A stream as LiteLLM passes it on: finish_reason in a chunk of its own, then usage beside an empty delta."""
    parts = [chunk("honest", **delta) for delta in deltas]
    parts += [chunk("honest", finish=finish), chunk("honest", usage={"completion_tokens": 9, "prompt_tokens": 3})]
    return Reply([*((0.0, event(part)) for part in parts), (0.0, DONE)])


def test_a_proxy_in_front_breaks_no_rule_of_the_target() -> None:
    reply = through_a_proxy(
        {"reasoning_content": "I look. ", "role": "assistant"}, {"content": "It "}, {"content": "is."}
    )
    answer = read(reply)[1]
    assert (answer.text, answer.finish_reason, answer.violations) == ("It is.", "stop", [])
    assert answer.usage == {"completion_tokens": 9, "prompt_tokens": 3}


def test_text_after_the_finish_reason_is_still_named() -> None:
    answer = read(Reply([(0, event(chunk(content="a", finish="stop"))), (0, event(chunk(content="b"))), (0, DONE)]))[1]
    assert answer.violations == ["finish_reason_not_last"]
