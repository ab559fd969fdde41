"""What the user said earlier in a conversation, found for a question about it.

A statement answers a question when it has the question's words and something besides: "My dog is called Pixel" and
"What is my dog called?" share *dog* and *called*, and *Pixel* is what is left. What was said last counts, since people
change their minds. Nothing is looked up: only the user's own sentences are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import short
from reading import ORDINAL, place

MOST_STATEMENTS, MOST_CHARACTERS = 400, 20_000
_MOST_AFTER = 6  # words behind "what did I ask first": more of them ask for something else
_STOP = frozenset(
    (
        "a an the of in on at to for with by from is are was were be been am has have had do does did what "
        "which who whom whose where when how many much old my mine i me we our you your please just only and "
        "or it its that there now then so this called name's still again exactly one tell remind give say "
        "reply answer number word name currently"
    ).split()
)
_SAME = {
    "call": "name",
    "named": "name",
    "called": "name",
    "name": "name",
    "keep": "own",
    "have": "own",
    "reside": "live",
}
_ABOUT_NAME = short.compile(
    r"\b(?:what(?:'s|\s+is|\s+was)\s+my\s+name|who\s+am\s+i|how\s+am\s+i\s+called|what\s+am\s+i\s+called)\b", re.I
)
_NAME = short.compile(
    r"\b(?:my\s+name\s+is|my\s+name's|i\s+am\s+called|i'm\s+called|call\s+me|i'm|i\s+am|this\s+is)\s+((?-i:[A-ZÀ-Þ][\w'’-]*(?:\s+[A-ZÀ-Þ][\w'’-]*)*))",
    re.I,
)
_MESSAGES = short.compile(
    rf"\b(?:what|which)\b[^.?!]*?\b(?:my|i|the)\b[^.?!]*?\b({ORDINAL}|previous|before)\b[^.?!]*?\b(?:message|question|ask(?:ed)?|said|say|wrote|write)\b"
    rf"|\bwhat\s+did\s+i\s+(?:ask|say|write)(?:\s+you)?\s+({ORDINAL}|before|at\s+first)\b",
    re.I,
)
_CORRECTED = short.compile(
    r"\bi\s+meant?\s+(?P<new>[^,.;]+?),?\s+(?:and\s+)?not\s+(?P<old>[^,.;!]+)|\bnot\s+(?P<wrong>[^,.;]+?),?\s+but\s+(?P<right>[^,.;!]+)"
    r"|\b(?P<now>[^\s,.;]+)\s+instead\s+of\s+(?P<then>[^\s,.;!]+)",
    re.I,
)
_ASKS_BACK = short.compile(r"\b(?:my|mine|i|me|our|we)\b|\b[A-ZÀ-Þ]\w+'s\b|\b(?:[A-ZÀ-Þ]\w+)\b", re.I)
_QUESTION = short.compile(r"\b(?:what|which|who|whose|where|when|how)\b", re.I)
# What asks without a question mark states nothing.
_COMMAND = re.compile(r"\s*(?:please\s+)?(?:explain|describe|define|tell me about|what|who|why|how|when|where)\b", re.I)


@dataclass(frozen=True)
class Statement:
    """One thing that the user said, with the heading that it stood under ("Room numbers: ...")."""

    text: str
    heading: str = ""


def recalled(messages: Sequence[dict[str, Any]], question: str) -> str | None:
    """What the user said that answers `question`; None where it is not about that, or was not said."""
    said = _said_before(messages)
    if not said or not _QUESTION.search(question):
        return None
    if (about := _MESSAGES.search(question)) and len(question[about.end() :].split()) <= _MOST_AFTER:
        return _message(said, (about[1] or about[2]).lower())
    if _ABOUT_NAME.search(question):
        names = [found[1] for text in said for found in _NAME.finditer(text)]
        return names[-1] if names else None
    if not _ASKS_BACK.search(_QUESTION.sub("", question)):
        return None
    said = _corrected(said)
    return _left_over(said, question)


def _said_before(messages: Sequence[dict[str, Any]]) -> list[str]:
    """The user's messages before the last one."""
    texts = [m["content"] for m in messages if m.get("role") == "user" and isinstance(m.get("content"), str)]
    return [text[:MOST_CHARACTERS] for text in texts[:-1]]


