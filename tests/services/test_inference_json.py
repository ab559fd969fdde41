"""JSON answers: always valid, of the caller's schema, and filled from the prompt where it holds something."""

from __future__ import annotations

import json
import time
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from janus_platform.services.inference.errors import ApiError
from janus_platform.services.inference.local.extraction import Extraction
from janus_platform.services.inference.local.schema_fill import fill
from janus_platform.services.inference.schema import read_schema
from tests.services.inference_rig import ASKED, SERVICE, both, chat, joined, send, service

LIMITS = SERVICE.limits
TEXT, WHOLE = {"type": "string"}, {"type": "integer"}


def formatted(schema: Any) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema}}


def shaped(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def answer(schema: Any, text: str) -> Any:
    response = chat(service(), text, response_format=formatted(schema))
    assert response.status_code == 200, response.text
    value = json.loads(response.json()["choices"][0]["message"]["content"])
    jsonschema.validate(value, schema)
    return value


PERSON = shaped(name=TEXT, age=WHOLE)


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        (PERSON, "Ada Lovelace is 36 years old.", {"name": "Ada Lovelace", "age": 36}),
        (PERSON, "name: Grace Hopper, age: 85", {"name": "Grace Hopper", "age": 85}),
        (
            shaped(people={"type": "array", "items": PERSON}),
            "Ada is 36, Bob is 41 and Carla is 7.",
            {"people": [{"name": "Ada", "age": 36}, {"name": "Bob", "age": 41}, {"name": "Carla", "age": 7}]},
        ),
        (shaped(numbers={"type": "array", "items": {"type": "number"}}), "3, 4.5 and 10", {"numbers": [3, 4.5, 10]}),
        (
            shaped(day={"type": "string", "format": "date"}, city=TEXT),
            "We meet in Oslo on 4 May 2026.",
            {"day": "2026-05-04", "city": "Oslo"},
        ),
        (
            shaped(colours={"type": "array", "items": {"enum": ["red", "green", "blue"]}}),
            "The flag is blue and red.",
            {"colours": ["blue", "red"]},
        ),
        (shaped(unit={"anyOf": [{"enum": ["m", "km"]}, {"type": "null"}]}), "5 km", {"unit": "km"}),
        (shaped(link={"type": ["string", "null"], "format": "uri"}), "at https://x.org/a", {"link": "https://x.org/a"}),
        ({"type": "array", "items": WHOLE, "maxItems": 2}, "1, 2, 3", [1, 2]),
        (
            shaped(ingredients={"type": "array", "items": TEXT}),
            "ingredients: flour, water and salt. Mix them.",
            {"ingredients": ["flour", "water", "salt"]},
        ),
        (
            shaped(participants={"type": "array", "items": TEXT}),
            "Alice and Bob meet Carla.",
            {"participants": ["Alice", "Bob", "Carla"]},
        ),
    ],
)
def test_a_schema_is_filled_from_the_prompt(schema: Any, text: str, value: Any) -> None:
    assert answer(schema, text) == value


