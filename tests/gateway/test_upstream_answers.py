"""What the gateway makes of an implementation that is away, fails, or answers whole; and what it passes on to it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from janus_platform.gateway.directory import Upstream
from janus_platform.http.server import bind_loopback
from tests.gateway.rig import Exchange, gateway, in_loop, upstream


@in_loop
async def test_a_refused_connection_is_502() -> None:
    (free, *_) = bind_loopback(0)
    address = free.getsockname()[:2]
    free.close()
    async with gateway(Upstream("impl", address)) as served:
        for stream in (True, False):
            response = await served.chat(stream=stream)
            assert (response.status_code, response.json()["error"]["code"]) == (502, "upstream_unreachable")


@in_loop
async def test_a_connection_closed_without_an_answer_is_502() -> None:
    async with upstream(lambda exchange: exchange.cut()) as up, gateway(up) as served:
        assert (await served.chat(stream=True)).status_code == 502


@pytest.mark.parametrize(("sent", "seen"), [(500, 500), (503, 503), (404, 404), (302, 502), (204, 502)])
@in_loop
async def test_an_error_status_of_the_upstream_is_an_error_status(sent: int, seen: int) -> None:
    def fails(exchange: Exchange) -> None:
        exchange.answer(sent, b"" if sent == 204 else b"Traceback: secret", "location: /elsewhere")

    async with upstream(fails) as up, gateway(up) as served:
        response = await served.chat(stream=True)
        assert response.status_code == seen
        assert str(sent) in response.json()["error"]["message"]
        assert "secret" not in response.text


@pytest.mark.parametrize(
    "error",
    [
        {"error": {"message": "Slow down", "type": "x", "param": None, "code": "rate"}},
        {"error": {"message": "Slow down", "code": 429, "metadata": {"raw": [1, {"a": None}]}}, "user_id": "u"},
        {"error": {"message": "Slow down", "param": ["a", 1], "type": None, "code": None}},
    ],
)
@in_loop
async def test_an_error_of_the_upstream_passes_whole(error: dict[str, Any]) -> None:
    async with upstream(lambda e: e.answer(429, json.dumps(error).encode())) as up, gateway(up) as served:
        for stream in (False, True):
            response = await served.chat(stream=stream)
            assert response.status_code == 429 and response.json() == error


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"detail": [{"loc": ["body", "n"], "msg": "too many", "type": "v"}, {"msg": "no"}]}, "too many; no"),
        ({"detail": "Not today"}, "Not today"),
        ({"title": "Too Large", "status": 413, "type": "about:blank"}, "Too Large"),
        ({"message": "Away", "object": "error", "code": 40303}, "Away"),
        ({"error": "Model is loading", "estimated_time": 20.5}, "Model is loading"),
        (
            {"error": {"code": 5}},
            "impl answered with status 422. `janus logs impl` may say why; send the request again.",
        ),
    ],
)
@in_loop
async def test_an_error_in_another_shape_keeps_what_it_says_and_becomes_one_for_openai_clients(
    sent: dict[str, Any], message: str
) -> None:
    async with upstream(lambda e: e.answer(422, json.dumps(sent).encode())) as up, gateway(up) as served:
        response = await served.chat()
    assert response.status_code == 422 and response.json()["error"]["message"] == message
    kept = {name: value for name, value in sent.items() if name != "error"}
    assert kept.items() <= response.json().items()


@pytest.mark.parametrize("status", [200, 429, 503])
@pytest.mark.parametrize("stream", [False, True])
@in_loop
async def test_headers_that_tell_when_to_ask_again_pass_and_others_do_not(status: int, stream: bool) -> None:
    told = {
        "retry-after": "Wed, 21 Oct 2026 07:28:00 GMT",
        "retry-after-ms": "1500.5",
        "x-should-retry": "true",
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-reset-tokens": "6m0s",
    }
    headers = [f"{k}: {v}" for k, v in told.items()] + ["set-cookie: a=b", "server: x", "x-ratelimit-odd: \xe4"]

    def answers(exchange: Exchange) -> None:
        if stream and status == 200:
            exchange.answer(200, b"data: [DONE]\n\n", *headers, content_type="text/event-stream")
        else:
            exchange.answer(status, b"{}", *headers)

    async with upstream(answers) as up, gateway(up) as served:
        response = await served.chat(stream=stream)
    assert response.status_code == status
    assert told.items() <= dict(response.headers).items()
    assert not {"set-cookie", "server", "x-ratelimit-odd"} & set(response.headers)


@in_loop
async def test_an_answer_that_does_not_stream_when_asked_to_is_502() -> None:
    async with upstream(lambda e: e.answer(200, b"{}")) as up, gateway(up) as served:
        assert (await served.chat(stream=True)).status_code == 502


@in_loop
async def test_a_whole_answer_passes_byte_for_byte() -> None:
    body = b'{ "id":"chatcmpl-9",\n "choices": [], "artifacts": [{"data": "\xc3\xa4"}] }'
    async with upstream(lambda e: e.answer(200, body)) as up, gateway(up) as served:
        assert (await served.chat()).content == body


@in_loop
async def test_a_whole_answer_that_is_not_quite_utf_8_or_json_passes_byte_for_byte() -> None:
    body = b'{"choices": [{"message": {"content": "\xff"}, "logprobs": {"content": [{"logprob": -Infinity}]}}]}'
    async with upstream(lambda e: e.answer(200, body)) as up, gateway(up) as served:
        assert (await served.chat()).content == body


@in_loop
async def test_a_whole_answer_that_is_not_json_is_502() -> None:
    async with upstream(lambda e: e.answer(200, b"hello")) as up, gateway(up) as served:
        assert (await served.chat()).json()["error"]["code"] == "upstream_invalid"


@in_loop
async def test_the_request_body_passes_byte_for_byte_and_the_clients_key_does_not() -> None:
    seen: list[Exchange] = []

    def keeps(exchange: Exchange) -> None:
        seen.append(exchange)
        exchange.answer(200, b"{}")

    sent = b'{"messages": [ {"content":"\\u00e9","role":"user"} ], "model":"impl", "unknown_field": {"a": 1}}'
    async with upstream(keeps) as up, gateway(up) as served:
        headers = {"authorization": "Bearer sk-secret", "cookie": "a=b"}
        response = await served.client.post("/v1/chat/completions", content=sent, headers=headers)
        assert response.status_code == 200
    assert seen[0].body == sent
    assert "authorization" not in seen[0].headers and "cookie" not in seen[0].headers
