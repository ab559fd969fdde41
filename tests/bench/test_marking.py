"""Marks that need more than one answer."""

from __future__ import annotations

import pytest

from janus_bench.constants import load_scoring
from janus_bench.scoring.grading import grade
from janus_bench.suites.model import Item, build_item
from tests.bench.lab import Said, record

CAPITALS = {"France": "Paris", "Italy": "Rome", "Spain": "Madrid", "Norway": "Oslo", "Greece": "Athens", "Peru": "Lima"}


def item(country: str, capital: str, **more: object) -> Item:
    checks = [{"kind": "facts", "require": [[capital]]}]
    raw = {"id": country.lower(), "category": "knowledge", "prompt": f"Capital of {country}?", "checks": checks}
    return build_item(raw | more, 0)


def scores(*answers: str) -> list[float]:
    """What each answer to each question in turn is worth."""
    items = [item(*pair) for pair in CAPITALS.items()]
    records = [record(one, Said(text)) for one, text in zip(items, answers, strict=False)]
    grade(records, items, load_scoring())
    return [one.score for one in records]


def test_an_answer_to_the_question_counts_fully() -> None:
    assert scores(*(f"It is {capital}." for capital in CAPITALS.values())) == [1] * 6


@pytest.mark.parametrize(("others", "left"), [(2, 1.0), (3, 0.5), (4, 0.0), (5, 0.0)])
def test_an_answer_that_answers_many_other_questions_is_a_list(others: int, left: float) -> None:
    listed = ", ".join(list(CAPITALS.values())[: others + 1])
    assert scores(f"It is {listed}.") == [left]


def test_the_reason_stands_among_the_verdicts() -> None:
    items = [item(*pair) for pair in CAPITALS.items()]
    (marked,) = records = [record(items[0], Said("It is " + " and ".join(CAPITALS.values())))]
    grade(records, items, load_scoring())
    assert marked.verdicts[-1][0] == "one answer"
    assert marked.verdicts[-1][1].why == "answers 5 other questions too"


def test_what_the_question_itself_names_is_no_list() -> None:
    items = [item(*pair) for pair in CAPITALS.items()]
    asked = item("France", "Paris", prompt=f"Which of {', '.join(CAPITALS.values())} is the capital of France?")
    said = f"Of {', '.join(CAPITALS.values())}, it is Paris."
    records = [record(asked, Said(said))]
    grade(records, [asked, *items[1:]], load_scoring())
    assert records[0].score == 1


def test_few_possible_answers_are_worth_what_they_are_above_a_guess() -> None:
    assert item("France", "Paris", one_in=4).chance == 0.25
    assert item("France", "Paris").chance == 0
