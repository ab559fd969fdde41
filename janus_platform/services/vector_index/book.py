"""Cut this book's own pages into chunks: the Markdown of `book/` and the prose of the notebooks.

They lie in the repository, not in the package: a platform that was installed from a wheel has no book to read, and its
`GET /health` says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from janus_platform.services.vector_index.chunks import BOOK, Chunk, split

REPOSITORY = Path(__file__).resolve().parents[3]
_PAGES = ("book/*.md", "notebooks/*.ipynb")
_HEADING = re.compile(r"#{1,6}\s++(.*)")
_FENCE = re.compile(r"\s*(`{3,}|~{3,})")
_GLOSSARY = "{glossary}"
# What begins a line of its own: a list's item, a table's row, a quotation.
_OWN_LINE = re.compile(r"\s*(?:[-*+]|\d{1,3}[.)])\s|\s*[|>]")
# A fact of the contract is filled in when the book is built: its sentence is left out here.
_FACT = re.compile(r"\{fact\}`[^`]*`")
_UNSAID = "\0"
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
# Sections that ask something of the reader, or lead on.
_TASKS = re.compile(r"(?:Exercises?|Your turn|Summary|What'?s next|Next)\b", re.I)
# {role}`text` is shown as the text; a link as its words; a picture, a comment and a target as nothing.
_ROLE = re.compile(r"\{[\w:-]+\}`([^`]*)`")
_LINK = re.compile(r"(!?)\[([^\]\[]*+)\]\([^)\[]*+\)")
_SILENT = re.compile(
    r"<!--(?>(?:[^<-]|-(?!->)|<(?!!--))*)-->|^\([\w-]++\)=$|^:{3,}+.*$|\A---\n(?>(?:(?!---$).*\n)*)---\n"
    # What a page promises, how long it takes and where it leads says nothing about its subject.
    r"|^\*\*You will\*\*$(?>(?:\n(?=[-\n ]).*|\n(?=\Z))*)|^\*\*(?:Minutes|You need|Next):?\*\*.*$",
    re.M,
)
_EMPHASIS = re.compile(r"\*\*|(?<!\w)\*(?=\S)|(?<=\S)\*(?!\w)|`")
# A heading alone, or a line of navigation.
MIN_WORDS = 8


def book_chunks(repository: str, folder: Path = REPOSITORY) -> list[Chunk]:
    """The chunks of every page below `folder`, their sources below the address `repository`; [] where no book lies.

    A page that cannot be read is left out.
    """
    if not (folder / "_toc.yml").is_file():
        return []
    return [
        Chunk(passage, f"{repository}/blob/main/{path.relative_to(folder).as_posix()}", title, heading, BOOK)
        for path in sorted(path for pattern in _PAGES for path in folder.glob(pattern))
        for title, heading, text in _sections(_markdown(path))
        for passage in split(text)
        if len(passage.split()) >= MIN_WORDS and not _TASKS.match(heading)
    ]


def _markdown(path: Path) -> str:
    """The prose of a page: of a notebook, its Markdown cells."""
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix != ".ipynb":
            return text
        cells = json.loads(text)["cells"]
        return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _sections(markdown: str) -> Iterator[tuple[str, str, str]]:
    """The page's title, a heading ("" above the second one) and the text below it; fenced blocks are left out.

    Each entry of a glossary is a section, below the question that it answers.
    """
    title, heading, fence, is_glossary = "", "", "", False
    lines: list[str] = []
    for line in _SILENT.sub("", markdown).splitlines():
        marks = _FENCE.match(line)
        if fence:
            ends = marks and marks[1].startswith(fence) and line.strip() == marks[1]
            if ends and is_glossary:
                yield from ((title, f"What does {term} mean?", text) for term, text in _entries(lines))
                lines = []
            elif is_glossary:
                lines.append(line)
            fence = "" if ends else fence
        elif marks:
            fence, is_glossary = marks[1], line.strip() == marks[1] + _GLOSSARY
            if is_glossary:
                yield title, heading, _plain(lines)
                lines = []
        elif match := _HEADING.fullmatch(line):
            yield title, heading, _plain(lines)
            heading_text = match[1].rstrip().rstrip("#").rstrip()
            title, heading, lines = title or heading_text, heading_text if title else "", []
        else:
            lines.append(line)
    yield title, heading, _plain(lines)


def _entries(lines: list[str]) -> Iterator[tuple[str, str]]:
    """The terms of a glossary, and "Term: what it means." for each; the meaning is what is indented below it."""
    term = ""
    meaning: list[str] = []
    for line in [*lines, "end"]:
        if line.startswith(" ") or not line:
            meaning.append(line.strip())
        elif not line.startswith(":"):
            if term and any(meaning):
                yield term, f"{term[:1].upper()}{term[1:]}: {_plain([' '.join(meaning)])}"
            term, meaning = line.strip(), []


def _plain(lines: list[str]) -> str:
    """The text of some lines of Markdown, one line a paragraph, item or row: source lines end anywhere."""
    text = _ROLE.sub(r"\1", _FACT.sub(_UNSAID, "\n".join(lines)))
    text = _LINK.sub(lambda match: "" if match[1] else match[2], text)
    joined: list[str] = []
    goes_on = False
    for line in _EMPHASIS.sub("", text).splitlines():
        if goes_on and line.strip() and not _OWN_LINE.match(line):
            joined[-1] += " " + line.strip()
        elif line.strip():
            joined.append(line.strip())
        goes_on = bool(line.strip())
    return "\n".join(_without_unsaid(line) if _UNSAID in line else line for line in joined)


def _without_unsaid(line: str) -> str:
    return " ".join(sentence for sentence in _SENTENCE_END.split(line) if _UNSAID not in sentence)
