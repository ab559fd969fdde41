"""HTTP as people and machines write it: other methods, other paths, odd bodies, queries with mistakes."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import msgspec
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import ASGIApp

from janus_platform.contract import Parameter
from janus_platform.services.framework.app import build_service, read_json, read_query
from janus_platform.services.framework.problem import MEDIA_TYPE, Problem
from tests.services.asgi import CONTRACT, ask, context

SEARCH = CONTRACT.search
FETCH = msgspec.structs.replace(
    CONTRACT.web_proxy,
    extra_parameters=(
        Parameter("depth", "integer", default=1, minimum=0, maximum=9, since="1.0.0"),
        Parameter("ratio", "number", since="1.0.0"),
        Parameter("raw", "boolean", default=False, since="1.0.0"),
    ),
)


def posting() -> ASGIApp:
    async def echo(request: Request) -> Response:
        return JSONResponse(await read_json(request, SEARCH))

    return build_service(SEARCH, context(), echo)


def getting() -> ASGIApp:
    async def echo(request: Request) -> Response:
        return JSONResponse(read_query(request, FETCH))

    return build_service(FETCH, context(), echo)


def post(body: bytes, **headers: str) -> httpx.Response:
    return ask(
        posting(), "POST", SEARCH.url, content=body, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


def get(query: str) -> httpx.Response:
    return ask(getting(), "GET", f"{FETCH.url}?{query}")


def test_options_names_the_methods() -> None:
    answer = ask(posting(), "OPTIONS", SEARCH.url)
    assert (answer.status_code, answer.headers["allow"], answer.content) == (204, "POST, OPTIONS", b"")


def test_head_is_answered_as_get_without_its_body() -> None:
    answers = [ask(getting(), method, f"{FETCH.url}?url=x") for method in ("GET", "HEAD")]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[1].content == b""
    assert answers[0].headers["content-length"] == answers[1].headers["content-length"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH"])
def test_a_wrong_method_is_told_the_right_one(method: str) -> None:
    answer = ask(posting(), method, SEARCH.url)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert answer.headers["content-type"] == MEDIA_TYPE


@pytest.mark.parametrize("path", ["/search/", "//search", "/Search", "/search/x", "/", "/health/", "/%2e%2e/health"])
def test_another_path_is_not_found_and_told_what_there_is(path: str) -> None:
    answer = ask(posting(), "POST", SEARCH.origin + path, json={"query": "a"})
    assert answer.status_code == 404
    assert "POST /search" in answer.json()["detail"]


@pytest.mark.parametrize(
    "kind",
    ["application/json", "application/x-www-form-urlencoded", "text/plain", "application/json; charset=utf-8", ""],
)
def test_json_is_read_under_any_content_type(kind: str) -> None:
    assert post(b'{"query": "tides"}', Content_Type=kind).json()["query"] == "tides"


def test_a_byte_order_mark_is_no_part_of_the_json() -> None:
    assert post(b'\xef\xbb\xbf{"query": "tides"}').status_code == 200


def test_a_compressed_body_is_refused_by_name() -> None:
    answer = post(b"\x1f\x8b", Content_Encoding="gzip")
    assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "identity")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b'{"query": "a", "query": "b"}', "twice"),
        (b'{"query": "a", "x": {"y": 1, "y": 2}}', "twice"),
        (b'{"query": "a", "x": 1e999}', "beyond what a double"),
        (b'{"query": "a", "x": -Infinity}', "-Infinity is not JSON"),
        ('{"query": "a"}'.encode("utf-16"), "UTF-8"),
        (b'{"query": "\xed\xa0\x80"}', "UTF-8"),
        (b'{"query": "a", "x": ' + b'{"y":' * 50_000, "not valid JSON"),
        (b'{"query": "a", "\\ud800": 1}', "lone surrogate"),
        (b"query=a", "not valid JSON"),
    ],
    ids=range(11),
)
def test_what_json_cannot_say_is_refused_with_the_reason(body: bytes, said: str) -> None:
    answer = post(body)
    assert answer.status_code == 400
    assert said in answer.json()["detail"]


def test_a_lone_surrogate_is_named_wherever_it_stands() -> None:
    answer = post(b'{"query": "a", "x": [{"y": ["\\uDC00"]}]}')
    assert (answer.status_code, answer.json()["field"]) == (422, "x[0].y[0]")
    assert post(b'{"query": "\\ud83d\\ude00"}').json()["query"] == "\N{GRINNING FACE}"


def test_a_whole_number_may_be_written_with_a_point() -> None:
    assert post(b'{"query": "a", "num_results": 5.0}').json()["num_results"] == 5


def test_null_stands_for_a_parameter_that_is_not_sent() -> None:
    assert post(b'{"query": "a", "num_results": null}').json()["num_results"] == 10


def test_a_misspelt_field_is_named_beside_the_missing_one() -> None:
    detail = post(b'{"qeury": "a"}').json()["detail"]
    assert "`query` is missing" in detail
    assert "You sent `qeury`" in detail


def test_text_in_a_query_becomes_the_contracts_types() -> None:
    assert get("url=x&depth=3&ratio=0.5&raw=True").json() == {"url": "x", "depth": 3, "ratio": 0.5, "raw": True}
    assert get("url=x").json() == {"url": "x", "depth": 1, "ratio": None, "raw": False}
    assert get("url=%D1%82%00&other=1").json()["url"] == "т\x00"


@pytest.mark.parametrize(
    ("query", "field", "said"),
    [
        ("", "url", "?url="),
        ("ulr=x", "url", "You sent `ulr`"),
        ("url=", "url", "empty"),
        ("url=x&url=y", "url", "2 times"),
        ("url=x&depth=10", "depth", "at most 9"),
        ("url=x&depth=-1", "depth", "at least 0"),
        ("url=x&depth=1.5", "depth", "integer"),
        ("url=x&depth=" + "9" * 5000, "depth", "integer"),
        ("url=x&ratio=nan", "ratio", "number"),
        ("url=x&raw=maybe", "raw", "boolean"),
    ],
)
def test_a_query_that_is_not_right_is_named(query: str, field: str, said: str) -> None:
    answer = get(query)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert said in answer.json()["detail"]


def test_a_parameter_of_the_contract_may_bound_its_length() -> None:
    longest = SEARCH.parameter("query").max_length
    assert longest is not None
    assert post(json.dumps({"query": "a" * longest}).encode()).status_code == 200
    assert post(json.dumps({"query": "a" * (longest + 1)}).encode()).json()["field"] == "query"


def test_a_service_with_its_own_wire_format_answers_every_error_in_it() -> None:
    def shaped(problem: Problem) -> Response:
        return JSONResponse({"error": problem.slug}, problem.status)

    async def crash(request: Request) -> Response:
        raise (
            RuntimeError("x") if (await read_json(request, SEARCH))["query"] == "crash" else Problem(418, "tea", "", "")
        )

    app = build_service(SEARCH, context(), crash, error_response=shaped)
    asked: list[tuple[str, str, Any]] = [
        ("POST", "/search", {"query": "crash"}),
        ("POST", "/search", {"query": "tea"}),
        ("POST", "/search", {}),
        ("GET", "/search", None),
        ("POST", "/x", {}),
    ]
    said = [ask(app, method, SEARCH.origin + path, json=body).json()["error"] for method, path, body in asked]
    assert said == ["internal-error", "tea", "invalid-field", "method-not-allowed", "not-found"]


def test_an_answer_that_breaks_off_is_cut_and_not_completed() -> None:
    async def endless(_: Request) -> Response:
        async def parts() -> Any:
            yield b"first"
            raise RuntimeError("secret")

        return StreamingResponse(parts())

    with pytest.raises(Exception, match="broke off") as raised:
        ask_raw(build_service(SEARCH, context(), endless))
    assert raised.value.__cause__ is None and raised.value.__suppress_context__


def ask_raw(app: ASGIApp) -> None:
    """One POST whose failures come through."""

    async def asked() -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url=SEARCH.origin) as client:
            await client.post(SEARCH.path)

    asyncio.run(asked())
