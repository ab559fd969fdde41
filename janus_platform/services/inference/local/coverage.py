"""Whether the passages of a prompt cover its question: known by words, and by meaning where an encoder is at hand."""

from __future__ import annotations

from janus_platform.services.inference.local.ranking import Evidence

# With meaning: the weighted sum below which a question is refused. Without: the least share of words.
PASSAGE, SENTENCE, MEANING, MISSING = 4.3, 2.0, 3.4, -1.2
LEAST, LEAST_BY_WORDS = 6.0, 4.4


def covers(evidence: Evidence) -> bool:
    """Whether there is enough to answer from."""
    return strength(evidence) >= 0


def strength(evidence: Evidence) -> float:
    """How far the evidence is above the least that is asked for; below 0 it is not enough."""
    by_words = PASSAGE * evidence.passage + SENTENCE * evidence.sentence + MISSING * evidence.missing
    if evidence.meaning is None:
        return by_words - LEAST_BY_WORDS
    return by_words + MEANING * evidence.meaning - LEAST
