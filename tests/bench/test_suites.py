"""Suites: what the bundled one promises, and how a user's own is checked."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

import janus_bench
from janus_bench.checks.registry import Unanswerable
from janus_bench.checks.verdict import Subject
from janus_bench.errors import SuiteError
from janus_bench.suites.loader import load_suite, read_suite
from janus_bench.suites.model import CATEGORIES, product
from janus_bench.suites.problems import inspect, loopholes, problems
from tests.bench.answers import right_answer


@pytest.mark.parametrize(("name", "least"), [("quick", 60), ("full", 300)])
def test_a_bundled_suite_has_enough_different_items_over_every_category(name: str, least: int) -> None:
    items = load_suite(name).items(0)
    counts = Counter(item.category for item in items)
    assert set(counts) == set(CATEGORIES)
    assert min(counts.values()) >= 3
    assert len({json.dumps(item.messages) for item in items}) == len(items) >= least


@pytest.mark.parametrize("name", ["quick", "full"])
def test_the_seed_decides_what_is_right_in_more_than_half_of_the_items(name: str) -> None:
    suite = load_suite(name)
    assert sum(item.seeded for item in suite.items(0)) > 0.5 * suite.size
    before, after = ({item.id: item.checks for item in suite.items(seed)} for seed in (0, 1))
    assert sum(before[name] != after.get(name) for name in before) > 0.5 * suite.size


def test_nothing_in_the_quick_suite_is_worth_learning_by_heart() -> None:
    suite = load_suite("quick")
    assert all(item.seeded for item in suite.items(0))
    assert len({frozenset(item.id for item in suite.items(seed)) for seed in range(5)}) == 5
    assert {len(suite.items(seed)) for seed in range(5)} == {suite.size}


def test_the_quick_suite_is_a_part_of_the_full_one_and_no_file_is_large() -> None:
    assert {raw["id"] for raw in load_suite("quick").raw_items} < {raw["id"] for raw in load_suite("full").raw_items}
    files = list((Path(janus_bench.__file__).parent / "suites" / "full").iterdir())
    assert {file.stem for file in files} == set(CATEGORIES)
    assert all(file.stat().st_size < 1024 * 1024 for file in files)


def test_the_bundled_suites_have_no_problem() -> None:
    assert list(problems(list(load_suite("full").raw_items))) == []


def test_every_item_of_the_full_suite_can_be_answered_fully() -> None:
    for item in load_suite("full").items(1):
        text, calls, pictures = right_answer(item)
        tools = [{key: str(value) for key, value in call["function"].items()} for call in calls]
        assert product(item.evaluate(Subject(item.prompt, text, tools, pictures))) == 1, item.id


@pytest.mark.parametrize("seed", range(4))
def test_no_item_of_the_full_suite_gives_points_for_nothing(seed: int) -> None:
    assert loopholes(load_suite("full"), seed) == []


def test_every_unanswerable_item_has_an_answerable_twin() -> None:
    items = load_suite("full").items(0)
    unanswerable = [item for item in items if any(isinstance(check, Unanswerable) for check in item.checks)]
    assert len(unanswerable) >= 2
    assert all(item.twin for item in unanswerable)


def test_the_seed_changes_questions_but_not_the_hash() -> None:
    suite = load_suite("quick")
    prompts = {tuple(item.prompt for item in suite.items(seed)) for seed in range(6)}
    assert len(prompts) > 1
    assert suite.items(3) == suite.items(3)


def test_the_hash_changes_with_any_item_and_not_with_comments(tmp_path: Path) -> None:
    suite = load_suite("coding")
    lines = [json.dumps(raw) for raw in suite.raw_items]
    same, other = tmp_path / "same.jsonl", tmp_path / "other.jsonl"
    same.write_text("\n\n".join(lines))
    other.write_text("\n".join(lines[1:]).replace('"twin": "', '"twin": "'))
    assert read_suite(same).hash == suite.hash
    assert read_suite(other).hash != suite.hash


def test_a_category_is_a_suite_of_its_own() -> None:
    coding = load_suite("coding")
    assert {item.category for item in coding.items(0)} == {"coding"}
    assert coding.hash != load_suite("quick").hash
    # a twin that is not among them would make an item impossible to answer
    assert all(
        not item.twin or item.twin in {other.id for other in load_suite("research").items(0)}
        for item in load_suite("research").items(0)
    )


def test_an_unknown_suite_names_the_known() -> None:
    with pytest.raises(SuiteError, match="quick, full, chat, reasoning"):
        load_suite("ful")


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        ({"id": "A B"}, "id: must be lower-case"),
        ({"id": "a", "category": "poetry", "prompt": "x", "checks": [{"kind": "form"}]}, "category: must be one of"),
        ({"id": "a", "category": "chat", "prompt": "x", "checks": []}, "checks: needs at least one"),
        ({"id": "a", "category": "chat", "checks": [{"kind": "form"}]}, "prompt: give either"),
        ({"id": "a", "category": "chat", "prompt": "x", "checks": [{"kind": "guess"}]}, "'guess' is not one of"),
        ({"id": "a", "category": "chat", "prompt": "x", "checks": [{"kind": "number"}]}, "value: missing"),
        ({"id": "a", "category": "chat", "prompt": "x", "checks": [{"kind": "number", "value": "7"}]}, "type float"),
        ({"id": "a", "category": "chat", "prompt": "x", "checks": [{"kind": "exact", "answer": "7"}]}, "no such field"),
        ({"id": "a", "category": "chat", "prompt": "x", "checks": [{"kind": "pattern", "pattern": "("}]}, "pattern:"),
        ({"id": "a", "category": "chat", "prompt": "x", "twin": "b", "checks": [{"kind": "form"}]}, "no other item"),
        ({"id": "a", "category": "chat", "prompt": "Say 7.", "checks": [{"kind": "number", "value": 7}]}, "echoing"),
    ],
)
def test_validation_names_item_and_field(tmp_path: Path, item: dict, problem: str) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text(json.dumps(item))
    assert any(problem in found for found in inspect(path)), inspect(path)


def test_a_file_that_cannot_be_parsed_is_a_problem_and_no_crash(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text("[[items]\n")
    assert "cannot be parsed" in inspect(path)[0]
    assert "cannot read" in inspect(tmp_path / "missing.toml")[0]


YAML = """
- id: own-sum
  category: reasoning
  prompt: What is {a} plus {b}?
  draw: {a: {from: 10, to: 99}, b: {from: 10, to: 99}}
  let: {v: a + b}
  checks: [{kind: number, value: "{v}"}]
