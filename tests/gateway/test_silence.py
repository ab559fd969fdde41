"""Silence in a stream is filled with pings, and a failure is a status as long as it can be one."""

from __future__ import annotations

import asyncio
import json

import pytest

from janus_platform.gateway.response_stream import PING, SILENT_SECONDS
from tests.gateway.rig import CONTRACT, DONE, Exchange, HeldClock, Served, gateway, in_loop, upstream
from tests.gateway.test_streaming import STREAM, plays


@in_loop
async def test_pings_fill_silence_only_after_the_upstream_has_answered() -> None:
    clock, answer, go_on = HeldClock(), asyncio.Event(), asyncio.Event()
    asked = asyncio.Event()

    async def silent(exchange: Exchange) -> None:
        asked.set()
        await answer.wait()
        exchange.start_stream()
        exchange.chunk(STREAM[0])
        await go_on.wait()
        exchange.chunk(DONE)
        exchange.end()

    received: list[bytes] = []
    async with upstream(silent) as up, gateway(up, clock=clock) as served:

        async def read() -> None:
            async with served.streamed() as response:
                async for part in response.aiter_raw():
                    received.append(part)

        reading = asyncio.create_task(read())
        await asked.wait()
        clock.advance(5)
        answer.set()
        while received != [STREAM[0]]:
            await asyncio.sleep(0.001)
        while len(received) < 3:
            clock.advance(1)
            await asyncio.sleep(0.001)
        go_on.set()
        await reading
    assert received[0] == STREAM[0] and received[-1] == DONE
    assert set(received[1:-1]) == {PING}


@in_loop
async def test_pings_fill_the_silence_before_the_first_token_once_the_upstream_has_answered() -> None:
    clock, answered, go_on = HeldClock(), asyncio.Event(), asyncio.Event()

    async def thinks(exchange: Exchange) -> None:
        exchange.start_stream()
        exchange.chunk(STREAM[0][:9])  # Half an event: a comment must not stand inside it.
        await exchange.drained()
        answered.set()
        await go_on.wait()
        exchange.chunk(STREAM[0][9:] + DONE)
        exchange.end()

    async with upstream(thinks) as up, gateway(up, clock=clock) as served:

        async def read() -> bytes:
            async with served.streamed() as response:
                assert response.status_code == 200
                parts = response.aiter_raw()
                body = await anext(parts)
                go_on.set()
                return body + b"".join([part async for part in parts])

        reading = asyncio.create_task(read())
        await answered.wait()
        while not go_on.is_set():
            clock.advance(0.2)
            await asyncio.sleep(0.001)
        body = await reading
    pings = body.count(PING)
    assert pings >= 1 and body == PING * pings + STREAM[0] + DONE


async def _read_while_silent(
    served: Served, clock: HeldClock, asked: asyncio.Event, enough: asyncio.Event
) -> tuple[int, bytes]:
    """Status and body of a streamed answer to a request whose implementation is silent; `enough` is set at a ping."""

    async def read() -> tuple[int, bytes]:
        async with served.streamed() as response:
            body = b""
            async for part in response.aiter_raw():
                body += part
                enough.set()
            return response.status_code, body

    reading = asyncio.create_task(read())
    await asked.wait()
    clock.advance(SILENT_SECONDS - 0.1)
    await asyncio.sleep(0.01)
    assert not enough.is_set()
    while not enough.is_set():
        clock.advance(0.2)
        await asyncio.sleep(0.001)
    return await reading


@in_loop
async def test_a_silent_implementation_is_waited_for_with_pings_and_another_node_may_still_answer() -> None:
    clock, asked, enough = HeldClock(), asyncio.Event(), asyncio.Event()

    async def silent_then_gone(exchange: Exchange) -> None:
        asked.set()
        await enough.wait()
        exchange.cut()

    async with upstream(silent_then_gone) as first, upstream(plays(*STREAM)) as second:
        first.load.open, second.load.open = 0, 1  # The first is chosen first.
        async with gateway([first, second], clock=clock) as served:
            status, body = await _read_while_silent(served, clock, asked, enough)
    assert status == 200
    assert body == PING * body.count(PING) + b"".join(STREAM) and PING in body


@pytest.mark.parametrize("fails", ["status", "cut"])
@in_loop
async def test_what_fails_after_the_first_ping_is_an_error_event(fails: str) -> None:
    clock, asked, enough = HeldClock(), asyncio.Event(), asyncio.Event()

    async def silent(exchange: Exchange) -> None:
        asked.set()
        await enough.wait()
        if fails == "cut":
            exchange.cut()
        else:
            exchange.answer(429, b'{"error": {"message": "Slow down", "code": 7}}')

    async with upstream(silent) as up, gateway(up, clock=clock) as served:
        status, body = await _read_while_silent(served, clock, asked, enough)
    assert status == 200 and b"[DONE]" not in body
    error = json.loads(body.rsplit(PING, 1)[1].removeprefix(b"data: "))["error"]
    assert error["code"] == ("upstream_unreachable" if fails == "cut" else 7)


@in_loop
async def test_a_whole_answer_is_waited_for_without_a_word() -> None:
    clock, asked, go_on = HeldClock(), asyncio.Event(), asyncio.Event()

    async def slow(exchange: Exchange) -> None:
        asked.set()
        await go_on.wait()
        exchange.answer(503, b"")

    async with upstream(slow) as up, gateway(up, clock=clock) as served:
        asking = asyncio.create_task(served.chat())
        await asked.wait()
        for _ in range(20):
            clock.advance(SILENT_SECONDS / 10)
            await asyncio.sleep(0.001)
        go_on.set()
        assert (await asking).status_code == 503


@pytest.mark.parametrize("answers", [False, True])
@in_loop
async def test_the_time_limit_is_504_before_the_first_byte_and_an_error_event_after_it(answers: bool) -> None:
    clock, asked = HeldClock(), asyncio.Event()

    async def never_ends(exchange: Exchange) -> None:
        if answers:
            exchange.start_stream()
            exchange.chunk(STREAM[0])
        asked.set()
        await exchange.gateway_left()

    async with upstream(never_ends) as up, gateway(up, clock=clock) as served:

        async def read() -> tuple[int, bytes]:
            async with served.streamed() as response:
                body = b""
                async for part in response.aiter_raw():
                    body += part
                    clock.advance(CONTRACT.implementation.request_timeout_seconds)
                return response.status_code, body

        reading = asyncio.create_task(read())
        await asked.wait()
        if not answers:
            clock.advance(CONTRACT.implementation.request_timeout_seconds)
        status, body = await reading
    assert status == (200 if answers else 504)
    assert b"upstream_timeout" in body and b"[DONE]" not in body
