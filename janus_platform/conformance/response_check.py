"""The contract against a real answer: every response field is there, and of the type that the contract says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from janus_platform.conformance.http_client import Answer, dig
from janus_platform.conformance.report import DIFFERS, Row, compare
from janus_platform.contract import Endpoint, ResponseField

HOW = "answer"
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


def answered(where: str, endpoint: Endpoint, answer: Answer) -> Iterator[Row]:
    """The rows of one answer to the endpoint's documented example; `where` is the endpoint's place in the contract."""
    if answer.status != 200 or not isinstance(answer.json, dict):
        found = f"status {answer.status}" + ("" if answer.status != 200 else ", no JSON object")
        yield Row(f"{where}.path", HOW, "status 200", found, DIFFERS, "The documented example is not answered.")
        return
    for field in endpoint.response_fields:
        group = "extra_response_fields" if field.since and where.count(".") == 1 else "response_fields"
        yield from _field(f"{where}.{group}.{field.name}", field, answer.json)


def _field(path: str, field: ResponseField, value: Any) -> Iterator[Row]:
    if field.name not in value:
        if not field.optional:
            yield Row(f"{path}.type", HOW, field.type, "missing", DIFFERS, "The answer lacks the field.")
        return
    found = value[field.name]
    if not (found is None and field.nullable):
        yield compare(f"{path}.type", HOW, field.type, field.type if is_of(found, field.type) else json_type(found))
    first = dig(found, 0)
    if field.items and isinstance(first, dict):
        for item in field.items:
            yield from _field(f"{path}.items.{item.name}", item, first)


def is_of(value: Any, kind: str) -> bool:
    """Whether `value` is of the JSON type `kind`; a Python bool is no number."""
    return isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def json_type(value: Any) -> str:
    """The JSON type of `value`."""
    return "null" if value is None else next(kind for kind in _KINDS if is_of(value, kind))


_KINDS = ("boolean", "integer", "number", "string", "array", "object")
