"""What a slide shows of a page's Markdown: facts in place of roles, diagrams as drawn for the book, a caption."""

from __future__ import annotations

import base64
import html
import re
import sys
from pathlib import Path
from typing import Any

import nbformat

from janus_platform.contract import load_contract
from tools.environment import ROOT
from tools.slide_figures import DRAWN, as_steps, drawn

sys.path.insert(0, str(ROOT / "book" / "_ext"))  # where Sphinx finds them too

from facts import as_prose, look_up
from mermaid_cache import Diagram, diagrams_in

_COMMENT = re.compile(r"<!--.*?-->", re.S)  # marks of facts, reasons not to run: not for readers
_ROLE = re.compile(r"\{(fact|host|url)\}`([^`]+)`")
_FENCE = re.compile(r"^```(?:\{mermaid\}|mermaid)\n.*?^```$", re.M | re.S)
_DIRECTIVE = re.compile(r"^```\{(?!mermaid|platform).*?^```$", re.M | re.S)
_SAYS = re.compile(r"^\s*(?::alt:|accDescr:)\s*(.+)$", re.M)
_SENTENCE = re.compile(r".+?[.:!?](?=\s|$)", re.S)


def read(path: Path) -> Any:
    """A notebook, or a page in Markdown as a notebook of one cell."""
    if path.suffix == ".ipynb":
        return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    cell = nbformat.v4.new_markdown_cell(path.read_text(encoding="utf-8"))  # type: ignore[no-untyped-call]
    return nbformat.v4.new_notebook(cells=[cell])  # type: ignore[no-untyped-call]


def for_slides(markdown: str) -> str:
    """The text without comments and directives, with the contract's facts in place of the book's roles."""
    return _ROLE.sub(_fact, _DIRECTIVE.sub("", as_steps(_COMMENT.sub("", markdown))))


def _fact(match: re.Match[str]) -> str:
    kind, name = match.groups()
    contract = load_contract()
    if kind == "fact":
        return as_prose(look_up(contract, name), name)
    service = contract.services[name]
    return f"`{service.host if kind == 'host' else service.url}`"


def split_at_diagram(markdown: str) -> tuple[str, str, str]:
    """The text before the first diagram, the diagram as HTML, light and dark, and the text after it."""
    fences = [fence for pattern in (_FENCE, DRAWN) if (fence := pattern.search(markdown))]
    if not fences:
        return markdown, "", ""
    fence = min(fences, key=lambda one: one.start())
    figure = drawn(fence) if fence.re is DRAWN else _drawn(fence[0])
    return markdown[: fence.start()].strip(), figure, markdown[fence.end() :].strip()


def _drawn(fence: str) -> str:
    diagram = diagrams_in(fence)[0]
    said = _SAYS.search(fence)
    alt = html.escape(said[1] if said else "A diagram")
    return (
        f'<picture><source media="(prefers-color-scheme: dark)" srcset="{_as_data(diagram, "dark")}">'
        f'<img class="diagram" alt="{alt}" src="{_as_data(diagram, "light")}"></picture>'
    )


def _as_data(diagram: Diagram, mode: str) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(diagram.file(mode).read_bytes()).decode()}"


def caption(text: str, *, goes_on: bool) -> str:
    """The sentence that leads to what the slide shows: one that ends in a colon, else the first one.

    A slide that goes on below its heading belongs to the last paragraph; one with a heading of its own begins with
    what the heading is about, and adds the sentence that leads on.
    """
    paragraphs = text.split("\n\n")
    sentences = _SENTENCE.findall(paragraphs[-1]) or [paragraphs[-1]]
    leads_on = sentences[-1].strip() if sentences[-1].rstrip().endswith(":") else ""
    if goes_on:
        return leads_on or sentences[0]
    first = (_SENTENCE.match(paragraphs[0]) or [paragraphs[0]])[0]
    return first if leads_on in ("", first.strip()) else f"{first}\n\n{leads_on}"
