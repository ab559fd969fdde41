"""The contract against the OpenAPI document that a service serves: parameters, answers, problems, endpoints.

The document that the contract gives and the one that is served are laid out by the contract's fields, then compared
entry by entry.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from janus_platform.conformance.http_client import dig
from janus_platform.conformance.report import DIFFERS, Row, compare, shown
from janus_platform.contract import JSON, Contract, Endpoint, Parameter, ResponseField, Service
from janus_platform.services.framework.openapi import HEALTH_PATH, PATH, document

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
# Written for every required text: no field of the contract.
_DERIVED = ("minLength", "pattern")
_PROBLEM = re.compile(r"`([\w-]+)`: (.*)", re.S)
Tree = dict[str, Any]


def check_openapi(contract: Contract, service: Service, served: Any) -> Iterator[Row]:
    """The rows of one service; `served` is the document that it serves."""
    generated = json.loads(json.dumps(document(contract, service)))
    yield compare("version", f"{HOW} of {service.name}", contract.version, dig(served, "info", "version"))
    yield from _compared(f"services.{service.name}", _by_field(service, generated), _by_field(service, served))


def _compared(path: str, ours: Any, theirs: Any) -> Iterator[Row]:
    if not isinstance(ours, dict) or not isinstance(theirs, dict):
        yield compare(path, HOW, ours, theirs)
        return
    for key in (*ours, *(key for key in theirs if key not in ours)):
        field = f"{path}.{key}"
        if key not in theirs:
            yield Row(field, HOW, shown(ours[key]), "", DIFFERS, "It is missing from the document.")
        elif key not in ours:
            yield Row(field, HOW, "", "there", DIFFERS, "The contract has no such entry.")
        elif key == "schema":
            yield compare(field, HOW, ours[key], theirs[key])
        else:
            yield from _compared(field, ours[key], theirs[key])


def _by_field(service: Service, served: Any) -> Tree:
    """What a document says, laid out as the contract has it."""
    known = {endpoint.path: endpoint for endpoint in service.endpoints}
    paths = {path: item for path, item in (dig(served, "paths") or {}).items() if path not in (HEALTH_PATH, PATH)}
    endpoints = {str(path): _endpoint(str(path), known.get(path), item) for path, item in paths.items()}
    main = endpoints.pop(service.path, {})
    for group, names in (("parameters", service.parameters), ("response_fields", service.response_fields)):
        specified, entries = {each.name for each in names}, main.get(group, {})
        main[group] = {name: entry for name, entry in entries.items() if name in specified}
        main[f"extra_{group}"] = {name: entry for name, entry in entries.items() if name not in specified}
    return main | {
        "title": dig(served, "info", "title"),
        "summary": dig(served, "info", "summary"),
        "host": dig(served, "servers", 0, "url"),
        "bearer_key": dig(served, "security", 0, "key") is not None,
        "extra_endpoints": endpoints,
    }


def _endpoint(path: str, known: Endpoint | None, item: Any) -> Tree:
    """One path of a document. `known` is the contract's endpoint there, whose method is the one looked at."""
    method = known.method.lower() if known else next(iter(item), "")
    operation = dig(item, method)
    answers = dig(operation, "responses", "200", "content") or {}
    body = dig(operation, "requestBody", "content", JSON) or {}
    listed = [each for each in dig(operation, "parameters") or [] if isinstance(each, dict)]
    if listed:
        body = _as_body(listed)
    entries = {
        "path": path,
        "method": method.upper() if operation is not None else None,
        "since": dig(operation, "x-since"),
        "summary": dig(operation, "summary"),
        "produces": sorted(answers),
        "example": dig(body, "example"),
        "parameters": _entries(dig(body, "schema"), known.parameters if known else ()),
        "response_fields": _entries(
            dig(answers, next(iter(answers), ""), "schema"), known.response_fields if known else (), answer=True
        ),
        "problems": _problems(dig(operation, "responses") or {}),
    }
    return {name: entry for name, entry in entries.items() if entry is not None}


def _as_body(listed: Sequence[Tree]) -> Tree:
    """Parameters of an address, as a request body has them."""
    properties = {
        str(each.get("name")): {**(each.get("schema") or {}), **_only(each, "description")} for each in listed
    }
    required = [each.get("name") for each in listed if each.get("required")]
    example = {str(each.get("name")): each["example"] for each in listed if "example" in each}
    return {"schema": {"properties": properties, "required": required}, "example": example or None}


def _only(entry: Tree, key: str) -> Tree:
    return {key: entry[key]} if key in entry else {}


def _entries(schema: Any, known: Sequence[Parameter | ResponseField], *, answer: bool = False) -> Tree:
    """The properties of an object's schema by name: `optional` ones of an `answer`, `required` ones of a request."""
    keywords = {entry.name: entry.schema for entry in known}
    items = {entry.name: getattr(entry, "items", ()) for entry in known}
    required = dig(schema, "required") or []
    return {
        name: ({"optional": name not in required} if answer else {"required": name in required})
        | _keywords(entry, keywords.get(name, {}), items.get(name, ()))
        for name, entry in (dig(schema, "properties") or {}).items()
    }


def _keywords(schema: Any, more: Mapping[str, Any], items: Sequence[ResponseField]) -> Tree:
    """A schema's keywords by the contract's names; those that the contract writes under `schema` (`more`) are one."""
    if not isinstance(schema, dict):
        return {}
    tree = {_FIELDS[key]: value for key, value in schema.items() if key in _FIELDS and key not in more}
    rest = {key: value for key, value in schema.items() if key not in _DERIVED and (key in more or key not in _FIELDS)}
    if items and "items" in rest:
        tree["items"] = _entries(rest.pop("items"), items, answer=True)
    return {**tree, "schema": rest} if rest else tree


def _problems(responses: Tree) -> Tree:
    return {
        match[1]: {"status": status, "summary": match[2]}
        for status, answer in responses.items()
        for line in str(dig(answer, "description") or "").split("\n\n")
        if (match := _PROBLEM.fullmatch(line))
    }
