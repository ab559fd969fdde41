"""The main endpoint of a service, tried: what it answers, the bounds of its parameters and its rate limit.

Bounds and limit are found by overstepping them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from janus_platform.conformance.http_client import Answer, HttpClient, dig
from janus_platform.conformance.report import DIFFERS, SKIPPED, Row, compare, unseen
from janus_platform.contract import Endpoint, Parameter, ResponseField, Service

HOW = "probe"
POLICY = "ratelimit-policy"
_POLICY = re.compile(r'"[^"]*";q=(\d{1,9});w=(\d{1,9})')
_WRONG: dict[str, Any] = {"string": 3, "integer": "three", "number": "three", "boolean": "yes", "array": 3, "object": 3}
_TYPES: dict[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "string": (str,),
    "array": (list,),
    "object": (dict,),
}
# Asks for more time on the caller's own clock, so that a probe never waits for a window to pass.
MoreTime = Callable[[float], None]


def parameter_bounds(client: HttpClient, service: Service, more_time: MoreTime) -> Iterator[Row]:
    """Whether the main endpoint refuses what is missing, of a wrong type or out of bounds, and names the field."""
    where = f"services.{service.name}"
    for parameter in service.all_parameters:
        group = "extra_parameters" if parameter.since else "parameters"
        path = f"{where}.{group}.{parameter.name}"
        for field, value in _oversteps(parameter, service.method):
            _rest(service, more_time)
            body = {**service.example, parameter.name: value}
            if field == "required":
                del body[parameter.name]
            answer = send(client, service, body)
            yield compare(f"{path}.{field}", HOW, f"refused, naming {parameter.name}", _refusal(answer, parameter.name))
        for field, bound in (("minimum", parameter.minimum), ("maximum", parameter.maximum)):
            if bound is not None and service.error_shape == "problem":
                _rest(service, more_time)
                answer = send(client, service, {**service.example, parameter.name: bound})
                yield compare(f"{path}.{field}", f"{HOW} at the bound", "accepted", _acceptance(answer))


def _rest(service: Service, more_time: MoreTime) -> None:
    if service.rate_limit:
        more_time(service.rate_limit.per_seconds)


def _oversteps(parameter: Parameter, method: str) -> Iterator[tuple[str, Any]]:
    if parameter.required:
        yield "required", None
    if method == "POST" and parameter.type in _WRONG:
        yield "type", _WRONG[parameter.type]
    if parameter.minimum is not None:
        yield "minimum", parameter.minimum - 1
    if parameter.maximum is not None:
        yield "maximum", parameter.maximum + 1
    if parameter.max_length is not None:
        yield "max_length", _too_long(parameter, parameter.max_length + 1)
    if parameter.enum:
        yield "enum", "none-of-these"


def _too_long(parameter: Parameter, length: int) -> Any:
    if parameter.type == "array":
        return [{"name": f"file-{number}", "text": ""} for number in range(length)]
    return "a" * length


def send(client: HttpClient, service: Service, values: dict[str, Any]) -> Answer:
    """The answer of the service's main endpoint to these parameters."""
    if service.method == "GET":
        return client.ask(service.host, "GET", service.path, query={k: str(v) for k, v in values.items()})
    return client.ask(service.host, service.method, service.path, body=values)


def _refusal(answer: Answer, name: str) -> str:
    named = answer.at("field") or answer.at("error", "param")
    if answer.status not in (400, 413, 422):
        return f"status {answer.status}"
    return f"refused, naming {name}" if named == name else f"refused with {answer.status}, naming {named}"


def _acceptance(answer: Answer) -> str:
    return "accepted" if answer.status == 200 else f"status {answer.status}"


def error_shape(client: HttpClient, service: Service) -> Iterator[Row]:
    """Whether errors have the shape that the contract says."""
    answer = client.ask(service.host, "GET", "/no-such-path")
    kind = answer.headers.get("content-type", "").partition(";")[0]
    found = "problem" if kind == "application/problem+json" and answer.at("status") == answer.status else None
    if isinstance(answer.at("error", "message"), str):
        found = "openai"
    yield compare(f"services.{service.name}.error_shape", "answer", service.error_shape, found)


