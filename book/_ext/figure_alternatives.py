"""Every picture that a cell draws has a text alternative; without one Sphinx would read out the file's name.

It is, in this order: the cell's own, in its metadata, as MyST-NB knows it (`"mystnb": {"image": {"alt": "…"}}`); the
`alt=` of an `Image(…)` in the cell; what the cell writes on the plot (title, axis labels). A picture with none of these
is a warning at its page (`-W` makes it an error), which says what to add.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)
# What a plot's text is called as a keyword, and the methods that write it.
_KEYWORDS = ("title", "xlabel", "ylabel")
_METHODS = {
    "set_title": "title",
    "suptitle": "title",
    "title": "title",
    "set_xlabel": "xlabel",
    "xlabel": "xlabel",
    "set_ylabel": "ylabel",
    "ylabel": "ylabel",
}
_SAID = {"title": "{}", "xlabel": "horizontally {}", "ylabel": "vertically {}"}


def alternative_in(code: str) -> str:
    """The text alternative that a cell's code gives its picture; empty when it gives none."""
    plain = "\n".join(line for line in code.splitlines() if not line.lstrip().startswith(("%", "!")))
    try:
        calls = [node for node in ast.walk(ast.parse(plain)) if isinstance(node, ast.Call)]
    except SyntaxError:
        return ""
    own = [_text(keyword.value) for call in calls for keyword in call.keywords if keyword.arg == "alt"]
    return next(filter(None, own), "") or _plot_text(calls)


def _plot_text(calls: list[ast.Call]) -> str:
    found: dict[str, list[str]] = {kind: [] for kind in _SAID}
    for call in calls:
        for kind, text in _labels(call):
            if text and text not in found[kind]:
                found[kind].append(text)
    said = [_SAID[kind].format(" and ".join(texts)) for kind, texts in found.items() if texts]
    return "Plot: " + "; ".join(said) if said else ""


def _labels(call: ast.Call) -> Iterator[tuple[str, str]]:
    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if method in _METHODS and call.args:
        yield _METHODS[method], _text(call.args[0])
    for keyword in call.keywords:
        if keyword.arg in _KEYWORDS:
            yield keyword.arg, _text(keyword.value)


def _text(value: ast.expr) -> str:
    """A text's constant parts: of an f-string what stands between its fields."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return value.value.strip()
    if isinstance(value, ast.JoinedStr):
        return " ".join(" ".join(str(part.value) for part in value.values if isinstance(part, ast.Constant)).split())
    return ""


def give_alternatives(app: Sphinx, doctree: nodes.document) -> None:
    """Set `alt` on every output picture that has none."""
    for cell in doctree.findall(nodes.container):
        if cell.get("nb_element") != "cell_code":
            continue
        silent = [image for image in cell.findall(nodes.image) if not image.get("alt")]
        if not silent:
            continue
        code = next((block.astext() for block in cell.findall(nodes.literal_block)), "")
        alternative = alternative_in(str(code))
        for image in silent:
            image["alt"] = alternative
        if not alternative:
            logger.warning(
                "This cell's picture has no text alternative. Give its plot a title or axis labels, or the cell the "
                'metadata "mystnb": {"image": {"alt": "what the picture shows"}}. The cell begins: %s',
                str(code).splitlines()[:1],
                location=cell,
            )


def setup(app: Sphinx) -> dict[str, Any]:
    """Connects it."""
    app.connect("doctree-read", give_alternatives, priority=400)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
