"""Formulas are typeset while the book is built: `$…$`, `$$…$$` and ```{math}``` become MathML, which browsers set.

No script reads them and nothing is asked of another host. The LaTeX stays beside each formula, as its annotation. What
cannot be read is a warning at its page (`-W` makes it an error), and so is LaTeX that stands between no dollars.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from html import escape
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)
_SOURCE = (nodes.literal, nodes.math)  # shows LaTeX as such, or reads it
RENDERER = "mathml"
_LATEX = re.compile(r"\$\$|\\(?:frac|text|mathrm|cdot|sum|sqrt)\b")
_NAMESPACE = "http://www.w3.org/1998/Math/MathML"


class UnreadFormula(ValueError):
    """LaTeX that became no formula; the message says what is wrong with it."""


def typeset(latex: str, display: str) -> str:
    """The MathML of a formula; `display` is `inline` or `block`. Raises UnreadFormula."""
    source = latex.strip()
    try:
        drawn = convert(source, display=display)
    except Exception as error:  # The package raises many kinds, of which few have words.
        raise UnreadFormula(f"cannot be read ({type(error).__name__} {error})") from error
    elements = list(ET.fromstring(drawn).iter())
    # The package passes on tags within \text, and sets a command it does not know as a name beginning with a backslash.
    if strange := [element.tag for element in elements if not element.tag.startswith(f"{{{_NAMESPACE}}}m")]:
        raise UnreadFormula(f"holds <{strange[0].rpartition('}')[2]}>")
    if unknown := [element.text for element in elements if (element.text or "").startswith("\\")]:
        raise UnreadFormula(f"has the unknown command {unknown[0]}")
    inside = re.sub(r"^<math[^>]*>|</math>$", "", drawn)
    note = f'<annotation encoding="application/x-tex">{escape(source, quote=False)}</annotation>'
    return f'<math xmlns="{_NAMESPACE}" display="{display}"><semantics>{inside}{note}</semantics></math>'


def _visit(translator: HTML5Translator, node: nodes.math | nodes.math_block) -> None:
    block = isinstance(node, nodes.math_block)
    try:
        drawn = typeset(node.astext(), "block" if block else "inline")
    except UnreadFormula as error:
        logger.warning("The formula %s: %s", error, node.astext(), location=node)
        drawn = f"<code>{escape(node.astext())}</code>"
    # A wide formula scrolls on a phone; a region that scrolls is reached by keyboard.
    scrolls = f'<div class="formula" tabindex="0" role="group" aria-label="Formula">{drawn}</div>\n'
    translator.body.append(scrolls if block else drawn)
    raise nodes.SkipNode


def _leave(translator: HTML5Translator, node: nodes.Node) -> None:
    """Nothing: `_visit` skips the rest."""


def warn_of_plain_latex(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Name the paragraphs in which LaTeX would show as source."""
    for paragraph in doctree.findall(nodes.paragraph):
        texts = (text for text in paragraph.findall(nodes.Text) if not isinstance(text.parent, _SOURCE))
        if _LATEX.search("".join(texts)):
            logger.warning("LaTeX that is read by nothing. Write it between $ and $.", location=paragraph)


def use_mathml(app: Sphinx, config: Config) -> None:
    """Jupyter Book brings MathJax along; Sphinx loads it only where it is the renderer."""
    config.html_math_renderer = RENDERER


def setup(app: Sphinx) -> dict[str, Any]:
    """Registers the renderer."""
    app.add_html_math_renderer(RENDERER, (_visit, _leave), (_visit, _leave))
    app.connect("config-inited", use_mathml)
    app.connect("doctree-resolved", warn_of_plain_latex)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
