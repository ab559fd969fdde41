"""Checks of what an answer says: exact answers, numbers, facts, sources, form, and admitting that there is no answer.

Presence of a key word is never enough. A fact has to stand in a sentence that reads as prose, what would be wrong must
be absent, a length is set, and repeating the question earns nothing.

What these checks do not see: a fact stated and then denied in other words. Suites list such contradictions as `forbid`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from janus_bench import text
from janus_bench.verdicts import Subject, Verdict, above_chance, capped


@dataclass(frozen=True)
class Exact:
    """The answer is one of `answers`: as a whole, in its last line, or behind "answer:" (normalised)."""

    kind: ClassVar[str] = "exact"
    answers: tuple[str, ...]

    def evaluate(self, subject: Subject) -> Verdict:
        wanted = {_bare(answer) for answer in self.answers}
        found = any(candidate in wanted for candidate in _candidates(subject.text))
        return Verdict(1.0, "the expected answer") if found else Verdict(0.0, "not the expected answer")


@dataclass(frozen=True)
class Number:
    """The number behind the last "answer", else the last of the body, lies within `within` of `value`."""

    kind: ClassVar[str] = "number"
    value: float
    within: float = 0.0
    max_words: int = 200

    def evaluate(self, subject: Subject) -> Verdict:
        said = re.sub(r"[*`$\\]", "", text.body(subject.text))
        after = re.split(r"(?i)\banswer\b", said)[-1]
        found = text.numbers(after)[:1] if after != said else []
        found = found or text.numbers(said)[-1:]
        if not found:
            return Verdict(0.0, "no number")
        if abs(found[0] - self.value) > self.within + 1e-9 * abs(self.value):
            return Verdict(0.0, f"{found[0]:g} instead of {self.value:g}")
        return capped(1.0, f"{self.value:g}", said, self.max_words)


@dataclass(frozen=True)
class Pattern:
    """The normalised body matches the regular expression `pattern` as a whole."""

    kind: ClassVar[str] = "pattern"
    pattern: str

    def __post_init__(self) -> None:
        try:
            re.compile(self.pattern)
        except re.error as error:
            raise ValueError(f"pattern: {error}") from None

    def evaluate(self, subject: Subject) -> Verdict:
        said = text.normalise(text.body(subject.text))[:2000]
        return Verdict(1.0, "matches") if re.fullmatch(self.pattern, said) else Verdict(0.0, "does not match")


@dataclass(frozen=True)
class Facts:
    """Every group of `require` (synonyms) is stated in prose, none of `forbid` occurs, in at most `max_words` words.

    A `*` at the end of a word stands for any ending. Half of the groups is worth nothing.
    """

    kind: ClassVar[str] = "facts"
    require: tuple[tuple[str, ...], ...]
    forbid: tuple[str, ...] = ()
    max_words: int = 220

    def __post_init__(self) -> None:
        if not self.require or not all(self.require):
            raise ValueError("require: needs at least one group, and no group may be empty")

    def evaluate(self, subject: Subject) -> Verdict:
        answer = text.body(subject.text)
        everything = text.without_echo(answer, subject.prompt)
        for term in self.forbid:
            if text.contains(everything, term):
                return Verdict(0.0, f"says {term!r}, which is wrong here")
        stated = _stated(answer, subject.prompt)
        missing = [group[0] for group in self.require if not any(text.contains(stated, term) for term in group)]
        score = above_chance(1 - len(missing) / len(self.require))
        why = f"missing: {', '.join(missing)}" if missing else "all facts stated"
        return capped(score, why, answer, self.max_words)


@dataclass(frozen=True)
class Sources:
    """At least `at_least` of the addresses `any_of` (host, or host and start of path) are named in the answer.

    Naming more than `at_most` addresses is a list, not a citation, and is worth nothing.
    """

    kind: ClassVar[str] = "sources"
    any_of: tuple[str, ...]
    at_least: int = 1
    at_most: int = 8

    def evaluate(self, subject: Subject) -> Verdict:
        named = text.urls(subject.text)
        if len(named) > self.at_most:
            return Verdict(0.0, f"{len(named)} addresses named, more than {self.at_most}")
        right = sum(any(_lies_below(address, place) for place in self.any_of) for address in named)
        if right < self.at_least:
            return Verdict(0.0, "no expected source named" if not named else "other sources than expected")
        return Verdict(1.0, "source named")


@dataclass(frozen=True)
class Unanswerable:
    """The answer says within its first two sentences that it cannot be given, and makes nothing up (`forbid`)."""

    kind: ClassVar[str] = "unanswerable"
    forbid: tuple[str, ...] = ()
    max_words: int = 150

    def evaluate(self, subject: Subject) -> Verdict:
        answer = text.without_echo(text.body(subject.text), subject.prompt)
        for term in self.forbid:
            if text.contains(answer, term):
                return Verdict(0.0, f"makes up {term!r}")
        start = " ".join(text.sentences(answer)[:2])
        if not _ADMISSION.search(start):
            return Verdict(0.0, "does not say that it cannot answer")
        return capped(1.0, "says that it cannot answer", answer, self.max_words)


@dataclass(frozen=True)
class Form:
    """The answer keeps the form asked for: number of list points, most sentences, most words."""

    kind: ClassVar[str] = "form"
    points: int = 0
    max_sentences: int = 0
    max_words: int = 0

    def evaluate(self, subject: Subject) -> Verdict:
        answer = text.body(subject.text).strip()
        points = len(re.findall(r"(?m)^[ \t]*(?:[-*•+]|\d{1,2}[.)])[ \t]+\S", answer))
        if self.points and points != self.points:
            return Verdict(0.0, f"{points} list points instead of {self.points}")
        if self.max_sentences and len(text.sentences(answer)) > self.max_sentences:
            return Verdict(0.0, f"more than {self.max_sentences} sentences")
        if self.max_words and len(answer.split()) > self.max_words:
            return Verdict(0.0, f"more than {self.max_words} words")
        return Verdict(1.0, "form kept") if answer else Verdict(0.0, "empty")


_ADMISSION = re.compile(
    r"\b(?:do(?:es)?|did)(?: not|n't) (?:\w+ ){0,3}"
    r"(?:cover|contain|say|mention|include|state|answer|know|have|provide|give|name)"
    r"|\b(?:could|can) ?(?:not|n't|'t) (?:\w+ ){0,3}(?:find|found|answer|answered|say|tell|determine|determined)"
    r"|\bnot (?:\w+ ){0,2}(?:covered|found|mentioned|stated|answered|known|available|supported)"
    r"|\bno (?:\w+ ){0,4}(?:information|sources?|pages?|passages?|documents?|results?|mention|answers?|evidence|data)\b"
    r"|\bnothing (?:\w+ ){0,6}(?:about|on|covers?|answers?|says?|mentions?|found)\b"
    r"|\bnone of (?:\w+ ){1,5}(?:covers?|answers?|says?|mentions?|contains?)"
    r"|\b(?:unable|not able) to (?:find|answer|say|tell|determine)"
)


def _stated(answer: str, prompt: str) -> str:
    """The part of an answer in which facts count: all of a short one, else the sentences that read as prose."""
    said = text.without_echo(answer, prompt)
    if len(said.split()) <= 25:
        return said
    prose = [sentence for sentence in text.sentences(answer) if text.reads_as_prose(sentence)]
    return " . ".join(text.without_echo(sentence, prompt) for sentence in prose)


def _candidates(answer: str) -> list[str]:
    said = text.body(answer).strip()
    lines = said.splitlines()
    marked = re.split(r"(?i)\banswer(?: is)?\b[ \t*]*:?", said)
    return [_bare(said), _bare(lines[-1] if lines else ""), _bare(marked[-1])]


def _bare(answer: str) -> str:
    return text.normalise(answer).strip(" .!?:;,'\"()[]")


def _lies_below(address: tuple[str, str], place: str) -> bool:
    host, slash, path = place.partition("/")
    below = f"/{path}".rstrip("/") if slash else ""
    return address[0] == host and (address[1] == below or address[1].startswith(f"{below}/") or not below)
