"""The contract against the OpenAPI document that a service serves: parameters, answers, problems, endpoints.

Both sides are compared as JSON Schema, keyword by keyword; each row is named by the contract's own field.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from janus_platform.conformance.http_client import dig
from janus_platform.conformance.report import DIFFERS, Row, compare, shown
from janus_platform.contract import Endpoint, Parameter, ResponseField, Service
from janus_platform.services.framework.openapi import (
    HEALTH_PATH,
    PATH,
    document,
    documented_kinds,
    response_schema,
    schema_of,
)
from janus_platform.services.framework.openapi_errors import kinds_of

HOW = "OpenAPI"
# The contract's name for a JSON Schema keyword; a keyword that is not here belongs to the field `schema`.
_FIELDS = {
    "type": "type",
    "default": "default",
    "minimum": "minimum",
    "maximum": "maximum",
    "maxLength": "max_length",
    "maxItems": "max_length",
    "enum": "enum",
    "description": "summary",
    "x-since": "since",
}
# Written for every required text and every list of objects: no field of the contract.
_DERIVED = ("minLength", "pattern")
_LINE = re.compile(r"`([\w-]+)`: (.*)", re.S)
MAX_DEPTH = 8


def described(contract: Any, service: Service, theirs: Any) -> Iterator[Row]:
    """The rows of one service; `theirs` is the document it serves."""
    where = f"services.{service.name}"
    ours = document(contract, service)
    for field, path in (("title", ("info", "title")), ("summary", ("info", "summary"))):
        yield compare(f"{where}.{field}", HOW, getattr(service, field), dig(theirs, *path))
    yield compare(f"{where}.host", HOW, service.origin, dig(theirs, "servers", 0, "url"))
    yield compare(f"{where}.bearer_key", HOW, service.bearer_key, dig(theirs, "security", 0, "key") is not None)
    yield compare("version", f"{HOW} of {service.name}", contract.version, dig(theirs, "info", "version"))
    for place, endpoint in _placed(service):
        yield from _endpoint(f"{where}{place}", service, endpoint, ours, theirs)
    yield from _surplus_paths(where, ours, theirs)
    yield from _problems(where, service, theirs)


def _placed(service: Service) -> Iterator[tuple[str, Endpoint]]:
    main, *extra = service.endpoints
    yield "", main
    yield from ((f".extra_endpoints.{endpoint.path}", endpoint) for endpoint in extra)


def _endpoint(where: str, service: Service, endpoint: Endpoint, ours: Any, theirs: Any) -> Iterator[Row]:
    method = endpoint.method.lower()
    mine, other = (dig(doc, "paths", endpoint.path, method) for doc in (ours, theirs))
    yield compare(f"{where}.path", HOW, endpoint.path, endpoint.path if dig(theirs, "paths", endpoint.path) else None)
    yield compare(f"{where}.method", HOW, endpoint.method, endpoint.method if other else None)
    if not isinstance(other, dict):
        return
    yield compare(f"{where}.since", HOW, endpoint.since, other.get("x-since"))
    if where.count(".") > 1:
        yield compare(f"{where}.summary", HOW, endpoint.summary, other.get("summary"))
    kinds = dig(other, "responses", "200", "content")
    yield compare(f"{where}.produces", HOW, sorted(endpoint.produces), sorted(kinds) if kinds else None)
    if endpoint.example:
        expected, found = _example(endpoint, mine), _example(endpoint, other)
        yield compare(f"{where}.example", HOW, expected, found)
    yield from _parameters(where, service, endpoint, other)
    schema = dig(other, "responses", "200", "content", endpoint.produces[0], "schema")
    main = where.count(".") == 1
    names = {f.name: _group(f, main, "response_fields") for f in endpoint.response_fields}
    yield from _fields(where, names, endpoint.response_fields, schema)


def _example(endpoint: Endpoint, operation: Any) -> Any:
    if endpoint.method == "POST":
        return dig(operation, "requestBody", "content", "application/json", "example")
    listed = dig(operation, "parameters") or []
    return {dig(each, "name"): dig(each, "example") for each in listed if dig(each, "example") is not None}


def _group(entry: Parameter | ResponseField, main: bool, name: str) -> str:
    return f"extra_{name}" if main and entry.since else name


def _parameters(where: str, service: Service, endpoint: Endpoint, other: Any) -> Iterator[Row]:
    in_body = endpoint.method == "POST"
    main = where.count(".") == 1
    if in_body:
        schema = dig(other, "requestBody", "content", "application/json", "schema") or {}
        found = dig(schema, "properties") or {}
        required = dig(schema, "required") or []
    else:
        listed = [each for each in dig(other, "parameters") or [] if isinstance(each, dict)]
        found = {each.get("name"): _described_schema(each) for each in listed}
        required = [each.get("name") for each in listed if each.get("required")]
    for parameter in endpoint.parameters:
        path = f"{where}.{_group(parameter, main, 'parameters')}.{parameter.name}"
        yield compare(f"{path}.required", HOW, parameter.required, parameter.name in required)
        ours = schema_of(parameter, in_body=in_body)
        yield from _schema(path, ours, found.get(parameter.name), parameter.schema)
    for name in sorted(map(str, set(found) - {p.name for p in endpoint.parameters})):
        yield Row(f"{where}.extra_parameters.{name}", HOW, "", "there", DIFFERS, "The contract has no such parameter.")


def _described_schema(entry: dict[str, Any]) -> Any:
    schema = entry.get("schema")
    if isinstance(schema, dict) and "description" in entry:
        return {**schema, "description": entry["description"]}
    return schema


def _fields(
    where: str, groups: dict[str, str], expected: Sequence[ResponseField], schema: Any, depth: int = 0
) -> Iterator[Row]:
    found = dig(schema, "properties") or {}
    required = dig(schema, "required") or []
    ours = response_schema(tuple(expected))["properties"]
    for field in expected:
        path = f"{where}.{groups[field.name]}.{field.name}" if groups else f"{where}.{field.name}"
        yield compare(f"{path}.name", HOW, True, field.name in found, "The document lacks the field.")
        if field.name not in found:
            continue
        yield compare(f"{path}.optional", HOW, field.optional, field.name not in required)
        mine = {key: value for key, value in ours[field.name].items() if key != "items" or not field.items}
        other = found[field.name]
        if field.items and isinstance(other, dict):
            other = {key: value for key, value in other.items() if key != "items"}
        yield from _schema(path, mine, other, field.schema)
        if field.items and depth < MAX_DEPTH:
            yield from _fields(f"{path}.items", {}, field.items, dig(found[field.name], "items"), depth + 1)
    for name in sorted(map(str, set(found) - {f.name for f in expected})):
        yield Row(f"{where}.extra_response_fields.{name}", HOW, "", "there", DIFFERS, "The contract has no such field.")


def _schema(path: str, ours: dict[str, Any], theirs: Any, more: Mapping[str, Any]) -> Iterator[Row]:
    """Keyword by keyword; those that the contract writes under `schema` (`more`) are one row."""
    if not isinstance(theirs, dict):
        yield Row(f"{path}.type", HOW, shown(ours.get("type", "any")), "", DIFFERS, "The document lacks it.")
        return
    keys = {"type": None, **dict.fromkeys([*ours, *theirs])}
    plain = [key for key in keys if key in _FIELDS and key not in more]
    for key in plain:
        absent = "any" if key == "type" else None
        yield compare(f"{path}.{_FIELDS[key]}", HOW, _listed(ours.get(key, absent)), theirs.get(key, absent))
    if rest := [key for key in keys if key not in plain and key not in _DERIVED]:
        mine, other = ({key: side[key] for key in rest if key in side} for side in (ours, theirs))
        yield compare(f"{path}.schema", HOW, _listed(mine), _listed(other))


def _listed(value: Any) -> Any:
    """`value` as JSON has it: tuples are lists."""
    if isinstance(value, dict):
        return {key: _listed(entry) for key, entry in value.items()}
    return [_listed(entry) for entry in value] if isinstance(value, list | tuple) else value


def _surplus_paths(where: str, ours: Any, theirs: Any) -> Iterator[Row]:
    known = {*ours["paths"], HEALTH_PATH, PATH}
    for path in sorted(map(str, set(dig(theirs, "paths") or {}) - known)):
        yield Row(f"{where}.extra_endpoints.{path}", HOW, "", "there", DIFFERS, "The contract has no such endpoint.")


def _problems(where: str, service: Service, theirs: Any) -> Iterator[Row]:
    limited = service.rate_limit is not None
    main = service.endpoints[0]
    responses = dig(theirs, "paths", main.path, main.method.lower(), "responses") or {}
    found = {
        match[1]: (status, match[2])
        for status, answer in responses.items()
        for line in str(dig(answer, "description") or "").split("\n\n")
        if (match := _LINE.fullmatch(line))
    }
    own = {problem.slug for problem in service.problems}
    for kind in kinds_of(service, main, limited=limited):
        status, summary = found.get(kind.slug, (None, None))
        path = f"{where}.problems.{kind.slug}" if kind.slug in own else f"{where}.problems"
        yield compare(f"{path}.status", HOW, f"{kind.status} {kind.slug}", f"{status} {kind.slug}" if status else None)
        yield compare(f"{path}.summary", HOW, kind.summary, summary)
    for slug in sorted(set(found) - set(documented_kinds(service))):
        yield Row(f"{where}.problems.{slug}", HOW, "", found[slug][0], DIFFERS, "The contract has no such problem.")
