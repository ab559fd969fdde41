"""The errors of an OpenAPI document: one response a status, RFC 9457 problems, and what the rate limit sends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec.structs import replace

from janus_platform.contract import JSON, Endpoint, ProblemKind, Service
from janus_platform.services.framework import problem

Json = dict[str, Any]


def kinds_of(service: Service, endpoint: Endpoint, *, limited: bool) -> tuple[ProblemKind, ...]:
    """The kinds of problem that the endpoint may answer, by status."""
    has_body = endpoint.method == "POST"
    is_main = endpoint.path == service.path
    kinds = [
        *(problem.OF_BODIES if has_body else ()),
        *(_of_parameters(service) if endpoint.parameters else ()),
        *(problem.OF_LIMITS if limited else ()),
        *(kind for kind in service.problems if is_main or kind.everywhere),
        *problem.OF_ANY_REQUEST,
    ]
    return tuple(sorted(kinds, key=lambda kind: kind.status))


def _of_parameters(service: Service) -> Iterator[ProblemKind]:
    for kind in problem.OF_PARAMETERS:
        yield (replace(kind, status=400) if service.error_shape == "openai" else kind)  # OpenAI knows no 422.


def responses(service: Service, kinds: Iterable[ProblemKind], *, limited: bool) -> Json:
    """An OpenAPI response for each status among `kinds`; the kinds that share it are listed in its description."""
    by_status: dict[int, list[ProblemKind]] = {}
    for kind in kinds:
        by_status.setdefault(kind.status, []).append(kind)
    return {str(status): _response(service, status, of, limited=limited) for status, of in by_status.items()}


def limit_headers(*names: str) -> Json:
    """References to the headers of the rate limit, and to the others named."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in ("RateLimit", "RateLimit-Policy", *names)}


def headers() -> Json:
    """The headers of the rate limit: draft-ietf-httpapi-ratelimit-headers-11; RFC 9110, 10.2.3.

    Whoever runs the platform may switch limits off; then the first two are missing.
    """
    policy = "The policy `caller`: `q` requests in any `w` seconds."
    state = "What is left of it: `r` requests now; after `t` seconds, one more."
    wait = "Whole seconds after which a request is let through."
    return {
        "RateLimit-Policy": {
            "description": policy,
            "schema": {"type": "string", "pattern": r'^"caller";q=\d+;w=\d+$'},
        },
        "RateLimit": {
            "description": state,
            "schema": {"type": "string", "pattern": r'^"caller";r=\d+;t=\d+$'},
        },
        "Retry-After": {"description": wait, "required": True, "schema": {"type": "integer", "minimum": 1}},
    }


def schemas(service: Service) -> Json:
    """The shape of the service's errors, as the schema `Error`."""
    if service.error_shape == "openai":
        text: Json = {"type": ["string", "null"]}
        error = {
            "type": "object",
            "properties": {"message": {"type": "string"}, "type": {"type": "string"}, "param": text, "code": text},
            "required": ["message", "type", "param", "code"],
        }
        return {"Error": {"type": "object", "properties": {"error": error}, "required": ["error"]}}
    return {
        "Error": {
            "type": "object",
            "description": "Problem details (RFC 9457).",
            "properties": {
                "type": {"type": "string", "format": "uri", "description": "The kind of problem."},
                "title": {"type": "string", "description": "The same for every problem of a kind."},
                "status": {"type": "integer"},
                "detail": {"type": "string", "description": "What happened here, and what to do."},
            },
            "required": ["type", "title", "status", "detail"],
        }
    }


def _response(service: Service, status: int, kinds: list[ProblemKind], *, limited: bool) -> Json:
    lines = [f"`{kind.slug}`: {kind.summary}" for kind in kinds]
    schema: Json = {"$ref": "#/components/schemas/Error"}
    if service.error_shape == "problem":
        types = [problem.type_uri(kind.slug) for kind in kinds]
        schema = {"allOf": [schema, {"properties": {"type": {"enum": types}, "status": {"const": status}}}]}
    media = JSON if service.error_shape == "openai" else problem.MEDIA_TYPE
    response: Json = {"description": "\n\n".join(lines), "content": {media: {"schema": schema}}}
    if limited:
        response["headers"] = limit_headers("Retry-After") if status == 429 else limit_headers()
    return response
