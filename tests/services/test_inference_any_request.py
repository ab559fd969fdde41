"""Requests that nobody wrote by hand: none is a 500, and every 200 is what the official client's types say it is."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import openai.types
import openai.types.chat
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.services.inference_rig import SERVICE, send, service

APP = service()
JUNK = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False), st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=6,
)


def sometimes_junk(good: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(good, good, good, good, JUNK)


WORDS = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        ["What's the weather in Paris and Rome?", "2 + 2", "Ada is 36.", "Question: Why?\nPassages:\n[1] A — b\nC."]
    ),
)
PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
PARTS = st.lists(
    st.one_of(
        st.builds(lambda text: {"type": "text", "text": text}, WORDS),
        st.builds(
            lambda url: {"type": "image_url", "image_url": {"url": url}}, st.sampled_from([PIXEL, "https://x.org/"])
        ),
    ),
    min_size=1,
    max_size=3,
)
SCHEMAS = st.sampled_from(
    [
        {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
            "required": ["city"],
        },
        {"type": "object", "properties": {"a": {"$ref": "#"}}},
        {"type": "object", "properties": {"x": {"enum": ["a", 1, None]}}, "required": ["x", "y"]},
        {"type": "array", "items": {"type": "number"}, "minItems": 2},
        {"type": "nothing"},
        True,
        {},
    ]
)
CALL = {"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
MESSAGES = st.one_of(
    st.lists(
        st.fixed_dictionaries(
            {
                "role": st.sampled_from(["user", "user", "system", "assistant"]),
                "content": sometimes_junk(st.one_of(WORDS, PARTS)),
            }
        ),
        min_size=1,
        max_size=4,
    ),
    st.builds(
        lambda text, result: [
            {"role": "user", "content": text},
            {"role": "assistant", "content": None, "tool_calls": [CALL]},
            {"role": "tool", "tool_call_id": "c1", "content": result},
        ],
        WORDS,
        st.one_of(WORDS, JUNK.map(json.dumps)),
    ),
)
TOOL = st.builds(
    lambda name, about, schema: {
        "type": "function",
        "function": {"name": name, "description": about, "parameters": schema},
    },
    st.sampled_from(["get_weather", "search", "calculator", "bad name"]),
    st.sampled_from(["Get the weather", "Search the web", ""]),
    SCHEMAS,
)
FORMATS = st.one_of(
    st.sampled_from([{"type": "text"}, {"type": "json_object"}]),
    st.builds(lambda schema: {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}, SCHEMAS),
)
FIELDS = {
    "stream": sometimes_junk(st.booleans()),
    "stream_options": sometimes_junk(st.just({"include_usage": True})),
    "stop": sometimes_junk(
        st.one_of(st.sampled_from([" ", "e"]), st.lists(st.text(min_size=1, max_size=2), max_size=4))
    ),
    "max_tokens": sometimes_junk(st.integers(1, 40)),
    "max_completion_tokens": sometimes_junk(st.integers(1, 40)),
    "seed": sometimes_junk(st.integers(0, 9)),
    "temperature": sometimes_junk(st.floats(0, 2)),
    "top_p": sometimes_junk(st.floats(0, 1)),
    "n": sometimes_junk(st.just(1)),
    "response_format": sometimes_junk(FORMATS),
    "tools": sometimes_junk(st.lists(TOOL, max_size=3)),
    "tool_choice": sometimes_junk(st.sampled_from(["none", "auto", "required"])),
    "parallel_tool_calls": sometimes_junk(st.booleans()),
    "logprobs": st.just(False),
    "user": JUNK,
    "metadata": JUNK,
}
REQUESTS = st.builds(
    lambda needed, more: needed | more,
    st.fixed_dictionaries(
        {
            "model": sometimes_junk(st.sampled_from([m.name for m in SERVICE.models])),
            "messages": sometimes_junk(MESSAGES),
        }
    ),
    st.fixed_dictionaries({}, optional=FIELDS),
)


def check(response: Any, kind: Any) -> None:
    assert response.status_code in (200, 400, 401, 404, 413), response.text
    if response.status_code != 200:
        assert set(response.json()["error"]) == {"message", "type", "param", "code"}
    elif response.headers["content-type"].startswith("text/event-stream"):
        *events, done, rest = response.text.split("\n\n")
        assert (done, rest) == ("data: [DONE]", "")
        chunks = [
            openai.types.chat.ChatCompletionChunk.model_validate_json(event.removeprefix("data: "), strict=True)
            for event in events
        ]
        assert sum(bool(c.choices and c.choices[0].finish_reason) for c in chunks) == 1
    else:
        kind.model_validate_json(response.content, strict=True)


SLOW = [HealthCheck.too_slow]


@settings(max_examples=200, deadline=None, suppress_health_check=SLOW)
@given(REQUESTS)
@example(
    {"model": "o1", "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": PIXEL}}]}]}
)
def test_no_chat_request_is_a_500_and_every_answer_is_typed(body: dict[str, Any]) -> None:
    sent = json.dumps(body).encode()
    check(send(APP, "POST", SERVICE.path, sent), openai.types.chat.ChatCompletion)


@settings(max_examples=60, deadline=None)
@given(
    st.fixed_dictionaries(
        {"model": sometimes_junk(st.just("embedding-model"))},
        optional={
            "input": sometimes_junk(st.one_of(WORDS, st.lists(WORDS, max_size=3))),
            "encoding_format": sometimes_junk(st.just("float")),
            "dimensions": sometimes_junk(st.just(3)),
        },
    )
)
def test_no_embedding_request_is_a_500_and_every_answer_is_typed(body: dict[str, Any]) -> None:
    check(send(APP, "POST", "/v1/embeddings", json.dumps(body).encode()), openai.types.CreateEmbeddingResponse)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_are_a_500(body: bytes) -> None:
    for path in (SERVICE.path, "/v1/embeddings"):
        assert send(APP, "POST", path, body).status_code in (400, 413)


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=40))
def test_no_model_name_in_a_path_is_a_500(name: str) -> None:
    response = send(APP, "GET", f"/v1/models/{quote(name)}")
    assert response.status_code in (200, 404), name
