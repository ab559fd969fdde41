"""A sentence with its score, and what speaks for an answer at all."""

from __future__ import annotations

from dataclasses import dataclass

from janus_platform.services.inference.local.sentences import Sentence
from janus_platform.services.inference.local.weights import LEADING


@dataclass(frozen=True)
class Scored:
    """A sentence with its score.

    `overlap` is what of the question it holds, from 0 to 1; `leads` says that it is the first below a title or heading
    that names what is asked; `leans` that it says "it" or "this" of something that stands before it.
    """

    sentence: Sentence
    stems: frozenset[str]
    score: float
    overlap: float
    leads: bool = False
    gives_reason: bool = False
    leans: bool = False

    @property
    def plain_score(self) -> float:
        """The score without what the place at the head of a section is worth: what others are compared with."""
        return self.score - (LEADING if self.leads else 0.0)


@dataclass(frozen=True)
class Evidence:
    """How much speaks for an answer: the figures that `coverage` decides by.

    `passage` is the share of the question's words that its best passage holds, `sentence` that of the best sentence
    with its heading and title; `meaning` the best cosine, None without an encoder; `missing` the share of the names and
    rare words that no passage has.
    """

    passage: float
    sentence: float
    meaning: float | None
    missing: float
