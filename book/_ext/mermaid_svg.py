"""The `mermaid` directive: a diagram becomes two inline SVGs, and the page's theme shows one of them.

    ```{mermaid}
    :alt: What the diagram says, in a sentence or two.
    flowchart LR
        A --> B
    ```

A plain ```mermaid fence works too (JupyterLab draws it); it names itself with Mermaid's own `accDescr: …` line.
The drawings come from `book/_diagrams/`. One that is missing is drawn if this machine can, else the build fails and
names the command that draws it. No script reaches the page.
"""

from __future__ import annotations

import html
import re
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from mermaid_cache import MODES, Diagram
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

_DESCRIPTION = re.compile(r"^\s*accDescr\s*(?::\s*(?P<line>.+)|\{(?P<block>[^}]*)\})$", re.M)
_WIDTH = re.compile(r'viewBox="\S+ \S+ (\S+) \S+"')
_ROOT_ID = re.compile(r'<svg\b[^>]*?\bid="([^"]+)"')


class Mermaid(SphinxDirective):
    """Puts the diagram in the directive's body on the page. `:alt:` is its text alternative and is required."""

    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {"alt": directives.unchanged_required, "caption": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        """Returns one figure; a missing text alternative or an undrawable diagram is an error at this line."""
        diagram = Diagram("\n".join(self.content).rstrip())
        alt = self.options.get("alt") or _own_description(diagram.source)
        if not alt:
            raise self.error("This diagram has no text alternative: add `:alt: …` (or `accDescr: …` inside it).")
        if not diagram.is_drawn():
            _draw_now(self, diagram)
        number = self.env.new_serialno("mermaid")
        drawn = []
        for mode in MODES:
            svg = inline_svg(diagram.file(mode).read_text(encoding="utf-8"), alt, number)
            frame = f'<div class="only-{mode} diagram-drawing" style="--natural: {_width(svg)}px" tabindex="0">'
            drawn.append(f"{frame}{svg}</div>")
        # JupyterLab draws a notebook's diagram too, where it has no place for a caption: there its description is one.
        caption = html.escape(self.options.get("caption") or alt)
        figure = f'<figure class="diagram">{"".join(drawn)}<figcaption>{caption}</figcaption></figure>'
        node = nodes.raw("", figure, format="html")
        self.set_source_info(node)
        return [node]


def inline_svg(svg: str, alt: str, number: int) -> str:
    """The committed drawing with its text alternative, and ids that no other diagram of the page has.

    `number` counts the diagrams of a page from 0.
    """
    match = _ROOT_ID.search(svg)
    if match is None:
        raise ValueError("not a drawing of mermaid_render.py: its root has no id")
    svg = svg.replace(match[1], f"{match[1]}-{number}")
    return svg.replace('aria-label=""', f'aria-label="{html.escape(alt, quote=True)}"', 1).strip()


def _width(svg: str) -> int:
    """The drawing's own width in CSS pixels: a smaller screen scrolls rather than shrink it beyond reading."""
    match = _WIDTH.search(svg)
    return round(float(match[1])) if match else 0


def _own_description(source: str) -> str:
    match = _DESCRIPTION.search(source)
    return " ".join((match["line"] or match["block"]).split()) if match else ""


def _draw_now(directive: SphinxDirective, diagram: Diagram) -> None:
    try:
        from mermaid_render import DrawingError, draw

        draw([diagram])
    except (ImportError, DrawingError) as error:
        raise directive.error(
            f"This diagram is not drawn yet, and cannot be drawn here ({error}). "
            "Run `make diagrams` on a machine with npm and Chromium, and commit book/_diagrams/."
        ) from error


def setup(app: Sphinx) -> dict[str, Any]:
    """Registers the directive."""
    app.add_directive("mermaid", Mermaid)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
