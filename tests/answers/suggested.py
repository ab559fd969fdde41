"""The questions that pages suggest: found in the pages, the chat page and the contract's examples."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from janus_platform.contract import load_contract

ROOT = Path(__file__).parents[2]
CHAT_PAGE = ROOT / "janus_platform" / "gateway" / "chat_page" / "static"
_REQUEST = re.compile(
    r"""model["']?\s?[:=]\s?["'](?:janus|research)["'](?:(?!model)[^}])*?role["']?\s?:\s?["']user["'],\s*["']?content["']?\s?:"""
    r"""\s?["']([^"'\n]+)["']"""
)
_BASELINE = re.compile(r"""model["']?\s?[:=]\s?["'](?:janus|research)["']""")
_QUESTION = re.compile(r"""^question = "([A-Z][^"\n]+)"$""", re.M)
_EXAMPLE = re.compile(r'class="example">([^<]+)<')


def suggested() -> dict[str, str]:
    """Each question that a reader is led to ask the baseline, and where."""
    found = {question: name for name, text in _pages() for question in _asked_on(text)}
    for path in sorted(CHAT_PAGE.glob("*.html")) + sorted(CHAT_PAGE.glob("*.js")):
        found |= dict.fromkeys(_EXAMPLE.findall(path.read_text(encoding="utf-8")), path.name)
    for service in load_contract().services.values():
        if query := service.example.get("query"):
            found[query] = f"the example of {service.title}"
    return found


def _asked_on(text: str) -> list[str]:
    """The questions of a page; a variable is one where the page asks the baseline, and no model of a service."""
    return _REQUEST.findall(text) + (_QUESTION.findall(text) if _BASELINE.search(text) else [])


def _pages() -> Iterator[tuple[str, str]]:
    for path in (*sorted(ROOT.glob("book/**/*.md")), ROOT / "README.md"):
        yield path.name, path.read_text(encoding="utf-8")
    for path in sorted(ROOT.glob("notebooks/*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        yield path.name, "\n".join("".join(cell["source"]) for cell in cells)
