"""The notebooks hold every exercise, once, as its file has it; and what writes them there."""

from __future__ import annotations

import ast
import builtins
import copy
import json
import re
import symtable
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from janus_book.catalogue import load
from tests.exercises.made_up import write
from tools.exercises import NOTEBOOKS, MisplacedCellError, Place, missing, places, source, tags, update, write_all
from tools.terminal import StepError, Terminal

PATHS = sorted(NOTEBOOKS.glob("*.ipynb"))
PROVIDED = {*dir(builtins), "display", "get_ipython"}  # IPython adds two
Cells = list[dict[str, Any]]


def read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return content


def with_exercises() -> Iterator[tuple[Path, Cells, Place]]:
    """Every exercise of every notebook, with the cells around it."""
    for path in PATHS:
        cells = read(path)["cells"]
        yield from ((path, cells, place) for place in places(cells))


def test_notebooks_hold_tasks_and_stubs_as_the_exercises_have_them() -> None:
    changed = [change for path in PATHS for change in update(read(path), path.stem)]
    assert changed == [], "run python3 make.py exercises"


def test_every_exercise_stands_in_one_notebook_once() -> None:
    assert missing() == []


def test_no_notebook_holds_a_solution() -> None:
    found = []
    for path, cells, place in with_exercises():
        exercise = load(place.call.name)
        stub = [line.strip() for line in exercise.stub.splitlines()]
        only = "\n".join(line for line in map(str.strip, exercise.solution.splitlines()) if line not in stub)
        texts = ("\n".join(line.strip() for line in source(cell).splitlines()) for cell in cells)
        found += [f"{path.name}: {exercise.name}" for text in texts if only in text]
    assert found == []


def test_answers_use_only_what_the_notebook_has_defined_by_then() -> None:
    lacking = []
    for path, cells, place in with_exercises():
        code = [cell for cell in cells[: cells.index(place.code)] if cell["cell_type"] == "code"]
        defined = {name for cell in code for name in names_bound_in(source(cell))}
        for name in sorted(names_needed_by(load(place.call.name).solution) - defined):
            lacking.append(f"{path.name}: the solution of {place.call.name} uses {name}")
        if "check" not in defined | names_bound_in(source(place.check)):
            lacking.append(f"{path.name}: {place.call.name} is checked before `from janus_book import check`")
    assert lacking == []


def names_bound_in(code: str) -> set[str]:
    """What a cell defines or imports."""
    tree = ast.parse(re.sub(r"^(\s*)[%!].*$", r"\1pass", code, flags=re.M))
    bound = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            bound |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            bound.add(node.name)
    return bound


def names_needed_by(code: str) -> set[str]:
    """The global names that an answer uses and does not define itself."""

    def used(table: symtable.SymbolTable) -> Iterator[str]:
        outermost = table.get_type() == "module"
        yield from (s.get_name() for s in table.get_symbols() if s.is_referenced() and (outermost or s.is_global()))
        for child in table.get_children():
            yield from used(child)

    return set(used(symtable.symtable(code, "<answer>", "exec"))) - names_bound_in(code) - PROVIDED


