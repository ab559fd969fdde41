"""The Web Proxy's workers: their time limit, whose turn it is, and what follows a worker that was killed."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from janus_platform.services.framework.problem import Problem
from janus_platform.services.framework.turns import Turns, TurnsFullError
from janus_platform.services.web_proxy.app import build
from janus_platform.services.web_proxy.converter import WorkerConverter
from janus_platform.services.web_proxy.web import Reply
from tests.services.asgi import client, context
from tests.services.web_proxy_rig import PAGE, SERVICE, FakeWeb

HTML = "text/html; charset=utf-8"
# Its quotations are opened and never closed.
DEEP = b"<blockquote>" * 80_000


async def convert(worker: WorkerConverter, page: bytes, caller: str = "one") -> str:
    return (await worker.convert(page, HTML, PAGE, caller))[0]


@asynccontextmanager
async def workers(**options: Any) -> AsyncIterator[WorkerConverter]:
    worker = WorkerConverter(**options)
    try:
        yield worker
    finally:
        await worker.close()


def run(test: Callable[[WorkerConverter], Awaitable[None]], **options: Any) -> None:
    async def running() -> None:
        async with workers(**options) as worker:
            await test(worker)

    asyncio.run(running())


async def hanging(worker: WorkerConverter, caller: str) -> asyncio.Task[str]:
    """The conversion of a page that never ends: the worker that has it is stopped."""
    task = asyncio.create_task(convert(worker, b"<p>endless</p>", caller))
    stopped = None
    while stopped is None:
        await asyncio.sleep(0.001)
        stopped = worker._workers[0].child
    os.kill(stopped.pid, signal.SIGSTOP)
    return task


def test_a_page_without_end_is_given_up_and_the_next_one_converted() -> None:
    async def test(worker: WorkerConverter) -> None:
        with pytest.raises(Problem) as problem:
            await (await hanging(worker, "one"))
        assert "longer than 1 s" in problem.value.detail
        with pytest.raises(Problem) as problem:
            await convert(worker, DEEP)
        assert problem.value.slug == "not-convertible"
        assert await convert(worker, b"<p>next</p>") == "next"

    run(test, limit_seconds=1.0, workers=1)


def test_the_time_limit_is_named_when_it_ends_a_conversion() -> None:
    async def test(worker: WorkerConverter) -> None:
        with pytest.raises(Problem) as problem:
            await convert(worker, b"<p>word</p>" * 90_000)
        assert "longer than 0.001 s" in problem.value.detail

    run(test, limit_seconds=0.001)


def test_a_caller_who_leaves_does_not_get_its_page_to_the_next_one() -> None:
    async def test(worker: WorkerConverter) -> None:
        await worker.warm()
        leaving = asyncio.create_task(convert(worker, b"<p>mine</p>" * 50_000))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        assert await convert(worker, b"<p>yours</p>") == "yours"

    run(test, workers=1)


def test_the_worker_ends_with_the_service() -> None:
    async def test(worker: WorkerConverter) -> None:
        await worker.warm()
        child = worker._workers[0].child
        assert child is not None
        await worker.close()
        assert child.exit_code is not None

    run(test)


def test_the_request_after_a_killed_worker_is_tried_again_and_the_one_during_it_too() -> None:
    async def test(worker: WorkerConverter) -> None:
        assert await convert(worker, b"<p>first</p>") == "first"
        child = worker._workers[0].child
        assert child is not None
        child.kill()
        assert await convert(worker, b"<p>second</p>") == "second"
        during = asyncio.create_task(convert(worker, b"<p>third</p>" * 20_000))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        child = worker._workers[0].child
        assert child is not None
        child.kill()
        assert (await during).startswith("third")

    run(test, workers=1)


def test_one_callers_endless_pages_leave_a_worker_to_the_others() -> None:
    async def test(worker: WorkerConverter) -> None:
        hostile = [await hanging(worker, "hostile")]
        hostile += [asyncio.create_task(convert(worker, b"<p>more</p>", "hostile")) for _ in range(3)]
        await asyncio.sleep(0)
        assert await convert(worker, b"<p>mine</p>", "honest") == "mine"
        assert not any(task.done() for task in hostile)
        for task in hostile:
            task.cancel()
        await asyncio.gather(*hostile, return_exceptions=True)

    run(test, limit_seconds=60.0)


def test_ten_pages_at_once_of_one_caller_are_inside_the_contract() -> None:
    asked = SERVICE.rate_limit.requests if SERVICE.rate_limit else 0
    assert asked >= 10
    urls = [f"{PAGE}/{number}" for number in range(asked)]
    web = FakeWeb({url: Reply(200, HTML, f"<h1>{url}</h1>".encode() + b"<p>text</p>" * 5_000) for url in urls})

    async def test(worker: WorkerConverter) -> None:
        async with client(build(context(), web, worker), SERVICE.origin) as opened:
            answers = await asyncio.gather(*(opened.get("/fetch", params={"url": url}) for url in urls))
        assert [answer.status_code for answer in answers] == [200] * asked
        assert [answer.json()["title"] for answer in answers] == urls

    run(test)


def test_a_worker_decodes_and_takes_invisible_characters_out_of_plain_text() -> None:
    async def test(worker: WorkerConverter) -> None:
        text = await worker.convert("a\u202eb\U000e0041 é".encode("utf-16"), "text/plain", PAGE, "one")
        assert text == ("ab é", "")

    run(test)


def test_turns_go_round_the_callers() -> None:
    order: list[str] = []

    async def turn(turns: Turns[int], caller: str) -> None:
        async with turns.turn(caller):
            order.append(caller)
            await asyncio.sleep(0)

    async def running() -> None:
        turns = Turns([1], 9, 99)
        await asyncio.gather(*(turn(turns, caller) for caller in "aaaabcb"))

    asyncio.run(running())
    assert "".join(order) == "abcabaa"


def test_beyond_what_may_wait_a_caller_is_refused_and_who_leaves_makes_room() -> None:
    async def running() -> None:
        turns = Turns([1, 2], 2, 3)
        async with turns.turn("a"):
            waiting = [asyncio.create_task(turns.turn("a").__aenter__()) for _ in range(2)]
            await asyncio.sleep(0)
            with pytest.raises(TurnsFullError):
                await turns.turn("a").__aenter__()
            async with turns.turn("b"):
                pass
            waiting[0].cancel()
            await asyncio.gather(*waiting[:1], return_exceptions=True)
            waiting[0] = asyncio.create_task(turns.turn("a").__aenter__())
            await asyncio.sleep(0)
            assert not waiting[0].done()
        assert await waiting[1] in (1, 2)
        waiting[0].cancel()

    asyncio.run(running())
