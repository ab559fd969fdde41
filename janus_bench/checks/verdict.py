"""What every check takes and gives: the subject, the verdict, and the two ways in which scores fall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from janus_bench.constants import load_scoring


@dataclass(frozen=True)
class Judgement:
    """What a judge made of an answer, 0 to 1 and why; `failure` names what kept it from reading the answer at all."""

    score: float
    why: str
    failure: str = ""


@dataclass(frozen=True)
class Subject:
    """What is checked: the question and all that came back, and what a judge said of it where one was asked."""

    prompt: str
    text: str
    tool_calls: Sequence[dict[str, str]] = ()
    artifacts: Sequence[dict[str, str]] = ()
    judgement: Judgement | None = None


@dataclass(frozen=True)
class Verdict:
    """A score from 0 to 1 and the reason for it, in words a reader of the report understands."""

    score: float
    why: str


def above_chance(share: float) -> float:
    """A share of facts or cases, corrected for chance: 0 up to one half, then a straight line to 1."""
    chance: float = load_scoring()["quality"]["chance"]
    return max(0.0, (share - chance) / (1 - chance))


def capped(score: float, why: str, answer: str, max_words: int) -> Verdict:
    """The score, falling in a straight line to 0 as the answer grows from `max_words` to twice that."""
    length = len(answer.split())
    if length <= max_words or score == 0:
        return Verdict(score, why)
    return Verdict(score * max(0.0, 2 - length / max_words), f"{why}; {length} words where {max_words} are enough")
