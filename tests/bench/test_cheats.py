"""Cheats, kept: each earns next to nothing on the quick suite and on the full one, whatever the seed.

Cheats that fake being right must stay below 5 points of 100 in the composite. Cheats that answer rightly and fake
something else, a stream or a bill, must stay below 5 points in what they fake: right answers are worth what they are.
All but the last are scored without a wire (lab.py), as fast and as cheap as a target can be. For more seeds, run
`python -m tests.benchmarks.bench_cheats`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

import janus_bench
from janus_bench.checks.verdict import Subject
from janus_bench.suites.filling import is_seeded
from janus_bench.suites.loader import load_suite
from janus_bench.suites.model import Item, build_item, product
from tests.bench.answers import Echo
from tests.bench.cheats import FILLER, Cheat, cheats, learned, right
from tests.bench.ground_truth import serving
from tests.bench.lab import Said, scored

MOST = 5.0
FREE = {"prompt_tokens": 0, "completion_tokens": 0, "cost_usd": 0.0, "sandbox_seconds": 0.0}
SEED = 1


@cache
def asked(seed: int, suite: str = "quick") -> tuple[list[Item], dict[str, Cheat]]:
    chosen = load_suite(suite)
    return chosen.items(seed), cheats(chosen, seed)


@pytest.mark.parametrize("name", list(asked(SEED)[1]))
def test_a_cheat_that_fakes_being_right_earns_next_to_nothing(name: str) -> None:
    items, known = asked(SEED)
    found = scored(items, known[name])
    assert found.composite <= MOST, found


@pytest.mark.parametrize("name", ["echo", "words", "words of the category", "shuffled", "learned from another seed"])
def test_the_same_holds_on_the_full_suite_where_many_questions_never_change(name: str) -> None:
    items, known = asked(SEED, "full")
    found = scored(items, known[name])
    assert found.composite <= MOST, found


def test_a_memory_is_worth_everything_where_the_seed_is_the_one_it_was_made_of() -> None:
    """The measure of the others: it does know the answers, and loses them with the seed."""
    assert scored(asked(SEED)[0], learned(load_suite("quick"), [SEED])).composite > 90


@cache
def padded() -> tuple[list[Item], dict[str, Said]]:
    """Right answers, made long where the question allows it, so that there is a stream to look at."""
    items = [item for item in load_suite("quick").items(SEED) if item.category != "coding"]
    return items, {item.id: _longest(item) for item in items}


def _longest(item: Item) -> Said:
    said = right(item)
    longer = replace(said, text=f"{FILLER * 5}\n{said.text}")
    fits = product(item.evaluate(Subject(item.prompt, longer.text, longer.calls, longer.artifacts))) == 1
    return longer if fits else said


def halves(text: str) -> list[str]:
    return [text[: len(text) // 2], text[len(text) // 2 :]]


WAYS: dict[str, tuple[str, Callable[[Said], Said]]] = {
    "in two chunks": ("streaming", lambda said: replace(said, pieces=halves)),
    "in one chunk": ("streaming", lambda said: replace(said, pieces=lambda text: [text])),
    "at five words a second": ("streaming", lambda said: replace(said, gap_ns=200_000_000)),
    "behind white space": ("streaming", lambda said: replace(said, pieces=lambda text: [*[" "] * 200, text])),
    "with a bill of nothing": ("cost", lambda said: replace(said, usage=FREE)),
    "without a bill": ("cost", lambda said: replace(said, usage={})),
}


@pytest.mark.parametrize("way", WAYS)
def test_right_answers_earn_nothing_for_what_they_fake(way: str) -> None:
    (items, answers), (category, faked) = padded(), WAYS[way]
    found = scored(items, lambda item: faked(answers[item.id]))
    assert found.categories["quality"] == 100
    faked_score = found.categories[category]
    assert faked_score is not None
    assert faked_score <= MOST


def test_the_same_answers_streamed_and_billed_honestly_earn_nearly_everything() -> None:
    items, answers = padded()
    found = scored(items, lambda item: answers[item.id])
    assert all((value or 0) > 90 for value in found.categories.values()), found


def test_an_echo_earns_nothing_over_a_real_connection() -> None:
    with serving(Echo(load_suite("quick"))) as server:
        report = janus_bench.run(server.url, "quick", progress=False, concurrency=32)
    assert report.to_dict()["errors"] == {}
    assert report.composite == 0


FILLED = "I looked at it from every side before I came to this. " * 10
ONLY = [
    item
    for item in load_suite("full").items(SEED)
    if re.search(r"(?i)\b(?:name|number|word|city|thing|corner|list|it|code) only\b|nothing else", item.prompt)
    and any(check.kind in ("exact", "number", "set") for check in item.checks)
    and "Answer: <" not in item.prompt
]


@pytest.mark.parametrize("item", ONLY, ids=[item.id for item in ONLY])
def test_where_only_the_answer_is_wanted_filler_before_it_is_wrong(item: Item) -> None:
    said = right(item)
    assert product(item.evaluate(Subject(item.prompt, said.text, said.calls, said.artifacts))) == 1
    for filled in (f"{FILLED}\n{said.text}", f"{FILLED} Answer: {said.text}", f"{FILLED}\nAnswer: {said.text}"):
        assert product(item.evaluate(Subject(item.prompt, filled, said.calls, said.artifacts))) == 0


def joined(texts: list[str]) -> list[str]:
    """Ways to say many answers at once: as lines, as a list, as prose, each of them last once."""
    bare = [text.rpartition("Answer: ")[2] for text in texts]
    ways = ["\n".join(bare), ", ".join(bare), "It is known that the " + " and that the ".join(bare) + "."]
    return ways + [f"Answer: {way}" for way in ways]


@pytest.mark.parametrize(
    "raw", [raw for raw in load_suite("full").raw_items if is_seeded(raw)], ids=lambda raw: raw["id"]
)
def test_no_text_made_of_old_answers_is_right_for_every_seed(raw: dict[str, Any]) -> None:
    """Of one item: all its answers in one text, and the commonest alone, are right as seldom as a guess."""
    if any(check["kind"] in ("code", "tool_call", "tool_calls", "artifact", "pattern") for check in raw["checks"]):
        return  # what is done there is one thing: it cannot be many
    old = [right(build_item(raw, seed)).text for seed in range(100, 130)]
    few = list(dict.fromkeys(old))
    asked_now = [build_item(raw, seed) for seed in range(12)]
    for way in joined(few[:4]) + joined(few[:12]) + joined(few):
        found = [product(item.evaluate(Subject(item.prompt, way))) for item in asked_now]
        guess = max(item.chance for item in asked_now)
        assert sum(found) / len(found) <= max(0.35, 4 * guess), (way[:200], found)
