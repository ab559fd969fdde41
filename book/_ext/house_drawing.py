"""The directive ```{house}```: the packages of the project, drawn from what they import.

Each floor imports from the floors below it alone. Arrows that others already lead around are left out, as the drawing
would be black with them. It is 360 units wide, so that a phone shows it at its own size, and takes its colours from the
page's theme.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any, ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from tools.imports import floors, imported_packages, modules, package_of, without_shortcuts

WIDTH, PER_ROW = 360, 3
BOX_WIDTH, BOX_HEIGHT, GAP_X, GAP_Y = 108, 34, 12, 30
CAPTION = "An arrow leads from a package to one that it imports. The lines of a package are counted by the build."
TEXT = "font-family:var(--pst-font-family-monospace);font-size:11px;fill:var(--pst-color-text-base)"
SMALL = "font-size:9px;fill:var(--pst-color-text-muted)"
BOX = "fill:var(--pst-color-surface);stroke:var(--pst-color-border)"
ARROW = "fill:none;stroke:var(--pst-color-text-muted);stroke-opacity:.55"


class House(SphinxDirective):
    """The drawing as SVG in the page, and in words for who does not see it."""

    has_content: ClassVar[bool] = False

    def run(self) -> list[nodes.Node]:
        """One figure; it is drawn anew whenever a module of the packages changes."""
        for path in modules().values():
            self.env.note_dependency(str(path))
        return [nodes.raw("", drawing(), format="html")]


def drawing() -> str:
    """The SVG of the packages as they are."""
    graph, lines = imported_packages(), _lines()
    rows = _rows(floors(graph), graph)
    place = dict(_places(rows))
    height = len(rows) * (BOX_HEIGHT + GAP_Y) - GAP_Y + 4
    arrows = [
        _arrow(place[above], place[below])
        for above, all_below in without_shortcuts(graph).items()
        for below in all_below
    ]
    boxes = [_box(name, spot, lines[name]) for name, spot in place.items()]
    words = "; ".join(
        f"{_short(name)} imports {', '.join(map(_short, sorted(below)))}" for name, below in graph.items() if below
    )
    return (
        f'<figure class="house"><svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="The packages and their '
        f'imports: {escape(words)}" style="width:100%;max-width:560px;display:block;margin:auto">'
        '<defs><marker id="house-tip" viewBox="0 0 6 6" refX="5" refY="3" markerWidth="5" markerHeight="5" '
        'orient="auto"><path d="M0 0L6 3L0 6z" style="fill:var(--pst-color-text-muted)"/></marker></defs>'
        f"{''.join(arrows)}{''.join(boxes)}</svg><figcaption>{CAPTION}</figcaption></figure>"
    )


def _lines() -> dict[str, int]:
    total: dict[str, int] = {}
    for module, path in modules().items():
        total[package_of(module)] = total.get(package_of(module), 0) + path.read_text("utf-8").count("\n")
    return total


def _rows(levels: list[list[str]], graph: dict[str, set[str]]) -> list[list[str]]:
    """The floors from the top, each in rows of a few boxes; a box stands near those above that import it."""
    rows: list[list[str]] = []
    at: dict[str, float] = {}
    for level in reversed(levels):
        middles = {name: _middle_of_importers(name, graph, at) for name in level}
        ordered = sorted(level, key=middles.__getitem__)
        count = -(-len(ordered) // PER_ROW)
        for number in range(count):
            row = ordered[number::count]
            rows.append(row)
            at |= {name: (index + 0.5) / len(row) for index, name in enumerate(row)}
    return rows


def _middle_of_importers(name: str, graph: dict[str, set[str]], at: dict[str, float]) -> float:
    above = [x for one, x in at.items() if name in graph[one]]
    return sum(above) / len(above) if above else 0.5


def _places(rows: list[list[str]]) -> Iterator[tuple[str, tuple[float, float]]]:
    for number, row in enumerate(rows):
        left = (WIDTH - len(row) * BOX_WIDTH - (len(row) - 1) * GAP_X) / 2
        for index, name in enumerate(row):
            yield name, (left + index * (BOX_WIDTH + GAP_X), 2 + number * (BOX_HEIGHT + GAP_Y))


def _arrow(above: tuple[float, float], below: tuple[float, float]) -> str:
    x, y = above[0] + BOX_WIDTH / 2, above[1] + BOX_HEIGHT
    to_x, to_y = below[0] + BOX_WIDTH / 2, below[1]
    bend = min(GAP_Y, (to_y - y) / 2)
    return (
        f'<path d="M{x:g} {y:g}C{x:g} {y + bend:g} {to_x:g} {to_y - bend:g} {to_x:g} {to_y:g}" style="{ARROW}" '
        'marker-end="url(#house-tip)"/>'
    )


def _box(name: str, spot: tuple[float, float], lines: int) -> str:
    x, y = spot
    middle = x + BOX_WIDTH / 2
    return (
        f'<g><rect x="{x:g}" y="{y:g}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="4" style="{BOX}"/>'
        f'<text x="{middle:g}" y="{y + 15:g}" text-anchor="middle" style="{TEXT}">{escape(_short(name))}</text>'
        f'<text x="{middle:g}" y="{y + 27:g}" text-anchor="middle" style="{SMALL}">{lines:,} lines</text></g>'
    )


def _short(name: str) -> str:
    return name.removeprefix("janus_platform.")


def setup(app: Sphinx) -> dict[str, Any]:
    """Registers the directive."""
    app.add_directive("house", House)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
