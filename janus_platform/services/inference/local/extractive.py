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

from janus_platform.services.inference.local.answered import LOWER, Answered, best_answered
from janus_platform.services.inference.local.composing import compose
from janus_platform.services.inference.local.coverage import covers
from janus_platform.services.inference.local.meaning import Encode
from janus_platform.services.inference.local.prompt import Message, Passage, Prompt, read_prompt
from janus_platform.services.inference.local.question import Question
from janus_platform.services.inference.local.ranking import Ranking, Scored
from janus_platform.services.inference.local.sentences import ROW, split_sentences
from janus_platform.services.inference.local.small_talk import reply_to
from janus_platform.services.inference.local.stemming import content_stems, passage_stems

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
    is_covered = covers(ranking.evidence)
    same = _same_question(question, prompt, ranking, encode, said)
    if same is None and question.compared and (both := _compared(question, prompt, encode)):
        return both
    if same is None and is_covered:
        same = _same_question(question, prompt, ranking, encode, said, LOWER)
    if question.is_direct and is_covered and not (same and _has_it_all(ranking, f"{same.question} {same.text}")):
        # "Which host is the Search API on?": a sentence that has every word of it is the better answer.
        whole = [s for s in ranking.scored if _has_it_all(ranking, s.sentence.text) and ranking.is_of_the_kind([s])]
        if runs := compose(whole, question, said):
            return _paragraph(runs[0][:1], prompt.passages, ranking.topic)
    if same:
        number = prompt.passages[same.passage].number
        return same.text if number is None else f"{same.text} [{number}]"
    if not is_covered:
        return " ".join(NOT_COVERED)
    runs = _runs(ranking, question, said)
    if not runs:
        return " ".join(NOT_COVERED)
    return "\n\n".join([_paragraph(run, prompt.passages, ranking.topic) for run in runs])


def _has_it_all(ranking: Ranking, text: str) -> bool:
    """Whether a text has every word of the question."""
    return ranking.share(frozenset(passage_stems(text))) > 1 - 1e-9


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
) -> Answered | None:
    """What a page answers that asks the same itself, unless it was said before; None where none does."""
    asked = best_answered(question, prompt.passages, ranking, encode, lower)
    return next((one for one in asked if not said.issuperset(split_sentences(one.text))), None)


def _runs(ranking: Ranking, question: Question, said: frozenset[str]) -> list[list[Scored]]:
    """The answer's runs; [] without one that stands alone, speaks of the question's names and answers its kind."""
    runs = compose(ranking.scored, question, said)
    if runs and _begins_well(runs[0], ranking):
        return runs
    runs = compose([s for s in ranking.scored if _begins_well([s], ranking)], question, said)
    return runs if runs and not runs[0][0].leans else []


def _begins_well(run: Sequence[Scored], ranking: Ranking) -> bool:
    """Whether an answer may begin with these sentences."""
    return not run[0].leans and ranking.speaks_of_it(run) and ranking.is_of_the_kind(run)


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
