"""Writes tasks and stubs of `janus_book/exercises` into the notebooks, in place.

A notebook holds an exercise as three cells in a row: Markdown that starts with `### Exercise`, a code cell tagged
`exercise`, and a code cell tagged `check` that calls `check("notebook.exercise", ...)`. The name in that call says
which exercise they hold.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from janus_book import catalogue
from janus_book.exercise import BookError, Call, Exercise, ExerciseError, call_in
from tools.environment import ROOT
from tools.terminal import StepError, Terminal

NOTEBOOKS = ROOT / "notebooks"
EXERCISE, CHECK = "exercise", "check"
HEADING = "### Exercise"
_CELLS = (
    "An exercise is three cells in a row: Markdown that starts with `### Exercise: `, code tagged `exercise`, and code "
    'tagged `check` that calls check("notebook.exercise", ...). See janus_book/exercises/README.md.'
)

Cell = dict[str, Any]


class MisplacedCellError(BookError, ValueError):
    """Cells of a notebook are no exercise; the message names the cell and what it lacks."""


@dataclass(frozen=True)
class Place:
    """Where a notebook holds an exercise: how its check is called, and its three cells."""

    call: Call
    markdown: Cell
    code: Cell
    check: Cell


def places(cells: list[Cell]) -> list[Place]:
    """Every exercise of a notebook, in order. Raises MisplacedCellError."""
    found = [_place(cells, number) for number, cell in enumerate(cells) if CHECK in tags(cell)]
    held = {place.code["id"] for place in found}
    if stray := [cell["id"] for cell in cells if EXERCISE in tags(cell) and cell["id"] not in held]:
        raise MisplacedCellError(f"cell {stray[0]}: no check follows this exercise")
    return found


def tags(cell: Cell) -> list[str]:
    """A cell's tags."""
    return list(cell["metadata"].get("tags", []))


def source(cell: Cell) -> str:
    """A cell's source, which a notebook may hold as lines."""
    return "".join(cell["source"])


def update(content: dict[str, Any], stem: str, folder: Path = catalogue.FOLDER) -> list[str]:
    """Put tasks and stubs into a notebook's cells; returns what changed, nothing when all was right.

    Raises MisplacedCellError, ExerciseError or UnknownExerciseError.
    """
    changed = []
    for place in places(content["cells"]):
        exercise = catalogue.load(place.call.name, folder)
        _compare(exercise, place, stem)
        for cell, text, what in (
            (place.markdown, exercise.markdown, "task"),
            (place.code, exercise.stub.rstrip("\n"), "stub"),
        ):
            if source(cell) != text:
                cell["source"] = text.splitlines(keepends=True)
                changed.append(f"{exercise.name}: {what}")
    return changed


def missing(notebooks: Path = NOTEBOOKS, folder: Path = catalogue.FOLDER) -> list[str]:
    """The exercises that no notebook holds, and those that more than one cell does. Raises MisplacedCellError."""
    held = [
        place.call.name
        for path in sorted(notebooks.glob("*.ipynb"))
        for place in places(json.loads(path.read_text("utf-8"))["cells"])
    ]
    counts = {name: held.count(name) for name in catalogue.names(folder)}
    return [f"{name} stands in {count or 'no'} notebook cells" for name, count in counts.items() if count != 1]


def write_all(
    terminal: Terminal, chosen: Sequence[str] = (), *, notebooks: Path = NOTEBOOKS, folder: Path = catalogue.FOLDER
) -> None:
    """Write the exercises of the `chosen` notebooks, or of all, and say what changed.

    Raises StepError naming every notebook whose cells or exercises break the format; the others are written.
    """
    paths = [path for path in sorted(notebooks.glob("*.ipynb")) if not chosen or path.stem in chosen]
    changes: list[str] = []
    problems: list[str] = []
    for path in paths:
        try:
            changes += _write(path, folder)
        except (ExerciseError, catalogue.UnknownExerciseError, MisplacedCellError) as error:
            problems.append(f"{path.name}: {error}")
    for change in changes:
        terminal.say(f"  ✓ {change}")
    if changes:
        terminal.say(f"Record what the checks print: python3 make.py expected {' '.join(_stems(changes))}")
    if problems:
        raise StepError("; ".join(problems), remedy=_CELLS)
    if not changes:
        terminal.say("The notebooks hold every task and stub as the exercises have them.")
    for problem in missing(notebooks, folder):
        terminal.say(f"  · {problem}")


def _write(path: Path, folder: Path) -> list[str]:
    content = json.loads(path.read_text("utf-8"))
    changed = update(content, path.stem, folder)
    if changed:
        path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return changed


def _stems(changes: list[str]) -> list[str]:
    return sorted({change.partition(".")[0] for change in changes})


def _place(cells: list[Cell], number: int) -> Place:
    check = cells[number]
    try:
        call = call_in(source(check))
    except ValueError as error:
        raise MisplacedCellError(f"cell {check['id']}: {error}") from error
    if number < 2 or EXERCISE not in tags(cells[number - 1]):
        raise MisplacedCellError(f"cell {check['id']}: the cell before this check is not tagged `exercise`")
    markdown = cells[number - 2]
    if markdown["cell_type"] != "markdown" or not source(markdown).startswith(HEADING):
        raise MisplacedCellError(f"cell {markdown['id']}: the task before an exercise must start with `{HEADING}: `")
    return Place(call, markdown, cells[number - 1], check)


def _compare(exercise: Exercise, place: Place, stem: str) -> None:
    # A page that was split keeps its name as the beginning of its parts' names, and its exercises keep theirs.
    if not f"{stem}_".startswith(f"{exercise.notebook}_"):
        raise MisplacedCellError(
            f"cell {place.check['id']}: {exercise.name} belongs to the notebook {exercise.notebook}"
        )
    if place.call.answers != exercise.answers:
        wanted = f'check("{exercise.name}", {", ".join(exercise.answers)})'
        raise MisplacedCellError(f"cell {place.check['id']}: the check must be called as {wanted}")
