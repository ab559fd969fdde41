"""Every kind of check against answers that were made to break it: no crash, no long wait, no point for nothing."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from janus_bench.checks import code_runner
from janus_bench.checks.registry import KINDS, build_check
from janus_bench.checks.verdict import Subject, Verdict
from tests.bench.answers import artifact, png

SCHEMA = {"type": "object", "required": ["n"], "properties": {"n": {"const": 7}}, "additionalProperties": False}
CHECKS: dict[str, dict[str, Any]] = {
    "exact": {"answers": ["forty-two"]},
    "number": {"value": 1234.5},
    "quantity": {"value": 1.5, "unit": "km", "within": 0.001},
    "set": {"members": ["oak", "ash", "elm"]},
    "choice": {"answer": "C", "options": 4},
    "pattern": {"pattern": r"(a+)+b"},
    "facts": {"require": [["photon"], ["1935"]], "max_words": 50},
    "form": {"points": 3},
    "json": {"schema": SCHEMA},
    "sources": {"any_of": ["physics.org/tides"]},
    "citation": {"pages": {"physics.org/tides": ["3.8"]}},
    "unanswerable": {},
    "code": {"function": "f", "cases": [[[1], 2]]},
    "program": {"function": "f", "test": "def check(candidate):\n    assert candidate(1) == 2"},
    "tool_call": {"name": "weather", "arguments": {"city": "Cork"}},
    "tool_calls": {"calls": [{"name": "weather", "arguments": {"city": "Cork"}}]},
    "artifact": {"width": 80, "height": 80, "colours": [[0.5, 0.5, 255, 0, 0]]},
    "judged": {"rubric": "Is it good?"},
}
HOSTILE = {
    "nothing": "",
    "one letter for ever": "a" * 200_000,
    "backtracking": "a" * 5_000 + "!",
    "digits for ever": "Answer: " + "9" * 100_000,
    "infinity": "Answer: 1e999",
    "not a number": "Answer: NaN",
    "brackets": "[" * 100_000,
    "tables": '{"n":' * 50_000,
    "fences": "\n".join("`" * (3 + place % 90) for place in range(2_000)),
    "addresses": "https://a.example/x?" * 5_000,
    "answers": "answer: " * 20_000,
    "points": "- \n" * 30_000,
    "odd spaces": "\u200b\u00a0\u2028\u202e" * 10_000,
    "half of a pair": "\ud800 is no letter",
    "wide letters": "﷽" * 20_000,
    "look-alikes": "fоrty-twо",  # Cyrillic o
    "commas": "," * 100_000,
    "words": "the of and " * 30_000,
}
LIMIT_SECONDS = 60.0


def check(kind: str) -> Any:
    return build_check({"kind": kind, **CHECKS[kind]})


def judged(kind: str, text: str, **rest: Any) -> float:
    verdict: Verdict = check(kind).evaluate(Subject("What is it?", text, **rest))
    assert verdict.why
    return verdict.score


def test_every_kind_of_check_is_tried_here() -> None:
    assert CHECKS.keys() == KINDS.keys()


@pytest.mark.parametrize("answer", HOSTILE)
def test_no_hostile_answer_earns_a_point_or_takes_for_ever(answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_runner, "TIME_LIMIT_SECONDS", 1.0)  # what is stopped is stopped sooner here
    started = time.process_time()
    for kind in CHECKS:
        if kind == "pattern" and answer != "backtracking":  # its own process each time: once is enough
            continue
        assert judged(kind, HOSTILE[answer]) == 0, kind
    assert time.process_time() - started < LIMIT_SECONDS


def test_a_pattern_that_backtracks_for_ever_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_runner, "TIME_LIMIT_SECONDS", 0.5)
    verdict = check("pattern").evaluate(Subject("", "a" * 1_999 + "!"))
    assert verdict == Verdict(0.0, "the match was stopped after 0.5 s")
    monkeypatch.undo()
    assert judged("pattern", "aaab") == 1


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400))
def test_any_text_gives_a_score_from_0_to_1(text: str) -> None:
    for kind in CHECKS.keys() - {"pattern", "code", "program"}:
        assert 0 <= judged(kind, text) <= 1


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60), st.text(max_size=200))
def test_any_tool_call_gives_a_score(name: str, arguments: str) -> None:
    for kind in ("tool_call", "tool_calls"):
        assert judged(kind, "", tool_calls=[{"name": name, "arguments": arguments}] * 3) == 0


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 200))
def test_any_bytes_as_a_picture_give_a_score(noise: bytes, place: int) -> None:
    broken = png()[:place] + noise + png()[place:]
    assert judged("artifact", "", artifacts=[artifact(broken), artifact(noise)]) == 0


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        ("It is 1.5 km.", 1),
        ("1,500 m", 1),
        ("Answer: 1500 metres", 1),
        ("150000 cm", 1),
        ("1.5", 0),
        ("1.5 kg", 0),
        ("1.5 kmh", 0),
        ("0.93205679 miles", 1),
        ("1.6 km", 0),
        ("1.5 km or 3 km", 0),
    ],
)
def test_a_quantity_counts_with_its_unit_whichever_it_is(answer: str, score: float) -> None:
    assert judged("quantity", answer) == score


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        ("elm, oak, ash", 1),
        ("Answer: ash, elm and oak.", 1),
        ("- oak\n- elm\n- ash", 1),
        ("oak, ash", pytest.approx(0.6)),
        ("oak, ash, elm, fir, yew, box, bay", pytest.approx(0.2)),
        ("oak", 0),
        ("fir, yew", 0),
    ],
)
def test_a_set_counts_by_its_members_in_any_order(answer: str, score: Any) -> None:
    assert judged("set", answer) == score


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        ('{"n": 7}', 1),
        ('```json\n{"n": 7.0}\n```', 1),
        ('{"n": 7, "n": 7}', 0),
        ('{"n": true}', 0),
        ('{"n": "7"}', 0),
        ('{"n": 7, "m": 1}', 0),
        ('{"n": NaN}', 0),
        ('Here: {"n": 7}', 0),
    ],
)
def test_json_is_read_strictly(answer: str, score: float) -> None:
    assert judged("json", answer) == score


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        ("It is 3.8 cm a year, see https://physics.org/tides", 1),
        ("It is 5.1 cm a year, see https://physics.org/tides", 0),
        ("It is 3.8 cm a year, see https://physics.org/quantum", 0),
        ("It is 3.8 cm: https://physics.org/tides https://a.example https://b.example https://c.example", 0.5),
        ("https://physics.org/tides", 0),
    ],
)
def test_a_citation_counts_only_beside_what_the_page_says(answer: str, score: float) -> None:
    assert judged("citation", answer) == score


def test_several_calls_count_in_any_order_and_none_may_be_asked_for() -> None:
    one, two = ({"name": "a", "arguments": {"x": 1}}, {"name": "b", "arguments": {}})
    made = [{"name": "b", "arguments": "{}"}, {"name": "a", "arguments": '{"x": 1}'}]
    several = build_check({"kind": "tool_calls", "calls": [one, two]})
    assert several.evaluate(Subject("", "", made)).score == 1
    assert several.evaluate(Subject("", "", made[:1])).score == pytest.approx(1 / 3)
    assert several.evaluate(Subject("", "", made * 5)).score == 0
    none = build_check({"kind": "tool_calls", "calls": []})
    assert [none.evaluate(Subject("", said, calls)).score for said, calls in (("9", []), ("", []), ("9", made))] == [
        1,
        0,
        0,
    ]


def test_the_colours_of_a_picture_are_looked_at() -> None:
    red = {"kind": "artifact", "width": 80, "height": 80, "colours": [[0.9, 0.1, 255, 255, 255], [0.5, 0.5, 0, 0, 0]]}
    assert build_check(red).evaluate(Subject("", "", (), [artifact()])).score == 1
    assert judged("artifact", "", artifacts=[artifact()]) == 0
    assert build_check({**red, "width": 81}).evaluate(Subject("", "", (), [artifact()])).score == 0
