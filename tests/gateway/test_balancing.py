"""Several nodes answer for one implementation: the least busy one, and never a broken one while a sound one is left."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from janus_platform.gateway.balancing import (
    CHECK_SECONDS,
    EJECTION_FAILURES,
    EJECTION_SECONDS,
    FIRST_SHARE,
    MAX_EJECTION_SECONDS,
    RETURN_SECONDS,
    Backend,
    Balancer,
)
from janus_platform.gateway.directory import Upstream
from janus_platform.http.server import bind_loopback
from tests.gateway.rig import DONE, Exchange, HeldClock, chunk, gateway, in_loop, upstream

NAMES = ("a", "b", "c")


def nodes(count: int) -> list[Upstream]:
    return [Upstream("impl", Path(f"/nowhere/{NAMES[number]}")) for number in range(count)]


def nowhere() -> Upstream:
    """A node whose address nobody listens on."""
    (free, *others) = bind_loopback(0)
    address = free.getsockname()[:2]
    for bound in (free, *others):
        bound.close()
    return Upstream("impl", address)


def says(name: str):
    def script(exchange: Exchange) -> None:
        exchange.answer(200, json.dumps({"id": name, "choices": []}).encode())

    return script


def fails(status: int):
    return lambda exchange: exchange.answer(status, b"{}")


def chosen(balancer: Balancer, upstreams: list[Upstream], requests: int) -> Counter[str]:
    """How often each node is chosen when each request ends before the next."""
    picked: Counter[str] = Counter()
    for _ in range(requests):
        node = balancer.choose("impl", upstreams)
        assert node is not None
        picked[Path(str(node.upstream.base)).name] += 1
    return picked


def eject(balancer: Balancer, upstreams: list[Upstream], which: int) -> Backend:
    tried: list[Backend] = []
    while (node := balancer.choose("impl", upstreams, tried)) is not None and node.upstream is not upstreams[which]:
        tried.append(node)
    assert node is not None
    for _ in range(EJECTION_FAILURES):
        balancer.failed("impl", node)
    return node


def test_idle_nodes_take_turns() -> None:
    assert chosen(Balancer(HeldClock(), "/health"), nodes(3), 9) == dict.fromkeys(NAMES, 3)


def test_the_node_with_the_fewest_open_streams_is_chosen() -> None:
    upstreams, balancer = nodes(3), Balancer(HeldClock(), "/health")
    with upstreams[0].load.request(), upstreams[1].load.request(), upstreams[1].load.request():
        assert chosen(balancer, upstreams, 5) == {"c": 5}
        with upstreams[2].load.request(), upstreams[2].load.request():
            assert chosen(balancer, upstreams, 5) == {"a": 5}


@pytest.mark.parametrize("which", [0, 1])
def test_a_node_that_fails_in_a_row_is_ejected_and_comes_back_slowly(which: int) -> None:
    clock, upstreams = HeldClock(), nodes(2)
    balancer = Balancer(clock, "/health")
    node = eject(balancer, upstreams, which)
    name, other = NAMES[which], NAMES[1 - which]
    assert chosen(balancer, upstreams, 10) == {other: 10}
    clock.advance(EJECTION_SECONDS)
    back = chosen(balancer, upstreams, 200)[name]
    assert node.share(clock.now()) == pytest.approx(FIRST_SHARE)
    assert 0 < back < 200 * 1.5 * FIRST_SHARE
    clock.advance(RETURN_SECONDS / 2)
    assert back < chosen(balancer, upstreams, 200)[name] < 100
    clock.advance(RETURN_SECONDS / 2)
    assert chosen(balancer, upstreams, 200) == {name: 100, other: 100}


def test_a_success_between_failures_keeps_a_node_in_service() -> None:
    upstreams, balancer = nodes(2), Balancer(HeldClock(), "/health")
    node = balancer.choose("impl", upstreams)
    assert node is not None
    for _ in range(3 * EJECTION_FAILURES):
        balancer.failed("impl", node)
        balancer.succeeded(node)
    assert list(balancer.states()) == [("impl", 2, 0)]


def test_the_last_node_in_service_is_never_ejected() -> None:
    upstreams, balancer = nodes(2), Balancer(HeldClock(), "/health")
    eject(balancer, upstreams, 0)
    last = balancer.choose("impl", upstreams)
    assert last is not None
    for _ in range(5 * EJECTION_FAILURES):
        balancer.failed("impl", last)
    assert list(balancer.states()) == [("impl", 1, 1)]
    assert chosen(balancer, upstreams, 3) == {"b": 3}


def test_an_ejected_node_is_still_tried_when_all_others_were() -> None:
    upstreams, balancer = nodes(2), Balancer(HeldClock(), "/health")
    out = eject(balancer, upstreams, 0)
    first = balancer.choose("impl", upstreams)
    assert first is not None and first is not out
    assert balancer.choose("impl", upstreams, [first]) is out
    assert balancer.choose("impl", upstreams, [first, out]) is None


def test_each_ejection_lasts_longer_up_to_a_bound() -> None:
    clock, upstreams = HeldClock(), nodes(2)
    balancer = Balancer(clock, "/health")
    for number in (1, 2, 3):
        node = eject(balancer, upstreams, 0)
        assert node.out_until == clock.now() + number * EJECTION_SECONDS <= clock.now() + MAX_EJECTION_SECONDS
        clock.advance(number * EJECTION_SECONDS)


@in_loop
async def test_health_checks_eject_a_node_that_gets_no_requests_and_let_it_back() -> None:
    clock, sick = HeldClock(), asyncio.Event()
    asked: list[str] = []

    def health(exchange: Exchange) -> None:
        asked.append(exchange.head.split(b" ")[1].decode())
        exchange.answer(503 if sick.is_set() else 200, b"")

    async with upstream(health) as one, upstream(health) as two, gateway([one, two], clock=clock) as served:
        balancer = served.app.balancer
        assert balancer.choose("impl", [one, two]) is not None
        sick.set()
        while ("impl", 1, 1) not in balancer.states():
            clock.advance(CHECK_SECONDS)
            await asyncio.sleep(0.001)
        sick.clear()
        while ("impl", 2, 0) not in balancer.states():
            clock.advance(CHECK_SECONDS)
            await asyncio.sleep(0.001)
    assert set(asked) == {"/health"}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("status", [500, 502, 503])
@in_loop
async def test_a_request_that_one_node_fails_is_answered_by_another(status: int, stream: bool) -> None:
    def plays(exchange: Exchange) -> None:
        if not stream:
            return says("good")(exchange)
        exchange.start_stream()
        exchange.chunk(chunk(content="good") + DONE)
        exchange.end()

    async with upstream(fails(status)) as bad, upstream(plays) as good, gateway([bad, good]) as served:
        answers = [await served.chat(stream=stream) for _ in range(6)]
    assert {answer.status_code for answer in answers} == {200}
    assert all("good" in answer.text for answer in answers)


@in_loop
async def test_a_refused_connection_and_one_that_closes_are_tried_elsewhere() -> None:
    async with AsyncExitStack() as stack:
        cuts = await stack.enter_async_context(upstream(lambda exchange: exchange.cut()))
        good = await stack.enter_async_context(upstream(says("good")))
        served = await stack.enter_async_context(gateway([nowhere(), cuts, good]))
        for _ in range(6):
            assert (await served.chat()).json()["id"] == "good"


@in_loop
async def test_a_stream_that_breaks_before_its_first_event_is_tried_elsewhere() -> None:
    def breaks(exchange: Exchange) -> None:
        exchange.start_stream()
        exchange.cut()

    def good(exchange: Exchange) -> None:
        exchange.start_stream()
        exchange.chunk(chunk(content="good"))
        exchange.chunk(DONE)
        exchange.end()

    async with upstream(breaks) as bad, upstream(good) as fine, gateway([bad, fine]) as served:
        for _ in range(4):
            answer = await served.chat(stream=True)
            assert answer.status_code == 200 and answer.content == chunk(content="good") + DONE


@in_loop
async def test_after_the_first_byte_nothing_is_tried_again() -> None:
    asked: list[Exchange] = []

    async def breaks(exchange: Exchange) -> None:
        asked.append(exchange)
        exchange.start_stream()
        exchange.chunk(chunk(content="half"))

    async with upstream(breaks) as one, upstream(breaks) as two, gateway([one, two]) as served:
        async with served.streamed() as response:
            parts = response.aiter_raw()
            body = await anext(parts)
            asked[0].cut()
            async for part in parts:
                body += part
    assert len(asked) == 1 and body.count(b"half") == 1 and b"upstream_incomplete" in body


@in_loop
async def test_a_wrong_request_of_the_client_is_not_tried_again() -> None:
    asked = []

    def refuses(exchange: Exchange) -> None:
        asked.append(1)
        exchange.answer(400, b'{"error": {"message": "No."}}')

    async with upstream(refuses) as one, upstream(refuses) as two, gateway([one, two]) as served:
        assert (await served.chat()).status_code == 400
    assert len(asked) == 1


@in_loop
async def test_when_every_node_fails_the_client_gets_the_last_ones_error() -> None:
    async with upstream(fails(503)) as one, gateway([nowhere(), one]) as served:
        assert {(await served.chat()).status_code for _ in range(4)} <= {502, 503}
        page = (await served.client.get("/metrics")).text
    assert 'janus_gateway_retries_total{implementation="impl"} 4.0' in page
