"""The local engine: answers by quoting the sentences of its passages that fit the question best.

Deterministic, and unable to invent: every sentence of an answer stands in a passage of the prompt, or is one of the
fixed sentences below. What it is not: a language model. It does not infer, translate, calculate or join facts of two
sentences, and it says so instead of trying.

`ranking` scores the sentences, `coverage` says whether they are enough to answer from, `composing` makes an answer of
the best.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from janus_platform.services.inference.local.answered import LOWER, best_answered
from janus_platform.services.inference.local.composing import compose
from janus_platform.services.inference.local.coverage import covers
from janus_platform.services.inference.local.meaning import Encode
from janus_platform.services.inference.local.prompt import Message, Passage, Prompt, read_prompt
from janus_platform.services.inference.local.question import Question
from janus_platform.services.inference.local.ranking import Ranking, Scored
from janus_platform.services.inference.local.sentences import ROW, split_sentences
from janus_platform.services.inference.local.small_talk import reply_to
from janus_platform.services.inference.local.stemming import content_stems

FINGERPRINT = "janus-local-extractive-1"
NOT_COVERED = (
    "The given passages do not cover this question.",
    "I answer only from the passages in my prompt, so I have nothing to say about it.",
)
NO_PASSAGES = (
    "I am janus-local-extractive-1, an extractive engine: I answer only by quoting passages that stand in my prompt, "
    "and this prompt has none. Give them like this:\n\n"
    "Question: What is a three-way handshake?\n"
    "Passages:\n"
    "[1] Title of the page — https://example.com/article\n"
    "The text of the page, in Markdown."
)


def answer(messages: Sequence[Message], encode: Encode | None = None) -> str:
    """The engine's answer to a conversation, in Markdown paragraphs."""
    prompt = read_prompt(messages)
    if not prompt.passages:
        return reply_to(prompt.question) or NO_PASSAGES
    question = Question(prompt.question)
    ranking = Ranking(question, prompt.passages, encode)
    # A fact may stand in a sentence that was quoted for another.
    said = frozenset[str]() if question.fact else _said(messages)
    if same := _same_question(question, prompt, ranking, encode, said):
        return same
    if question.compared and (both := _compared(question, prompt, encode)):
        return both
    if not covers(ranking.evidence):
        return " ".join(NOT_COVERED)
    if like := _same_question(question, prompt, ranking, encode, said, LOWER):
        return like
    runs = _runs(ranking, question, said)
    if not runs:
        return " ".join(NOT_COVERED)
    return "\n\n".join([_paragraph(run, prompt.passages, ranking.topic) for run in runs])


def _compared(question: Question, prompt: Prompt, encode: Encode | None) -> str:
    """What the passages say of each of two things; "" where they do not know both."""
    told: list[str] = []
    for thing in question.compared or ():
        ranking = Ranking(Question(f"What is {thing}?"), prompt.passages, encode)
        runs = compose(ranking.scored, Question(f"What is {thing}?")) if covers(ranking.evidence) else []
        if runs:
            told.append(_paragraph(runs[0][:2], prompt.passages, ranking.topic))
    return "\n\n".join(dict.fromkeys(told)) if len(told) == 2 else ""


def _same_question(
    question: Question,
    prompt: Prompt,
    ranking: Ranking,
    encode: Encode | None,
    said: frozenset[str],
    lower: float = 0.0,
) -> str:
    """The answer of a page that asks the same itself, unless it was given before; "" where none does."""
    for one in best_answered(question, prompt.passages, ranking, encode, lower):
        if not said.issuperset(split_sentences(one.text)):
            number = prompt.passages[one.passage].number
            return one.text if number is None else f"{one.text} [{number}]"
    return ""


def _runs(ranking: Ranking, question: Question, said: frozenset[str]) -> list[list[Scored]]:
    """The answer's runs, the first of which speaks of what the question names and can answer its kind; [] without."""
    runs = compose(ranking.scored, question, said)
    if not runs or (ranking.speaks_of_it(runs[0]) and ranking.is_of_the_kind(runs[0])):
        return runs
    fitting = [s for s in ranking.scored if ranking.speaks_of_it([s]) and ranking.is_of_the_kind([s])]
    return compose(fitting, question, said)


def _said(messages: Sequence[Message]) -> frozenset[str]:
    """The sentences that the answers before have already."""
    answers = [re.sub(r" ?\[\d{1,3}\]", "", m.text[:20_000]) for m in messages if m.role == "assistant"]
    return frozenset(s for text in answers for part in text.splitlines() for s in split_sentences(part))


def _asked_for(row: Scored, topic: Sequence[str]) -> Sequence[str]:
    """What a row's columns say of what is asked; all of them where none names it."""
    asked = [item for item in row.sentence.items if set(content_stems(item)) & set(topic)]
    return asked or row.sentence.items


def _paragraph(run: Sequence[Scored], passages: Sequence[Passage], topic: Sequence[str]) -> str:
    """A run as a paragraph, each sentence with its passage's number, and with its list where it has one."""
    parts: list[str] = []
    for scored in run:
        number = passages[scored.sentence.passage].number
        mark = "" if number is None else f" [{number}]"
        text = scored.sentence.text
        if scored.sentence.kind == ROW:
            text = f"{text} – {'; '.join(_asked_for(scored, topic))}."
        elif items := scored.sentence.items:
            text = f"{text.rstrip(':')}: {'; '.join(item.rstrip('.;,') for item in items)}."
        # What introduces a sample that is not quoted ends here.
        parts.append((text.removesuffix(":") + "." if text.endswith(":") else text) + mark)
    return " ".join(parts)
