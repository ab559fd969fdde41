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
# Nearness to the other question and, with title and question before it, to its answer; the words of both that are the
# same decide between siblings. What is taken away where the other asks for something else: a number is no explanation.
QUESTION, ANSWER, HELD, OWN_WORDS = 0.6, 0.4, 0.1, -0.05
OTHER_KIND, NO_SUCH_FACT, NAME_MISSING = -0.1, -0.1, -0.2
# "What host does the Vector Index have?" is not answered by what the Vector Index is.
DETAIL_MISSING = -0.15
# "Explain entanglement" is answered by the page's beginning, not by what the monogamy of entanglement is.
PART_OF_IT = -0.2
# Of 134 labelled questions that nothing covers, 4 have 0.64 and more; of 270 that something does, 225.
LEAST = 0.64
# So much less is enough where the passages cover the question: whole paragraphs read better than chosen sentences.
LOWER, MOST_OF_IT = 0.09, 0.6
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
            if len(text) <= MAX_CHARACTERS and text[-1] in '.!?:)”"':
                found.append(Answered(block.heading, text, number))
    return found


def best_answered(
    question: Question, passages: Sequence[Passage], ranking: Ranking, encode: Encode | None, lower: float = 0.0
) -> list[Answered]:
    """The questions of `passages` that are the user's in other words, the nearest first; [] where none is.

    `lower` says how much less is enough where something else speaks for an answer.
    """
    found = answered_in(passages)
    if not found or not ranking.topic:
        return []
    near = cosines(encode, question.text, [one.question for one in found])
    titles = [passages[one.passage].title for one in found]
    # As the index encodes them, so that their vectors are there.
    texts = [f"{title} – {one.question}\n{one.text}" for title, one in zip(titles, found, strict=True)]
    answering = cosines(encode, question.text, texts)
    values: dict[int, float] = {}
    for number, one in enumerate(found):
        title = frozenset(passage_stems(titles[number]))
        told = title.union(passage_stems(f"{one.question} {one.text}"))
        if near is None or answering is None:
            value = _shared(ranking.topic, one, title) - LEAST_BY_WORDS
        else:
            value = QUESTION * near[number] + ANSWER * answering[number] - LEAST
            value += HELD * ranking.share(told) + OWN_WORDS * _own_words(one, ranking.topic)
        value += _difference(question, one, told)
        if question.defines and title.issuperset(ranking.topic) and _own_words(one, ranking.topic):
            value += PART_OF_IT
        if question.is_direct and not question.wants_decision and ranking.rarest not in told:
            value += DETAIL_MISSING
        if value < 0 and ranking.share(told) < MOST_OF_IT:
            continue
        if value >= -lower:
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


def _difference(question: Question, one: Answered, told: frozenset[str]) -> float:
    """What is taken away because the other question asks for something else, or its answer lacks what is asked for."""
    other, value = Question(one.question), 0.0
    asks_else = question.fact is not other.fact or question.wants_reason != other.wants_reason
    is_detail = question.is_direct and not question.wants_decision
    if asks_else or (other.defines and (question.wants_manner or is_detail)):
        value += OTHER_KIND
    elif (other.defines and not question.defines) or question.wants_decision != other.wants_decision:
        value += OTHER_KIND / 2
    if question.fact and not question.fact.search(one.text):
        value += NO_SUCH_FACT
    numbers = {stem(word) for word in words(question.text) if _NUMBER.search(word)}
    if (numbers | question.names) - told:
        value += NAME_MISSING
    return value
