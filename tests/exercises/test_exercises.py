"""Every exercise of the book, against a running platform: its stub, its solution and its typical mistakes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from janus_book.catalogue import load, names
from tests.exercises.other_answers import OTHER_ANSWERS
from tools.environment import ROOT

NAMES = names()
NOTEBOOK_SECONDS = 300
# A notebook's code is read on phones too.
MAX_COLUMNS = 86
Answers = Callable[[str], dict[str, dict[str, Any]]]


@pytest.fixture(scope="module")
def answers(platform_variables: dict[str, str]) -> Answers:
    """What the check says of each of an exercise's answers; run once, together with those of its notebook."""

    @cache
    def run(notebook: str) -> dict[str, dict[str, Any]]:
        its = [name for name in NAMES if name.startswith(f"{notebook}.")]
        command = [sys.executable, "-m", "tests.exercises.answering", *its]
        done = subprocess.run(
            command, cwd=ROOT, env=platform_variables, capture_output=True, text=True, timeout=NOTEBOOK_SECONDS
        )
        assert done.returncode == 0, done.stderr[-4000:]
        found: dict[str, dict[str, Any]] = json.loads(done.stdout)
        return found

    def of(name: str) -> dict[str, dict[str, Any]]:
        found = run(name.partition(".")[0])[name]
        assert "broken" not in found, found["broken"]
        return found

    return of


@pytest.mark.parametrize("name", NAMES)
def test_stub_gets_a_hint_of_its_own(answers: Answers, name: str) -> None:
    stub = answers(name)["stub"]
    assert not stub["right"]
    assert len(stub["says"].split()) >= 6, "a hint says what to look at next"
    # The general sentences stand in for a hint that the exercise does not have.
    assert "still holds `...`" not in stub["says"], "give the empty stub a hint of its own"
    assert not re.search(r"the check ended in|Your answer raised", stub["says"]), "the stub's hint is an exception"


@pytest.mark.parametrize("name", NAMES)
def test_solution_is_right(answers: Answers, name: str) -> None:
    solution = answers(name)["solution"]
    assert solution["right"], solution["says"]


@pytest.mark.parametrize("name", OTHER_ANSWERS)
def test_a_sensible_answer_is_right_though_it_is_not_the_solution(answers: Answers, name: str) -> None:
    found = answers(name)
    refused = {code: found[code]["says"] for code in OTHER_ANSWERS[name] if not found[code]["right"]}
    assert refused == {}


@pytest.mark.parametrize("name", NAMES)
def test_each_mistake_gets_the_hint_that_was_written_for_it(answers: Answers, name: str) -> None:
    found = answers(name)
    for mistake, words in load(name).mistakes.items():
        assert not found[mistake]["right"], f"passes as right:\n{mistake}"
        assert words in found[mistake]["says"], f"{mistake}\ngets: {found[mistake]['says']}"


@pytest.mark.parametrize("name", NAMES)
def test_exercise_is_small_enough_for_a_page(name: str) -> None:
    exercise = load(name)
    long = [line for line in (exercise.stub + exercise.solution).splitlines() if len(line) > MAX_COLUMNS]
    assert long == []


def test_there_are_exercises() -> None:
    assert len(NAMES) >= 70
