"""What is no HTTP request, or has no end, is refused in the shape that OpenAI clients understand."""

from __future__ import annotations

import asyncio
import json

import pytest

from janus_platform.http.protocol import MAX_HEAD_BYTES
from janus_platform.http.server import HttpServer, bind_loopback
from tests.gateway.rig import CONTRACT, Directory, ask, gateway, in_loop

CHAT = CONTRACT.gateway.chat_path.encode()
# Little more than the bound: what a server leaves unread when it closes, the kernel answers with a reset.
FILLER = b"a" * MAX_HEAD_BYTES


async def answer_to(port: int, sent: bytes) -> tuple[int, str, dict]:  # type: ignore[type-arg]
    """Status, content type and JSON body of the answer to `sent`; the connection must be closed after it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    got = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    head, _, body = got.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines[1:])
    return int(lines[0].split(" ")[1]), headers["content-type"], json.loads(body)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x16\x03\x01\x00\x00\r\n\r\n", 400),
        (b"GET  HTTP/1.1\r\n\r\n", 400),
        (b"POST " + CHAT + b" HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", 400),
        (b"POST " + CHAT + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"GET /" + FILLER + b" HTTP/1.1\r\n\r\n", 431),
        (b"GET /health HTTP/1.1\r\nx-one: " + FILLER + b"\r\n\r\n", 431),
        (b"GET /health HTTP/1.1\r\n" + b"x: y\r\n" * (MAX_HEAD_BYTES // 6) + b"\r\n", 431),
        (b"GET /health HTTP/1.1\r\nx-endless: " + FILLER, 431),
    ],
    ids=["tls", "no path", "negative length", "two lengths", "long path", "long header", "many headers", "endless"],
)
@in_loop
async def test_what_is_no_request_gets_an_error_that_says_so(sent: bytes, status: int) -> None:
    async with gateway(Directory({})) as served:
        got, content_type, body = await answer_to(served.port, sent)
        assert (got, content_type) == (status, "application/json")
        assert body["error"]["type"] == "invalid_request_error"
        assert "Send" in body["error"]["message"]
        assert (await served.client.get(CONTRACT.gateway.health_path)).status_code == 200


@in_loop
async def test_the_head_is_bounded_for_each_request_and_not_for_a_connection() -> None:
    async with gateway(Directory({})) as served:
        for _ in range(5):
            answer = await served.client.get(
                CONTRACT.gateway.health_path, headers={"x-big": "a" * (MAX_HEAD_BYTES // 2)}
            )
            assert answer.status_code == 200
        body = ask(user="x" * 3 * MAX_HEAD_BYTES)
        assert (await served.client.post(CONTRACT.gateway.chat_path, json=body)).status_code == 404


@in_loop
async def test_a_service_refuses_in_its_own_shape() -> None:
    async def app(scope: object, receive: object, send: object) -> None:
        raise AssertionError("nothing of this reaches the app")

    server = HttpServer(app)
    bound = bind_loopback(0)
    await server.listen(bound)
    got, content_type, body = await answer_to(bound[0].getsockname()[1], b"nonsense\r\n\r\n")
    await server.close()
    assert (got, content_type, body["status"]) == (400, "application/problem+json", 400)
    assert body["title"] == "Bad Request"


@in_loop
async def test_a_head_that_nothing_follows_still_leaves() -> None:
    async def app(scope: dict, receive: object, send: object) -> None:  # type: ignore[type-arg]
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"x-early", b"yes")]})  # type: ignore[operator]
            await asyncio.Event().wait()

    server = HttpServer(app)  # type: ignore[arg-type]
    bound = bind_loopback(0)
    await server.listen(bound)
    reader, writer = await asyncio.open_connection("127.0.0.1", bound[0].getsockname()[1])
    writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
    assert b"x-early: yes" in await reader.readuntil(b"\r\n\r\n")
    writer.close()
    await server.close(grace_seconds=0)
