"""JSON Schemas that answers and tool arguments must fit: read, checked, and made ready to be filled.

The subset is that of OpenAI's structured outputs: types, properties, required, items, enum, const, anyOf, oneOf, `$ref`
(also to itself), bounds of numbers, lengths and sizes. A keyword outside it is refused for an answer, whose validity is
promised, and passed over for a tool's parameters (`lenient`), where models are only asked to follow the schema.
`pattern` is outside: a regular expression from outside could keep the platform busy for ever.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from janus_platform.contract import InferenceLimits
from janus_platform.services.inference.errors import ApiError, invalid

TYPES = ("object", "array", "string", "integer", "number", "boolean", "null")
NOT_GIVEN: Any = object()
_STEP = 1e-6
_ANNOTATIONS = {
    "$schema", "$id", "$comment", "$defs", "definitions", "title", "description", "default", "examples", "format",
    "deprecated", "readOnly", "writeOnly",
    # Pydantic writes it beside `oneOf`: a hint for readers, which changes nothing of what is valid.
    "discriminator",
}  # fmt: skip
_BOUNDS = {
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "minItems",
    "maxItems",
}  # fmt: skip
_STRUCTURE = {
    "type", "properties", "required", "additionalProperties", "items", "enum", "const", "anyOf", "oneOf", "allOf",
    "$ref",
}  # fmt: skip


@dataclass(eq=False)
class SchemaNode:
    """One part of a schema. Exactly one of `target` and `options` is set where it refers or chooses.

    `is_exclusive` says that exactly one of the options may fit (`oneOf`). `height` is the least depth that a value
    needs: infinite where no finite value fits.
    """

    location: str
    title: str = ""
    types: tuple[str, ...] = TYPES
    enum: tuple[Any, ...] | None = None
    default: Any = NOT_GIVEN
    format: str = ""
    properties: dict[str, SchemaNode] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    extra: SchemaNode | None = None
    is_closed: bool = False
    items: SchemaNode | None = None
    bounds: dict[str, Any] = field(default_factory=dict)
    options: tuple[SchemaNode, ...] = ()
    is_exclusive: bool = False
    target: SchemaNode | None = None
    height: float = math.inf

    def bound(self, name: str, otherwise: Any) -> Any:
        """The bound of that name, or what holds without it."""
        return self.bounds.get(name, otherwise)


def read_schema(raw: Any, location: str, limits: InferenceLimits, *, lenient: bool = False) -> SchemaNode:
    """The schema ready to be filled. Raises ApiError 400, `invalid_json_schema`, naming the place and the fault."""
    reader = _Reader(raw, location, limits, lenient)
    root = reader.node(raw, "#", 0)
    _measure(list(reader.nodes.values()))
    if root.height == math.inf:
        raise fault(location, "no finite value fits it: a required part contains itself, or asks for the impossible")
    return root


def fault(location: str, message: str) -> ApiError:
    """The error of a schema that cannot be used; `location` is the field and the place in it."""
    field_name = location.partition(" ")[0]
    return invalid(field_name, f"Invalid schema at `{location}`: {message}.", code="invalid_json_schema")


class _Reader:
    def __init__(self, root: Any, location: str, limits: InferenceLimits, lenient: bool) -> None:
        self._root, self._location, self._limits, self._lenient = root, location, limits, lenient
        self.nodes: dict[str, SchemaNode] = {}

    def node(self, raw: Any, pointer: str, depth: int) -> SchemaNode:
        """The node at a JSON Pointer (RFC 6901), made once."""
        if pointer in self.nodes:
            return self.nodes[pointer]
        location = self._location if pointer == "#" else f"{self._location} {pointer}"
        if len(self.nodes) >= self._limits.max_schema_nodes:
            raise fault(self._location, f"it has more than {self._limits.max_schema_nodes} parts")
        if depth > self._limits.max_schema_depth:
            raise fault(self._location, f"it is nested more than {self._limits.max_schema_depth} levels deep")
        node = self.nodes[pointer] = SchemaNode(location)
        if raw is True:
            return node
        if not isinstance(raw, dict):
            raise fault(location, "a schema must be an object")
        self._check_keywords(raw, location)
        self._read(node, raw, pointer, depth)
        return node

    def _check_keywords(self, raw: Mapping[str, Any], location: str) -> None:
        known = _ANNOTATIONS | _BOUNDS | _STRUCTURE
        if not self._lenient and (unknown := sorted(set(raw) - known)):
            raise fault(location, f"the keyword {unknown[0]!r} is not supported here; leave it out")

    def _read(self, node: SchemaNode, raw: dict[str, Any], pointer: str, depth: int) -> None:
        node.title = " ".join(str(raw[key]) for key in ("title", "description") if isinstance(raw.get(key), str))
        node.default, node.format = raw.get("default", NOT_GIVEN), str(raw.get("format", ""))
        node.types = self._types(raw, node.location)
        node.bounds = _bounds(raw, node.location)
        node.enum = _enum(raw, node.location, self._limits.max_schema_nodes)
        if "$ref" in raw:
            node.target = self._referred(raw["$ref"], node.location, depth)
        elif "allOf" in raw:
            node.target = self._only(raw["allOf"], node.location, pointer, depth)
        elif "anyOf" in raw or "oneOf" in raw:
            node.is_exclusive = "anyOf" not in raw
            keyword = "oneOf" if node.is_exclusive else "anyOf"
            node.options = self._options(raw[keyword], keyword, node.location, pointer, depth)
        if (node.target or node.options) and not self._lenient:
            _require_alone(raw, node.location)
        self._read_object(node, raw, pointer, depth)
        if "items" in raw:
            node.items = self.node(raw["items"], f"{pointer}/items", depth + 1)

    def _types(self, raw: Mapping[str, Any], location: str) -> tuple[str, ...]:
        given = raw.get("type")
        if given is None:
            for keyword, kind in (("properties", "object"), ("items", "array")):
                if keyword in raw and "enum" not in raw and "const" not in raw:
                    return (kind,)
            return TYPES
        types = given if isinstance(given, list) else [given]
        if not 1 <= len(types) <= len(TYPES) or any(kind not in TYPES for kind in types):
            raise fault(location, f"`type` must be one of {', '.join(TYPES)}, or a list of them")
        return tuple(types)

    def _read_object(self, node: SchemaNode, raw: Mapping[str, Any], pointer: str, depth: int) -> None:
        properties, required = raw.get("properties", {}), raw.get("required", [])
        if not isinstance(properties, dict):
            raise fault(node.location, "`properties` must be an object")
        if not isinstance(required, list) or not all(isinstance(name, str) for name in required):
            raise fault(node.location, "`required` must be a list of names")
        if len(required) > self._limits.max_schema_nodes:
            raise fault(node.location, f"`required` may name at most {self._limits.max_schema_nodes} properties")
        for name, child in properties.items():
            node.properties[name] = self.node(child, f"{pointer}/properties/{_escaped(name)}", depth + 1)
        more = raw.get("additionalProperties", True)
        node.is_closed = more is False
        if isinstance(more, dict):
            node.extra = self.node(more, f"{pointer}/additionalProperties", depth + 1)
        elif not isinstance(more, bool):
            raise fault(node.location, "`additionalProperties` must be true, false or a schema")
        for name in required:
            if name not in node.properties and node.is_closed:
                raise fault(node.location, f"`required` names {name!r}, which `properties` does not have")
            node.properties.setdefault(name, node.extra or SchemaNode(f"{node.location}/{name}", height=0))
        node.required = tuple(dict.fromkeys(required))

    def _options(self, raw: Any, keyword: str, location: str, pointer: str, depth: int) -> tuple[SchemaNode, ...]:
        if not isinstance(raw, list) or not raw:
            raise fault(location, f"`{keyword}` must be a list of at least one schema")
        return tuple(self.node(one, f"{pointer}/{keyword}/{position}", depth + 1) for position, one in enumerate(raw))

    def _only(self, raw: Any, location: str, pointer: str, depth: int) -> SchemaNode | None:
        if isinstance(raw, list) and len(raw) == 1:
            return self.node(raw[0], f"{pointer}/allOf/0", depth + 1)
        if self._lenient:
            return None
        raise fault(location, "`allOf` may hold one schema; write several as one")

    def _referred(self, pointer: Any, location: str, depth: int) -> SchemaNode:
        # A fragment without a slash is an anchor (JSON Schema 2020-12, core 8.2.2), of which there are none here.
        if not isinstance(pointer, str) or not (pointer == "#" or pointer.startswith("#/")):
            raise fault(location, "`$ref` must be a JSON Pointer into this schema, such as #/$defs/item")
        target: Any = self._root
        for part in pointer.split("/")[1:]:
            key = unquote(part).replace("~1", "/").replace("~0", "~")
            if isinstance(target, list) and key.isdecimal() and int(key) < len(target):
                target = target[int(key)]
            elif isinstance(target, dict) and key in target:
                target = target[key]
            else:
                raise fault(location, f"`$ref` {pointer[:200]!r} points at nothing")
        return self.node(target, pointer.rstrip("/") if pointer != "#" else "#", depth + 1)


def _require_alone(raw: Mapping[str, Any], location: str) -> None:
    choosing = {"$ref", "anyOf", "oneOf", "allOf"}
    beside = set(raw) - _ANNOTATIONS - choosing - {"type"}
    if beside or len(choosing & set(raw)) > 1:
        raise fault(location, "beside `$ref`, `anyOf`, `oneOf` or `allOf`, only descriptions are allowed")


def _enum(raw: Mapping[str, Any], location: str, most: int) -> tuple[Any, ...] | None:
    if "const" in raw:
        return (raw["const"],)
    if "enum" not in raw:
        return None
    if not isinstance(raw["enum"], list) or not raw["enum"]:
        raise fault(location, "`enum` must be a list of at least one value")
    if len(raw["enum"]) > most:
        raise fault(location, f"`enum` may list at most {most:,} values")
    return tuple(raw["enum"])


def _bounds(raw: Mapping[str, Any], location: str) -> dict[str, Any]:
    bounds = {name: raw[name] for name in _BOUNDS if name in raw}
    for name, value in bounds.items():
        counts = name.startswith(("minL", "maxL", "minI", "maxI"))
        if isinstance(value, float) and counts and value.is_integer():
            value = bounds[name] = int(value)
        fits = isinstance(value, int) and value >= 0 if counts else isinstance(value, int | float)
        if isinstance(value, bool) or not fits or (name == "multipleOf" and value <= 0):
            raise fault(location, f"`{name}` must be a {'whole number from 0' if counts else 'number'}")
    return bounds


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _measure(nodes: list[SchemaNode]) -> None:
    """Set every height: the least fixed point, reached after at most as many rounds as there are nodes."""
    changed = True
    while changed:
        changed = False
        for node in nodes:
            height = _height(node)
            if height < node.height:
                node.height, changed = height, True


def _height(node: SchemaNode) -> float:
    # A step through a reference or a choice counts a little, so that going for the least always leads to an end.
    if node.target:
        return node.target.height + _STEP
    if node.options:
        return min(option.height for option in node.options) + _STEP
    if node.enum is not None:
        return 0
    return min(_height_as(node, kind) for kind in node.types)


def _height_as(node: SchemaNode, kind: str) -> float:
    if kind == "object":
        return 1 + max((node.properties[name].height for name in node.required), default=0)
    if kind == "array" and node.bound("minItems", 0) > 0:
        return 1 + (node.items.height if node.items else 0)
    return 0
