"""Whatever is sent to a service, by its OpenAPI document or against it, the answer is a documented one and no 500.

The suite tries few examples of each, always the same ones. With `JANUS_EXAMPLES=3000` in its environment it
tries that many, and others each time.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from janus_platform.services.framework.openapi import document
from tests.services.asgi import CONTRACT
from tests.services.served import EXAMPLES, KEY, all_services

SERVICES = list(CONTRACT.services)
# A run in the sandbox takes some 50 ms, an answer of the others a few.
FEW = {"code_sandbox": 8}
# Not `positive_data_acceptance`: what JSON Schema cannot say (a query without words, an unknown host) is refused.
CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    allow_header_conformance,
]
HEADERS = {"Authorization": f"Bearer {KEY}"}


@pytest.fixture(scope="module")
def urls() -> Iterator[Mapping[str, str]]:
    with all_services() as served:
        yield served


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as opened:
        opened.trust_env = False
        yield opened


def tried(name: str, examples: int) -> settings:
    """Hypothesis's settings for one service: the same examples each time, unless one asks for more."""
    return settings(
        max_examples=EXAMPLES or min(examples, FEW.get(name, examples)),
        derandomize=not EXAMPLES,
        deadline=None,
        database=None,
        # No shrinking: the requests are small as they are, and a program takes its time.
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
@pytest.mark.parametrize("name", SERVICES)
def test_requests_made_from_the_document_get_documented_answers(
    name: str, mode: GenerationMode, urls: Mapping[str, str], session: requests.Session
) -> None:
    schema = schemathesis.openapi.from_dict(document(CONTRACT, CONTRACT.services[name]))
    asked = 0
    for result in schema.get_all_operations():
        operation: Any = result.ok()  # type: ignore[union-attr]
        if mode is GenerationMode.NEGATIVE and not (operation.body or operation.query):
            continue  # Nothing of it can be wrong.

        @tried(name, 15)
        @given(case=operation.as_strategy(generation_mode=mode))
        def answered_as_documented(case: Any) -> None:
            nonlocal asked
            response = case.call(base_url=urls[name], session=session, headers=HEADERS)
            case.validate_response(response, checks=CHECKS)
            asked += 1

        answered_as_documented()
    assert asked >= min(tried(name, 15).max_examples, 5)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
CONTENT_TYPES = st.sampled_from(
    [
        "",
        "application/json",
        "application/x-www-form-urlencoded",
        "text/plain",
        "multipart/form-data",
        "a/b;c=\xff",
        "/",
    ]
)
ENCODINGS = st.sampled_from(["", "identity", "gzip", "br", "deflate, gzip", "\xe9"])
METHODS = st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW", "get"])
QUERIES = st.dictionaries(st.sampled_from(["url", "urI", "query", "x", ""]), st.text(max_size=30), max_size=3)


def mutated(name: str) -> st.SearchStrategy[bytes]:
    """Bodies near a right one: a field of the example replaced, bytes of it changed, or no JSON at all."""
    example = dict(CONTRACT.services[name].example)
    replaced = st.dictionaries(st.sampled_from([*example, "other"]), JSON, max_size=3)
    nearly = replaced.map(lambda change: json.dumps({**example, **change}).encode())
    written = json.dumps(example).encode()
    cut = st.tuples(st.integers(0, len(written)), st.binary(max_size=4)).map(lambda t: written[: t[0]] + t[1])
    return st.one_of(nearly, cut, st.binary(max_size=60), JSON.map(lambda value: json.dumps(value).encode()))


def path_of(name: str) -> st.SearchStrategy[str]:
    path = CONTRACT.services[name].path
    others = [
        path + "/",
        path + "//",
        path.upper(),
        "/health",
        "/openapi.json",
        "/",
        "//",
        "/%00",
        "/%2e%2e/%ff",
        "/health/",
    ]
    return st.sampled_from([path] * 8 + others + [e.path for e in CONTRACT.services[name].extra_endpoints])


@pytest.mark.parametrize("name", SERVICES)
def test_no_method_path_body_header_or_encoding_makes_a_service_fail(name: str, urls: Mapping[str, str]) -> None:
    service, shape = CONTRACT.services[name], document(CONTRACT, CONTRACT.services[name])["components"]["schemas"]
    is_error = Draft202012Validator(shape["Error"]).is_valid
    with httpx.Client(base_url=urls[name], timeout=120, trust_env=False) as client:

        @tried(name, 40)
        @given(
            method=st.just(service.method) | METHODS,
            path=path_of(name),
            query=QUERIES,
            body=mutated(name),
            kind=CONTENT_TYPES,
            encoding=st.just("") | ENCODINGS,
        )
        def answers(method: str, path: str, query: dict[str, str], body: bytes, kind: str, encoding: str) -> None:
            headers = [(b"Authorization", f"Bearer {KEY}".encode()), (b"Content-Type", kind.encode("latin-1"))]
            headers += [(b"Content-Encoding", encoding.encode("latin-1"))] if encoding else []
            request = client.build_request(method, path, params=query, content=body, headers=headers)
            response = client.send(request)
            assert response.status_code < 500 or response.status_code in documented(name), response.text
            if method in ("BREW", "get"):  # Whether the HTTP parser knows it or not: nobody here does.
                assert 400 <= response.status_code < 500
            elif response.status_code >= 400 and method != "HEAD":
                assert is_error(response.json()), response.text
            if response.status_code == 405:
                assert response.headers["allow"]

        answers()


def documented(name: str) -> set[int]:
    """The statuses over 500 that a service may answer: it could not reach something, or is busy."""
    return {kind.status for kind in CONTRACT.services[name].problems if kind.status > 500}


RAW = [
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET /health HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n{}",
    b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n{}",
    b"GET %s?url=%%ff%%00%%ed%%a0%%80 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
    b"\x00\x01\x02\x03\r\n\r\n",
    b"GET %s HTTP/1.1\r\nHost: x\r\nX: \x00\r\n\r\n",
    b"GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
]


@pytest.mark.parametrize("raw", RAW, ids=range(len(RAW)))
@pytest.mark.parametrize("name", SERVICES)
def test_bytes_that_are_hardly_http_end_in_a_refusal(name: str, raw: bytes, urls: Mapping[str, str]) -> None:
    port = int(urls[name].rpartition(":")[2])
    path = CONTRACT.services[name].path.encode()
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(raw.replace(b"%s", path).replace(b"%%", b"%"))
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    statuses = [int(line.split()[1]) for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
    assert all(status < 500 for status in statuses), answer
    alive = httpx.get(urls[name] + "/health", trust_env=False)
    assert alive.json()["status"] == "ok"