@pytest.mark.parametrize(
    "schema",
    [
        shaped(
            a={"type": "number", "minimum": 2.5, "maximum": 3}, b={"type": "integer", "multipleOf": 7, "minimum": 8}
        ),
        shaped(a={"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.5}, b={"const": {"x": [1, None]}}),
        shaped(a={"type": "string", "minLength": 5}, b={"type": "string", "maxLength": 0}),
        shaped(a={"type": "array", "items": PERSON, "minItems": 3}),
        shaped(a={"type": "object", "additionalProperties": {"type": "number"}}, b={}),
        {"$defs": {"p": PERSON}, "type": "object", "properties": {"p": {"$ref": "#/$defs/p"}}, "required": ["p"]},
        {"type": ["null", "object"], "properties": {"a": {"type": "boolean"}}, "required": ["a", "b"]},
        {"anyOf": [{"$ref": "#/anyOf/1"}, shaped(kind={"const": "x"})]},
        {"allOf": [PERSON], "description": "as pydantic writes it"},
        {"type": "integer", "enum": ["one", 2, 3.5]},
        True,
    ],
)
def test_what_the_prompt_does_not_say_is_valid_all_the_same(schema: Any) -> None:
    answer(schema, "Hello")


def test_a_schema_within_itself_is_filled_and_ends() -> None:
    kids, after = {"type": "array", "items": {"$ref": "#"}}, {"anyOf": [{"$ref": "#"}, {"type": "null"}]}
    tree = shaped(value=WHOLE, kids=kids, next=after)
    answer(tree, "A tree with 3, 4 and 5")
    deep: dict[str, Any] = {"type": "string"}
    for _ in range(20):
        deep = shaped(inner=deep)
    answer(deep, "Hello")


WHERE = "response_format.json_schema.schema"


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        (7, "must be an object"),
        ({"type": "strin"}, "`type` must be one of"),
        (shaped(a={"type": "text"}), "#/properties/a"),
        (shaped(a={"$ref": "#/$defs/none"}), "points at nothing"),
        (shaped(a={"$ref": "https://example.com/schema"}), "into this schema"),
        (shaped(a={"type": "string", "pattern": "^(a+)+$"}), "'pattern' is not supported"),
        (shaped(a={"not": {}}), "'not' is not supported"),
        ({"type": "object", "required": "a"}, "`required` must be a list"),
        ({"type": "object", "required": ["a"], "additionalProperties": False}, "names 'a'"),
        (shaped(a={"enum": []}), "`enum` must be a list"),
        (shaped(a={"type": "integer", "enum": ["x"]}), "none of its `enum`"),
        (shaped(a={"type": "number", "minimum": 2, "maximum": 1}), "no number"),
        (shaped(a={"type": "integer", "minimum": 1.2, "maximum": 1.8}), "no number"),
        (shaped(a={"type": "string", "minLength": 3, "maxLength": 2}), "no text"),
        (shaped(a={"type": "array", "minItems": 10**9}), "minItems"),
        (shaped(a={"type": "array", "minItems": -1}), "whole number"),
        (shaped(a={"anyOf": []}), "`anyOf` must be a list"),
        (shaped(a={"$ref": "#"}), "no finite value"),
        (shaped(a={"anyOf": [{"$ref": "#"}, {"$ref": "#/properties/a"}]}), "no finite value"),
    ],
)
def test_a_schema_that_cannot_be_served_is_400_and_named(schema: Any, words: str) -> None:
    response = chat(service(), response_format=formatted(schema))
    error = response.json()["error"]
    assert response.status_code == 400, response.text
    assert error["param"] == WHERE and error["code"] == "invalid_json_schema" and words in error["message"]


