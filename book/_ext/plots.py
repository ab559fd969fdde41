"""Plots stand in the page as inline SVG, in its own font and colours, so that light and dark are one drawing.

`tools/notebook_runs.py` has matplotlib draw SVG with `book/matplotlibrc`. Here its backgrounds go, black becomes the
text's colour, and the colours of the palette become the variables of book.css, which has a light and a dark value for
each. The cell's text alternative becomes the drawing's label.
"""

from __future__ import annotations

import hashlib
import re
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

# The palette's colour → its variable in book.css. matplotlib's own first colours are drawn as the palette's.
PALETTE = {
    "#0072b2": "blue", "#1f77b4": "blue", "#3b82c4": "blue",
    "#e69f00": "orange", "#ff7f0e": "orange", "#d97706": "orange",
    "#009e73": "green", "#2ca02c": "green", "#16a085": "green",
    "#d55e00": "red", "#d62728": "red",
    "#cc79a7": "purple", "#9467bd": "purple", "#b0529a": "purple",
    "#56b4e9": "sky", "#17becf": "sky",
    "#b8a800": "yellow", "#bcbd22": "yellow",
    "#888888": "grey", "#999999": "grey", "#7f7f7f": "grey", "#7a7f87": "grey", "#808080": "grey",
    "#b0b0b0": "grey", "#cccccc": "grey", "#bbbbbb": "grey",
}  # fmt: skip
_PAPER = {"#000000": "currentColor", "#ffffff": "var(--pst-color-background)"}
_HEAD = re.compile(r"^.*?<svg\b[^>]*?viewBox=\"([\d. ]+)\"[^>]*>", re.S)
_NO_DRAWING = re.compile(r"<metadata>.*?</metadata>\s*|<!--.*?-->\s*", re.S)
# The figure's own ground, and the axes': the first two patches, white.
_GROUND = re.compile(r'(<g id="patch_\d+">\s*<path d="[^"]*"[^>]*style="fill: )#ffffff')
_COLOUR = re.compile(r"(?<=: )#[0-9a-f]{6}\b")
_ID = re.compile(r'((?:\bid="|href="#|url\(#))')
PIXELS_PER_POINT = 96 / 72


def themed(svg: str, alternative: str) -> str:
    """matplotlib's SVG for a page: its size a limit, its colours the page's, its identifiers its own."""
    head = _HEAD.match(svg)
    if head is None:
        raise ValueError("an SVG without a view box")
    width = float(head[1].split()[2]) * PIXELS_PER_POINT
    drawn = _NO_DRAWING.sub("", svg[head.end() :])
    drawn = _COLOUR.sub(_variable, _GROUND.sub(r"\1none", drawn))
    drawn = _ID.sub(rf"\g<1>plot-{hashlib.sha256(svg.encode()).hexdigest()[:8]}-", drawn)
    drawn = re.sub(r"\n\s*", "\n", drawn)
    return (
        '<div class="plot" tabindex="0" role="group" aria-label="Plot">'
        f'<svg viewBox="{head[1]}" role="img" aria-label="{escape(alternative)}" '
        f'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'style="--natural:{width:.0f}px;max-width:{width:.0f}px">{drawn.strip()}</div>'
    )


def _variable(colour: re.Match[str]) -> str:
    if colour[0] in _PAPER:
        return _PAPER[colour[0]]
    name = PALETTE.get(colour[0])
    return f"var(--janus-{name})" if name else colour[0]


def inline_plots(app: Sphinx, doctree: nodes.document) -> None:
    """Put the drawing in the place of each SVG that a cell gave."""
    for image in list(doctree.findall(nodes.image)):
        parent = image.parent
        if isinstance(parent, nodes.container) and parent.get("mime_type") == "image/svg+xml":
            _, path = app.env.relfn2path(image["uri"], app.env.docname)
            drawn = themed(Path(path).read_text(encoding="utf-8"), image.get("alt", ""))
            image.replace_self(nodes.raw("", drawn, format="html"))


def setup(app: Sphinx) -> dict[str, Any]:
    """Connects it: after the text alternatives are there, before Sphinx looks for images to copy."""
    app.connect("doctree-read", inline_plots, priority=450)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
