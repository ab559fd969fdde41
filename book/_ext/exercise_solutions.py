"""Folds the solution in after each cell that is tagged `check`: a `details` element, closed until the reader opens it.

The solution comes from `janus_book/exercises`; the notebook does not hold it. A cell that checks no exercise, or one
that does not exist, is a warning at that cell (`-W` makes it an error).
"""

from __future__ import annotations

import html
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

from janus_book.catalogue import UnknownExerciseError, load
from janus_book.exercise import Exercise, ExerciseError, call_in

logger = logging.getLogger(__name__)
TAG_CLASS = "tag_check"  # what MyST-NB makes of the tag


class solution(nodes.General, nodes.Element):  # type: ignore[misc]  # docutils has no types
    """A folded solution; its `title` is the exercise's."""


def fold_solutions(app: Sphinx, doctree: nodes.document) -> None:
    """Put a folded solution behind every check cell of a page."""
    for cell in list(doctree.findall(nodes.container)):
        if cell.get("nb_element") != "cell_code" or TAG_CLASS not in cell["classes"]:
            continue
        try:
            exercise = load(call_in(_source(cell)).name)
        except (UnknownExerciseError, ExerciseError, ValueError) as error:
            logger.warning("This cell is tagged `check`: %s", error, location=cell)
            continue
        app.env.note_dependency(str(exercise.path))
        parent = cell.parent
        parent.insert(parent.index(cell) + 1, _folded(exercise))


def _source(cell: nodes.container) -> str:
    return next((str(block.astext()) for block in cell.findall(nodes.literal_block)), "")


def _folded(exercise: Exercise) -> solution:
    code = exercise.solution.rstrip()
    folded: solution = solution(title=exercise.title)
    folded += nodes.literal_block(code, code, language="python")
    return folded


def visit_html(self: HTML5Translator, node: solution) -> None:
    """Open the element. A screen reader hears which exercise it solves: a page may have several.

    The code scrolls in a box of its own, which takes the keyboard's focus: the theme looks for what scrolls when the
    page loads, while this is still closed.
    """
    title = html.escape(node["title"])
    more = f'<span class="visually-hidden"> to the exercise: {title}</span>'
    self.body.append(f'<details class="exercise-solution"><summary>Solution{more}</summary>\n')
    self.body.append(f'<div class="exercise-solution-code" role="group" tabindex="0" aria-label="{title}: code">\n')


def depart_html(self: HTML5Translator, node: solution) -> None:
    """Close both elements."""
    self.body.append("</div></details>\n")


def pass_by(self: Any, node: solution) -> None:
    """Elsewhere than in HTML a solution is its code."""


def setup(app: Sphinx) -> dict[str, Any]:
    """Registers the element and what puts it on the page."""
    other = (pass_by, pass_by)
    app.add_node(solution, html=(visit_html, depart_html), latex=other, text=other, man=other, texinfo=other)
    app.connect("doctree-read", fold_solutions)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
