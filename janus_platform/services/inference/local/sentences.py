"""Markdown into the plain sentences that may be quoted: no headings, tables, code, navigation or markup."""

from __future__ import annotations

import re
from dataclasses import dataclass

MIN_CHARACTERS, MAX_CHARACTERS = 25, 500
MIN_WORDS = 5
_FENCE = re.compile(r"^ {0,3}(```+|~~~+)")
_HEADING = re.compile(r"^ {0,3}#{1,6}(\s|$)")
_UNDERLINE = re.compile(r"^ {0,3}(=+|-+|\*{3,}|_{3,})\s*$")
_LIST_ITEM = re.compile(r"^\s*(?:[-*+]|\d{1,3}[.)])\s+")
# A link's target may hold one pair of brackets, as encyclopedias' addresses do.
_TARGET = r"[^()\s]{0,1000}(?:\([^()\s]{0,200}\)[^()\s]{0,200})?"
# Each pattern is bounded, so that no text takes more than linear time.
_MARKUP = [
    (re.compile(r"<!--(?:(?!<!--).){0,1000}?-->", re.S), ""),
    (re.compile(rf"!\[[^\]\[\n]*\]\({_TARGET}(?:\s+\"[^\"\n]{{0,200}}\")?\)"), ""),
    (re.compile(rf"\[([^\]\[\n]*)\]\({_TARGET}(?:\s+\"[^\"\n]{{0,200}}\")?\)"), r"\1"),
    (re.compile(r"</?[a-zA-Z][^<>\n]{0,200}>"), ""),
    (re.compile(r"(\*{1,3})(?=\S)([^*\n]+?)(?<=\S)\1"), r"\2"),
    (re.compile(r"(?<!\w)(_{1,3})(?=\S)([^_\n]+?)(?<=\S)\1(?!\w)"), r"\2"),
    (re.compile(r"(?<!`)`++([^`\n]++)`++"), r"\1"),
]
_LINK = re.compile(rf"\[[^\]\[\n]*\]\({_TARGET}\)")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|cf|vs|al|approx|ca|Dr|Mr|Mrs|Ms|Prof|St|No|Fig|Eq|Sec|Ch|Vol|pp|Inc|Ltd|Jr|Sr)|(?<!['’])\b[A-Z])\.$"
)
_LONGEST_ABBREVIATION = 12
_END = re.compile(r"[.!?][\"”’')\]]*(?=\s+[\"“‘'(\[]*[A-Z0-9])")
# A sentence that introduces a sample ends with a colon.
_ENDS_WELL = re.compile(r"[.!?:][\"”’')\]]*$")


@dataclass(frozen=True)
class Sentence:
    """A sentence of passage `passage` (from 0); `paragraph` and `position` count from 0 in the passage."""

    text: str
    passage: int
    paragraph: int
    position: int


def sentences_of(markdown: str, passage: int) -> list[Sentence]:
    """The quotable sentences of one passage, in order."""
    sentences: list[Sentence] = []
    for number, paragraph in enumerate(_paragraphs(markdown)):
        for text in split_sentences(paragraph):
            if MIN_CHARACTERS <= len(text) <= MAX_CHARACTERS and _is_prose(text):
                sentences.append(Sentence(text, passage, number, len(sentences)))
    return sentences


def split_sentences(paragraph: str) -> list[str]:
    """Cut plain text after each full stop, question or exclamation mark that ends a sentence."""
    parts: list[str] = []
    start = 0
    for end in _END.finditer(paragraph):
        if not _ABBREVIATION.search(paragraph[max(start, end.end() - _LONGEST_ABBREVIATION) : end.end()]):
            parts.append(paragraph[start : end.end()].strip())
            start = end.end()
    parts.append(paragraph[start:].strip())
    return [part for part in parts if part]


def plain(markdown: str) -> str:
    """Markdown's inline markup taken off: links and emphasis become their text, pictures and comments vanish."""
    for pattern, replacement in _MARKUP:
        markdown = pattern.sub(replacement, markdown)
    return markdown


def _paragraphs(markdown: str) -> list[str]:
    """Blocks of running text; a list item is a block of its own."""
    blocks: list[list[str]] = [[]]
    fence = ""
    for line in markdown.splitlines():
        if not line or line.isspace():
            blocks += [[]] if blocks[-1] and not fence else []
        elif marker := _FENCE.match(line):
            if not fence:
                fence = marker[1][:3]
            elif line.strip().startswith(fence):
                fence = ""
            blocks.append([])
        elif fence:
            continue
        elif _UNDERLINE.match(line):
            if len(blocks[-1]) == 1 and line.strip()[0] in "=-":
                blocks.pop()  # The line above is a heading (CommonMark, setext headings).
            blocks.append([])
        elif _HEADING.match(line) or _is_furniture(line):
            blocks.append([])
        elif item := _LIST_ITEM.match(line):
            blocks += [[line[item.end() :]]]
        else:
            blocks[-1].append(line.lstrip("> \t"))
    return [text for block in blocks if (text := " ".join(plain(" ".join(block)).split()))]


def _is_furniture(line: str) -> bool:
    """Table rows, indented code, and lines that are links and little else."""
    stripped = line.strip()
    if stripped.startswith("|") or stripped.count("|") >= 2 or line.startswith(("    ", "\t")):
        return True
    without = _LINK.sub("", stripped)
    return without != stripped and len(re.sub(r"\W", "", without)) < 10


def _is_prose(text: str) -> bool:
    letters = sum(character.isalpha() or character.isspace() for character in text)
    return bool(_ENDS_WELL.search(text)) and len(text.split()) >= MIN_WORDS and letters >= 0.7 * len(text)
