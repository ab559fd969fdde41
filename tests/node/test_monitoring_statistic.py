"""The robust score: it finds what is out of the ordinary at once, and seldom cries wolf."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from janus_platform.contract import load_contract
from janus_platform.monitoring.anomaly import Kind, Signal, robust_score

RULES = load_contract().monitoring
WINDOWS = 20_000
# One false alarm in a thousand windows: at five seconds each, one in 83 minutes.
MOST_FALSE_ALARMS = 0.001


def signal(kind: Kind) -> Signal:
    return Signal(kind, kept=RULES.history_windows, min_samples=RULES.min_samples, alarm_score=RULES.alarm_score)


def poisson(mean: float) -> Callable[[random.Random], float]:
    def draw(source: random.Random) -> float:
        # Knuth: how many exponential gaps fit into one window.
        count, passed = 0, source.expovariate(mean)
        while passed < 1:
            count, passed = count + 1, passed + source.expovariate(mean)
        return float(count)

    return draw


@pytest.mark.parametrize(
    ("kind", "draw"),
    [
        ("count", poisson(0.05)),
        ("count", poisson(1.0)),
        ("count", poisson(20.0)),
        ("duration", lambda source: source.lognormvariate(-2.0, 0.05)),
        ("duration", lambda source: source.lognormvariate(-2.0, 0.5)),
        ("duration", lambda source: source.lognormvariate(-2.0, 0.5) + source.choice([0.0, 1.0])),
    ],
    ids=["rare", "one", "many", "steady", "scattered", "two-humped"],
)
def test_ordinary_windows_raise_fewer_false_alarms_than_one_in_a_thousand(
    kind: Kind, draw: Callable[[random.Random], float]
) -> None:
    source, watched = random.Random(7), signal(kind)
    alarms = sum(watched.judge(draw(source)).alarm for _ in range(WINDOWS))
    assert alarms / WINDOWS <= MOST_FALSE_ALARMS


@pytest.mark.parametrize(
    ("kind", "draw", "odd"),
    [
        ("count", poisson(0.05), 8.0),
        ("count", poisson(20.0), 80.0),
        ("duration", lambda source: source.lognormvariate(-2.0, 0.05), 0.3),
        ("duration", lambda source: source.lognormvariate(-2.0, 0.5), 10.0),
    ],
    ids=["burst of egress", "four times the egress", "latency doubled", "answers of ten seconds"],
)
def test_a_single_odd_window_is_found_in_any_history(
    kind: Kind, draw: Callable[[random.Random], float], odd: float
) -> None:
    for seed in range(20):
        source, watched = random.Random(seed), signal(kind)
        for _ in range(RULES.history_windows):
            watched.judge(draw(source))
        assert watched.judge(odd).alarm, seed


def test_there_is_no_alarm_before_enough_windows_are_known() -> None:
    watched = signal("count")
    for _ in range(RULES.min_samples - 1):
        assert watched.judge(0.0).score is None
    assert watched.judge(1_000_000.0).score is None
    assert watched.judge(1_000_000.0).alarm


def test_a_lasting_change_ends_its_own_alarm() -> None:
    watched = signal("count")
    for _ in range(RULES.history_windows):
        watched.judge(0.0)
    alarms = [watched.judge(50.0).alarm for _ in range(RULES.history_windows)]
    assert alarms[0] and not alarms[-1]


def test_odd_windows_do_not_hide_the_next_one() -> None:
    # With mean and standard deviation the first burst would raise both, and the second would pass.
    watched = signal("count")
    for number in range(RULES.history_windows):
        watched.judge(100.0 if number % 5 == 0 else 1.0)
    assert watched.judge(100.0).alarm


def test_low_values_raise_no_alarm() -> None:
    watched = signal("duration")
    for _ in range(RULES.history_windows):
        watched.judge(1.0)
    assert not watched.judge(0.001).alarm


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=80), st.floats(-1e6, 1e6), st.floats(-1e3, 1e3))
def test_the_score_does_not_depend_on_where_zero_is(history: list[float], value: float, shift: float) -> None:
    moved = robust_score(value + shift, [one + shift for one in history], 1.0)
    assert moved == pytest.approx(robust_score(value, history, 1.0), abs=1e-3)
