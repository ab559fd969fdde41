"""The directive ```{interactive} NAME```: a figure that a reader moves; its content is the caption.

Each is one plain script in `_static/interactive/`, loaded only by the pages that have the figure, also from `file://`.
What it reads stands in the page. Without JavaScript and on paper, the still picture stays.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import interactive_score
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class Interactive(NamedTuple):
    """How a figure looks while it stands still, and what its script reads."""

    still: Callable[[], str]
    data: Callable[[], dict[str, object]]


INTERACTIVES = {"score": Interactive(interactive_score.still, interactive_score.data)}


class Figure(SphinxDirective):
    """One figure with its still picture, its data and its caption."""

    required_arguments: ClassVar[int] = 1
    has_content: ClassVar[bool] = True

    def run(self) -> list[nodes.Node]:
        """The figure's nodes. Raises a directive error where the name is none of `INTERACTIVES`."""
        name = self.arguments[0]
        if name not in INTERACTIVES:
            raise self.error(f"no interactive figure {name!r}; there are {', '.join(INTERACTIVES)}")
        if not self.content:
            raise self.error(f"the interactive figure {name!r} has no caption")
        interactive = INTERACTIVES[name]
        # "<" cannot end the script element early.
        data = json.dumps(interactive.data()).replace("<", "\\u003c")
        caption = nodes.container()
        self.state.nested_parse(self.content, self.content_offset, caption)
        before = (
            f'<figure class="interactive" data-interactive="{name}"><div class="ia-stage">{interactive.still()}</div>'
            f'<script type="application/json">{data}</script><figcaption>'
        )
        return [
            nodes.raw("", before, format="html"),
            *caption.children,
            nodes.raw("", "</figcaption></figure>", format="html"),
        ]


def setup(app: Sphinx) -> dict[str, Any]:
    """Registers the directive and the figures' scripts; page_assets leaves them out where a page has no such figure."""
    app.add_directive("interactive", Figure)
    app.add_css_file("interactive/interactive.css")
    app.add_js_file("interactive/interactive.js", loading_method="defer")
    for name in INTERACTIVES:
        app.add_js_file(f"interactive/{name}.js", loading_method="defer")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