def nested(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = WHOLE
    for _ in range(levels):
        schema = {"type": "array", "items": schema, "minItems": 1}
    return schema


def doubling() -> dict[str, Any]:
    """Each definition holds the next one twice: two to the power of thirty values."""
    steps = {f"s{n}": shaped(a={"$ref": f"#/$defs/s{n + 1}"}, b={"$ref": f"#/$defs/s{n + 1}"}) for n in range(30)}
    return {"$ref": "#/$defs/s0", "$defs": {**steps, "s30": WHOLE}}


def choosing() -> dict[str, Any]:
    """Alternatives within alternatives, which a careless check would try in every combination."""
    return {"$defs": {"x": {"anyOf": [{"$ref": "#/$defs/x"}, {"$ref": "#/$defs/x"}, WHOLE]}}, "$ref": "#/$defs/x"}


@pytest.mark.parametrize(
    "schema",
    [
        nested(40),
        doubling(),
        choosing(),
        shaped(**{f"p{n}": WHOLE for n in range(2_000)}),
        shaped(a={"enum": list(range(50_000))}),
        {"type": "array", "minItems": 4_000, "items": {"type": "array", "minItems": 4_000}},
    ],
    ids=["deep", "doubling", "choosing", "wide", "many", "square"],
)
def test_a_hostile_schema_is_answered_in_bounded_work(schema: Any) -> None:
    started = time.process_time()
    response = chat(service(), "1, 2, 3 and Paris " * 200, response_format=formatted(schema))
    assert response.status_code in (200, 400)
    assert time.process_time() - started < 20


def test_json_mode_is_an_object_with_the_keys_that_the_prompt_names() -> None:
    text = "Ada Lovelace is 36 years old. Answer as JSON with the keys name and age."
    body = chat(service(), text, response_format={"type": "json_object"}).json()
    assert json.loads(body["choices"][0]["message"]["content"]) == {"name": "Ada Lovelace", "age": 36}


def test_json_mode_without_keys_holds_the_answer() -> None:
    asked = {"model": "gpt-4o", "messages": ASKED, "response_format": {"type": "json_object"}}
    body = send(service(), "POST", SERVICE.path, asked).json()
    said = json.loads(body["choices"][0]["message"]["content"])
    assert said["answer"].startswith("Quantum entanglement is a link")


def test_the_answer_stands_where_the_schema_asks_for_one_streamed_and_not() -> None:
    schema = shaped(answer=TEXT, confidence={"type": "number", "minimum": 0, "maximum": 1})
    whole, chunks = both({"model": "gpt-4o", "messages": ASKED, "response_format": formatted(schema)})
    assert json.loads(joined(chunks)) == json.loads(whole.choices[0].message.content)
    assert json.loads(joined(chunks))["answer"].startswith("Quantum entanglement is a link")


NAMES = st.sampled_from(["name", "city", "age", "date", "answer", "items", "is_open", "url", "x"])
BOUNDS, SIZES, STEPS = st.integers(-5, 50), st.integers(0, 30), st.integers(1, 9)
VALUES = st.lists(st.one_of(st.text(max_size=8), st.integers(), st.none()), min_size=1, max_size=4)
PLAIN: list[Any] = [
    {"type": "string"},
    {"type": "boolean"},
    {"type": "null"},
    {"type": ["integer", "null"]},
    {"type": "string", "format": "date"},
    {},
]
LEAVES = st.one_of(
    st.sampled_from(PLAIN),
    st.builds(lambda low, more: {"type": "string", "minLength": low, "maxLength": low + more}, SIZES, SIZES),
    st.builds(lambda low, more: {"type": "integer", "minimum": low, "maximum": low + more}, BOUNDS, STEPS),
    st.builds(lambda low, more: {"type": "number", "exclusiveMinimum": low, "maximum": low + more}, BOUNDS, STEPS),
    st.builds(lambda step: {"type": "integer", "multipleOf": step}, STEPS),
    st.builds(lambda values: {"enum": values}, VALUES),
)


def _branches(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    properties = st.dictionaries(NAMES, inner, max_size=4)
    least = st.integers(0, 3)
    return st.one_of(
        st.builds(lambda p, closed: {**shaped(**p), "additionalProperties": not closed}, properties, st.booleans()),
        st.builds(lambda p: {"type": "object", "properties": p}, properties),
        st.builds(lambda i, n: {"type": "array", "items": i, "minItems": n, "maxItems": n + 2}, inner, least),
        st.builds(lambda options: {"anyOf": options}, st.lists(inner, min_size=1, max_size=3)),
    )


TEXTS = st.one_of(
    st.text(max_size=80),
    st.sampled_from(["Ada is 36 and lives in Paris since 2021-03-04.", "x = 3; items: a, b; see https://x.org", "42"]),
)


@settings(max_examples=150, deadline=None)
@given(st.recursive(LEAVES, _branches, max_leaves=10), TEXTS)
def test_every_schema_that_is_taken_gets_a_valid_value(schema: Any, text: str) -> None:
    try:
        value = fill(read_schema(schema, WHERE, LIMITS), Extraction(text), answer=lambda: "An answer.").value
    except ApiError as error:
        assert error.status == 400 and error.param == WHERE
        # A text that must have so many characters is not made of blanks.
        assert "no text of a length" in error.message, f"refused: {error.message}"
        return
    jsonschema.validate(json.loads(json.dumps(value)), schema)


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        (shaped(a={"$ref": "#anchor"}, b={"$anchor": "anchor"}), "JSON Pointer"),
        ({**shaped(a={"$ref": "#item"}), "$defs": {"item": {"type": "integer"}}}, "JSON Pointer"),
        (shaped(day={"type": "string", "format": "date", "minLength": 40}), "length"),
        (shaped(code={"type": "string", "minLength": 50}), "length"),
        (shaped(day={"type": "string", "format": "date", "maxLength": 4}), "length"),
        (shaped(a={"oneOf": [{"type": "integer"}, {"type": "integer"}]}), "oneOf"),
    ],
)
def test_what_would_be_filled_with_nonsense_is_refused_by_name(schema: dict[str, Any], said: str) -> None:
    response = chat(service(), "Hello", response_format=formatted(schema))
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "invalid_json_schema" and said in response.json()["error"]["message"]


def test_a_discriminated_union_as_pydantic_writes_it_is_filled() -> None:
    kinds = [
        {
            "type": "object",
            "properties": {"kind": {"const": name}, name: {"type": "number"}},
            "required": ["kind", name],
        }
        for name in ("width", "height")
    ]
    union = {"oneOf": kinds, "discriminator": {"propertyName": "kind"}}
    value = answer(shaped(a=union), "height: 3")
    assert value["a"]["kind"] in ("width", "height") and value["a"]["kind"] in value["a"]
