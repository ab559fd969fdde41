"""Clients that speak HTTP in less usual ways: with an upgrade in mind, as HTTP/1.0, slowly, half-closed, compressed."""

from __future__ import annotations

import asyncio
import gzip
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from janus_platform.http import protocol
from janus_platform.http.body_budget import BodyBudget
from janus_platform.http.server import HttpServer, bind_loopback
from tests.gateway.rig import CONTRACT, DONE, Directory, Exchange, ask, chunk, gateway, in_loop, upstream

CHAT = CONTRACT.gateway.chat_path
STREAM = [chunk(content="Hello"), chunk("stop"), DONE]
# What Java's HttpClient sends with every request, and `curl --http2`.
H2C = "Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQ\r\nUpgrade: h2c\r\n"


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the body's length and the request's path, in as many messages as the body's first byte says."""
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message.get("body", b"")
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    answer = [scope["http_version"], scope["method"], scope["path"], str(len(body))]
    for word in answer:
        await send({"type": "http.response.body", "body": word.encode() + b" ", "more_body": True})
    await send({"type": "http.response.body", "body": b"end"})


@asynccontextmanager
async def serving(app: Any = echo, **options: Any) -> AsyncIterator[int]:
    server = HttpServer(app, **options)
    bound = bind_loopback(0)
    await server.listen(bound)
    try:
        yield bound[0].getsockname()[1]
    finally:
        await server.close(grace_seconds=0)