def test_names_that_an_answer_needs_are_found() -> None:
    code = (
        "import json\nlimit = top\ndef f(x):\n    y = client.get(x)\n    return [json, len(y), limit, [z for z in y]]"
    )
    assert names_needed_by(code) == {"top", "client"}
    assert names_bound_in("if x:\n    %pip install y\nfrom a import b as c\nimport d.e\nf, g = 1, 2") == set("cdfg")


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A folder with one exercise in `exercises`, and a notebook with empty cells for it in `notebooks`."""
    write(tmp_path / "exercises")
    (tmp_path / "notebooks").mkdir()
    cells: Cells = [
        {"cell_type": "markdown", "id": "task", "metadata": {}, "source": ["### Exercise: "]},
        {"cell_type": "code", "id": "stub", "metadata": {"tags": ["exercise"]}, "source": []},
        {
            "cell_type": "code",
            "id": "look",
            "metadata": {"tags": ["check"]},
            "source": ['check("sums.double", double)'],
        },
    ]
    save(tmp_path, cells)
    return tmp_path


def save(course: Path, cells: Cells) -> None:
    (course / "notebooks" / "sums.ipynb").write_text(json.dumps({"cells": cells, "nbformat": 4}), encoding="utf-8")


def run(course: Path, *chosen: str) -> None:
    write_all(Terminal(), chosen, notebooks=course / "notebooks", folder=course / "exercises")


def test_task_and_stub_are_written_once_and_what_changed_is_said(
    course: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(course)
    said = capsys.readouterr().out
    assert "sums.double: task" in said
    assert "sums.double: stub" in said
    assert "python3 make.py expected sums" in said
    text = (course / "notebooks" / "sums.ipynb").read_text("utf-8")
    task, stub, _ = json.loads(text)["cells"]
    assert source(task) == "### Exercise: Double a number\n\nWrite `double(number)`, which returns twice `number`."
    assert source(stub) == 'def double(number):\n    """Twice `number`."""\n    ...'
    run(course)
    assert "as the exercises have them" in capsys.readouterr().out
    assert (course / "notebooks" / "sums.ipynb").read_text("utf-8") == text


def test_only_the_chosen_notebooks_are_written(course: Path) -> None:
    before = (course / "notebooks" / "sums.ipynb").read_text("utf-8")
    run(course, "elsewhere")
    assert (course / "notebooks" / "sums.ipynb").read_text("utf-8") == before


def test_exercise_without_a_cell_is_said(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(course / "exercises", name="sums.halve")
    run(course)
    assert "sums.halve stands in no notebook cells" in capsys.readouterr().out
    assert missing(course / "notebooks", course / "exercises") == ["sums.halve stands in no notebook cells"]


MISPLACED = {
    "check without a call": (2, {"source": "print(1)"}, 'it must call check("notebook.exercise", answer) once'),
    "check that is no Python": (2, {"source": "check("}, "its source is no Python"),
    "unknown exercise": (2, {"source": 'check("sums.treble", double)'}, "There is no exercise 'sums.treble'"),
    "another answer": (2, {"source": 'check("sums.double", triple)'}, 'called as check("sums.double", double)'),
    "untagged exercise": (1, {"metadata": {}}, "the cell before this check is not tagged `exercise`"),
    "task that is no exercise": (0, {"source": "### Now you"}, "must start with `### Exercise: `"),
    "task that is code": (0, {"cell_type": "code"}, "must start with `### Exercise: `"),
    "exercise without a check": (2, {"metadata": {}}, "cell stub: no check follows this exercise"),
}


@pytest.mark.parametrize("case", MISPLACED)
def test_cells_that_are_no_exercise_are_named(course: Path, case: str) -> None:
    number, change, said = MISPLACED[case]
    cells = read(course / "notebooks" / "sums.ipynb")["cells"]
    cells[number].update(change)
    save(course, cells)
    with pytest.raises(StepError) as caught:
        run(course)
    assert said in str(caught.value)
    assert str(caught.value).startswith("sums.ipynb: ")
    assert "three cells in a row" in caught.value.remedy


def test_exercise_in_another_notebook_than_its_own_is_named(course: Path) -> None:
    content = read(course / "notebooks" / "sums.ipynb")
    with pytest.raises(MisplacedCellError, match="belongs to the notebook sums"):
        update(content, "products", course / "exercises")


def test_one_broken_exercise_does_not_keep_the_others_from_being_written(course: Path) -> None:
    content = read(course / "notebooks" / "sums.ipynb")
    broken = copy.deepcopy(content)
    broken["cells"][2]["source"] = 'check("broken.one", double)'
    (course / "notebooks" / "broken.ipynb").write_text(json.dumps(broken), encoding="utf-8")
    write(course / "exercises", "nothing", "broken.one")
    with pytest.raises(StepError, match=r"broken\.ipynb: .*one\.py"):
        run(course)
    assert "exercise" in tags(content["cells"][1])
    assert source(read(course / "notebooks" / "sums.ipynb")["cells"][1]).endswith("...")
