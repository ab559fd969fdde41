"""Checks of values: a number, a quantity with its unit, a set, a choice, a form of text.

Where an answer may reason first, what counts stands behind the last "answer", else at the end: an answer that lists
many values has chosen none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from janus_bench.checks import code_runner, normalise
from janus_bench.checks.units import UNITS, read_quantities
from janus_bench.checks.verdict import Subject, Verdict, above_chance, capped


@dataclass(frozen=True)
class Number:
    """The number behind the last "answer", else the last of the body, lies within `within` of `value`."""

    kind: ClassVar[str] = "number"
    value: float
    within: float = 0.0
    max_words: int = 200

    def evaluate(self, subject: Subject) -> Verdict:
        text = _plain(subject.text)
        after = _behind_answer(text)
        candidates = (normalise.numbers(after)[:1] if after is not None else []) or normalise.numbers(text)[-1:]
        if not candidates:
            return Verdict(0.0, "no number")
        if not abs(candidates[0] - self.value) <= self.within + 1e-9 * abs(self.value):
            return Verdict(0.0, f"{candidates[0]:g} instead of {self.value:g}")
        return capped(1.0, f"{self.value:g}", text, self.max_words)


@dataclass(frozen=True)
class Quantity:
    """The quantity behind the last "answer", else the last of the body, is `value` `unit`, in any unit of its kind.

    `within` is in `unit`. A number without a unit is no quantity.
    """

    kind: ClassVar[str] = "quantity"
    value: float
    unit: str
    within: float = 0.0
    max_words: int = 200

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise ValueError(f"unit: {self.unit!r} is not one of {', '.join(UNITS)}")

    def evaluate(self, subject: Subject) -> Verdict:
        text = normalise.without_echo(_plain(subject.text), subject.prompt)
        after = _behind_answer(text)
        candidates = (read_quantities(after)[:1] if after is not None else []) or read_quantities(text)[-1:]
        if not candidates:
            return Verdict(0.0, "no number with a unit")
        dimension, factor = UNITS[self.unit]
        amount, unit = candidates[0]
        if UNITS[unit][0] != dimension:
            return Verdict(0.0, f"{unit} is not a unit of {dimension}")
        got = amount * UNITS[unit][1] / factor
        if not abs(got - self.value) <= self.within + 1e-9 * abs(self.value):
            return Verdict(0.0, f"{got:g} {self.unit} instead of {self.value:g} {self.unit}")
        return capped(1.0, f"{self.value:g} {self.unit}", text, self.max_words)


@dataclass(frozen=True)
class Members:
    """The answer lists just the `members`, in any order: as a whole, in its last line, or behind "answer:".

    A list that is partly right counts by F1 (the harmonic mean of precision and recall), above one half.
    """

    kind: ClassVar[str] = "set"
    members: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.members or len({_bare(member) for member in self.members}) != len(self.members):
            raise ValueError("members: needs at least one, each once")

    def evaluate(self, subject: Subject) -> Verdict:
        wanted = {_bare(member) for member in self.members}
        best = 0.0
        for text in _places(subject.text):
            listed = _listed(text)
            shared = len(wanted & set(listed))
            best = max(best, 2 * shared / (len(wanted) + len(listed)) if shared else 0.0)
        return Verdict(above_chance(best), "all members and no other" if best == 1 else f"F1 of the list: {best:.2f}")


@dataclass(frozen=True)
class Choice:
    """The letter of the right one of `options`: alone, or behind "answer". Guessing reaches 1 in `options`.

    The score stays 0 or 1; what guessing reaches is taken off where scores are averaged (scoring/score.py).
    """

    kind: ClassVar[str] = "choice"
    answer: str
    options: int = 4

    def __post_init__(self) -> None:
        if not 2 <= self.options <= 26:
            raise ValueError("options: must be 2 to 26")
        if len(self.answer) != 1 or not 0 <= ord(self.answer) - ord("A") < self.options:
            raise ValueError(f"answer: must be a letter from A to {chr(ord('A') + self.options - 1)}")

    @property
    def chance(self) -> float:
        """The share that guessing gets right."""
        return 1 / self.options

    def evaluate(self, subject: Subject) -> Verdict:
        text = _plain(subject.text).strip()
        letters = "A-" + chr(ord("A") + self.options - 1)
        alone = re.fullmatch(rf"\W{{0,3}}([{letters}{letters.lower()}])(?:[).:]\s[^\n]{{0,300}})?\W{{0,3}}", text)
        behind = re.findall(rf"(?i:answer)(?i:\s+is)?\s{{0,3}}:?\s{{0,3}}\(?([{letters}])(?![\w'])", text)
        chosen = (alone[1] if alone else behind[-1] if behind else "").upper()
        if not chosen:
            return Verdict(0.0, "no letter chosen")
        return Verdict(1.0, "the right option") if chosen == self.answer else Verdict(0.0, f"chose {chosen}")


@dataclass(frozen=True)
class Pattern:
    """The normalised body, or its beginning, matches the regular expression `pattern` as a whole.

    The match runs in a process of its own: a pattern that backtracks for ever on a hostile answer is stopped.
    """

    kind: ClassVar[str] = "pattern"
    pattern: str

    def __post_init__(self) -> None:
        try:
            re.compile(self.pattern)
        except re.error as error:
            raise ValueError(f"pattern: {error}") from None

    def evaluate(self, subject: Subject) -> Verdict:
        text = normalise.normalise(normalise.body(subject.text))[:2000]
        source = "import re\ndef matches(pattern, said): return re.fullmatch(pattern, said) is not None"
        run = code_runner.call(source, "matches", [[self.pattern, text]])
        if run.values == [True]:
            return Verdict(1.0, "matches")
        return Verdict(0.0, f"the match was {run.failure}" if run.failure else "does not match")


def _plain(answer: str) -> str:
    return re.sub(r"[*`$\\]", "", normalise.body(answer))


def _behind_answer(text: str) -> str | None:
    parts = re.split(r"(?i)\banswer\b", text)
    return parts[-1] if len(parts) > 1 else None


def _places(answer: str) -> list[str]:
    text = _plain(answer).strip()
    lines = [line for line in text.splitlines() if line.strip()]
    behind = re.split(r"(?i)\banswer(?: is)?\b[ \t]*:?", text)
    if len(behind) > 1:
        return [behind[-1]]  # what it says it chose: the rest is no second try
    points = "\n".join(line for line in lines if re.match(r"\s*(?:[-•+]|\d{1,2}[.)])\s", line))
    return [text, lines[-1] if lines else "", points]


def _listed(text: str) -> list[str]:
    """The distinct entries of a list that commas, semicolons, "and" or line breaks keep apart."""
    parts = re.split(r"[,;\n]|\band\b", text.strip("{}[]() \t\n."))
    cleaned = (re.sub(r"^(?:[-•+]|\d{1,2}[.)])\s+", "", part.strip()) for part in parts)
    return list(dict.fromkeys(entry for part in cleaned if (entry := _bare(part))))


def _bare(member: str) -> str:
    return normalise.normalise(member).strip(" .!?:;,'\"()[]{}")
