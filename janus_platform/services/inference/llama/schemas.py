"""What of a JSON Schema llama.cpp holds an answer to; anything else is refused, since it would be passed over.

Tried with llama.cpp's own converter: a keyword that is missing here changed nothing in the answer, without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from janus_platform.contract import InferenceLimits
from janus_platform.services.inference.errors import ApiError, invalid

SCHEMA_NOT_SUPPORTED = "schema_not_supported"
# Draft 2020-12. What only describes is harmless.
_DESCRIBING = frozenset(
    "title description default examples deprecated readOnly writeOnly $schema $id $comment $defs definitions".split()
)
_HELD = frozenset(
    "type enum const properties required additionalProperties items prefixItems minItems maxItems minLength maxLength "
    "pattern minimum maximum exclusiveMinimum exclusiveMaximum oneOf anyOf allOf $ref format".split()
)
_RANGES = frozenset("minimum maximum exclusiveMinimum exclusiveMaximum".split())
_FORMATS = frozenset("date time date-time uuid".split())
# Between ^ and $: no groups with a question mark and no classes by letter, such as \d.
_PATTERN = re.compile(r"\^(?:[^\\(]|\\[^a-zA-Z0-9]|\((?!\?))*\$")


def check_schema(schema: Any, path: str, limits: InferenceLimits) -> None:
    """Raises ApiError 400 for a schema that is too large, or that says what the answer would not be held to."""
    if not isinstance(schema, Mapping):
        raise _unsupported(path, "a schema must be an object")
    pending, nodes = [(schema, path, 0)], 0
    while pending:
        node, at, depth = pending.pop()
        nodes += 1
        if nodes > limits.max_schema_nodes or depth > limits.max_schema_depth:
            raise invalid(
                path,
                f"`{path}` is larger than {limits.max_schema_nodes} schemas, or deeper than "
                f"{limits.max_schema_depth}. Send a smaller one.",
            )
        _check_node(node, at)
        pending += [(inner, f"{at}.{name}", depth + 1) for name, inner in _inner(node, at)]


def _check_node(node: Mapping[str, Any], at: str) -> None:
    for keyword in node:
        if keyword not in _HELD and keyword not in _DESCRIBING:
            raise _unsupported(f"{at}.{keyword}", f"`{keyword}` is not held to")
    kinds = node.get("type")
    if _RANGES & node.keys() and kinds != "integer":
        raise _unsupported(at, "a range is only enforced for `type`: integer")
    if node.get("format", "uuid") not in _FORMATS:
        raise _unsupported(f"{at}.format", f"of the formats, {', '.join(sorted(_FORMATS))} are held to")
    pattern = node.get("pattern")
    if pattern is not None and not (isinstance(pattern, str) and _PATTERN.fullmatch(pattern)):
        raise _unsupported(
            f"{at}.pattern", r"a pattern must begin with ^, end with $ and do without (?…) and classes such as \d"
        )
    required, properties = node.get("required", ()), node.get("properties", {})
    if not isinstance(required, list | tuple) or not isinstance(properties, Mapping):
        raise _unsupported(at, "`required` is a list of names, `properties` an object")
    if missing := [name for name in required if name not in properties]:
        raise _unsupported(f"{at}.required", f"{str(missing[0])[:60]!r} is not among `properties`")


def _inner(node: Mapping[str, Any], at: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for keyword in ("properties", "$defs", "definitions"):
        for name, one in (node.get(keyword) or {}).items():
            yield f"{keyword}.{name}", _object(one, f"{at}.{keyword}.{name}")
    for keyword in ("oneOf", "anyOf", "allOf", "prefixItems"):
        for position, one in enumerate(node.get(keyword) or ()):
            yield f"{keyword}[{position}]", _object(one, f"{at}.{keyword}[{position}]")
    for keyword in ("items", "additionalProperties"):
        if keyword in node and not (keyword == "additionalProperties" and isinstance(node[keyword], bool)):
            yield keyword, _object(node[keyword], f"{at}.{keyword}")


def _object(schema: Any, at: str) -> Mapping[str, Any]:
    if not isinstance(schema, Mapping):
        raise _unsupported(at, "a schema must be an object")
    return schema


def _unsupported(at: str, why: str) -> ApiError:
    message = f"`{at}`: {why} by this model's engine. Leave it out, or check the answer yourself."
    return invalid(at, message, code=SCHEMA_NOT_SUPPORTED)
