"""The Web Proxy on the real web, played by a server on this machine."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from janus_platform.services.problem import Problem
from janus_platform.services.web_proxy import LiveWeb
from janus_platform.services.web_proxy_guard import Target
from janus_platform.services.web_proxy_web import Reply


def live(monkeypatch: pytest.MonkeyPatch, answer: bytes, limit: int = 1_000, **options: Any) -> Reply:
    """What LiveWeb makes of `answer`, with the guard told that this machine is the public internet."""
    monkeypatch.setattr("janus_platform.services.web_proxy_web.is_public", lambda _: True)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        if answer:
            writer.close()
        else:
            await reader.read()

    async def fetched(port: int) -> Reply:
        web = LiveWeb(**options)
        try:
            return await web.get(Target("http", "127.0.0.1", port, "/"), limit)
        finally:
            await web.close()

    return asyncio.run(with_server(handle, fetched))


async def with_server(handle: Any, then: Callable[[int], Awaitable[Reply]]) -> Reply:
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        return await then(server.sockets[0].getsockname()[1])


def response(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Content-Type: text/html", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def test_a_live_page_arrives_with_status_and_type(monkeypatch) -> None:
    assert live(monkeypatch, response(b"<p>Hi</p>")) == Reply(200, "text/html", b"<p>Hi</p>")


def test_a_live_page_is_counted_while_it_is_read(monkeypatch) -> None:
    reply = live(monkeypatch, response(b"x" * 5_000), limit=1_000)
    assert (len(reply.body), reply.truncated) == (1_000, True)


def test_a_compressed_page_is_decoded(monkeypatch) -> None:
    assert live(monkeypatch, response(gzip.compress(b"<p>Hi</p>"), "Content-Encoding: gzip")).body == b"<p>Hi</p>"


def test_a_decompression_bomb_is_cut_at_the_limit(monkeypatch) -> None:
    bomb = gzip.compress(b"0" * 50_000_000)
    reply = live(monkeypatch, response(bomb, "Content-Encoding: gzip"), limit=1_000)
    assert (len(reply.body), reply.truncated) == (1_000, True)


@pytest.mark.parametrize(
    "answer",
    [
        response(b"not gzip", "Content-Encoding: gzip"),
        response(b"x", "Content-Encoding: br"),
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort",
        b"garbage\r\n\r\n",
    ],
)
def test_a_damaged_answer_is_a_problem(monkeypatch, answer: bytes) -> None:
    with pytest.raises(Problem) as problem:
        live(monkeypatch, answer)
    assert problem.value.status == 502


def test_a_server_that_does_not_answer_runs_into_the_time_limit(monkeypatch) -> None:
    with pytest.raises(Problem) as problem:
        live(monkeypatch, b"", timeout_seconds=0.2)
    assert problem.value.status == 504


def test_a_live_redirect_is_handed_back_and_not_followed(monkeypatch) -> None:
    answer = response(b"", "Location: http://127.0.0.1/x", status="302 Found")
    assert live(monkeypatch, answer).location == "http://127.0.0.1/x"


def test_header_bytes_that_are_no_text_do_no_harm(monkeypatch) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/\xff\r\nContent-Length: 0\r\n\r\n"
    assert live(monkeypatch, answer).content_type.isascii()
