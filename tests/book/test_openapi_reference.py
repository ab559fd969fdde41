"""The services' reference says what the OpenAPI documents say, and its commands are ones that run."""

from __future__ import annotations

import json
import shlex

import pytest
from openapi_reference import curl, kind_of_problem, section

from janus_platform.contract import Service, load_contract
from janus_platform.services.framework.openapi import document, documented_kinds

CONTRACT = load_contract()
EACH = pytest.mark.parametrize("service", CONTRACT.services.values(), ids=lambda service: service.name)


@EACH
def test_a_section_names_every_endpoint_parameter_field_and_error(service: Service) -> None:
    text = section(CONTRACT, service)
    for endpoint in service.endpoints:
        assert f"### `{endpoint.method} {endpoint.path}`" in text
        assert all(f"| `{parameter.name}` |" in text for parameter in endpoint.parameters)
        assert all(f"| `{field.name}` |" in text for field in endpoint.response_fields)
    assert all(kind.summary in text for kind in documented_kinds(service).values())


@EACH
def test_the_command_sends_the_documented_example(service: Service) -> None:
    operation = document(CONTRACT, service)["paths"][service.path][service.method.lower()]
    words = shlex.split(curl(service, service.path, service.method, operation))
    assert words[:2] == ["curl", service.url]
    if service.method == "POST":
        assert json.loads(words[words.index("-d") + 1]) == dict(service.example)
    else:
        assert words[-1] == "url=" + service.example["url"]


def test_a_problem_says_its_status_and_who_answers_it() -> None:
    assert kind_of_problem(CONTRACT, "robots-disallowed").startswith("Status 403, from Web Proxy.")
    assert kind_of_problem(CONTRACT, "not-found").startswith("Status 404, from every service.")
    assert kind_of_problem(CONTRACT, "no-such-kind") == ""
