"""Answers that are JSON: an object of the caller's schema, or one of the keys that the prompt names."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from janus_platform.contract import InferenceLimits
from janus_platform.services.inference.chat import ResponseFormat
from janus_platform.services.inference.local.extraction import Extraction
from janus_platform.services.inference.local.schema_fill import fill
from janus_platform.services.inference.schema import read_schema

MAX_KEYS = 50
_KEYS = re.compile(
    r"\b(?:keys?|fields?|properties|attributes)\b(?: (?:called|named|are|of))?\s{0,3}:?\s{0,3}([^\n.]{1,500})", re.I
)
_NAME = re.compile(r"[\"'`“]?([A-Za-z_][\w-]{0,60})[\"'`”]?(?:\s*\(([a-z]+)\))?")
_TYPES = {"string", "integer", "number", "boolean", "array"}
_NUMERIC = {"age", "count", "number", "price", "amount", "year", "quantity", "total", "temperature", "score"}


def json_answer(form: ResponseFormat, text: str, answer: Callable[[], str], limits: InferenceLimits) -> str:
    """The answer as JSON text. Raises ApiError 400 for a schema that cannot be served."""
    if form.type == "json_schema":
        node = read_schema(form.schema, form.path, limits)
        return dumped(fill(node, Extraction(text), answer=answer).value)
    if schema := _schema_of_keys(text):
        node = read_schema(schema, "response_format", limits)
        return dumped(fill(node, Extraction(_without_keys(text)), answer=answer).value)
    return dumped({"answer": answer()})


def dumped(value: Any) -> str:
    """JSON text as an answer carries it."""
    return json.dumps(value, ensure_ascii=False)


def _schema_of_keys(text: str) -> dict[str, Any] | None:
    """The object that "with the keys name, age (integer)" asks for."""
    named = _KEYS.search(text)
    if named is None:
        return None
    parts = re.split(r",|;|\band\b|\bor\b", named[1])
    keys = [match for part in parts if (match := _NAME.fullmatch(part.strip()))]
    properties = {match[1]: _typed(match[1], match[2]) for match in keys[:MAX_KEYS]}
    return {"type": "object", "properties": properties, "required": list(properties)} if properties else None


def _typed(key: str, kind: str | None) -> dict[str, Any]:
    if kind == "array":
        return {"type": "array", "items": {"type": "string"}}
    return {"type": kind if kind in _TYPES else "number" if key.casefold() in _NUMERIC else "string"}


def _without_keys(text: str) -> str:
    return _KEYS.sub("", text, count=1)