async def said(port: int, *parts: bytes, half_close: bool = False) -> tuple[bytes, bytes]:
    """Head and the rest of what comes back, until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in parts[:-1]:
        writer.write(part)
        await writer.drain()
        await asyncio.sleep(0.001)  # So that the parts do not share a read.
    writer.write(parts[-1])
    if half_close:
        writer.write_eof()
    got = await asyncio.wait_for(reader.read(), 20)
    writer.close()
    head, _, rest = got.partition(b"\r\n\r\n")
    return head, rest


def post(body: bytes, *more: str, version: str = "1.1", path: str = "/p") -> bytes:
    lines = [f"POST {path} HTTP/{version}", "Host: x", f"Content-Length: {len(body)}", *more, "", ""]
    return "\r\n".join(line for line in lines).encode() + body


def unchunked(rest: bytes) -> bytes:
    content = b""
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size, 16)
        content, rest = content + rest[:length], rest[length + 2 :]
    return content


@pytest.mark.parametrize(
    "upgrade",
    [
        H2C,
        "Connection: Upgrade\r\nUpgrade: h2c\r\n",
        "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
        "Connection: keep-alive, Upgrade\r\nUpgrade: TLS/1.0\r\n",
        "Connection: Upgrade\r\nUpgrade: h2c\r\nUpgrade: something/1\r\n",
    ],
    ids=["java", "bare", "websocket", "tls", "two"],
)
@pytest.mark.parametrize("framing", ["length", "chunked", "none"])
@pytest.mark.parametrize("cut", [None, 1, 40])
@in_loop
async def test_an_upgrade_that_is_not_offered_is_ignored_and_the_body_read(
    upgrade: str, framing: str, cut: int | None
) -> None:
    head = f"POST /p HTTP/1.1\r\nHost: x\r\n{upgrade}"
    sent = {
        "length": f"{head}Content-Length: 5\r\n\r\nHello",
        "chunked": f"{head}Transfer-Encoding: chunked\r\n\r\n3\r\nHel\r\n2\r\nlo\r\n0\r\n\r\n",
        "none": f"{head}\r\n",
    }[framing].encode()
    sent += b"GET /next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    parts = [sent] if cut is None else [sent[i : i + cut] for i in range(0, len(sent), cut)]
    async with serving() as port:
        head_back, rest = await said(port, *parts)
        both = head_back + rest
    assert head_back.startswith(b"HTTP/1.1 200")
    length = b"0" if framing == "none" else b"5"
    assert b"POST \r\n3\r\n/p \r\n2\r\n" + length + b" " in both and b"/next " in both


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@in_loop
async def test_curl_that_would_like_http2_gets_its_answer() -> None:
    def answers(exchange: Exchange) -> None:
        assert "upgrade" not in exchange.headers
        exchange.answer(200, json.dumps({"got": json.loads(exchange.body)["messages"]}).encode())

    async with upstream(answers) as up, gateway(up) as served:
        command = ["curl", "-sS", "--http2", "--noproxy", "*", f"{served.url}{CHAT}", "-d", json.dumps(ask())]
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        out, _ = await process.communicate()
    assert json.loads(out) == {"got": ask()["messages"]}


@in_loop
async def test_http_1_0_gets_no_chunks_and_a_connection_that_ends() -> None:
    async with serving() as port:
        head, rest = await said(port, post(b"12345", version="1.0", path="/old"))
        assert b"chunked" not in head and b"connection: close" in head
        assert rest == b"1.0 POST /old 5 end"
        # No 100 (Continue) either: RFC 9110, 10.1.1.
        head, rest = await said(port, post(b"1", "Expect: 100-continue", version="1.0"))
        assert head.startswith(b"HTTP/1.1 200") and rest.endswith(b"end")
    async with upstream(_plays) as up, gateway(up) as served:
        body = json.dumps(ask(stream=True)).encode()
        head, rest = await said(served.port, post(body, version="1.0", path=CHAT))
        assert b"chunked" not in head and rest == b"".join(STREAM)


def _plays(exchange: Exchange) -> None:
    exchange.start_stream()
    for data in STREAM:
        exchange.chunk(data)
    exchange.end()


@pytest.mark.parametrize("hosts", ["", "Host: a\r\nHost: b\r\n"], ids=["none", "two"])
@in_loop
async def test_a_request_names_one_host(hosts: str) -> None:
    async with gateway(Directory({})) as served:
        head, rest = await said(served.port, f"GET /health HTTP/1.1\r\n{hosts}\r\n".encode())
        assert head.startswith(b"HTTP/1.1 400") and "Host" in json.loads(rest)["error"]["message"]
        head, rest = await said(served.port, b"GET /health HTTP/1.0\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200") and json.loads(rest)["status"] == "ok"


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"POST /p HTT",
        b"\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n|\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /half",
    ],
    ids=["silent", "partial line", "blank", "partial head", "blank after a request", "partial after a request"],
)
@in_loop
async def test_a_head_has_a_deadline(sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.05)
    async with serving() as port:
        head, rest = await said(port, *sent.split(b"|"))  # It returns only when the server has closed.
    begun = bool(sent.strip()) and not sent.endswith(b"|\r\n")
    assert (b" 408 " in head + rest) is begun


@in_loop
async def test_a_connection_between_two_requests_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.05)
    async with serving() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(2):
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await reader.readuntil(b"0\r\n\r\n")
            await asyncio.sleep(0.15)
        writer.close()


@pytest.mark.parametrize("drips", [False, True])
@in_loop
async def test_a_body_has_a_deadline(drips: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "BODY_SECONDS", 0.1)
    head = b"POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
    gone = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        gone.set()

    async with serving(app) as port:
        got, _ = await said(port, head, *([b"x"] * 100 if drips else []))
        await asyncio.wait_for(gone.wait(), 10)
    assert got.startswith(b"HTTP/1.1 408")


@pytest.mark.parametrize(("total", "of_one", "status"), [(10**6, 200_000, 429), (200_000, 10**6, 503)])
@in_loop
async def test_bodies_without_an_end_hold_no_more_than_the_budget(total: int, of_one: int, status: int) -> None:
    budget = BodyBudget(total=total, of_a_caller=of_one)
    opening = b"POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
    async with serving(budget=budget) as port:
        waiting = []
        for _ in range(2):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(opening + b"x" * 90_000)
            await writer.drain()
            waiting.append(writer)
        while budget.held < 180_000:
            await asyncio.sleep(0.001)
        head, _ = await said(port, opening + b"x" * 90_000)
        assert head.startswith(b"HTTP/1.1 %d" % status) and b"retry-after" in head
        # Small bodies pass all the same, and what was held comes back when its connection ends.
        head, _ = await said(port, post(b"x" * 60_000, "Connection: close"))
        assert head.startswith(b"HTTP/1.1 200")
        for writer in waiting:
            writer.close()
        while budget.held:
            await asyncio.sleep(0.001)
        head, _ = await said(port, post(b"x" * 150_000, "Connection: close"))
        assert head.startswith(b"HTTP/1.1 200") and budget.held == 0


@in_loop
async def test_another_callers_bodies_leave_a_caller_its_own_share() -> None:
    budget = BodyBudget(total=400_000, of_a_caller=200_000)
    assert budget.take("one", 190_000, 190_000) == 190_000
    assert budget.take("two", 190_000, 190_000) == 190_000
    budget.release("one", 190_000)
    assert budget.take("one", 100_000, 100_000) == 100_000


@in_loop
async def test_a_half_closed_client_gets_its_answer() -> None:
    asked, answer = asyncio.Event(), asyncio.Event()

    async def slow(exchange: Exchange) -> None:
        asked.set()
        await answer.wait()
        _plays(exchange)

    async with upstream(slow) as up, gateway(up) as served:
        body = json.dumps(ask(stream=True)).encode()
        waiting = asyncio.create_task(said(served.port, post(body, path=CHAT), half_close=True))
        await asked.wait()
        await asyncio.sleep(0.05)
        answer.set()
        head, rest = await waiting
    assert head.startswith(b"HTTP/1.1 200") and unchunked(rest) == b"".join(STREAM)


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate, gzip"])
@in_loop
async def test_a_compressed_body_is_refused_by_name(encoding: str) -> None:
    async with gateway(Directory({})) as served:
        body, headers = gzip.compress(json.dumps(ask()).encode()), {"content-encoding": encoding}
        answer = await served.client.post(CHAT, content=body, headers=headers)
        assert answer.status_code == 415 and answer.headers["accept-encoding"] == "identity"
        assert answer.json()["error"]["code"] == "unsupported_encoding"
        plain = await served.client.post(CHAT, json=ask(), headers={"content-encoding": "identity"})
        assert plain.status_code == 404


@in_loop
async def test_a_slash_at_the_end_changes_nothing() -> None:
    async with upstream(_plays) as up, gateway(up) as served:
        for path in (CONTRACT.gateway.models_path, f"{CONTRACT.gateway.models_path}/impl", "/health", "/metrics"):
            assert (await served.client.get(f"{path}/")).status_code == 200, path
        assert (await served.client.get("/v1/models/")).json()["data"]
        assert (await served.client.post(f"{CHAT}/", json=ask(stream=True))).content == b"".join(STREAM)
        assert (await served.client.get("/nothing/")).status_code == 404
