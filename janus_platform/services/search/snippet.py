"""Snippets: the part of a page's text that shows why it was found, as plain text."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from janus_platform.services.framework.invisible import without_invisible
from janus_platform.services.search.text import folded, is_spaceless

SNIPPET_CHARACTERS = 240
ELLIPSIS = "…"
# A match should not stand at the very edge: about so much of the text before it is shown.
_LEAD = 60
_MOST_MATCHES = 16
_SENTENCE_END = re.compile(r"[.!?:]['\")\]’”]? ")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# Joiners are part of how words of some scripts, and emoji, are written; no other format character is shown.
_JOINERS = "\u200c\u200d"


@dataclass(frozen=True)
class PreparedText:
    """A text to cut snippets from, and the same in lower case, letter below letter."""

    text: str
    lower: str


def prepare(text: str) -> PreparedText:
    """`text` on one line, without control characters and in composed Unicode, ready to be cut."""
    line = one_line(unicodedata.normalize("NFC", text))
    return PreparedText(line, folded(line))


def one_line(text: str) -> str:
    """`text` with every run of space as one space, and without control characters and what is not seen."""
    line = " ".join(text.split())
    if line.isascii() and line.isprintable():
        return line
    seen = without_invisible(_CONTROL.sub(" ", line))
    kept = (letter if letter.isprintable() or letter in _JOINERS else " " for letter in seen)
    return " ".join("".join(kept).split())


def cut(page: PreparedText, spellings: Sequence[Sequence[str]]) -> str:
    """At most SNIPPET_CHARACTERS of the page around the place that shows the most of what was asked.

    `spellings` has those of each word, in lower case. Where none stands in the text, its beginning is shown.
    An ellipsis stands where a sentence was cut.
    """
    text, most = page.text, SNIPPET_CHARACTERS
    if len(text) <= most:
        return text
    start = _start(text, *_best_place(page.lower, spellings))
    end = start + most
    if end >= len(text):
        start, end = _word_after(text, len(text) - most), len(text)
    elif (space := text.rfind(" ", start + most // 2, end + 1)) > 0:
        end = space
    before = "" if start == 0 or _SENTENCE_END.search(text, max(start - 3, 0), start) else ELLIPSIS
    after = "" if end == len(text) or text[end - 1] in ".!?" else ELLIPSIS
    return before + text[start:end] + after


def _best_place(lower: str, spellings: Sequence[Sequence[str]]) -> tuple[int, int]:
    """From where to where in the text the most distinct words asked for stand together, then the most of them."""
    matches = sorted((at, end, word) for word, forms in enumerate(spellings) for at, end in _matches(lower, forms))
    best, span = (0, 0), (0, 0)
    inside: Counter[int] = Counter()
    first = 0
    for number, (at, end, word) in enumerate(matches):
        inside[word] += 1
        while end - matches[first][0] > SNIPPET_CHARACTERS - _LEAD and matches[first][0] < at:
            gone = matches[first][2]
            inside[gone] -= 1
            if not inside[gone]:
                del inside[gone]
            first += 1
        value = (len(inside), number - first + 1)
        if value > best:
            best, span = value, (matches[first][0], end)
    return span


def _matches(lower: str, spellings: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where the first _MOST_MATCHES of each spelling stand as whole words: from, to. Some scripts have no word ends."""
    for spelling in spellings:
        at, seen, within = lower.find(spelling), 0, is_spaceless(spelling)
        while at >= 0 and seen < _MOST_MATCHES:
            end = at + len(spelling)
            if within or not (lower[at - 1 : at].isalnum() or lower[end : end + 1].isalnum()):
                yield at, end
                seen += 1
            at = lower.find(spelling, end)


def _start(text: str, first: int, last: int) -> int:
    """Where to begin so that all from `first` to `last` is shown: at a sentence if one begins near, else at a word."""
    earliest = max(last - SNIPPET_CHARACTERS, first - 2 * _LEAD, 0)
    if earliest == 0:
        return 0
    begins = [match.end() for match in _SENTENCE_END.finditer(text, earliest, first)]
    return begins[0] if begins else _word_after(text, max(earliest, first - _LEAD))


def _word_after(text: str, at: int) -> int:
    """Where the first word begins at `at` or shortly after it; `at` itself where there are no spaces."""
    space = text.find(" ", max(at - 1, 0), at + _LEAD)
    return space + 1 if space >= 0 else at
