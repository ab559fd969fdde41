"""What a page says about itself in its head: the description that search engines and link previews show.

It is the page's promise, the first paragraph of its text; a page without one (search, index) is described by its kind.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

LONGEST = 160  # characters that search engines show
OTHERS = {
    "search": "Search the Janus Book: every page, heading and term.",
    "genindex": "Index of the Janus Book.",
}


def description_of(doctree: nodes.document) -> str:
    """The first paragraph as one line of at most 160 characters, cut between words; empty when there is none."""
    paragraph = next((p for p in doctree.findall(nodes.paragraph) if p.astext().strip() and _is_prose(p)), None)
    text = " ".join(paragraph.astext().split()) if paragraph is not None else ""
    if len(text) <= LONGEST:
        return text
    return re.sub(r"[\s,;:.]*\S*$", "", text[:LONGEST]) + "…"


def _is_prose(paragraph: nodes.paragraph) -> bool:
    """False inside tables and outputs, where text is not about the page."""
    parent = paragraph.parent
    while parent is not None:
        if isinstance(parent, (nodes.table, nodes.Admonition, nodes.container)):
            return False
        parent = parent.parent
    return True


def describe(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Hand the description to the template."""
    context["description"] = description_of(doctree) if doctree is not None else OTHERS.get(pagename, "")


def setup(app: Sphinx) -> dict[str, Any]:
    """Connects it."""
    app.connect("html-page-context", describe)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
