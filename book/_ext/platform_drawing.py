"""The directive ```{platform}```: the platform as it runs, drawn twice, wide and upright for phones.

The drawing is that of `janus_platform/drawing.py`; here every box is a link to the page that explains it. Colours are
the theme's.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from janus_platform.contract import load_contract
from janus_platform.drawing import PARTS, SERVICE_PAGES, drawing, upright, wide


class Platform(SphinxDirective):
    """Both drawings; a style shows the one that fits."""

    has_content: ClassVar[bool] = True

    def run(self) -> list[nodes.Node]:
        """The figure; its content is the caption."""
        builder = self.env.app.builder

        def address(page: str) -> str:
            return builder.get_relative_uri(self.env.docname, page)

        caption = nodes.container()
        self.state.nested_parse(self.content, self.content_offset, caption)
        drawings = f"{drawing(wide(), 'wide', address)}{drawing(upright(), 'narrow', address)}"
        return [
            nodes.raw("", f'<figure class="platform">{drawings}<figcaption>', format="html"),
            *caption.children,
            nodes.raw("", "</figcaption></figure>", format="html"),
        ]


def pages() -> Iterable[str]:
    """The pages that the drawing leads to."""
    yield from (part.page for part in PARTS.values())
    yield from (SERVICE_PAGES.format(name) for name in load_contract().services)


def setup(app: Sphinx) -> dict[str, Any]:
    """Registers the directive."""
    app.add_directive("platform", Platform)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
