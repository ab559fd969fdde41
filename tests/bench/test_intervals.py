"""Intervals and comparisons, on made-up rows whose truth is known."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from statistics import mean, pstdev

import pytest

from janus_bench import constants
from janus_bench.constants import Table
from janus_bench.scoring.answer_score import Measured
from janus_bench.scoring.intervals import compare, intervals, named, rerun_intervals
from janus_bench.scoring.score import Scores, score_measured

TABLE = constants.load_scoring()
CATEGORIES = TABLE["quality"]["categories"]


ITEMS = 42
SPREAD = 2 * 1.959964  # how many standard deviations a 95 % interval is wide


def rows(count: int, right: float, seed: int) -> list[Measured]:
    """Items that are right with the given probability, over all quality categories."""
    return answered([right] * count, 1, seed)


def answered(right: Sequence[float], draws: int, seed: int) -> list[Measured]:
    """Each item in so many draws, each of them right with the item's own probability."""
    draw = random.Random(seed)
    made = []
    for number, probability in enumerate(right):
        for _ in range(draws):
            score = float(draw.random() < probability)
            made.append(Measured(f"i{number}", CATEGORIES[number % 7], score, score, 0.7, 0.5, 0.6, None))
    return made


def skills(kind: str, level: float) -> list[float]:
    """How likely each item is right: all alike, or some nearly always and some nearly never."""
    draw = random.Random(7)
    return [level if kind == "alike" else draw.betavariate(level, 1 - level) for _ in range(ITEMS)]


def test_the_same_records_give_the_same_interval() -> None:
    assert intervals(rows(42, 0.6, 1), TABLE) == intervals(rows(42, 0.6, 1), TABLE)


def test_more_items_make_the_interval_narrower() -> None:
    def width(count: int) -> float:
        low, high = intervals(rows(count, 0.6, 1), TABLE)["quality"]
        return high - low

    # Four times the items, about half the width.
    assert 0.4 < width(280) / width(70) < 0.6


def test_intervals_hold_the_truth_as_often_as_they_say_and_are_no_wider_than_that_takes() -> None:
    """At each level 50 seeds of which the truth is known; one interval in twenty may miss it."""
    held: dict[tuple[str, int], list[bool]] = {}
    for kind, draws in (("alike", 1), ("alike", 2), ("unlike", 2)):
        for level in (0.06, 0.3, 0.6, 0.94):
            right = skills(kind, level)
            truth = 100 * mean(mean(right[place::7]) for place in range(7))
            values, widths = [], []
            for seed in range(50):
                found = answered(right, draws, seed)
                low, high = intervals(found, TABLE)["quality"]
                values.append(score_measured(found, TABLE).categories["quality"] or 0.0)
                widths.append(high - low)
                held.setdefault((kind, draws), []).append(low <= truth <= high)
            assert 0.75 < mean(widths) / (SPREAD * pstdev(values)) < 1.5, (kind, draws, level)
    for case, known in held.items():
        assert 0.9 <= mean(known) <= 0.98, case


@pytest.mark.parametrize("level", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_what_is_always_and_never_right_is_known_from_two_draws_and_bounded_from_one(level: float) -> None:
    right = [float(number < level * ITEMS) for number in random.Random(3).sample(range(ITEMS), ITEMS)]

    def width(draws: int) -> float:
        low, high = intervals(answered(right, draws, 1), TABLE)["quality"]
        assert low <= 100 * mean(mean(right[place::7]) for place in range(7)) <= high
        return high - low

    assert 0 < width(2) < 5
    assert width(2) < width(1)


def test_repeats_of_a_question_that_never_changes_are_no_new_evidence() -> None:
    once = [replace(row, drawn=False) for row in rows(70, 0.6, 1)]
    low, high = intervals(once, TABLE)["quality"]
    low4, high4 = intervals(once * 4, TABLE)["quality"]
    assert abs((high4 - low4) / (high - low) - 1) < 0.05


def timed(seed: int) -> list[Measured]:
    """The same questions answered the same way, at other speeds each time."""
    draw = random.Random(seed)
    return [replace(row, speed=draw.uniform(0.5, 0.9), streaming=draw.uniform(0.4, 0.8)) for row in rows(ITEMS, 0.6, 1)]


def test_what_timing_alone_changes_has_an_interval_of_its_own() -> None:
    scores = [dict(named(score_measured(timed(seed), TABLE))) for seed in range(100)]
    truth = {name: mean(found[name] for found in scores) for name in ("composite", "speed", "streaming")}
    held = []
    for seed in range(100):
        found = rerun_intervals(timed(seed), TABLE)
        assert found.keys() == truth.keys()
        held += [low <= truth[name] <= high for name, (low, high) in found.items()]
    assert 0.9 <= mean(held) <= 0.98
    width = mean(high - low for low, high in [rerun_intervals(timed(1), TABLE)["composite"]])
    assert 0.75 < width / (SPREAD * pstdev([found["composite"] for found in scores])) < 1.5
    low, high = intervals(timed(1), TABLE)["composite"]
    assert width < (high - low) / 5


def test_one_right_answer_says_nothing_of_another_run() -> None:
    assert rerun_intervals(rows(7, 0.0, 1), TABLE) == {}
    assert rerun_intervals([], TABLE) == {}


def test_long_runs_are_worked_out_in_few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    scored: list[int] = []

    def counted(rows: Sequence[Measured], table: Table) -> Scores:
        scored.append(len(rows))
        return score_measured(rows, table)

    monkeypatch.setattr("janus_bench.scoring.intervals.score_measured", counted)
    intervals(answered([0.5] * 7, 40, 1), TABLE)
    rerun_intervals(answered([0.5] * 7, 100, 1), TABLE)
    assert len(scored) < 400


def test_a_score_that_is_not_measured_has_no_interval() -> None:
    found = intervals(rows(14, 0.6, 1), TABLE)
    assert "modality" not in found
    assert "quality.chat" in found


def test_runs_without_a_difference_rarely_look_different() -> None:
    alarms = 0
    for seed in range(40):
        found = {
            one.name: one for one in compare(rows(42, 0.6, seed), rows(42, 0.6, 1000 + seed), TABLE, resamples=100)
        }
        alarms += found["quality"].p < 0.05
    assert alarms <= 6  # 5 % of 40 are 2


def test_items_that_only_one_run_asked_are_left_out() -> None:
    first = rows(42, 1.0, 1)
    found = compare(first, [*first[:7], replace(first[7], item="other", score=0.0)], TABLE, resamples=20)
    assert {one.effect for one in found} == {0.0}
    assert compare(first, [replace(row, item=row.item + "x") for row in first], TABLE) == []


@pytest.mark.parametrize(("score", "certain"), [(1.0, 100.0), (0.0, 0.0)])
@pytest.mark.parametrize("items", [3, 12, 60])
def test_all_right_or_none_is_no_certainty(score: float, certain: float, items: int) -> None:
    """Wilson's bound: of n items none right, z² / (n + z²) may still be."""
    made = [Measured(f"i{number}", "reasoning", score, score, score, score, score, None) for number in range(items)]
    low, high = intervals(made, TABLE)["quality.reasoning"]
    assert certain in (low, high)
    assert high - low == pytest.approx(100 * 1.959964**2 / (items + 1.959964**2))
