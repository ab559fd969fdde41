"""The directive ```{minutes}```: what was counted on each page of the course, and the minutes that the page states.

tools/reading_time.py counts, and holds the rates; the directive names them too, so that nobody has to look them up. The
minutes are read off the page, whose line stays as it is while it is near enough to the count: one page, one figure.
"""

from __future__ import annotations

import posixpath
import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from executions import table
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tools import reading_time
from tools.page_contract import course_pages

HEAD = ["Page", "Words", "Code lines", "Cells", "Diagrams", "Minutes", "Exercises, minutes"]


class minutes(nodes.General, nodes.Element):  # type: ignore[misc]  # docutils has no types
    """Stands where the table comes, until every page has a title."""


class Minutes(SphinxDirective):
    """Says the rates, and leaves the placeholder."""

    def run(self) -> list[nodes.Node]:
        """A sentence and one placeholder."""
        self.env.note_reread()
        return [nodes.paragraph("", rates()), minutes()]


class WriteMinutes(SphinxPostTransform):
    """Puts the table in the placeholder's place."""

    default_priority = 8

    def run(self, **more: Any) -> None:
        """Replace each placeholder."""
        for node in list(self.document.findall(minutes)):
            source = Path(self.env.srcdir)
            pages = course_pages((source / "_toc.yml").read_text(encoding="utf-8"))
            node.replace_self(table(HEAD, [self._row(page, Path(self.env.doc2path(page))) for page in pages]))

    def _row(self, page: str, file: Path) -> list[nodes.Node]:
        found = reading_time.amounts_in(file)
        address = self.app.builder.get_relative_uri(self.env.docname, page)
        title = self.env.titles[page].astext() if page in self.env.titles else posixpath.basename(page)
        counts = (found.words, found.code_lines, found.cells, found.figures)
        counted = (max(1, round(found.reading_minutes)), found.exercise_minutes)
        spent = reading_time.stated(file.read_text(encoding="utf-8")) or counted
        link = nodes.reference("", title, internal=True, refuri=address)
        return [link, *(nodes.Text(str(number)) for number in (*counts, *spent))]


def rates() -> str:
    """How the minutes are made, as a sentence."""
    line, cell, figure = (
        reading_time.SECONDS_A_CODE_LINE,
        reading_time.SECONDS_A_CELL,
        reading_time.SECONDS_A_FIGURE,
    )
    return (
        f"A minute is {reading_time.WORDS_A_MINUTE} words of prose, the mean of 190 studies of silent reading "
        "(Brysbaert 2019, doi:10.1016/j.jml.2019.104047). The other rates are this book's own: "
        f"{line} seconds for a line of code, {cell} for a cell that is run and looked at, {figure} for a figure, "
        f"and {reading_time.MINUTES_AN_EXERCISE} minutes for an exercise."
    )


def setup(app: Sphinx) -> dict[str, Any]:
    """Registers the directive and what fills it in."""
    app.add_node(minutes)
    app.add_directive("minutes", Minutes)
    app.add_post_transform(WriteMinutes)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
