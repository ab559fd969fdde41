"""An implementation speaks HTTP as it likes, or hardly at all: the gateway reads what is HTTP and refuses the rest."""

from __future__ import annotations

import asyncio

import pytest

from tests.gateway.rig import DONE, Exchange, chunk, gateway, in_loop, last_error, upstream

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
TOKEN = chunk(content="Hello")


def sends(data: bytes):
    """A script that sends these bytes and closes."""

    async def script(exchange: Exchange) -> None:
        exchange.send(data)
        await exchange.close()

    return script


@pytest.mark.parametrize(
    "answer",
    [
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"a" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 50_000 + b"\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46",
    ],
    ids=["nonsense", "no colon", "long header", "many headers", "upgrade", "two lengths", "TLS"],
)
@in_loop
async def test_what_is_no_http_answer_is_502(answer: bytes) -> None:
    async with upstream(sends(answer)) as up, gateway(up) as served:
        response = await served.chat(stream=True)
    assert response.status_code == 502
    assert response.json()["error"]["code"] in ("upstream_invalid", "upstream_unreachable")


@in_loop
async def test_an_answer_that_ends_with_its_connection_is_whole() -> None:
    async with upstream(sends(HEAD + b"\r\n" + TOKEN + DONE)) as up, gateway(up) as served:
        assert (await served.chat(stream=True)).content == TOKEN + DONE
    async with upstream(sends(b'HTTP/1.0 200 OK\r\n\r\n{"id": "x"}')) as up, gateway(up) as served:
        assert (await served.chat()).json() == {"id": "x"}


@in_loop
async def test_interim_answers_are_passed_over() -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
    async with upstream(sends(early + HEAD + b"\r\n" + TOKEN + DONE)) as up, gateway(up) as served:
        assert (await served.chat(stream=True)).content == TOKEN + DONE


@pytest.mark.parametrize("bad", [b"zz\r\nhello\r\n", b"-5\r\nhello\r\n", b"5\r\nhelloXX"], ids=["size", "sign", "end"])
@in_loop
async def test_a_broken_chunk_ends_the_stream_with_an_error_event(bad: bytes) -> None:
    first = b"%x\r\n%s\r\n" % (len(TOKEN), TOKEN)
    answer = HEAD + b"transfer-encoding: chunked\r\n\r\n" + first + bad
    async with upstream(sends(answer)) as up, gateway(up) as served:
        body = (await served.chat(stream=True)).content
    assert body.startswith(TOKEN) and last_error(body)["type"] == "server_error" and DONE not in body


@in_loop
async def test_endless_trailers_are_no_way_to_fill_memory() -> None:
    async def endless(exchange: Exchange) -> None:
        exchange.start_stream()
        exchange.chunk(TOKEN)
        exchange.send(b"0\r\n" + b"x-trailer: y\r\n" * 20_000)
        await exchange.gateway_left()

    async with upstream(endless) as up, gateway(up) as served:
        assert last_error((await served.chat(stream=True)).content)["code"] == "upstream_invalid"


@in_loop
async def test_a_kept_connection_serves_the_next_request_and_a_stale_one_is_replaced() -> None:
    connections: list[object] = []

    async def once_more(exchange: Exchange) -> None:
        connections.append(exchange.connection)
        if connections.count(exchange.connection) == 3:
            exchange.cut()  # As a server that closes an idle connection just as a request arrives on it.
        else:
            exchange.answer(200, b"{}")

    async with upstream(once_more) as up, gateway(up) as served:
        for _ in range(4):
            assert (await served.chat()).status_code == 200
    first, *others = connections
    assert connections.count(first) == 3 and len(set(others)) == 2


@in_loop
async def test_a_connection_that_says_more_than_it_was_asked_is_not_used_again() -> None:
    connections: set[object] = set()

    def says_too_much(exchange: Exchange) -> None:
        connections.add(exchange.connection)
        exchange.answer(200, b"{}")
        exchange.answer(200, b'{"second": true}')

    async with upstream(says_too_much) as up, gateway(up) as served:
        for _ in range(3):
            assert (await served.chat()).json() == {}
    assert len(connections) == 3


@in_loop
async def test_an_upstream_that_is_slow_to_end_its_answer_is_not_cut_off() -> None:
    ended = asyncio.Event()

    async def slow(exchange: Exchange) -> None:
        exchange.start_stream()
        exchange.chunk(TOKEN)
        exchange.chunk(DONE)
        await asyncio.sleep(0)
        exchange.end()
        ended.set()

    async with upstream(slow) as up, gateway(up) as served:
        assert (await served.chat(stream=True)).content == TOKEN + DONE
        await ended.wait()
