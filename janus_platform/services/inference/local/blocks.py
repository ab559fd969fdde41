"""Markdown into blocks of plain text: paragraphs, list items with what leads to them, table rows with their header.

Headings, code, pictures and navigation are no blocks; a heading is kept as the place where a block stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

PROSE, ITEM, ROW = "prose", "item", "row"
MAX_ITEMS, MAX_ITEM_CHARACTERS = 10, 60
_FENCE = re.compile(r"^ {0,3}(```+|~~~+)")
_HEADING = re.compile(r"^ {0,3}#{1,6}(?:\s+|$)")
_UNDERLINE = re.compile(r"^ {0,3}(=+|-+|\*{3,}|_{3,})\s*$")
_LIST_ITEM = re.compile(r"^\s*([-*+]|\d{1,3}[.)])\s+")
_RULE = re.compile(r"^[\s:|]*+-[\s:|-]*+$")
# "**SYN.** The client picks …": the words in bold name the item.
_BOLD_LEAD = re.compile(r"^(\*\*|__)([^*_\n]{1,60})[.:]\1\s+")
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
    (re.compile(r"\\([_*#\[\]|~<>-])"), r"\1"),
]
_LINK = re.compile(rf"\[[^\]\[\n]*\]\({_TARGET}\)")


@dataclass
class Block:
    """A paragraph, an item or a row.

    `items` are those of the list that directly follows a paragraph or heading; of a row, what its columns say of its
    first cell, which is the `text`.
    """

    kind: str
    heading: str
    text: str
    items: list[str] = field(default_factory=list)


def plain(markdown: str) -> str:
    """Markdown's inline markup taken off: links and emphasis become their text, pictures and comments vanish."""
    for pattern, replacement in _MARKUP:
        markdown = pattern.sub(replacement, markdown)
    return markdown


def blocks_of(markdown: str) -> list[Block]:
    """The blocks of `markdown`, in order. A list below a heading gets a block without text that holds its items."""
    blocks: list[Block] = []
    leading: Block | None = None
    for raw in _raw_blocks(markdown):
        if not raw.items:
            continue
        text = "" if raw.kind == ROW else " ".join(plain(" ".join(raw.items)).split())
        if raw.kind == ITEM:
            if leading is None:
                leading = Block(PROSE, raw.heading, "")
                blocks.append(leading)
            leading.items.append(text)
        else:
            leading = None
        if raw.kind == ROW:
            blocks.append(raw)
        elif text:
            blocks.append(Block(raw.kind, raw.heading, text))
            leads = raw.kind == PROSE and text.endswith(":")
            leading = blocks[-1] if leads else leading if raw.kind == ITEM else None
    return blocks


def _raw_blocks(markdown: str) -> Iterator[Block]:
    """Blocks with their lines as `items`, in Markdown; a row has its first cell as `text`."""
    current, heading, fence = Block(PROSE, "", ""), "", ""
    header: list[str] = []
    before: list[str] = []
    for line in markdown.splitlines():
        cells = _cells(line)
        if not cells:
            header, before = [], []
        if not line or line.isspace():
            # What follows a blank line inside a list is a paragraph of its own.
            if not fence and current.items:
                yield current
                current = Block(PROSE, heading, "")
        elif marker := _FENCE.match(line):
            fence = "" if fence and line.strip().startswith(fence) else fence or marker[1][:3]
            yield current
            current = Block(PROSE, heading, "")
        elif fence:
            continue
        elif cells:
            yield current
            current = Block(PROSE, heading, "")
            if _RULE.match(line.strip()):
                header = before
            elif header and cells[0] and (told := _told(header, cells)):
                yield Block(ROW, heading, cells[0], told)
            before = cells
        elif _UNDERLINE.match(line):
            if len(current.items) == 1 and line.strip()[0] in "=-":
                heading = plain(current.items[0]).strip()  # CommonMark, setext headings.
            else:
                yield current
            current = Block(PROSE, heading, "")
        elif mark := _HEADING.match(line):
            yield current
            heading = plain(line[mark.end() :]).strip(" #")
            current = Block(PROSE, heading, "")
        elif _is_furniture(line):
            yield current
            current = Block(PROSE, heading, "")
        elif item := _LIST_ITEM.match(line):
            yield current
            current = Block(ITEM, heading, "", [_BOLD_LEAD.sub(r"\2: ", line[item.end() :])])
        else:
            current.items.append(line.lstrip("> \t"))
    yield current


def _cells(line: str) -> list[str]:
    """The cells of a table's row, [] where the line is none."""
    stripped = line.strip()
    if not stripped.startswith("|") or stripped.count("|") < 3 or len(stripped) > 2_000:
        return []
    return [" ".join(plain(cell).split()) for cell in stripped.strip("|").split("|")]


def _told(header: list[str], cells: list[str]) -> list[str]:
    """What each further column of a row says of the first, with the column's name."""
    return [f"{name}: {cell}" for name, cell in zip(header[1:], cells[1:], strict=False) if cell and name]


def _is_furniture(line: str) -> bool:
    """Rows, indented code, and lines that are links and little else."""
    stripped = line.strip()
    if stripped.startswith("|") or stripped.count("|") >= 2 or line.startswith(("    ", "\t")):
        return True
    without = _LINK.sub("", stripped)
    return without != stripped and len(re.sub(r"\W", "", without)) < 10