"""


def test_an_own_suite_may_be_yaml_and_draws_like_the_bundled(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(YAML)
    assert inspect(path) == []
    suite = load_suite(str(path))
    answers = {item.checks[0].value: item.prompt for item in suite.items(0) + suite.items(1)}  # type: ignore[union-attr]
    for value, prompt in answers.items():
        assert sum(int(word) for word in prompt.rstrip("?").split() if word.isdigit()) == value


def test_yaml_that_grows_or_makes_objects_is_refused(tmp_path: Path) -> None:
    for source, why in (
        ("a: &a [x]\nb: [*a, *a]", "aliases"),
        ("!!python/object/apply:os.getcwd []", "cannot be parsed"),
    ):
        path = tmp_path / "own.yaml"
        path.write_text(source)
        assert why in inspect(path)[0]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"draw": {"a": {"from": 9, "to": 1}}}, "draw.a: must be"),
        ({"let": {"v": "a +"}}, "let.v:"),
        ({"let": {"v": "missing + 1"}}, "'missing' is neither drawn"),
        ({"let": {"v": "__import__('os').getcwd()"}}, "may only call"),
        ({"let": {"v": "[x for x in range(10 ** 9)]"}}, "a range too long"),
        ({"let": {"v": "9 ** 9 ** 9"}}, "too large"),
        ({"let": {"v": "sum([1 for x in range(9999) for y in range(9999)])"}}, "steps"),
        ({"let": {"v": "(1).real"}}, "not allowed"),
        ({"pictures": [{"width": 10}]}, "picture.height"),
        ({"checks": [{"kind": "json", "schema": {"pattern": "(a+)+"}}]}, "not checked"),
        ({"checks": [{"kind": "quantity", "value": 1, "unit": "furlong"}]}, "unit:"),
        ({"checks": [{"kind": "citation", "pages": {}}]}, "pages:"),
        ({"prompt": 7}, "prompt: must be a text"),
    ],
)
def test_validation_explains_what_is_drawn_worked_out_and_shown(tmp_path: Path, change: dict, problem: str) -> None:
    item = {"id": "a", "category": "chat", "prompt": "Which?", "checks": [{"kind": "number", "value": 7}]}
    path = tmp_path / "own.jsonl"
    path.write_text(json.dumps(item | change))
    assert any(problem in found for found in inspect(path)), inspect(path)


def test_each_repeat_draws_anew_what_the_seed_draws_and_asks_the_rest_again() -> None:
    suite = load_suite("quick")
    first, second = suite.items(3), suite.items(3, 2)[suite.size :]
    assert suite.items(3, 2)[: suite.size] == first
    assert [item.id for item in first] == [item.id for item in second]
    assert {item.repeat for item in second} == {1}
    same = {one.id for one, two in zip(first, second, strict=True) if one.messages == two.messages}
    assert {item.id for item in first if not item.drawn} <= same
    assert len(same & {item.id for item in first if item.drawn}) <= 5  # a few have less than a hundred draws
