"""The streaming rules, on recorded answers: what flows passes, what was held back or misplaced does not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from janus_platform.contract import load_contract
from janus_platform.node.submission.streaming_rules import SILENCE_SECONDS, Streamed, came_at_once, check_stream

WIRE = load_contract().wire
CONTINUOUS = "tokens flow continuously"


def answer(
    words: list[str], *, first: float = 0.1, gap: float = 0.02, field: str = "content", finish: bool = True
) -> list[tuple[float, dict[str, Any]]]:
    """Choices that say `words`, the first after `first` seconds and the others `gap` apart."""
    said = [(first + gap * n, {"delta": {field: word}, "finish_reason": None}) for n, word in enumerate(words)]
    end = [(first + gap * len(words), {"delta": {}, "finish_reason": "stop"})] if finish else []
    return [*said, *end]


def verdicts(choices: list[tuple[float, dict[str, Any]]], *, ended: bool = True) -> dict[str, str]:
    checks = check_stream("streamed", Streamed(choices, ended), WIRE)
    return {check.check: check.result for check in checks}


def test_a_steady_stream_passes_every_rule() -> None:
    thought = answer(["Hm "] * 5, first=0.05, gap=0.01, field=WIRE.reasoning_field, finish=False)
    assert set(verdicts([*thought, *answer(["word "] * 30)]).values()) == {"passed"}


@pytest.mark.parametrize(
    "words",
    [["all of it at once"], ["so many words that this must be a batch of tokens, held back and sent as one"] * 4],
)
def test_batches_of_words_are_refused(words: list[str]) -> None:
    assert verdicts(answer(words))[CONTINUOUS] == "failed"


def test_tokens_held_back_and_sent_in_one_burst_are_refused() -> None:
    late = answer(["word "] * 40, first=2.0, gap=0.000_02)
    assert verdicts(late)[CONTINUOUS] == "failed"
    role = [(0.0, {"delta": {"role": "assistant", "content": ""}, "finish_reason": None})]
    assert verdicts([*role, *late])[CONTINUOUS] == "failed"  # A first chunk that says nothing hides no silence.


@pytest.mark.parametrize(
    ("first", "gap", "words"),
    [(0.1, 0.000_02, 40), (2.0, 0.005, 40), (2.0, 0.000_02, 3)],
    ids=["quick from the start", "slow to start, then steady", "too short to tell"],
)
def test_quick_answers_are_not_taken_for_a_burst(first: float, gap: float, words: int) -> None:
    assert verdicts(answer(["word "] * words, first=first, gap=gap))[CONTINUOUS] == "passed"


def test_thinking_aloud_while_it_works_is_no_silence() -> None:
    thought = answer(["Searching. "] * 4, first=0.1, gap=0.5, field=WIRE.reasoning_field, finish=False)
    assert verdicts([*thought, *answer(["word "] * 40, first=2.0, gap=0.000_02)])[CONTINUOUS] == "passed"


@pytest.mark.parametrize("tag", ["<think>", "</think>", "<THINKING>", "< reasoning >"])
def test_thinking_inside_the_content_is_refused_even_where_a_tag_is_cut(tag: str) -> None:
    choices = answer(["Well, ", tag[:3], tag[3:], " so"])
    assert verdicts(choices)[f"thinking goes to {WIRE.reasoning_field}"] == "failed"


def test_no_thinking_is_not_a_pass() -> None:
    assert verdicts(answer(["a ", "b "]))[f"thinking goes to {WIRE.reasoning_field}"] == "not checked"


def test_the_finish_reason_comes_with_the_last_chunk_and_with_no_other() -> None:
    rule = "last chunk carries finish_reason"
    early = [(0.05, {"delta": {"content": "a"}, "finish_reason": "stop"})]
    assert verdicts(answer(["a ", "b "], finish=False))[rule] == "failed"
    assert verdicts([*early, *answer(["b "])])[rule] == "failed"
    assert verdicts(answer(["a ", "b "]))[rule] == "passed"


def test_a_missing_end_marker_is_refused() -> None:
    assert verdicts(answer(["a ", "b "]), ended=False)["stream ends with its marker"] == "failed"


TEXT = st.text() | st.none()
DELTAS = st.none() | st.integers() | st.dictionaries(st.sampled_from(["content", "role", 1]), TEXT)
CHOICES = st.fixed_dictionaries({"delta": DELTAS, "finish_reason": TEXT})


@given(st.lists(st.tuples(st.floats(0, 100), CHOICES)))
def test_no_answer_makes_the_rules_crash(choices: list[tuple[float, dict[str, Any]]]) -> None:
    assert len(check_stream("streamed", Streamed(choices, True), WIRE)) == 5


@given(st.floats(0, SILENCE_SECONDS - 0.01), st.integers(1, 100))
def test_nothing_that_starts_in_time_is_a_burst(first: float, words: int) -> None:
    assert not came_at_once(Streamed(answer(["w"] * words, first=first, gap=0.0), True), WIRE)
