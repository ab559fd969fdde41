"""A stream passes through the gateway unchanged and at once, and a broken one never looks like a whole one."""

from __future__ import annotations

import asyncio
import json

import pytest

from janus_platform.http.protocol import HALF_CLOSE_SECONDS
from tests.gateway.rig import DONE, Exchange, ask, chunk, gateway, in_loop, last_error, upstream

STREAM = [chunk(reasoning_content="Let me see."), chunk(content="Hello"), chunk(content=" wörld"), chunk("stop"), DONE]


def plays(*chunks: bytes):
    """A script that streams `chunks`, each as a chunk of its own."""

    def script(exchange: Exchange) -> None:
        exchange.start_stream()
        for data in chunks:
            exchange.chunk(data)
        exchange.end()

    return script


async def body_of(script) -> bytes:
    async with upstream(script) as up, gateway(up) as served, served.streamed() as response:
        assert response.status_code == 200
        return b"".join([part async for part in response.aiter_raw()])


@pytest.mark.parametrize(
    "events",
    [
        STREAM,
        [event.replace(b"\n", b"\r\n") for event in STREAM],
        [event.replace(b"\n", b"\r") for event in STREAM],
        [b": comment\n\n", b"event: message\nid: 4\ndata:{}\n\n", b"retry: 10\n\n", b"data: {\ndata: }\n\n", DONE],
        [chunk(content="x" * 200_000), DONE],
    ],
    ids=["usual", "CRLF", "CR", "other fields", "large event"],
)
@in_loop
async def test_a_stream_passes_byte_for_byte(events: list[bytes]) -> None:
    assert await body_of(plays(*events)) == b"".join(events)


@in_loop
async def test_events_cut_anywhere_by_the_network_pass_byte_for_byte() -> None:
    whole = b"".join(STREAM)
    assert await body_of(plays(*[whole[i : i + 7] for i in range(0, len(whole), 7)])) == whole


@in_loop
async def test_each_event_reaches_the_client_before_the_next_is_sent() -> None:
    seen = [asyncio.Event() for _ in STREAM]

    async def one_at_a_time(exchange: Exchange) -> None:
        exchange.start_stream()
        for data, arrived in zip(STREAM, seen, strict=True):
            exchange.chunk(data)
            await arrived.wait()
        exchange.end()

    async with upstream(one_at_a_time) as up, gateway(up) as served, served.streamed() as response:
        received = []
        async for part in response.aiter_raw():
            seen[len(received)].set()
            received.append(part)
    assert received == STREAM


@in_loop
async def test_chunks_that_wait_in_a_buffer_are_not_merged() -> None:
    async with upstream(plays(*STREAM)) as up, gateway(up) as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        body = json.dumps(ask(stream=True)).encode()
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
        writer.write(head.encode() + b"Connection: close\r\n\r\n" + body)
        answer = (await reader.read()).split(b"\r\n\r\n", 1)[1]
        writer.close()
    for event in STREAM:
        assert f"{len(event):x}\r\n".encode() + event + b"\r\n" in answer


@in_loop
async def test_a_cut_becomes_an_error_event_without_the_end_marker() -> None:
    async def cuts(exchange: Exchange) -> None:
        exchange.start_stream()
        exchange.chunk(STREAM[1])
        await asyncio.sleep(0.01)
        exchange.cut()

    body = await body_of(cuts)
    assert body.startswith(STREAM[1])
    assert last_error(body)["code"] == "upstream_incomplete"
    assert b"[DONE]" not in body


@in_loop
async def test_a_missing_end_marker_becomes_an_error_event_after_the_finish_reason() -> None:
    body = await body_of(plays(*STREAM[:-1]))
    assert body.startswith(b"".join(STREAM[:-1]))
    assert "end marker" in last_error(body)["message"]
    assert b"[DONE]" not in body


@pytest.mark.parametrize(
    "bad", [b"data: {oops\n\n", b"data: [1]\n\n", b"id: 1\ndata: text\n\n", b"data: \xff\n\n", b"data: {}{}\n\n"]
)
@in_loop
async def test_a_malformed_event_ends_the_stream_with_an_error_event(bad: bytes) -> None:
    body = await body_of(plays(STREAM[0], STREAM[1] + bad, *STREAM[2:]))
    assert body.startswith(STREAM[0] + STREAM[1] + b'data: {"error"')
    assert b"[DONE]" not in body and b" w" not in body.split(b'"error"')[0].split(b"Hello")[1]


@pytest.mark.parametrize(
    "odd",
    [
        b"data:\n\n",
        b"data: \n\n",
        b"data\n\n",
        b"event: ping\ndata:\n\n",
        b"event: ping\ndata: not JSON\n\n",
        b"id: 7\n\n",
        b"<html>\n\n",
        b"color: red\ndata: {}\n\n",
        b"database: 5\n\n",
        b": a comment\n\n",
        b'data: {"choices": [{"index": 0, "delta": {}, "logprobs": {"content": [{"logprob": NaN}]}}]}\n\n',
        b'data: {"choices": [{"index": 0, "delta": {"content": "\xff\xc3"}}]}\n\n',
        b": \xff\n\n",
    ],
)
@in_loop
async def test_what_the_standard_ignores_or_replaces_passes_byte_for_byte(odd: bytes) -> None:
    events = [STREAM[0], odd, *STREAM[1:]]
    assert await body_of(plays(*events)) == b"".join(events)


