"""The suites are fair: one that knows every right answer, and sends it well, gets at least 95 of 100.

It answers over a real wire, from what each item's checks want, in the ways that honest programs send: all at once, or
paced; thinking first, or none to show. Where it falls short, the suite or the scoring is wrong.
"""

from __future__ import annotations

import re

import pytest

import janus_bench
from janus_bench.suites.loader import load_suite
from janus_bench.suites.model import CATEGORIES, Item, Suite
from tests.bench.answers import Implementation, right_answer
from tests.bench.ground_truth import Reply, serving, stream

THINKING = ("First I look at ", "what was asked.")
# seconds before each piece, seconds before the first, and the thinking that is shown
WAYS = {
    "all at once": (0.0, 0.0, THINKING),
    "paced": (0.002, 0.05, THINKING),
    "without thinking": (0.0, 0.1, ()),
}


class Oracle(Implementation):
    """Knows every answer, and sends it word by word in one of the ways."""

    def __init__(self, suite: Suite, way: str, seed: int) -> None:
        super().__init__(suite, seed)
        self.gap, self.first, self.thinking = WAYS[way]

    def reply(self, item: Item) -> Reply:
        text, calls, pictures = right_answer(item)
        words = re.findall(r"\W*\w+|\W+$", text)
        usage = {"prompt_tokens": 0, "completion_tokens": len(text) // 2 + 10, "cost_usd": 0.00005}
        return stream(
            words,
            reasoning=self.thinking,
            first=self.first,
            gap=self.gap,
            usage=usage,
            tool_calls=calls or None,
            artifacts=pictures or None,
            finish="tool_calls" if calls else "stop",
        )


def told(suite: str, way: str, seed: int = 11) -> janus_bench.Report:
    with serving(Oracle(load_suite(suite), way, seed)) as server:
        return janus_bench.run(server.url, suite, seed=seed, concurrency=8, progress=False)


@pytest.mark.parametrize("way", WAYS)
def test_whoever_knows_the_answers_of_the_quick_suite_and_sends_them_well_gets_95(way: str) -> None:
    report = told("quick", way)
    assert [item["id"] for item in report.to_dict()["items"] if item["score"] < 1] == []
    assert report.composite >= 95, report.scores


# Running every program of the full suite takes long, and test_suites.py does; here the quick suite's stand for them.
@pytest.mark.parametrize("suite", [name if name == "coding" else f"full/{name}" for name in CATEGORIES])
def test_the_same_holds_for_every_category_of_the_full_suite(suite: str) -> None:
    report = told(suite, "all at once")
    assert [item["id"] for item in report.to_dict()["items"] if item["score"] < 1] == []
    assert report.composite >= 95, report.scores
