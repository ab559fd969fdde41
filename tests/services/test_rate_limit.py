"""Rate limits: exact, per caller, on the caller's own clock."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from janus_platform.clock import CallerClocks, ManualClock
from janus_platform.contract import RateLimit
from janus_platform.services import rate_limit
from janus_platform.services.rate_limit import SlidingWindow


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
    assert (verdict.allowed, verdict.remaining, verdict.reset_seconds) == (False, 0, 50)


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


def test_memory_is_bounded_however_many_callers_come(monkeypatch) -> None:
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