@in_loop
async def test_a_byte_order_mark_does_not_get_behind_a_ping() -> None:
    assert await body_of(plays(b"\xef\xbb\xbf" + STREAM[1], DONE)) == STREAM[1] + DONE


@in_loop
async def test_an_unfinished_event_is_not_passed_on() -> None:
    body = await body_of(plays(STREAM[0], b'data: {"choices"'))
    assert body.startswith(STREAM[0] + b'data: {"error"')


@in_loop
async def test_an_error_event_of_the_upstream_passes_and_gets_no_second_one() -> None:
    error = b'data: {"error": {"message": "broken"}}\n\n'
    assert await body_of(plays(STREAM[0], error)) == STREAM[0] + error


@in_loop
async def test_nothing_after_the_end_marker_passes() -> None:
    assert await body_of(plays(STREAM[1], DONE + STREAM[2], STREAM[3])) == STREAM[1] + DONE


@pytest.mark.parametrize("tokens", [0, 2])
@in_loop
async def test_gateway_cancels_upstream_when_client_leaves(tokens: int) -> None:
    asked, left = asyncio.Event(), asyncio.Event()

    async def waits(exchange: Exchange) -> None:
        if tokens:
            exchange.start_stream()
            for data in STREAM[:tokens]:
                exchange.chunk(data)
        asked.set()
        await exchange.gateway_left()
        left.set()

    async with upstream(waits) as up, gateway(up) as served:
        request = asyncio.create_task(_read_until(served, tokens))
        await asked.wait()
        await asyncio.sleep(10 * HALF_CLOSE_SECONDS)
        if tokens:
            await request
        else:
            request.cancel()
        await left.wait()
        while (trace := served.tracing.store.latest()) is None:
            await asyncio.sleep(0.001)
        assert up.load.open == 0
    span = next(span for span in trace["spans"] if span["name"] == "gateway")
    assert span["attributes"]["http.response.status_code"] == 499
    assert span["events"][-1]["name"] == "client_left"


@in_loop
async def test_gateway_cancels_upstream_when_client_leaves_before_a_whole_answer() -> None:
    asked, left = asyncio.Event(), asyncio.Event()

    async def waits(exchange: Exchange) -> None:
        asked.set()
        await exchange.gateway_left()
        left.set()

    async with upstream(waits) as up, gateway(up) as served:
        request = asyncio.create_task(served.chat())
        await asked.wait()
        await asyncio.sleep(10 * HALF_CLOSE_SECONDS)
        request.cancel()
        await left.wait()


async def _read_until(served, parts: int) -> None:
    async with served.streamed() as response:
        async for _ in response.aiter_raw():
            parts -= 1
            if parts <= 0:
                return


@in_loop
async def test_sixty_four_streams_at_once_are_all_whole() -> None:
    async with upstream(plays(*STREAM)) as up, gateway(up) as served:

        async def one() -> bytes:
            async with served.streamed() as response:
                return b"".join([part async for part in response.aiter_raw()])

        assert set(await asyncio.gather(*(one() for _ in range(64)))) == {b"".join(STREAM)}
        while up.load.open:
            await asyncio.sleep(0.001)


@in_loop
async def test_one_trace_joins_client_gateway_and_implementation() -> None:
    seen: list[str] = []

    def script(exchange: Exchange) -> None:
        seen.append(exchange.headers["traceparent"])
        plays(*STREAM)(exchange)

    given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    async with upstream(script) as up, gateway(up) as served:
        response = await served.chat(stream=True, headers={"traceparent": given, "x-request-id": "req_of-mine"})
        assert response.headers["x-request-id"] == "req_of-mine"
        assert response.headers["x-janus-implementation"] == "impl"
        trace = await served.finished_trace("chatcmpl-7")
        assert served.tracing.store.get("req_of-mine") == trace
    spans = {span["name"]: span for span in trace["spans"]}
    assert trace["trace_id"] == given.split("-")[1] == response.headers["traceparent"].split("-")[1]
    assert spans["gateway"]["parent_id"] == given.split("-")[2]
    assert spans["node"]["parent_id"] == spans["gateway"]["span_id"]
    assert spans["implementation"]["parent_id"] == spans["node"]["span_id"]
    assert seen[0].split("-")[2] == spans["implementation"]["span_id"]
    assert [event["name"] for event in spans["gateway"]["events"]] == ["first_reasoning", "first_content", "finished"]
    finished = spans["gateway"]["events"][-1]["attributes"]
    assert finished == {"reasoning_chunks": 1, "content_chunks": 2, "finish_reason": "stop"}
    assert spans["gateway"]["attributes"]["http.response.status_code"] == 200
