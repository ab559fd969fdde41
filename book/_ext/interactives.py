"""The directive ```{interactive} NAME```: a figure that a reader moves; its content is the caption.

Each is one plain script in `_static/interactive/`, loaded only by the pages that have the figure, also from `file://`.
What it reads stands in the page. Without JavaScript and on paper, the still picture stays.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from html import escape
from typing import Any, ClassVar, NamedTuple, cast

import interactive_byte
import interactive_ranking
import interactive_request
import interactive_score
import interactive_streams
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from janus_platform.contract import load_contract


class Interactive(NamedTuple):
    """How a figure looks while it stands still, and what its script reads."""

    still: Callable[[], str]
    data: Callable[[], dict[str, object]]


def limited_services() -> dict[str, object]:
    """The services that have a rate limit, as the contract states them."""
    limited = [(s.title, s.rate_limit) for s in load_contract().services.values() if s.rate_limit is not None]
    return {"services": [{"name": n, "requests": r.requests, "seconds": r.per_seconds} for n, r in limited]}


def limits_in_words() -> str:
    """The limits as a table, for who cannot send anything here."""
    services = cast(list[dict[str, object]], limited_services()["services"])
    rows = "".join(
        f'<tr><th scope="row">{escape(str(one["name"]))}</th>'
        f"<td>{one['requests']} requests in any {one['seconds']} s</td></tr>"
        for one in services
    )
    return f'<table class="table"><tbody>{rows}</tbody></table>'


INTERACTIVES = {
    "score": Interactive(interactive_score.still, interactive_score.data),
    "request": Interactive(interactive_request.still, interactive_request.data),
    "streams": Interactive(interactive_streams.still, interactive_streams.data),
    "ranking": Interactive(interactive_ranking.still, interactive_ranking.data),
    "byte": Interactive(interactive_byte.still, interactive_byte.data),
    "limit": Interactive(limits_in_words, limited_services),
}


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
