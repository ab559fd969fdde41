"""Checks an answer that is to be JSON: it parses, strictly, and is of the schema that the item gives.

The schema is a part of JSON Schema (2020-12): what says something about values, and nothing that refers elsewhere or
matches patterns. A suite that uses another keyword is refused when it is loaded, never half checked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn

from janus_bench.checks import normalise
from janus_bench.checks.verdict import Subject, Verdict

MAX_DEPTH = 32
_FENCE = re.compile(r"(?ms)^```(?:json)?[ \t]*\n([^`]*)^```[ \t]*$")
_TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "integer": lambda value: _is_number(value) and value == int(value),
    "number": lambda value: _is_number(value),
}
_WHOLE = ("minItems", "maxItems", "minLength", "maxLength")
_BOUNDS = ("minimum", "maximum")
_KEYWORDS = {
    *("type", "enum", "const", "properties", "required", "additionalProperties", "items", "uniqueItems"),
    *_WHOLE,
    *_BOUNDS,
}


@dataclass(frozen=True)
class Json:
    """The answer, or the one fenced block in it, is JSON of `schema`, in at most `max_words` words around it."""

    kind: ClassVar[str] = "json"
    schema: dict[str, Any]

    def __post_init__(self) -> None:
        check_schema(self.schema)

    def evaluate(self, subject: Subject) -> Verdict:
        answer = subject.text[: normalise.MAX_ANSWER_CHARS].strip()
        blocks = _FENCE.findall(answer)
        try:
            value = read_strictly(blocks[0] if len(blocks) == 1 else answer)
        except ValueError as error:
            return Verdict(0.0, f"no JSON: {error}")
        wrong = next(breaches(value, self.schema), "")
        return Verdict(0.0, wrong) if wrong else Verdict(1.0, "JSON of the schema")


def read_strictly(source: str) -> Any:
    """JSON of RFC 8259: no NaN, no name twice, no deep nesting. Raises ValueError."""
    try:
        value = json.loads(source, parse_constant=_no_constant, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg} in line {error.lineno}") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if _depth(value) > MAX_DEPTH:
        raise ValueError("nested too deeply")
    return value


def breaches(value: Any, schema: dict[str, Any], label: str = "the answer") -> Iterator[str]:
    """How a value breaks a schema, each in a few words."""
    kinds = schema.get("type")
    if kinds is not None and not any(_TYPES[kind](value) for kind in ([kinds] if isinstance(kinds, str) else kinds)):
        yield f"{label} is not of type {kinds}"
        return
    if "const" in schema and not same_json(value, schema["const"]):
        yield f"{label} is not the expected value"
    if "enum" in schema and not any(same_json(value, one) for one in schema["enum"]):
        yield f"{label} is none of the allowed values"
    if _is_number(value):
        if value < schema.get("minimum", value) or value > schema.get("maximum", value):
            yield f"{label} is out of range"
    elif isinstance(value, (str, list)):
        low, high = ("minLength", "maxLength") if isinstance(value, str) else ("minItems", "maxItems")
        if not schema.get(low, 0) <= len(value) <= schema.get(high, len(value)):
            yield f"{label} has the wrong length"
    if isinstance(value, list):
        yield from _list_breaches(value, schema, label)
    if isinstance(value, dict):
        yield from _object_breaches(value, schema, label)


def same_json(one: Any, other: Any) -> bool:
    """Equality of JSON values: numbers by value, true is not 1, names in any order."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if _is_number(one) and _is_number(other):
        return bool(one == other)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_json, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same_json(one[name], other[name]) for name in one)
    return type(one) is type(other) and bool(one == other)


def check_schema(schema: Any) -> None:
    """Raise ValueError where a schema uses what this module does not check."""
    if not isinstance(schema, dict):
        raise ValueError("schema: must be a table")
    unknown = sorted(schema.keys() - _KEYWORDS)
    if unknown:
        raise ValueError(f"schema: {unknown[0]!r} is not checked (known: {', '.join(sorted(_KEYWORDS))})")
    kinds = schema.get("type", [])
    for kind in [kinds] if isinstance(kinds, str) else kinds:
        if kind not in _TYPES:
            raise ValueError(f"schema: type {kind!r} is not one of {', '.join(_TYPES)}")
    if any(type(schema.get(name, 0)) is not int for name in _WHOLE):
        raise ValueError(f"schema: {', '.join(_WHOLE)} must be whole numbers")
    if not all(_is_number(schema.get(name, 0)) for name in _BOUNDS):
        raise ValueError("schema: minimum and maximum must be numbers")
    if not isinstance(schema.get("enum", []), list) or not isinstance(schema.get("required", []), list):
        raise ValueError("schema: enum and required must be lists")
    properties = schema.get("properties", {})
    if not isinstance(properties, dict):
        raise ValueError("schema: properties must be a table")
    for inner in [*properties.values(), *([schema["items"]] if "items" in schema else [])]:
        check_schema(inner)


def _list_breaches(value: list[Any], schema: dict[str, Any], label: str) -> Iterator[str]:
    if "items" in schema:
        for number, entry in enumerate(value, 1):
            yield from breaches(entry, schema["items"], f"entry {number} of {label}")
    if schema.get("uniqueItems") and len({json.dumps(entry, sort_keys=True) for entry in value}) < len(value):
        yield f"{label} has an entry twice"


def _object_breaches(value: dict[str, Any], schema: dict[str, Any], label: str) -> Iterator[str]:
    properties = schema.get("properties", {})
    for name in schema.get("required", []):
        if name not in value:
            yield f"{label} lacks {name!r}"
    if schema.get("additionalProperties") is False and value.keys() - properties.keys():
        yield f"{label} has more names than asked for"
    for name, inner in properties.items():
        if name in value:
            yield from breaches(value[name], inner, f"{name!r}")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < float("inf")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a name appears twice")
    return dict(pairs)


def _depth(value: Any) -> int:
    """How deep lists and tables are nested, counted level by level: recursion is what a hostile answer aims at."""
    depth, level = 0, [value]
    while level := [
        inner
        for entry in level
        if isinstance(entry, (dict, list))
        for inner in (entry.values() if isinstance(entry, dict) else entry)
    ]:
        depth += 1
    return depth
