"""One policy for what a request may hold beyond the format: gateway and inference take and refuse the same."""

from __future__ import annotations

import json
from typing import Any

import pytest

from janus_platform.gateway.errors import ResponseError
from janus_platform.gateway.validation import parse_chat_request
from janus_platform.services.inference.chat import read_chat
from janus_platform.services.inference.errors import ApiError
from tests.gateway.rig import CONTRACT

LIMITS = CONTRACT.inference.limits
USER = {"role": "user", "content": "Hello"}
ASSISTANT = {"role": "assistant", "content": None}
CALL = {"id": "1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
TOOL = {"type": "function", "function": {"name": "look"}}


def parts(*all_parts: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hello"}, *all_parts]}]}


TAKEN: dict[str, dict[str, Any]] = {
    "an unknown field": {"something_new": {"a": [1, None]}},
    "an unknown field of a message": {"messages": [{**USER, "mood": "good", "cache_control": {"type": "ephemeral"}}]},
    "an unknown field of a part": parts({"type": "text", "text": "x", "cache_control": {}}),
    "an unknown field of a tool": {"tools": [{**TOOL, "cache_control": {}}]},
    "an unknown field of stream_options": {"stream": True, "stream_options": {"something": 1}},
    "a part of an unknown type": parts({"type": "smell", "smell": {"of": "roses"}}),
    "a part of an unknown type with text": parts({"type": "input_text", "text": "x"}),
    "a tool of an unknown type": {"tools": [TOOL, {"type": "web_search_preview"}]},
    "a choice of an unknown type": {"tools": [TOOL], "tool_choice": {"type": "web_search_preview"}},
    "no content beside empty tool calls": {"messages": [USER, {**ASSISTANT, "tool_calls": []}, USER]},
    "no content beside tool calls of null": {"messages": [USER, {**ASSISTANT, "tool_calls": None}, USER]},
    "no content beside an empty refusal": {"messages": [USER, {**ASSISTANT, "refusal": ""}, USER]},
    "whole tokens with a point": {"max_tokens": 100.0},
    "whole completion tokens with a point": {"max_completion_tokens": 1e2},
    "a whole seed with a point": {"seed": 7.0},
    "one answer with a point": {"n": 1.0},
    "no top_logprobs": {"top_logprobs": 0},
    "stream options that ask for nothing": {"stream_options": {}},
    "usage that is not asked for": {"stream_options": {"include_usage": False}},
    "usage of null": {"stream": True, "stream_options": {"include_usage": None}},
    "null everywhere": dict.fromkeys(("temperature", "n", "max_tokens", "stop", "tools", "response_format", "seed")),
}
REFUSED: dict[str, dict[str, Any]] = {
    "half a token": {"max_tokens": 0.5},
    "a token in words": {"max_tokens": "100"},
    "no number": {"temperature": True},
    "infinitely many": {"max_tokens": 1e300},
    "a part without a type": parts({"text": "x"}),
    "a part that is no object": parts("x"),
    "a known part that lacks its text": parts({"type": "text"}),
    "a tool without a type": {"tools": [{"function": {"name": "look"}}]},
    "a role that nobody has": {"messages": [{"role": "wizard", "content": "x"}]},
    "an unknown format of the answer": {"response_format": {"type": "yaml"}},
    "an unknown mode": {"tool_choice": "sometimes", "tools": [TOOL]},
    "usage of a stream that is none": {"stream_options": {"include_usage": True}},
    "half a surrogate pair": {"messages": [{"role": "user", "content": "\ud800"}]},
    "no message": {"messages": []},
}


def request(changes: dict[str, Any]) -> dict[str, Any]:
    return {"model": "janus", "messages": [USER], "stream": False, **changes}


@pytest.mark.parametrize("name", TAKEN)
def test_gateway_and_inference_take_it(name: str) -> None:
    asked = request(TAKEN[name])
    parse_chat_request(json.dumps(asked).encode(), CONTRACT)
    read_chat(asked, LIMITS)


@pytest.mark.parametrize("name", REFUSED)
def test_gateway_and_inference_refuse_it_and_name_the_field(name: str) -> None:
    asked = request(REFUSED[name])
    field = next(iter(REFUSED[name]))
    with pytest.raises(ResponseError) as by_gateway:
        parse_chat_request(json.dumps(asked).encode(), CONTRACT)
    with pytest.raises(ApiError) as by_inference:
        read_chat(asked, LIMITS)
    assert str(by_gateway.value.param).startswith(field) and str(by_inference.value.param).startswith(field)


def test_text_in_a_part_of_an_unknown_type_is_read() -> None:
    assert read_chat(request(TAKEN["a part of an unknown type with text"]), LIMITS).messages[0].text == "Hello\nx"
