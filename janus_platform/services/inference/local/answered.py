"""Questions that a page asks itself, in a heading, and answers in the paragraph below: nearer to a question than any
sentence is.

Two questions that mean the same are near in meaning whatever their words; one word more or less ("spring tide", "neap
tide") changes what is asked and hardly the meaning. So both count: the cosine of the two questions, and how many of the
user's words the other question and its answer hold.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from janus_platform.services.inference.local.blocks import PROSE, blocks_of
from janus_platform.services.inference.local.meaning import Encode, cosines
from janus_platform.services.inference.local.prompt import Passage
from janus_platform.services.inference.local.question import Question
from janus_platform.services.inference.local.ranking import Ranking
from janus_platform.services.inference.local.signs import COMMON
from janus_platform.services.inference.local.stemming import passage_stems, stem, topic_stems, words

MAX_CHARACTERS = 900
# The same question has a cosine of 0.85 and more. The user's words add so much where the other question has them and
# where it or its answer has; its own words take away, and so does what is asked for where it differs: a number is no
# explanation.
ASKED, HELD, OWN_WORDS = 0.15, 0.2, -0.25
OTHER_KIND, NO_SUCH_FACT, NAME_MISSING, RAREST_MISSING = -0.2, -0.2, -0.4, -0.1
# So near, and of one kind, two questions are the same in other words.
SAME = 0.82
# Measured by `python -m tests.benchmarks.coverage`: uncovered questions stay below 0.7.
LEAST = 0.93
# Without an encoder: how much of the words of both questions must be the same.
LEAST_BY_WORDS = 0.75
_NUMBER = re.compile(r"\d")


@dataclass(frozen=True)
class Answered:
    """A question in a heading of passage `passage` (from 0), and the paragraph that answers it."""

    question: str
    text: str
    passage: int


def answered_in(passages: Sequence[Passage]) -> list[Answered]:
    """Every question that a passage answers itself, in order."""
    found: list[Answered] = []
    for number, passage in enumerate(passages):
        before = ""
        for block in blocks_of(passage.text):
            first, before = block.heading != before, block.heading
            if not first or not block.heading.endswith("?") or block.kind != PROSE or not block.text:
                continue
            text = block.text
            if block.items:
                text = f"{text.rstrip(':')}: {'; '.join(item.rstrip('.;,') for item in block.items)}."
            if len(text) <= MAX_CHARACTERS and text[-1] in ".!?:)”\"":
                found.append(Answered(block.heading, text, number))
    return found


def best_answered(question: Question, passages: Sequence[Passage], ranking: Ranking, encode: Encode | None) -> list[Answered]:
    """The questions of `passages` that are the user's in other words, the nearest first; [] where none is."""
    found = answered_in(passages)
    if not found or not ranking.topic:
        return []
    near = cosines(encode, question.text, [one.question for one in found])
    values: dict[int, float] = {}
    for number, one in enumerate(found):
        title = frozenset(passage_stems(passages[one.passage].title))
        if near is None:
            value = _shared(ranking.topic, one, title) - LEAST_BY_WORDS
        else:
            value = near[number] - LEAST
            asked = title.union(passage_stems(one.question))
            value += ASKED * ranking.share(asked) + HELD * ranking.share(asked.union(passage_stems(one.text)))
            value += OWN_WORDS * _own_words(one, ranking.topic)
            value += RAREST_MISSING * (ranking.rarest not in asked.union(passage_stems(one.text)))
        difference = _difference(question, one, title)
        value += difference
        if near is not None and not difference:
            value = max(value, near[number] - SAME)
        if value >= 0:
            values[number] = round(value, 6)
    return [found[number] for number in sorted(values, key=lambda number: (-values[number], number))]


def _own_words(one: Answered, topic: Sequence[str]) -> float:
    """The share of the other question's words that the user's has not."""
    told = set(topic_stems(one.question)) - COMMON
    return len(told - set(topic)) / len(told) if told else 0.0


def _shared(topic: Sequence[str], one: Answered, title: frozenset[str]) -> float:
    """How alike two questions are by their words alone."""
    asked, told = set(topic) - title, set(topic_stems(one.question)) - title
    return len(asked & told) / len(asked | told) if asked | told else 0.0


def _difference(question: Question, one: Answered, title: frozenset[str]) -> float:
    """What is taken away because the other question asks for something else, or its answer lacks what is asked for."""
    other, value = Question(one.question), 0.0
    if question.fact is not other.fact or question.wants_reason != other.wants_reason:
        value += OTHER_KIND
    elif (other.defines and not question.defines) or question.wants_decision != other.wants_decision:
        value += OTHER_KIND / 2
    if question.fact and not question.fact.search(one.text):
        value += NO_SUCH_FACT
    told = title.union(passage_stems(f"{one.question} {one.text}"))
    numbers = {stem(word) for word in words(question.text) if _NUMBER.search(word)}
    if (numbers | question.names) - told:
        value += NAME_MISSING
    return value
