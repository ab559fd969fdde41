"""The plain sentences of a passage that may be quoted: no headings, code, navigation or markup."""

from __future__ import annotations

import re
from dataclasses import dataclass

from janus_platform.services.inference.local.blocks import (
    ITEM,
    MAX_ITEM_CHARACTERS,
    MAX_ITEMS,
    PROSE,
    ROW,
    Block,
    blocks_of,
)

MIN_CHARACTERS, MAX_CHARACTERS = 25, 500
MIN_WORDS = 5
# A definition list comes as a short line, and what it means below it.
MAX_TERM_WORDS = 3
# A list below its heading, as one piece.
LIST = "list"
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|cf|vs|al|approx|ca|Dr|Mr|Mrs|Ms|Prof|St|No|Fig|Eq|Sec|Ch|Vol|pp|Inc|Ltd|Jr|Sr)|(?<!['’])\b[A-Z])\.$"
)
_LONGEST_ABBREVIATION = 12
_END = re.compile(r"[.!?][\"”’')\]]*(?=\s+[\"“‘'(\[]*[A-Z0-9])")
# A sentence that introduces a sample ends with a colon.
_ENDS_WELL = re.compile(r"[.!?:][\"”’')\]]*$")
# A program whose lines lost their fence on the way.
_CODE = re.compile(
    r"\b(?:def|class) \w+[(:]|\bimport \w+ (?:as|from|import)\b|\w = [A-Za-z_]\w*[.(\[]|==|[{(]\"|\breturn \w+[.(]"
    r"|\bawait \w+[.(]|\bprint\(|>>> |\bfor \w+ in \w+[:(.]|\(\d[\d.]*\) #"
)
# "is the model behind …": what it is about stood before the cut.
_BEGINNING_LOST = re.compile(r"(?:is|are|was|were|has|have|and|or|but|of|in|to|for|with|which|that|the|an?) ")
_TERM = re.compile(r"[A-Z][\w-]{2,}(?: [\w-]+){0,2}")


@dataclass(frozen=True)
class Sentence:
    """A sentence of passage `passage` (from 0); `paragraph` and `position` count from 0 in the passage.

    `kind` is `prose`, `item` (of a list), `row` (of a table: its first cell, and as `items` what its columns say), or
    `list`: a heading whose list is its `items`. A sentence that leads to a list has it as its `items` too.
    """

    text: str
    passage: int
    paragraph: int
    position: int
    heading: str = ""
    kind: str = PROSE
    items: tuple[str, ...] = ()


def sentences_of(markdown: str, passage: int) -> list[Sentence]:
    """The quotable sentences of one passage, in order."""
    sentences: list[Sentence] = []
    term: Block | None = None
    for number, block in enumerate(blocks_of(markdown)):
        items = tuple(_short(item) for item in block.items[:MAX_ITEMS])
        if not all(items) or sum(map(len, items)) > MAX_CHARACTERS:
            items = ()
        if not block.text and len(items) > 1 and block.heading:
            sentences.append(Sentence(block.heading, passage, number, len(sentences), block.heading, LIST, items))
        elif block.kind == ROW and sum(map(len, block.items)) <= MAX_CHARACTERS:
            row = Sentence(block.text, passage, number, len(sentences), block.heading, ROW, tuple(block.items))
            sentences.append(row)
        parts = [] if block.kind == ROW else split_sentences(block.text)
        if term and term.heading == block.heading and parts and _ENDS_WELL.search(parts[0]):
            parts[0] = f"{term.text}: {parts[0][0].lower() if parts[0][1:2].islower() else parts[0][0]}{parts[0][1:]}"
        for place, text in enumerate(parts):
            if MIN_CHARACTERS <= len(text) <= MAX_CHARACTERS and _is_prose(text):
                leads = items if place == len(parts) - 1 and text.endswith(":") else ()
                sentences.append(Sentence(text, passage, number, len(sentences), block.heading, block.kind, leads))
        term = block if _is_term(block) else None
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


def _short(item: str) -> str:
    """An item's first sentence, and its further ones where they fit."""
    kept = ""
    for part in split_sentences(item):
        if kept and len(kept) + len(part) > MAX_ITEM_CHARACTERS:
            break
        kept += f" {part}" if kept else part
    return kept if len(kept) <= 2 * MAX_ITEM_CHARACTERS else ""


def _is_term(block: Block) -> bool:
    return block.kind == PROSE and not block.items and len(block.text) <= 40 and bool(_TERM.fullmatch(block.text))


def _is_prose(text: str) -> bool:
    if _CODE.search(text) or _BEGINNING_LOST.match(text):
        return False
    letters = sum(character.isalpha() or character.isspace() for character in text)
    return bool(_ENDS_WELL.search(text)) and len(text.split()) >= MIN_WORDS and letters >= 0.7 * len(text)


__all__ = ["ITEM", "LIST", "PROSE", "ROW", "Sentence", "sentences_of", "split_sentences"]
