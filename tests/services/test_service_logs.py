"""No log at any level and no span ever holds what was asked or answered, however the request ends."""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from janus_platform.services.framework.app import ServiceContext, build_service, read_json
from janus_platform.traces.tracing import Tracing
from tests.services.asgi import CONTRACT, ask, context
from tests.services.served import KEY, all_services

SECRET = "s3cr3t-of-mine"
SEARCH = CONTRACT.search


@pytest.fixture(scope="module")
def urls() -> Iterator[Mapping[str, str]]:
    with all_services() as served:
        yield served


def everything(caplog: pytest.LogCaptureFixture) -> str:
    """All that any logger was told, tracebacks included."""
    formatter = logging.Formatter()
    ours = [record for record in caplog.records if not record.name.startswith(("httpx", "httpcore", "urllib3"))]
    return "\n".join(f"{record.__dict__} {formatter.format(record)}" for record in ours)


def request_lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    lines = [record.getMessage() for record in caplog.records if record.name == "janus.services"]
    return [line for line in lines if line.startswith("request ")]


def failing(made: ServiceContext) -> ASGIApp:
    async def fail(request: Request) -> Response:
        body = await read_json(request, SEARCH)
        try:
            raise KeyError(body["query"])
        except KeyError as error:
            raise RuntimeError(f"cannot {body['query']}") from error

    return build_service(SEARCH, made, fail)


# Each holds the secret in every place that a caller fills.
REQUESTS: dict[str, Mapping[str, Any]] = {
    "web_proxy": {"params": {"url": f"https://{SECRET}.example/{SECRET}?{SECRET}"}},
    "search": {"json": {"query": SECRET, "other": SECRET}},
    "vector_index": {"json": {"query": SECRET, SECRET: SECRET}},
    "code_sandbox": {"json": {"language": "python", "code": f"raise SystemExit({SECRET!r})"}},
    "inference": {"json": {"model": SECRET, "messages": [{"role": "user", "content": SECRET}]}},
}


@pytest.mark.parametrize("name", REQUESTS)
def test_no_service_logs_what_is_asked(name: str, urls: Mapping[str, str], caplog: pytest.LogCaptureFixture) -> None:
    service = CONTRACT.services[name]
    headers = {"Authorization": f"Bearer {KEY}", "X-Secret": SECRET, "Cookie": SECRET}
    with caplog.at_level(logging.DEBUG), httpx.Client(base_url=urls[name], trust_env=False, timeout=60) as client:
        client.request(service.method, service.path, headers=headers, **REQUESTS[name])
        client.request(service.method, service.path, headers=headers, content=f'{{"{SECRET}'.encode())
        client.request("GET", f"/{SECRET}?{SECRET}", headers={"Authorization": f"Bearer {SECRET}"})
        client.request("DELETE", service.path, headers=headers)
        # A line is written when its answer has gone out: the last one may follow the answer by a moment.
        deadline = time.monotonic() + 10
        while len(requests := request_lines(caplog)) < 4 and time.monotonic() < deadline:
            time.sleep(0.005)
    assert len(requests) == 4
    logged = everything(caplog)
    assert SECRET not in logged
    assert KEY not in logged
    assert f"service={name} caller=test method={service.method} route={service.path} status=" in requests[0]
    assert "route=- status=404" in requests[2]


def test_a_crash_is_logged_by_type_and_place_alone(caplog: pytest.LogCaptureFixture) -> None:
    made = context()
    with caplog.at_level(logging.DEBUG):
        answer = ask(failing(made), "POST", SEARCH.url, json={"query": SECRET})
    assert answer.status_code == 500
    assert SECRET not in answer.text
    logged = everything(caplog)
    assert SECRET not in logged
    assert "crash service=search error=RuntimeError at=test_service_logs.py:" in logged
    assert "status=500" in logged


def test_a_crash_leaves_no_content_in_its_span() -> None:
    made = dataclasses.replace(context(), tracing=Tracing.recording())
    ask(failing(made), "POST", SEARCH.url, json={"query": SECRET})
    spans = [span for trace in made.tracing.store._traces.values() for span in trace]
    assert [span.name for span in spans] == ["search"]
    assert SECRET not in "".join(span.to_json() for span in spans)


def test_a_method_or_caller_that_someone_made_up_is_not_written_out(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        ask(failing(context()), SECRET, SEARCH.url, caller=f"{SECRET}\nrequest service=forged")
    assert SECRET not in everything(caplog)
    (line,) = [record.getMessage() for record in caplog.records if record.name == "janus.services"]
    assert "caller=malformed method=other" in line
