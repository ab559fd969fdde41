"""What every service does alike: it checks what comes in, limits callers, and says what went wrong."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from janus_platform.services.framework.app import ServiceContext, build_service, read_json
from janus_platform.services.framework.problem import MEDIA_TYPE, type_uri
from tests.services.asgi import CONTRACT, ask, client, context

SERVICE = CONTRACT.search
LIMIT = SERVICE.rate_limit
assert LIMIT is not None


def echo_service(made: ServiceContext | None = None) -> ASGIApp:
    async def echo(request: Request) -> Response:
        body = await read_json(request, SERVICE)
        if body["query"] == "crash":
            raise RuntimeError("secret content")
        return JSONResponse(body)

    return build_service(SERVICE, made or context(), echo)


def post(app: ASGIApp, **options: Any):
    return ask(app, "POST", SERVICE.url, **options)


def test_defaults_are_filled_in_and_unknown_fields_are_kept() -> None:
    answer = post(echo_service(), json={"query": "tides", "new": 1})
    assert answer.json() == {"query": "tides", "num_results": SERVICE.parameter("num_results").default, "new": 1}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "query"),
        ({"query": None}, "query"),
        ({"query": 5}, "query"),
        ({"query": "  "}, "query"),
        ({"query": "a", "num_results": 0}, "num_results"),
        ({"query": "a", "num_results": 21}, "num_results"),
        ({"query": "a", "num_results": "5"}, "num_results"),
        ({"query": "a", "num_results": True}, "num_results"),
        ({"query": "a", "num_results": 1.5}, "num_results"),
    ],
)
def test_a_field_that_is_not_valid_is_named(body: dict[str, Any], field: str) -> None:
    answer = post(echo_service(), json=body)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert answer.headers["content-type"] == MEDIA_TYPE


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"x"',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"query": ' + b"9" * 10_000 + b"}",
        b'{"query":"x","y":NaN}',
    ],
)
def test_a_body_that_is_no_json_object_is_refused_with_an_example(body: bytes) -> None:
    answer = post(echo_service(), content=body)
    assert answer.status_code == 400
    assert "query" in answer.json()["detail"]


def test_a_lone_surrogate_is_refused() -> None:
    assert post(echo_service(), content=rb'{"query": "\ud800"}').status_code == 422


def test_an_oversized_body_is_refused_while_it_is_read() -> None:
    sent = 0

    async def endless():
        nonlocal sent
        while sent < 100_000_000:
            sent += 65_536
            yield b"x" * 65_536

    async def asked():
        async with client(echo_service(), SERVICE.origin) as opened:
            return await opened.post(SERVICE.path, content=endless())

    answer = asyncio.run(asked())
    assert answer.status_code == 413
    assert answer.json()["limit_bytes"] == 1_000_000


def test_other_paths_and_methods_are_problems_too() -> None:
    app = echo_service()
    missing = ask(app, "GET", SERVICE.origin + "/nothing")
    wrong = ask(app, "DELETE", SERVICE.url)
    assert (missing.status_code, missing.json()["type"]) == (404, type_uri("not-found"))
    assert (wrong.status_code, wrong.json()["type"]) == (405, type_uri("method-not-allowed"))
    assert "POST" in wrong.headers["allow"]


def test_a_crash_is_a_problem_that_tells_nothing_of_the_content() -> None:
    answer = post(echo_service(), json={"query": "crash"})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert "secret" not in answer.text


def test_one_log_line_a_request_names_service_caller_and_status_but_no_content(caplog) -> None:
    with caplog.at_level(logging.INFO, "janus.services"):
        post(echo_service(), json={"query": "a private matter"}, caller="ada")
    lines = [record.getMessage() for record in caplog.records if record.name == "janus.services"]
    assert len(lines) == 1
    assert re.fullmatch(
        r"request service=search caller=ada method=POST route=/search status=200 duration_ms=\d+\.\d bytes=\d+",
        lines[0],
    )


def test_beyond_the_limit_a_caller_is_told_when_to_come_back() -> None:
    app = echo_service(context(limits=True))
    allowed = [post(app, json={"query": "a"}) for _ in range(LIMIT.requests)]
    refused = post(app, json={"query": "a"})
    assert {answer.status_code for answer in allowed} == {200}
    assert allowed[0].headers["ratelimit"] == f'"caller";r={LIMIT.requests - 1};t={LIMIT.per_seconds}'
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == str(LIMIT.per_seconds)
    assert refused.json()["retry_after_seconds"] == LIMIT.per_seconds


def test_a_caller_that_advances_its_clock_may_go_on_at_once() -> None:
    made = context(limits=True)
    app = echo_service(made)
    for _ in range(LIMIT.requests + 1):
        last = post(app, json={"query": "a"}, caller="ada")
    assert last.status_code == 429
    made.clocks.advance("ada", LIMIT.per_seconds)
    assert post(app, json={"query": "a"}, caller="ada").status_code == 200


def test_requests_that_are_not_valid_count_and_carry_the_limit_headers() -> None:
    app = echo_service(context(limits=True))
    answer = post(app, json={})
    assert answer.status_code == 422
    assert answer.headers["ratelimit-policy"] == f'"caller";q={LIMIT.requests};w={LIMIT.per_seconds}'


def test_limits_can_be_switched_off_while_the_service_runs() -> None:
    made = context(limits=True)
    app = echo_service(made)
    for _ in range(LIMIT.requests):
        post(app, json={"query": "a"})
    with made.limits.suspended():
        with made.limits.suspended():
            assert post(app, json={"query": "a"}).status_code == 200
        assert post(app, json={"query": "a"}).status_code == 200
    assert post(app, json={"query": "a"}).status_code == 429


def test_health_is_not_limited() -> None:
    app = echo_service(context(limits=True))
    answers = [ask(app, "GET", SERVICE.origin + "/health") for _ in range(LIMIT.requests + 5)]
    assert answers[-1].json() == {"status": "ok", "service": "search", "openapi": "/openapi.json"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@given(body=JSON | st.fixed_dictionaries({}, optional={"query": JSON, "num_results": JSON}))
def test_no_json_makes_a_service_fail(body: Any) -> None:
    answer = post(echo_service(), content=json.dumps(body).encode())
    assert answer.status_code in (200, 400, 422) or body == {"query": "crash"}
