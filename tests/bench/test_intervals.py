"""Intervals and comparisons, on made-up rows whose truth is known."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from janus_bench import constants
from janus_bench.intervals import compare, intervals
from janus_bench.scoring import Measured

TABLE = constants.load_scoring()
CATEGORIES = TABLE["quality"]["categories"]


def rows(count: int, right: float, seed: int) -> list[Measured]:
    """Items that are right with the given probability, over all quality categories."""
    draw = random.Random(seed)
    made = []
    for number in range(count):
        score = float(draw.random() < right)
        made.append(Measured(f"i{number}", CATEGORIES[number % 7], score, score, 0.7, 0.5, 0.6, None))
    return made


def test_the_same_seed_gives_the_same_interval() -> None:
    assert intervals(rows(42, 0.6, 1), TABLE, seed=3) == intervals(rows(42, 0.6, 1), TABLE, seed=3)
    assert intervals(rows(42, 0.6, 1), TABLE, seed=3) != intervals(rows(42, 0.6, 1), TABLE, seed=4)


def test_more_items_make_the_interval_narrower() -> None:
    def width(count: int) -> float:
        low, high = intervals(rows(count, 0.6, 1), TABLE, resamples=300)["quality"]
        return high - low

    # Four times the items, about half the width.
    assert 0.3 < width(560) / width(140) < 0.7


def test_an_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    held = 0
    for seed in range(60):
        low, high = intervals(rows(140, 0.6, seed), TABLE, resamples=120)["quality"]
        held += low <= 60 <= high
    assert held >= 51  # 95 % of 60 are 57; fewer than 51 come with a probability below 1 %


def test_repeats_of_an_item_are_no_new_evidence() -> None:
    once = rows(70, 0.6, 1)
    low, high = intervals(once, TABLE, resamples=400)["quality"]
    low4, high4 = intervals(once * 4, TABLE, resamples=400)["quality"]
    assert abs((high4 - low4) / (high - low) - 1) < 0.15


def test_a_score_that_is_not_measured_has_no_interval() -> None:
    found = intervals(rows(14, 0.6, 1), TABLE, resamples=10)
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
    low, high = intervals(made, TABLE, resamples=20)["quality.reasoning"]
    assert certain in (low, high)
    assert high - low == pytest.approx(100 * 1.959964**2 / (items + 1.959964**2))
