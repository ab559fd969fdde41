"""Rate limits: exact, per caller, on the caller's own clock."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from janus_platform.clock import CallerClocks, ManualClock
from janus_platform.contract import RateLimit
from janus_platform.services.framework import rate_limit
from janus_platform.services.framework.app import build_service
from janus_platform.services.framework.rate_limit import SlidingWindow
from tests.services.asgi import CONTRACT, ask, context


def window_of(requests: int, per_seconds: int = 60) -> tuple[SlidingWindow, ManualClock, CallerClocks]:
    clock = ManualClock()
    clocks = CallerClocks(clock)
    return SlidingWindow(RateLimit(requests, per_seconds), clocks), clock, clocks


def test_the_request_after_the_last_allowed_one_is_refused_and_told_how_long_to_wait() -> None:
    window, clock, _ = window_of(2)
    assert window.take("a").remaining == 1
    clock.advance(10)
    assert window.take("a").remaining == 0
    verdict = window.take("a")
    assert (verdict.allowed, verdict.remaining, verdict.wait_seconds) == (False, 0, 50)


def test_a_request_is_free_again_exactly_when_its_window_ends() -> None:
    window, clock, _ = window_of(1)
    window.take("a")
    clock.advance(59.999)
    assert not window.take("a").allowed
    clock.advance(0.001)
    assert window.take("a").allowed


def test_a_refused_request_does_not_count() -> None:
    window, clock, _ = window_of(1)
    window.take("a")
    clock.advance(59)
    window.take("a")
    clock.advance(1)
    assert window.take("a").allowed


def test_callers_do_not_use_up_each_others_requests() -> None:
    window, _, _ = window_of(1)
    assert window.take("a").allowed
    assert window.take("b").allowed


def test_a_caller_that_moves_its_clock_on_moves_no_one_elses() -> None:
    window, _, clocks = window_of(1)
    window.take("a")
    window.take("b")
    clocks.advance("a", 60)
    assert window.take("a").allowed
    assert not window.take("b").allowed


def test_memory_is_bounded_however_many_callers_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "MAX_CALLERS", 10)
    window, _, _ = window_of(1)
    for i in range(50):
        window.take(str(i))
    assert len(window._ends) == 10


@given(
    limit=st.integers(1, 5),
    waits=st.lists(st.floats(0, 30, allow_nan=False), max_size=60),
)
def test_no_window_ever_holds_more_than_the_limit(limit: int, waits: list[float]) -> None:
    window, clock, _ = window_of(limit)
    passed = []
    for wait in waits:
        clock.advance(wait)
        if window.take("a").allowed:
            passed.append(clock.now())
    for i, start in enumerate(passed):
        assert sum(1 for at in passed[i:] if at - start < 60) <= limit


@given(
    start=st.floats(0, 1e7),
    steps=st.lists(st.floats(0, 30), max_size=30),
    per_seconds=st.integers(1, 3600),
)
def test_whoever_waits_as_long_as_told_is_let_through(start: float, steps: list[float], per_seconds: int) -> None:
    window, clock, _ = window_of(2, per_seconds)
    clock.advance(start)
    for step in steps:
        clock.advance(step)
        verdict = window.take("a")
        if not verdict.allowed:
            clock.advance(verdict.wait_seconds)
            assert window.take("a").allowed


@given(start=st.floats(0, 1e7), per_seconds=st.integers(1, 3600))
def test_a_caller_that_advances_by_the_window_is_let_through_at_any_hour(start: float, per_seconds: int) -> None:
    window, clock, clocks = window_of(1, per_seconds)
    clock.advance(start)
    assert window.take("a").allowed
    clocks.advance("a", per_seconds)
    assert window.take("a").allowed


def test_a_flood_of_refused_requests_does_not_put_off_the_next_free_one() -> None:
    window, clock, _ = window_of(3)
    for _ in range(3):
        window.take("a")
    for _ in range(1_000):
        clock.advance(0.05)
        assert not window.take("a").allowed
    clock.advance(60 - 1_000 * 0.05 + 1e-6)
    assert window.take("a").allowed


@pytest.mark.parametrize("name", [n for n, service in CONTRACT.services.items() if service.rate_limit])
def test_each_service_takes_exactly_its_limit_of_each_caller(name: str) -> None:
    service = CONTRACT.services[name]
    assert service.rate_limit is not None
    made = context(limits=True)

    async def answer(_: Request) -> Response:
        return JSONResponse({})

    app = build_service(service, made, answer)
    most, seconds = service.rate_limit.requests, service.rate_limit.per_seconds
    for caller in ("ada", "bob"):
        answers = [ask(app, service.method, service.url, caller=caller) for _ in range(most + 1)]
        assert [a.status_code for a in answers] == [200] * most + [429]
        assert [a.headers["ratelimit"] for a in answers] == [
            *(f'"caller";r={most - 1 - i};t={seconds}' for i in range(most)),
            f'"caller";r=0;t={seconds}',
        ]
        assert {a.headers["ratelimit-policy"] for a in answers} == {f'"caller";q={most};w={seconds}'}
        assert ["retry-after" in a.headers for a in answers] == [False] * most + [True]
    made.clocks.advance("ada", seconds)
    assert ask(app, service.method, service.url, caller="ada").status_code == 200
    assert ask(app, service.method, service.url, caller="bob").status_code == 429


@pytest.mark.parametrize("name", [n for n, service in CONTRACT.services.items() if service.rate_limit is None])
def test_a_service_without_a_stated_limit_keeps_none(name: str) -> None:
    service = CONTRACT.services[name]

    async def answer(_: Request) -> Response:
        return JSONResponse({})

    app = build_service(service, context(limits=True), answer)
    answers = [ask(app, service.method, service.url) for _ in range(120)]
    assert {a.status_code for a in answers} == {200}
    assert "ratelimit" not in answers[0].headers


def test_a_crash_tells_what_is_left_too() -> None:
    async def crash(_: Request) -> Response:
        raise RuntimeError

    service = CONTRACT.search
    answer = ask(build_service(service, context(limits=True), crash), "POST", service.url)
    assert answer.status_code == 500
    assert answer.headers["ratelimit"].startswith('"caller";r=19;')
