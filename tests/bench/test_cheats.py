"""Cheats, kept: each runs against the whole quick suite, over a real connection, and earns next to nothing.

Cheats that fake being right must stay below 5 points of 100 in the composite. Cheats that answer rightly and fake
something else, a stream or a bill, must stay below 5 points in what they fake: right answers are worth what they are.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence
from typing import Any

import pytest

import janus_bench
from janus_bench.constants import load_scoring
from janus_bench.marking import judge
from janus_bench.report import Report
from janus_bench.scoring import score
from janus_bench.suites.loader import Item, Suite, load_suite, product, spoken
from janus_bench.verdicts import Subject
from tests.bench.answers import Constant, Echo, Implementation, Salad, artifact, right_answer
from tests.bench.ground_truth import Reply, serving, stream

MOST = 5.0
FREE = {"prompt_tokens": 0, "completion_tokens": 0, "cost_usd": 0.0, "sandbox_seconds": 0.0}
_FILLER = "I went through it once more, and as far as I can see it is so. "


def bench(implementation: Implementation, seed: int = 0) -> Report:
    """One run of the quick suite, many requests at a time."""
    with serving(implementation) as server:
        return janus_bench.run(server.url, "quick", progress=False, seed=seed, concurrency=32)


def quick() -> Suite:
    return load_suite("quick")


class Everything(Constant):
    """Says, calls and draws the same whatever is asked."""

    def __init__(self, answer: str) -> None:
        super().__init__(quick())
        self.answer = answer

    def reply(self, item: Item) -> Reply:
        words = [f"{word} " for word in self.answer.split()]
        calls = [{"index": 0, "function": {"name": "current_weather", "arguments": '{"city": "Lisbon"}'}}]
        return stream(words, usage=self.usage, artifacts=[artifact()], tool_calls=calls)


class FreeEcho(Echo):
    """Repeats the question, and says that it cost nothing."""

    def __init__(self) -> None:
        super().__init__(quick())
        self.usage = FREE


class Padded(Implementation):
    """Right answers, made long where the question allows it, so that there is a stream to look at."""

    def text(self, item: Item) -> tuple[str, list[dict[str, Any]], list[dict[str, str]]]:
        text, calls, pictures = right_answer(item)
        tools = [{key: str(value) for key, value in call["function"].items()} for call in calls]
        for times in (5, 0):
            longer = _FILLER * times + "\n" + text if times else text
            if product(item.evaluate(Subject(item.prompt, longer, tools, pictures))) == 1:
                return longer, calls, pictures
        return text, calls, pictures

    def pieces(self, text: str) -> Sequence[str]:
        return [piece for piece in text.replace(" ", " \0").split("\0") if piece]

    def reply(self, item: Item) -> Reply:
        text, calls, pictures = self.text(item)
        extras = {"tool_calls": calls or None, "artifacts": pictures or None, "gap": self.gap(text)}
        return stream(self.pieces(text), usage=self.usage, **extras)

    def gap(self, text: str) -> float:
        return 0.0


class TwoChunks(Padded):
    """The whole answer in two chunks."""

    def pieces(self, text: str) -> Sequence[str]:
        return [text[: len(text) // 2], text[len(text) // 2 :]]


class Steady(Padded):
    """A word every hundredth of a second."""

    def gap(self, text: str) -> float:
        return 0.01


class Leaked(Implementation):
    """Knows every right answer of another seed, and finds the question by its wording."""

    def __init__(self, learned: int, asked: int) -> None:
        super().__init__(quick(), asked)
        self.known = {item.id: right_answer(item) for item in quick().items(learned)}
        self.wordings = {item.id: item.prompt for item in quick().items(learned)}

    def reply(self, item: Item) -> Reply:
        nearest = max(self.wordings, key=lambda name: _alike(self.wordings[name], item.prompt))
        text, calls, pictures = self.known[nearest]
        words = [piece for piece in text.replace(" ", " \0").split("\0") if piece]
        return stream(words, usage=self.usage, tool_calls=calls or None, artifacts=pictures or None)


def _alike(one: str, other: str) -> float:
    matcher = difflib.SequenceMatcher(None, one[:60], other[:60], autojunk=False)
    return matcher.quick_ratio() if matcher.real_quick_ratio() > 0.5 else 0.0


CHEATS = {
    "echo": lambda: Echo(quick()),
    "echo with a bill of nothing": FreeEcho,
    "the same admission": lambda: Constant(quick()),
    "the same number, picture and call": lambda: Everything("Answer: 42"),
    "the same admission, picture and call": lambda: Everything("I do not know. The sources do not cover this."),
    "key words": lambda: Salad(quick()),
}


@pytest.mark.parametrize("cheat", CHEATS)
def test_a_cheat_that_fakes_being_right_earns_next_to_nothing(cheat: str) -> None:
    report = bench(CHEATS[cheat]())
    assert report.to_dict()["errors"] == {}
    assert report.composite <= MOST, report.to_dict()["quality"]


def test_answers_learned_by_heart_from_another_seed_earn_next_to_nothing() -> None:
    report = bench(Leaked(learned=0, asked=1), seed=1)
    assert report.composite <= MOST, report.to_dict()["quality"]
    # the same memory is worth everything where the seed is the one it was made of: it does know the answers
    assert bench(Leaked(learned=1, asked=1), seed=1).composite > 60


def test_right_answers_in_two_chunks_earn_nothing_for_streaming() -> None:
    report = bench(TwoChunks(quick()))
    assert report.scores["quality"] == 100
    assert report.scores["streaming"] is not None
    assert report.scores["streaming"] <= MOST


def test_right_answers_that_dribble_earn_nothing_for_streaming() -> None:
    """A word every 10 ms, then the stamps stretched twentyfold: five tokens a second, in a twentieth of the time."""
    records, items, table = bench(Steady(quick())).records, quick().items(0), load_scoring()
    steady = score(records, table).categories["streaming"]
    for record in records:
        assert record.answer is not None
        stretched = [
            delta._replace(at_ns=record.sent_ns + 20 * (delta.at_ns - record.sent_ns)) for delta in record.answer.deltas
        ]
        record.answer.deltas = stretched
    judge(records, items, table)
    dribbled = score(records, table).categories
    assert dribbled["quality"] == 100
    assert dribbled["streaming"] is not None and steady is not None
    assert dribbled["streaming"] <= MOST < 50 < steady


def test_right_answers_with_a_bill_of_nothing_earn_nothing_for_cost() -> None:
    implementation = Padded(quick())
    implementation.usage = FREE
    report = bench(implementation)
    assert report.scores["quality"] == 100
    assert report.scores["cost"] is not None
    assert report.scores["cost"] <= MOST


def test_the_same_answers_streamed_and_billed_honestly_earn_nearly_everything() -> None:
    """The measure of the others: it is the cheat that loses, not the answers."""
    implementation = Padded(quick())
    implementation.usage = {"prompt_tokens": 200, "completion_tokens": 400, "cost_usd": 0.0001}
    report = bench(implementation)
    assert report.scores["cost"] == pytest.approx(100, abs=1)
    assert report.composite > 75, json.dumps(report.scores)
    assert all(spoken(message) for item in quick().items(0) for message in item.messages)
