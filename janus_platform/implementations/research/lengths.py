"""Answers that are wanted short: no more than so many sentences, and then no list of sources behind them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import aclosing

from steps import Step, Text

_COUNTS = {"one": 1, "a single": 1, "a": 1, "two": 2, "three": 3, "four": 4, "five": 5, "1": 1, "2": 2, "3": 3, "4": 4}
_WANTED = re.compile(
    r"\b(one|a single|two|three|four|five|[1-4]) (?:short |brief |plain |simple )?sentences?\b",
    re.I,
)
_SOURCES = re.compile(r"\b(?:sources?|cite|citations?|urls?)\b", re.I)
_MARK = re.compile(r" ?\[\d{1,2}\]")
_END = re.compile(r"[.!?](?=\s)")


def most_sentences(question: str) -> int | None:
    """How many sentences a question wants at most; None where it does not say, or wants sources besides."""
    wanted = _WANTED.search(question[:2_000])
    return _COUNTS[wanted[1].lower()] if wanted and not _SOURCES.search(question[:2_000]) else None


async def within(steps: AsyncIterator[Step], sentences: int) -> AsyncIterator[Step]:
    """The steps with their text ended after so many sentences, its marks of sources left out."""
    text, said = "", 0
    async with aclosing(steps):  # type: ignore[type-var]
        async for step in steps:
            if not isinstance(step, Text):
                yield step
                continue
            text += step.text
            shown = _first(_MARK.sub("", text), sentences)
            # the last letters wait: they may be the beginning of a mark
            until = len(shown) if len(shown) < len(_MARK.sub("", text)) else max(said, len(shown) - 4)
            if until > said:
                yield Text(shown[said:until])
                said = until
        shown = _first(_MARK.sub("", text), sentences).rstrip()
        if len(shown) > said:
            yield Text(shown[said:])


def _first(text: str, sentences: int) -> str:
    """The first sentences of a text; what stands behind an empty line is no part of them."""
    body = text.lstrip().partition("\n\n")[0]
    for number, end in enumerate(_END.finditer(body + " "), 1):
        if number == sentences:
            return body[: end.end()]
    return body