def stated_limit(answer: Answer) -> tuple[int, int] | None:
    """Requests and seconds as `RateLimit-Policy` states them; None without that header."""
    match = _POLICY.search(answer.headers.get(POLICY, ""))
    return (int(match[1]), int(match[2])) if match else None


def rate_limit(client: HttpClient, service: Service, more_time: MoreTime, limits: str) -> Iterator[Row]:
    """Whether exactly as many requests pass as the contract says, and again after its window."""
    where = f"services.{service.name}.rate_limit"
    limit = service.rate_limit
    if limits != "contract":
        yield unseen(where, HOW, SKIPPED, f"The limits are {limits}. Start the platform with `--limits contract`.")
        return
    if limit is None:
        stated = stated_limit(send(client, service, dict(service.example)))
        yield compare(where, "header", "none stated", "none stated" if stated is None else f"{stated}")
        return
    more_time(limit.per_seconds)
    # Requests without their parameters are counted too, and cost nothing.
    first = send(client, service, {})
    stated = stated_limit(first)
    yield compare(f"{where}.requests", "header", limit.requests, stated and stated[0])
    yield compare(f"{where}.per_seconds", "header", limit.per_seconds, stated and stated[1])
    passed = 1
    while passed <= limit.requests and send(client, service, {}).status != 429:
        passed += 1
    yield compare(f"{where}.requests", HOW, limit.requests, passed)
    refused = send(client, service, {})
    wait = refused.headers.get("retry-after", "")
    yield compare(
        f"{where}.per_seconds",
        HOW,
        f"429, Retry-After 1 to {limit.per_seconds}",
        f"429, Retry-After 1 to {limit.per_seconds}"
        if _waits(refused, wait, limit.per_seconds)
        else f"status {refused.status}, Retry-After {wait[:20]}",
    )
    more_time(limit.per_seconds)
    again = send(client, service, {}).status
    yield compare(
        f"{where}.per_seconds", "probe after the window", "let through", "refused" if again == 429 else "let through"
    )


def _waits(answer: Answer, wait: str, longest: int) -> bool:
    return answer.status == 429 and wait.isdecimal() and 1 <= int(wait) <= longest


def check_answer(where: str, endpoint: Endpoint, answer: Answer) -> Iterator[Row]:
    """The rows of one answer to the endpoint's documented example; `where` is the endpoint's place in the contract."""
    if answer.status != 200 or not isinstance(answer.json, dict):
        found = f"status {answer.status}" + ("" if answer.status != 200 else ", no JSON object")
        yield Row(f"{where}.path", "answer", "status 200", found, DIFFERS, "The documented example is not answered.")
        return
    for field in endpoint.response_fields:
        group = "extra_response_fields" if field.since and where.count(".") == 1 else "response_fields"
        yield from _field(f"{where}.{group}.{field.name}", field, answer.json)


def _field(path: str, field: ResponseField, value: Any) -> Iterator[Row]:
    if field.name not in value:
        if not field.optional:
            yield Row(f"{path}.type", "answer", field.type, "missing", DIFFERS, "The answer lacks the field.")
        return
    found = value[field.name]
    if not (found is None and field.nullable):
        yield compare(
            f"{path}.type", "answer", field.type, field.type if is_of(found, field.type) else json_type(found)
        )
    first = dig(found, 0)
    if field.items and isinstance(first, dict):
        for item in field.items:
            yield from _field(f"{path}.items.{item.name}", item, first)


def is_of(value: Any, kind: str) -> bool:
    """Whether `value` is of the JSON type `kind`; a Python bool is no number."""
    return isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def json_type(value: Any) -> str:
    """The JSON type of `value`."""
    return "null" if value is None else next(kind for kind in _TYPES if is_of(value, kind))