def _corrected(said: list[str]) -> list[str]:
    """The messages as they are meant in the end: "I meant Ghent, not Rome" holds for what was said before it."""
    meant: list[str] = []
    for text in said:
        for found in _CORRECTED.finditer(text):
            old, new = found["old"] or found["wrong"] or found["then"], found["new"] or found["right"] or found["now"]
            meant = [earlier.replace(old.strip(), new.strip()) for earlier in meant]
        meant.append(text)
    return meant


def _message(said: list[str], which: str) -> str | None:
    if which in ("previous", "before"):
        return said[-1].strip()
    index = 0 if which == "at first" else place(which)
    return said[index].strip() if -len(said) <= index < len(said) else None


def _left_over(said: list[str], question: str) -> str | None:
    """What the statement nearest to the question says besides the question's own words."""
    asked = _meaning(question)
    names = {_stem(word) for word in short.findall(r"\b[A-ZÀ-Þ][\w-]*", question[1:])} - {"i"}
    best, answer = 0.0, None
    for statement in _statements(said):
        words = _meaning(statement.text)
        shared = asked & (words | _meaning(statement.heading))
        if not asked & words or names - words or not _enough(shared, asked):
            continue
        left = _remainder(statement.text, asked, question)
        # later ones count a little more: what was said last holds
        if left and len(shared) + 1e-9 >= best:
            best, answer = len(shared), left
    return answer


def _enough(shared: set[str], asked: set[str]) -> bool:
    return bool(shared) and len(shared) * 2 >= len(asked)


def _statements(said: list[str]) -> Iterator[Statement]:
    for text in said:
        for sentence in short.split(r"(?<=[.!?])\s+|\n+", text)[:MOST_STATEMENTS]:
            if sentence.rstrip().endswith("?") or _COMMAND.match(sentence):
                continue
            heading, colon, rest = sentence.partition(":")
            body = rest if colon and len(heading.split()) <= 5 else sentence
            for clause in short.split(
                r"\s*[,;]\s*(?:and\s+)?|\s+and\s+(?=(?:I|my|we|our|the|[A-ZÀ-Þ]\w+\s+(?:is|has|are|was|gets))\b)", body
            ):
                if clause.strip():
                    yield Statement(clause.strip(" .!"), heading if body is rest else "")


def _remainder(statement: str, asked: set[str], question: str) -> str:
    """The longest run of a statement's words that are not in the question and carry meaning."""
    words = statement.split()
    keeps = [
        _plain(word) not in _STOP
        and not ({_plain(word), _stem(_plain(word))} & asked)
        and _SAME.get(_plain(word)) not in asked
        for word in words
    ]
    if short.search(r"\bhow\s+(?:many|much|old)\b|\bnumber\b|\bcode\b", question, re.I):
        numbers = [word.strip(".,;:!\"'") for word in words if short.search(r"\d", word)]
        return numbers[-1] if numbers else ""
    if short.search(r"\bwhen\b", question, re.I) and any(keeps):
        first, last = keeps.index(True), len(keeps) - keeps[::-1].index(True)
        return " ".join(words[first:last]).strip(" .,;:!\"'")  # a day and an hour belong together
    runs, run = [], list[str]()
    for word, keep in zip([*words, ""], [*keeps, False], strict=True):
        if keep:
            run.append(word)
        elif run:
            runs.append(" ".join(run))
            run = []
    return runs[-1].strip(" .,;:!\"'") if runs else ""


def _meaning(text: str) -> set[str]:
    words = {_plain(word.removesuffix("'s").removesuffix("’s")) for word in text.split()}
    return {_SAME.get(word, _stem(word)) for word in words if word and word not in _STOP}


def _plain(word: str) -> str:
    return short.sub(r"^\W+|\W+$", "", word.lower())


def _stem(word: str) -> str:
    lower = word.lower()
    return lower[:-1] if len(lower) > 3 and lower.endswith("s") and not lower.endswith("ss") else lower
