"""What the services really answer holds what the contract says: its fields, of its types, none missing or renamed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from janus_platform.contract import Endpoint, ResponseField, Service
from janus_platform.services.framework.openapi import document, response_schema
from tests.services.asgi import CONTRACT
from tests.services.served import KEY, all_services

SERVICES = list(CONTRACT.services.values())
ENDPOINTS = [(service, endpoint) for service in SERVICES for endpoint in service.endpoints]
TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


@pytest.fixture(scope="module")
def urls() -> Iterator[Mapping[str, str]]:
    with all_services() as served:
        yield served


def asked(url: str, endpoint: Endpoint) -> httpx.Response:
    """The answer to the endpoint's documented example."""
    sent = "params" if endpoint.method == "GET" else "json"
    path = endpoint.path.format(**endpoint.example)
    options: dict[str, Any] = {sent: dict(endpoint.example)} if endpoint.example and path == endpoint.path else {}
    with httpx.Client(trust_env=False, timeout=120, headers={"Authorization": f"Bearer {KEY}"}) as client:
        return client.request(endpoint.method, url + path, **options)


def wrong(fields: tuple[ResponseField, ...], values: Mapping[str, Any], where: str = "") -> list[str]:
    """Every field of the contract that `values` lacks or holds in another type; no OpenAPI document is asked."""
    found: list[str] = []
    for field in fields:
        name = f"{where}{field.name}"
        value: Any = values.get(field.name)
        if field.name not in values:
            found += [] if field.optional else [f"{name} is missing"]
        elif value is None:
            found += [] if field.nullable else [f"{name} is null"]
        elif not isinstance(value, TYPES[field.type]) or (isinstance(value, bool) and field.type != "boolean"):
            found.append(f"{name} is {value!r}, no {field.type}")
        elif field.items:
            items: list[dict[str, Any]] = values[field.name]
            found += [line for at, item in enumerate(items) for line in wrong(field.items, item, f"{name}[{at}].")]
    return found


@pytest.mark.parametrize(("service", "endpoint"), ENDPOINTS, ids=[f"{s.name}{e.path}" for s, e in ENDPOINTS])
def test_the_documented_example_runs_and_is_answered_in_the_contracts_fields(
    service: Service, endpoint: Endpoint, urls: Mapping[str, str]
) -> None:
    answer = asked(urls[service.name], endpoint)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].partition(";")[0] == endpoint.produces[0]
    assert wrong(endpoint.response_fields, answer.json()) == []
    schema = response_schema(endpoint.response_fields)
    assert [error.message for error in Draft202012Validator(schema).iter_errors(answer.json())] == []


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_the_specifications_fields_come_first_and_are_not_optional(service: Service) -> None:
    assert all(not field.optional and field.since is None for field in service.response_fields)
    assert all(parameter.since is None for parameter in service.parameters)


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_the_answer_to_an_empty_request_is_a_documented_error(service: Service, urls: Mapping[str, str]) -> None:
    described = document(CONTRACT, service)["paths"][service.path][service.method.lower()]["responses"]
    headers = {"Authorization": f"Bearer {KEY}"}
    options: dict[str, Any] = {} if service.method == "GET" else {"json": {}}
    answer = httpx.request(
        service.method, urls[service.name] + service.path, headers=headers, trust_env=False, **options
    )
    assert list(described[str(answer.status_code)]["content"]) == [answer.headers["content-type"]]
    first = next(parameter.name for parameter in service.parameters if parameter.required)
    assert first in answer.text
    assert answer.status_code == (400 if service.error_shape == "openai" else 422)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"stdout": None}, "stdout is null"),
        ({"exit_code": "0"}, "exit_code is '0', no integer"),
        ({"exit_code": True}, "exit_code is True, no integer"),
    ],
)
def test_a_wrong_answer_is_found(change: dict[str, Any], message: str) -> None:
    right: dict[str, Any] = {"stdout": "", "stderr": "", "exit_code": 0}
    fields = CONTRACT.code_sandbox.response_fields
    assert wrong(fields, right) == []
    assert wrong(fields, {**right, **change}) == [message]
    assert wrong(fields, {"stdout": "", "stderr": "", "exitCode": 0}) == ["exit_code is missing"]
