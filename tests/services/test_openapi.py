"""Each service describes itself: an OpenAPI 3.1 document, made from the contract, that says all that it says."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from janus_platform.contract import Parameter, ResponseField, Service
from janus_platform.services.framework import problem
from janus_platform.services.framework.app import build_service
from janus_platform.services.framework.openapi import NO_LIMIT, PATH, document, documented_kinds, schema_of
from tests.services.asgi import CONTRACT, ask, context

SERVICES = list(CONTRACT.services.values())
EACH = pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
PROBLEMS_PAGE = Path(__file__).resolve().parents[2] / problem.PAGE


def silent(service: Service, *, limits: bool = False) -> ASGIApp:
    async def answer(_: Request) -> Response:
        return JSONResponse({})

    return build_service(service, context(limits=limits), answer)


def operation(service: Service) -> dict[str, Any]:
    found: dict[str, Any] = document(CONTRACT, service)["paths"][service.path][service.method.lower()]
    return found


@EACH
def test_the_document_is_valid_openapi(service: Service) -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(document(CONTRACT, service)).iter_errors()] == []


@EACH
def test_it_is_served_and_named_by_health(service: Service) -> None:
    app = silent(service)
    named = ask(app, "GET", service.origin + "/health").json()["openapi"]
    answer = ask(app, "GET", service.origin + named)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == document(CONTRACT, service)


def test_a_caller_that_has_it_is_not_sent_it_again() -> None:
    service = SERVICES[0]
    app = silent(service)
    tag = ask(app, "GET", service.origin + PATH).headers["etag"]
    again = ask(app, "GET", service.origin + PATH, headers={"If-None-Match": f'"other", W/{tag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert ask(app, "GET", service.origin + PATH, headers={"If-None-Match": '"other"'}).status_code == 200


def test_asking_for_it_counts_for_no_limit_and_leaves_no_log_line(caplog: pytest.LogCaptureFixture) -> None:
    service = CONTRACT.web_proxy
    assert service.rate_limit is not None
    app = silent(service, limits=True)
    with caplog.at_level(logging.DEBUG, "janus"):
        answers = [ask(app, "GET", service.origin + PATH) for _ in range(service.rate_limit.requests + 1)]
    assert {answer.status_code for answer in answers} == {200}
    assert "ratelimit" not in answers[0].headers
    assert caplog.records == []


@EACH
def test_every_endpoint_parameter_and_field_of_the_contract_is_there(service: Service) -> None:
    paths = document(CONTRACT, service)["paths"]
    for endpoint in service.endpoints:
        described = paths[endpoint.path][endpoint.method.lower()]
        if endpoint.method == "GET":
            sent = {entry["name"]: entry["schema"] for entry in described.get("parameters", [])}
        elif endpoint.parameters:
            sent = described["requestBody"]["content"]["application/json"]["schema"]["properties"]
        else:
            sent = {}
        assert list(sent) == [parameter.name for parameter in endpoint.parameters]
        schema = described["responses"]["200"]["content"][endpoint.produces[0]]["schema"]
        assert_fields(endpoint.response_fields, schema)


def assert_fields(fields: tuple[ResponseField, ...], schema: dict[str, Any]) -> None:
    assert list(schema["properties"]) == [field.name for field in fields]
    assert schema.get("required", []) == [field.name for field in fields if not field.optional]
    for field in fields:
        if field.items:
            assert_fields(field.items, schema["properties"][field.name]["items"])


def test_bounds_enums_and_defaults_are_those_of_the_contract() -> None:
    top_k = operation(CONTRACT.services["vector_index"])["requestBody"]["content"]["application/json"]["schema"]
    described = top_k["properties"]["top_k"]
    contract = CONTRACT.services["vector_index"].parameter("top_k")
    assert (described["minimum"], described["maximum"]) == (contract.minimum, contract.maximum)
    assert described["default"] == contract.default
    language = CONTRACT.code_sandbox.parameter("language")
    assert schema_of(language, in_body=True)["enum"] == list(language.enum)


def test_an_extension_says_since_when_and_what_for() -> None:
    new = Parameter("nap", "integer", minimum=1, summary="Seconds of sleep.", since="1.2.0")
    service = msgspec.structs.replace(CONTRACT.search, extra_parameters=(new,))
    described = operation(service)["requestBody"]["content"]["application/json"]["schema"]["properties"]["nap"]
    assert described == {
        "type": ["integer", "null"],
        "minimum": 1,
        "description": "Seconds of sleep.",
        "x-since": "1.2.0",
    }


@EACH
def test_the_rate_limit_is_documented_and_so_is_its_absence(service: Service) -> None:
    main = operation(service)
    if service.rate_limit is None:
        assert NO_LIMIT in main["description"]
        assert "headers" not in main["responses"]["200"]
        return
    assert f"{service.rate_limit.requests} requests" in document(CONTRACT, service)["info"]["description"]
    assert set(main["responses"]["429"]["headers"]) == {"RateLimit", "RateLimit-Policy", "Retry-After"}
    assert set(main["responses"]["200"]["headers"]) == {"RateLimit", "RateLimit-Policy"}


@EACH
def test_errors_are_problem_details_unless_the_wire_format_has_its_own(service: Service) -> None:
    kind = "application/json" if service.error_shape == "openai" else problem.MEDIA_TYPE
    errors = {status: answer for status, answer in operation(service)["responses"].items() if int(status) >= 400}
    assert {"400" if service.error_shape == "openai" else "422", "500"} <= set(errors)
    assert all(list(answer["content"]) == [kind] for answer in errors.values())


def test_the_type_of_every_problem_leads_to_a_heading_of_the_book() -> None:
    services = [service for service in SERVICES if service.error_shape == "problem"]
    slugs = {slug for service in services for slug in documented_kinds(service)}
    slugs |= {kind.slug for kind in problem.OF_ROUTING}
    headings = re.findall(r"^## ([a-z-]+)$", PROBLEMS_PAGE.read_text("utf-8"), re.M)  # not: Summary, Next
    assert sorted(headings) == sorted(slugs)
    assert problem.type_uri("not-found").endswith(f"{problem.PAGE}#not-found")


@EACH
def test_it_can_be_written_as_json_and_is_small(service: Service) -> None:
    assert len(json.dumps(document(CONTRACT, service))) < 100_000
