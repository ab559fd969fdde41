"""What every answer must be, whatever was asked: text that an editor would print. Each fault is told in a sentence.

The rules judge form, not truth: what an answer must say stands with its question. They are deterministic, and their
patterns are linear in the answer's length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from typing import Any

from janus_platform.corpus import load_corpus
from tests.answers.asking import Answer

MOST_CHARACTERS = 900
MOST_SAID_BEFORE = 0.5
_MARK = re.compile(r"[ \t]?\[(\d{1,3})\]")
_FENCED = re.compile(r"```[^`]*```")
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"”’)]?\s+(?=[A-Z0-9\"“(`\[|*-])|\n+")
# A colon with a mark behind it, or at the end of the prose.
_ANNOUNCED = re.compile(r"[^\n.!?:]{0,60}:[ \t]?(?:\[\d{1,3}\]|\s*\Z)")
_WHOLE = re.compile(r"[.!?][\"”’)`*]?$")
# A name that begins with a small letter, as its owner writes it, or a word of a program.
_SMALL_NAME = re.compile(
    r"`|(?:asyncio|httpx|mypy|sek8s|nginx|curl|nDCG|tf|[a-z])\b|[a-z]\w{0,40}[._(/]\w|[a-z]{1,40}_\w"
)
_LEANING = re.compile(
    r"(?:Its?|This|That|These|Those|They|Their|Them|He|She|His|Her|However|Moreover|Therefore|Thus|Hence|Otherwise"
    r"|But|And|Or|So|Then|Also|Such|Here|Both|Neither|In it|Without it|With it|In that|For example|For instance"
    r"|Instead|In the same|Likewise|Similarly|On the other hand)\b(?! of\b)"
)
_CODE = re.compile(
    "|".join(
        (
            r"^(?:import|from) \w+ |\bdef \w+\(|\bclass \w+[:(]|\breturn (?:None|True|False|self|\w+[.(\[])|\blambda ",
            r"\bprint\(|>>> |\bawait \w+\.|\w = [A-Za-z_]\w*[.(\[]|\w \+= \w|==|\{ ?\"|\"\}|\bfor \w+ in \w+:|# \d",
            r"\bcurl -|^\$ |\bSELECT .{1,80} FROM |</?\w+>|&[a-z]+;",
        )
    )
)
_POINTER = re.compile(
    "|".join(
        (
            r"\b(?:is|are|was) (?:described|explained|discussed|treated) (?:under|on|in)\b|(?:^|[;,:(]) ?see \w",
            r"\b(?:has|have) their own page\b|\bis the subject of\b|\bare on (?:one|the) \w+ (?:sheet|page)\b",
            r"^(?:Related|Background|More):",
        )
    )
)


@dataclass(frozen=True)
class Judged:
    """What is asked of an answer's form. Code and results are free of the rules for sentences."""

    free_form: bool = False
    most_sentences: int = 9


def faults(answer: Answer, judged: Judged = Judged()) -> list[str]:
    """Why an answer is not presentable, a sentence each; none where it is."""
    return list(dict.fromkeys(_faults(answer, judged)))


def sentences(text: str) -> list[str]:
    """The sentences of a prose, without the marks of its sources and without fenced code."""
    plain = _MARK.sub("", _FENCED.sub("", text))
    return [piece.strip() for piece in _SENTENCE_END.split(plain) if piece and piece.strip()]


def _faults(answer: Answer, judged: Judged) -> Iterator[str]:
    prose = answer.prose
    told = sentences(prose)
    if not told:
        if not (judged.free_form and _FENCED.search(prose)):
            yield "It says nothing."
        return
    if not judged.free_form:
        yield from _of_the_beginning(told[0], rests_on_pages=answer.cites)
        for sentence in told:
            yield from _of_a_sentence(sentence)
        if cut := _cited_before_its_end(prose):
            yield f"A sentence has no end: {cut!r}."
        if announced := _ANNOUNCED.search(prose):
            yield f"A sentence announces what does not follow: {announced.group().strip()!r}."
    if len(told) > judged.most_sentences:
        yield f"It has {len(told)} sentences, more than {judged.most_sentences}."
    said = [re.sub(r"\W+", " ", sentence).casefold() for sentence in told]
    if repeated := next((one for number, one in enumerate(said) if one in said[:number]), None):
        yield f"It says twice: {repeated!r}."
    if (length := len(_MARK.sub("", _FENCED.sub("", prose)))) > MOST_CHARACTERS:
        yield f"Its prose has {length} characters, more than {MOST_CHARACTERS}."
    yield from _of_the_sources(answer)
    yield from _of_what_was_said_before(answer, said)


