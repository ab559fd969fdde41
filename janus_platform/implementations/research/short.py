"""Patterns over short texts: the functions of `re`, of which each looks at the first 600 characters and no further.

The skills read English with patterns that may go through a question more than once for each of its words. Over a
bounded text that is a bounded time, whoever wrote the text; over any text it would not be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

MOST_CHARACTERS = 600


class Pattern:
    """A compiled pattern that reads no further than the bound."""

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self._pattern = re.compile(pattern, flags)

    def search(self, text: str) -> re.Match[str] | None:
        """The first match."""
        return self._pattern.search(text[:MOST_CHARACTERS])

    def match(self, text: str) -> re.Match[str] | None:
        """A match at the beginning."""
        return self._pattern.match(text[:MOST_CHARACTERS])

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """Every match."""
        return self._pattern.finditer(text[:MOST_CHARACTERS])

    def sub(self, made: str, text: str) -> str:
        """The text with its matches replaced; what lies beyond the bound stays as it is."""
        return self._pattern.sub(made, text[:MOST_CHARACTERS]) + text[MOST_CHARACTERS:]


def compile(pattern: str, flags: int = 0) -> Pattern:
    """A pattern for use more than once."""
    return Pattern(pattern, flags)


def search(pattern: str, text: str, flags: int = 0) -> re.Match[str] | None:
    """The first match."""
    return re.search(pattern, text[:MOST_CHARACTERS], flags)


def match(pattern: str, text: str, flags: int = 0) -> re.Match[str] | None:
    """A match at the beginning."""
    return re.match(pattern, text[:MOST_CHARACTERS], flags)


def fullmatch(pattern: str, text: str, flags: int = 0) -> re.Match[str] | None:
    """A match of the whole text; none of a longer one."""
    return re.fullmatch(pattern, text, flags) if len(text) <= MOST_CHARACTERS else None


def finditer(pattern: str, text: str, flags: int = 0) -> Iterator[re.Match[str]]:
    """Every match."""
    return re.finditer(pattern, text[:MOST_CHARACTERS], flags)


def findall(pattern: str, text: str, flags: int = 0) -> list[Any]:
    """Every match, as its groups."""
    return re.findall(pattern, text[:MOST_CHARACTERS], flags)


def split(pattern: str, text: str, flags: int = 0) -> list[str]:
    """The text cut at every match."""
    return re.split(pattern, text[:MOST_CHARACTERS], flags=flags)


def sub(pattern: str, made: str | Callable[[re.Match[str]], str], text: str, flags: int = 0) -> str:
    """The text with its matches replaced; what lies beyond the bound stays as it is."""
    return re.sub(pattern, made, text[:MOST_CHARACTERS], flags=flags) + text[MOST_CHARACTERS:]
