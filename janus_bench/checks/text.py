"""Checks of what an answer says: exact answers, facts, form, and what a judge made of it.

Presence of a key word is never enough. A fact has to stand in a sentence that reads as prose, what would be wrong must
be absent, a length is set, and repeating the question earns nothing.

What these checks do not see: a fact stated and then denied in other words. Suites list such contradictions as `forbid`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from janus_bench.checks import normalise
from janus_bench.checks.verdict import Subject, Verdict, above_chance, capped


@dataclass(frozen=True)
class Exact:
    """The answer is one of `answers`: as a whole, in its last line, or behind "answer:" (normalised)."""

    kind: ClassVar[str] = "exact"
    answers: tuple[str, ...]

    def evaluate(self, subject: Subject) -> Verdict:
        wanted = {_bare(answer) for answer in self.answers}
        right = any(candidate in wanted for candidate in _candidates(subject.text))
        return Verdict(1.0, "the expected answer") if right else Verdict(0.0, "not the expected answer")


@dataclass(frozen=True)
class Facts:
    """Every group of `require` (synonyms) is stated in prose, none of `forbid` occurs, in at most `max_words` words.

    A `*` at the end of a word stands for any ending. Half of the groups is worth nothing. Where several facts, all
    numbers, are asked for, an answer may state one number more: a list of what they may be has chosen none.
    """

    kind: ClassVar[str] = "facts"
    require: tuple[tuple[str, ...], ...]
    forbid: tuple[str, ...] = ()
    max_words: int = 220

    def __post_init__(self) -> None:
        if not self.require or not all(self.require):
            raise ValueError("require: needs at least one group, and no group may be empty")

    def evaluate(self, subject: Subject) -> Verdict:
        answer = normalise.body(subject.text)
        everything = normalise.without_echo(answer, subject.prompt)
        for term in self.forbid:
            if normalise.contains(everything, term):
                return Verdict(0.0, f"says {term!r}, which is wrong here")
        stated = _stated(answer, subject.prompt)
        if len(self.require) > 1 and all(re.fullmatch(r"[\d.,]+", term) for group in self.require for term in group):
            figures = set(normalise.numbers(re.sub(r"\[\d{1,2}\]", "", everything))) - set(
                normalise.numbers(subject.prompt)
            )
            if len(figures) > len(self.require) + 1:
                return Verdict(0.0, f"states {len(figures)} numbers where {len(self.require)} were asked for")
        missing = [group[0] for group in self.require if not any(normalise.contains(stated, term) for term in group)]
        score = above_chance(1 - len(missing) / len(self.require))
        why = f"missing: {', '.join(missing)}" if missing else "all facts stated"
        return capped(score, why, answer, self.max_words)


@dataclass(frozen=True)
class Form:
    """The answer keeps the form asked for: number of list points, most sentences, most words."""

    kind: ClassVar[str] = "form"
    points: int = 0
    max_sentences: int = 0
    max_words: int = 0

    def evaluate(self, subject: Subject) -> Verdict:
        answer = normalise.body(subject.text).strip()
        points = len(re.findall(r"(?m)^[ \t]*(?:[-*•+]|\d{1,2}[.)])[ \t]+\S", answer))
        if self.points and points != self.points:
            return Verdict(0.0, f"{points} list points instead of {self.points}")
        if self.max_sentences and len(normalise.sentences(answer)) > self.max_sentences:
            return Verdict(0.0, f"more than {self.max_sentences} sentences")
        if self.max_words and len(answer.split()) > self.max_words:
            return Verdict(0.0, f"more than {self.max_words} words")
        return Verdict(1.0, "form kept") if answer else Verdict(0.0, "empty")


@dataclass(frozen=True)
class Judged:
    """A judge reads the answer by `rubric` (llm_judge.py). `reference` may be a good answer, for the judge alone.

    Without the judge's word there is no score: nothing stands in for it.
    """

    kind: ClassVar[str] = "judged"
    rubric: str
    reference: str = ""

    def evaluate(self, subject: Subject) -> Verdict:
        if subject.judgement is None or subject.judgement.failure:
            return Verdict(0.0, "not judged" + (f": {subject.judgement.failure}" if subject.judgement else ""))
        return Verdict(subject.judgement.score, subject.judgement.why)


def _stated(answer: str, prompt: str) -> str:
    """The part of an answer in which facts count: all of a short one, else the sentences that read as prose."""
    reply = normalise.without_echo(answer, prompt)
    if len(reply.split()) <= 25:
        return reply
    prose = [sentence for sentence in normalise.sentences(answer) if normalise.reads_as_prose(sentence)]
    return " . ".join(normalise.without_echo(sentence, prompt) for sentence in prose)


def _candidates(answer: str) -> list[str]:
    reply = normalise.body(answer).strip()
    lines = reply.splitlines()
    marked = re.split(r"(?i)\banswer(?: is)?\b[ \t*]*:?", reply)
    return [_bare(reply), _bare(lines[-1] if lines else ""), _bare(marked[-1])]


def _bare(answer: str) -> str:
    return normalise.normalise(answer).strip(" .!?:;,'\"()[]")
