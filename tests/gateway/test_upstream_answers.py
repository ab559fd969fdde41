"""What the gateway makes of an implementation that is away, fails, or answers whole; and what it passes on to it."""

from __future__ import annotations

import pytest

from janus_platform.gateway import Upstream
from janus_platform.http_server import bind_loopback
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


@in_loop
async def test_an_openai_shaped_error_of_the_upstream_keeps_message_and_retry_after() -> None:
    error = b'{"error": {"message": "Slow down", "type": "x", "param": null, "code": "rate"}}'
    async with upstream(lambda e: e.answer(429, error, "retry-after: 9")) as up, gateway(up) as served:
        response = await served.chat()
        assert response.status_code == 429 and response.headers["retry-after"] == "9"
        assert response.json()["error"]["message"] == "Slow down"


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