def _of_the_beginning(first: str, *, rests_on_pages: bool) -> Iterator[str]:
    if not (first[0].isupper() or first[0].isdigit() or first[0] in "\"“'(" or _SMALL_NAME.match(first)):
        yield f"It begins in the middle: {first[:60]!r}."
    elif rests_on_pages and (leaning := _LEANING.match(first)):
        yield f"It begins with {leaning.group()!r}, which leans on something that is not there."


def _of_a_sentence(sentence: str) -> Iterator[str]:
    short = f"{sentence[:70]!r}"
    if _CODE.search(sentence):
        yield f"Code stands in the prose: {short}."
    if sentence.count(" | ") > 1 or sentence.startswith("|") or _plain(sentence) in _rows():
        yield f"A row of a table stands in the prose: {short}."
    if _plain(sentence) in _headings():
        yield f"A heading stands in the prose: {short}."
    if sentence.startswith(("Source:", "Sources:", "- ", "* ", "#")):
        yield f"A line of a list stands in the prose: {short}."
    if _POINTER.search(sentence):
        yield f"It points to a page that is not there: {short}."
    if sentence[0].islower() and not _SMALL_NAME.match(sentence):
        yield f"A sentence has no beginning: {short}."
    if not sentence.endswith(":") and (not _WHOLE.search(sentence) or sentence.endswith(("...", "…"))):
        yield f"A sentence has no end: {short}."
    for left, right in ("()", "“”", "[]"):
        if sentence.count(left) != sentence.count(right):
            yield f"A bracket or a quotation is open: {short}."


def _cited_before_its_end(prose: str) -> str | None:
    """What stands before a mark, where the next sentence begins behind it and this one has not ended."""
    begun = 0
    for mark in _MARK.finditer(prose):
        before, after = prose[begun : mark.start()].rstrip(), prose[mark.end() :]
        begun = mark.end()
        if before and re.match(r"\s+[A-Z]|\s*$", after) and not re.search(r"[.!?:…\"”)`]$", before):
            return before[-60:]
    return None


def _of_the_sources(answer: Answer) -> Iterator[str]:
    listed = [int(number) for number in re.findall(r"^- \[(\d{1,3})\]", answer.text.partition("\nSources:")[2], re.M)]
    used = {int(number) for number in _MARK.findall(answer.prose)}
    if listed != list(range(1, len(listed) + 1)):
        yield f"Its sources are numbered {listed}."
    if unused := set(listed) - used:
        yield f"Sources {sorted(unused)} are listed and not used."
    if missing := used - set(listed):
        yield f"Sources {sorted(missing)} are used and not listed."
    if len(set(answer.sources)) < len(answer.sources):
        yield "A source is listed twice."


def _of_what_was_said_before(answer: Answer, said: list[str]) -> Iterator[str]:
    old = {
        re.sub(r"\W+", " ", one).casefold()
        for text in answer.said_before
        for one in sentences(text.partition("\nSources:")[0])
    }
    if old and not answer.declines and sum(one in old for one in said) > MOST_SAID_BEFORE * len(said):
        yield "It says again what it said before."


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


@cache
def _rows() -> frozenset[str]:
    """The rows of the corpus' tables and word lists, as plain words."""
    return frozenset().union(*(reader.rows for reader in _articles()))


@cache
def _headings() -> frozenset[str]:
    """The headings and titles of the corpus, as plain words."""
    return frozenset().union(*(reader.headings for reader in _articles()))


@cache
def _articles() -> tuple[_Structure, ...]:
    readers = []
    for page in load_corpus().pages:
        readers.append(reader := _Structure())
        reader.feed(page.article)
        reader.close()
    return tuple(readers)


class _Structure(HTMLParser):
    """Collects what in an article is no prose: rows of tables, entries of word lists, headings."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: set[str] = set()
        self.headings: set[str] = set()
        self._words: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag in ("tr", "dt", "h1", "h2", "h3", "caption"):
            self._words = []

    def handle_endtag(self, tag: str) -> None:
        if tag in ("tr", "dd", "caption"):
            self.rows.add(_plain(" ".join(self._words)))
        elif tag in ("h1", "h2", "h3"):
            self.headings.add(_plain(" ".join(self._words)))

    def handle_data(self, data: str) -> None:
        self._words.append(data)
