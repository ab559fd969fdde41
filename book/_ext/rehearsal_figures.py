"""The directive ```{rehearsal}```: the figures of the last rehearsal of a classroom, as a table.

`python -m tests.benchmarks.room --keep book/teach/rehearsal.json` writes the file that it reads.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

FIGURES = Path(__file__).parents[1] / "teach" / "rehearsal.json"


class Rehearsal(SphinxDirective):
    """Every figure of the rehearsal with its value, and when and where it ran."""

    has_content: ClassVar[bool] = False

    def run(self) -> list[nodes.Node]:
        """A table and the sentence below it; a missing file is an error at this line."""
        self.env.note_dependency(str(FIGURES))
        kept = json.loads(FIGURES.read_text(encoding="utf-8"))
        rows = [(str(one["name"]), f"{_number(one['value'])} {one['unit']}".strip()) for one in kept["figures"]]
        said = f"{kept['learners']} learners, {kept['cores']} cores, {kept['date']}. {kept['note']}"
        return [_table(("figure", "value"), rows), nodes.paragraph("", said)]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.2f}"


def _table(head: tuple[str, str], rows: list[tuple[str, str]]) -> nodes.table:
    group = nodes.tgroup(cols=len(head))
    group += [nodes.colspec(colwidth=1) for _ in head]
    group += nodes.thead("", _row(head))
    group += nodes.tbody("", *map(_row, rows))
    return nodes.table("", group)


def _row(cells: tuple[str, ...]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", cell)) for cell in cells))


def setup(app: Sphinx) -> dict[str, Any]:
    """Registers the directive."""
    app.add_directive("rehearsal", Rehearsal)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
