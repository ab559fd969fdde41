"""The OpenAPI 3.1 document of a service, written from the contract: `GET /openapi.json` and the book's reference page.

Nothing is said here that the contract does not say. What a service has beyond the specification stands there too (see
contract/services.py) and carries `x-since`, the contract version that it is there since. It asks no running service.
"""

from __future__ import annotations

import re
from typing import Any

from janus_platform.contract import JSON, Contract, Endpoint, Parameter, ProblemKind, ResponseField, Service
from janus_platform.services.framework import openapi_errors as errors

OPENAPI = "3.1.1"
DIALECT = "https://spec.openapis.org/oas/3.1/dialect/base"
PATH = "/openapi.json"
HEALTH_PATH = "/health"
NO_LIMIT = "No rate limit is stated for this service, and none is kept."
EVENTS = "text/event-stream"
Json = dict[str, Any]


def document(contract: Contract, service: Service) -> Json:
    """The whole document, ready for `json.dumps`."""
    paths: dict[str, Json] = {}
    for endpoint in service.endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(service, endpoint)
    paths[HEALTH_PATH] = {"get": _health(service)}
    paths[PATH] = {"get": _itself()}
    return {
        "openapi": OPENAPI,
        "jsonSchemaDialect": DIALECT,
        "info": {
            "title": service.title,
            "version": contract.version,
            "summary": service.summary,
            "description": _description(service),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": service.origin}],
        "paths": paths,
        "components": _components(service),
        **({"security": [{"key": []}]} if service.bearer_key else {}),
    }


def schema_of(parameter: Parameter, *, in_body: bool) -> Json:
    """The JSON Schema of one parameter. In a body, null stands for an optional one that is not sent."""
    may_be_null = in_body and not parameter.required
    schema: Json = {"type": [parameter.type, "null"] if may_be_null else parameter.type}
    if parameter.type == "any":
        del schema["type"]
    default = list(parameter.default) if isinstance(parameter.default, tuple) else parameter.default
    named = {"minimum": parameter.minimum, "maximum": parameter.maximum, "default": default}
    schema |= {key: value for key, value in named.items() if value is not None}
    if parameter.enum:
        schema["enum"] = [*parameter.enum, None] if may_be_null else list(parameter.enum)
    if parameter.max_length is not None:
        schema["maxItems" if parameter.type == "array" else "maxLength"] = parameter.max_length
    if parameter.required and parameter.type == "string" and not parameter.enum:
        schema |= {"minLength": 1, "pattern": r"\S"}
    return _marked(schema | dict(parameter.schema), parameter)


def response_schema(fields: tuple[ResponseField, ...]) -> Json:
    """The JSON Schema of an answer with these fields; more are allowed, since a service may grow."""
    schema: Json = {"type": "object", "properties": {f.name: _field(f) for f in fields}}
    required = [f.name for f in fields if not f.optional]
    return schema | ({"required": required} if required else {})


def _field(field: ResponseField) -> Json:
    schema: Json = {"type": [field.type, "null"] if field.nullable else field.type}
    if field.items:
        schema["items"] = response_schema(field.items)
    return _marked(schema | dict(field.schema), field)


def _marked(schema: Json, entry: Parameter | ResponseField) -> Json:
    if entry.summary:
        schema["description"] = entry.summary
    return schema | ({"x-since": entry.since} if entry.since else {})


def _operation(service: Service, endpoint: Endpoint) -> Json:
    limited = service.rate_limit is not None and endpoint.path == service.path
    kinds = errors.kinds_of(service, endpoint, limited=limited)
    operation: Json = {
        "operationId": _identifier(service, endpoint),
        "summary": endpoint.summary,
        "x-since": endpoint.since,
        **_request(endpoint),
        "responses": {
            "200": _success(endpoint, limited=limited),
            **errors.responses(service, kinds, limited=limited),
        },
    }
    if not limited:
        operation["description"] = NO_LIMIT if endpoint.path == service.path else "Not counted by the rate limit."
    return operation


def _identifier(service: Service, endpoint: Endpoint) -> str:
    words = re.sub(r"\W+", "_", endpoint.path).strip("_")
    return f"{service.name}_{endpoint.method.lower()}_{words}"


def _request(endpoint: Endpoint) -> Json:
    if not endpoint.parameters:
        return {}
    if endpoint.method == "GET":
        return {"parameters": [_in_address(parameter, endpoint) for parameter in endpoint.parameters]}
    schema: Json = {"type": "object", "properties": {p.name: schema_of(p, in_body=True) for p in endpoint.parameters}}
    required = [p.name for p in endpoint.parameters if p.required]
    content: Json = {"schema": schema | ({"required": required} if required else {})}
    if endpoint.example:
        content["example"] = dict(endpoint.example)
    return {"requestBody": {"required": True, "content": {JSON: content}}}


def _in_address(parameter: Parameter, endpoint: Endpoint) -> Json:
    location = "path" if f"{{{parameter.name}}}" in endpoint.path else "query"
    schema = schema_of(parameter, in_body=False)
    entry: Json = {"name": parameter.name, "in": location, "required": parameter.required, "schema": schema}
    if parameter.name in endpoint.example:
        entry["example"] = endpoint.example[parameter.name]
    return entry | ({"description": parameter.summary} if parameter.summary else {})


def _success(endpoint: Endpoint, *, limited: bool) -> Json:
    schemas = {JSON: response_schema(endpoint.response_fields), EVENTS: {"type": "string"}}
    answer: Json = {
        "description": "The answer." if EVENTS not in endpoint.produces else "The answer, or a stream of events.",
        "content": {kind: {"schema": schemas.get(kind, {"type": "string"})} for kind in endpoint.produces},
    }
    return answer | ({"headers": errors.limit_headers()} if limited else {})


def _health(service: Service) -> Json:
    named = {"type": "string", "const": service.name}
    schema = {
        "type": "object",
        "properties": {"status": {"const": "ok"}, "service": named, "openapi": {"const": PATH}},
        "required": ["status", "service", "openapi"],
    }
    return {
        "operationId": f"{service.name}_health",
        "summary": "Whether the service can answer, and what it answers with.",
        "security": [],
        "responses": {"200": {"description": "It can.", "content": {JSON: {"schema": schema}}}},
    }


def _itself() -> Json:
    schema = {"type": "object", "properties": {"openapi": {"const": OPENAPI}}, "required": ["openapi", "info"]}
    return {
        "operationId": "openapi",
        "summary": "This document.",
        "security": [],
        "responses": {
            "200": {"description": "An OpenAPI document.", "content": {JSON: {"schema": schema}}},
            "304": {"description": "It is still the one that If-None-Match names."},
        },
    }


def _description(service: Service) -> str:
    limit = service.rate_limit
    sentences = [
        f"{service.summary}",
        f"{limit.requests} requests of one caller in any {limit.per_seconds} seconds." if limit else NO_LIMIT,
        "The egress proxy says who the caller is; requests carry no key of their own."
        if not service.bearer_key
        else "Send the key as a bearer token.",
        "A path that is not listed is answered 404, a method 405 with `Allow`; OPTIONS names the methods.",
        "Entries with `x-since` and no place in the specification may be missing elsewhere.",
    ]
    return " ".join(sentences)


def _components(service: Service) -> Json:
    components: Json = {"schemas": errors.schemas(service), "headers": errors.headers()}
    if service.rate_limit is None:
        del components["headers"]
    if service.bearer_key:
        components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    return components


def documented_kinds(service: Service) -> dict[str, ProblemKind]:
    """Every kind of problem that some endpoint of the service may answer, by slug."""
    return {
        kind.slug: kind
        for endpoint in service.endpoints
        for kind in errors.kinds_of(service, endpoint, limited=service.rate_limit is not None)
    }
