"""Finds every code block of every page: the book's Markdown, the notebooks' Markdown cells, README and CONTRIBUTING."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.environment import ROOT

_FENCE = re.compile(
    r"(?:<!-- no-run:(?P<reason>[^>]*?)-->\s*\n)?"
    r"^(?P<indent> {0,3})(?P<ticks>`{3,}|~{3,}|:{3,})(?P<head>[^\n]*)\n(?P<code>.*?)^(?P=indent)(?P=ticks)[ \t]*$",
    re.M | re.S,
)
# The options of a cell in MyST's other form, as YAML.
_YAML = re.compile(r"\A---\n.*?^---\n", re.M | re.S)
_OPTION = re.compile(r"^:[\w-]+:.*\n", re.M)
_CODE_DIRECTIVE = re.compile(r"\{code(?:-block|-cell)?\}\s*(\w*)")
# Fences that frame prose: what stands inside is looked at in its turn.
_FRAME = re.compile(r"\{(note|tip|warning|important|admonition|dropdown|card|grid|tab|seealso)")


@dataclass(frozen=True)
class Block:
    """One block: the page, its language in lower case, the code, and why it is not run, or None."""

    page: Path
    language: str
    code: str
    reason: str | None
    is_listing: bool = False


def pages() -> list[Path]:
    """Every page with prose."""
    outside = [ROOT / name for name in ("README.md", "CONTRIBUTING.md")]
    found = [*sorted((ROOT / "book").rglob("*.md")), *sorted((ROOT / "notebooks").glob("*.ipynb")), *outside]
    # Sheets to print repeat what the pages say; the commands in them are checked with those in prose.
    return [path for path in found if path.is_file() and path.parent.name != "_sheets"]


def prose_of(path: Path) -> str:
    """The Markdown of a page; of a notebook, its Markdown cells."""
    text = path.read_text("utf-8")
    if path.suffix != ".ipynb":
        return text
    cells = json.loads(text)["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


def blocks_of(path: Path) -> list[Block]:
    """The code blocks of a page in order; directives that are no code are left out."""
    return list(blocks_in(prose_of(path), path))


def blocks_in(text: str, path: Path) -> Iterator[Block]:
    """As blocks_of, of a text."""
    for match in _FENCE.finditer(text):
        head, code = match["head"].strip(), match["code"]
        directive = _CODE_DIRECTIVE.fullmatch(head.split("\n")[0])
        if _FRAME.match(head):
            yield from blocks_in(code, path)
        elif directive or not head.startswith("{"):
            language = (directive[1] if directive else head.split(" ")[0]).lower()
            reason = match["reason"] and " ".join(match["reason"].split())
            yield Block(path, language or "none", without_options(code), reason, "code-block" in head)


def without_options(code: str) -> str:
    """The code without the directive's options above it."""
    while match := _YAML.match(code) or _OPTION.match(code):
        code = code[match.end() :]
    return code.removeprefix("\n")
