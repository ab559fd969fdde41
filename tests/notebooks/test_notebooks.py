"""Every notebook runs in a fresh kernel from top to bottom, and its deterministic cells print what was recorded."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import nbformat
import pytest

from janus_platform.contract import load_contract
from tests.notebooks.expected import (
    ExpectationMissing,
    NotebookFailedError,
    compared_cells,
    differences,
    entries,
    executed,
    notebooks,
    recorded_outputs,
    said,
)
from tools.book import TESTED
from tools.notebook_runs import held, with_default_port

# Neither the reader's own work nor what the book does not show.
SILENT = {"exercise", "check", "remove-cell"}


@pytest.mark.parametrize("notebook", notebooks(), ids=lambda path: path.stem)
def test_notebook_runs_and_prints_what_was_recorded(notebook: Path, tmp_path: Path) -> None:
    assert differences(executed(notebook, tmp_path), recorded_outputs(notebook)) == []


@pytest.mark.parametrize("notebook", notebooks(), ids=lambda path: path.stem)
def test_no_cell_shows_a_bare_truth_value_where_it_could_show_what_was_compared(notebook: Path) -> None:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = [
        cell for cell in cells if cell["cell_type"] == "code" and not SILENT & set(cell["metadata"].get("tags", []))
    ]
    assert [cell["id"] for cell in code if is_truth_value("".join(cell["source"]))] == []
    assert set(held(notebook)) <= {cell["id"] for cell in code}


def is_truth_value(source: str) -> bool:
    """Whether the last line of a cell is nothing but comparisons."""
    lines = [line for line in source.splitlines() if not line.lstrip().startswith(("%", "!"))]
    statements = ast.parse("\n".join(lines)).body
    if not statements or not isinstance(last := statements[-1], ast.Expr):
        return False
    shown = last.value.elts if isinstance(last.value, ast.Tuple) else [last.value]
    return bool(shown) and all(
        isinstance(one, ast.Compare | ast.BoolOp)
        or (isinstance(one, ast.UnaryOp) and isinstance(one.op, ast.Not))
        or (isinstance(one, ast.Call) and getattr(one.func, "id", "") in ("all", "any", "bool", "isinstance"))
        for one in shown
    )


def test_what_must_hold_after_a_cell_is_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TESTED, raising=False)
    for folder in ("notebooks", "book"):
        (tmp_path / folder).mkdir()
    notebook = tmp_path / "notebooks" / "small.ipynb"
    notebook.write_text(json.dumps(small_notebook("value = 3; print(value)", None)), encoding="utf-8")
    holds = tmp_path / "book" / "holds.toml"
    holds.write_text("[small]\nonly = 'value > 2'\n", encoding="utf-8")
    assert [said(cell["outputs"]) for cell in executed(notebook, tmp_path / "a")["cells"]] == [{"stdout": "3\n"}]
    holds.write_text("[small]\nonly = 'value > 3'\n", encoding="utf-8")
    with pytest.raises(NotebookFailedError, match="assert value > 3"):
        executed(notebook, tmp_path / "b")


def test_the_port_of_a_run_is_shown_as_the_default_one() -> None:
    cell = small_notebook("", "http://localhost:40213/v1 and 127.0.0.1:40213, not :402130 nor example.com:40213\n")
    content = with_default_port(nbformat.from_dict(cell), 40213)
    default = load_contract().gateway.port
    shown = f"http://localhost:{default}/v1 and 127.0.0.1:{default}, not :402130 nor example.com:40213\n"
    assert content.cells[0].outputs[0].text == shown


def test_there_are_notebooks() -> None:
    assert notebooks()


def test_changed_output_of_a_deterministic_cell_is_found() -> None:
    assert "4" in differences(small_notebook("", "4\n"), recorded("5\n"))[0]
    assert differences(small_notebook("", None), recorded("5\n")) and not differences(
        small_notebook("", "5\n"), recorded("5\n")
    )


def test_ports_times_and_identifiers_are_no_difference() -> None:
    now = "up at 127.0.0.1:40213 after 0.84 s, trace 4bf92f3577b34da6a3ce929d0e0e4736, chatcmpl-9f3a"
    before = "up at 127.0.0.1:51007 after 1.2 s, trace 00f067aa0ba902b7a3ce929d0e0e4736, chatcmpl-77b1"
    assert differences(small_notebook("", now), recorded(before)) == []


def test_a_cell_without_recorded_output_names_the_command_that_records_it() -> None:
    with pytest.raises(ExpectationMissing, match=r"Cell only: .*is not recorded.*make\.py expected"):
        differences(small_notebook("print(1)", "1\n"), {})
    with pytest.raises(ExpectationMissing, match="before the cell changed"):
        differences(small_notebook("print(2)", "1\n"), recorded("1\n"))


def recorded(printed: str) -> dict[str, Any]:
    """The record of a small notebook without source that printed this."""
    return entries(small_notebook("", printed))


def test_cells_tagged_as_varying_are_not_compared() -> None:
    content = small_notebook("print(1)", None)
    content["cells"][0]["metadata"]["tags"] = ["nbval-ignore-output"]
    assert list(compared_cells(content)) == []


def small_notebook(source: str, printed: str | None) -> dict[str, Any]:
    """A notebook of one cell, with or without a stored output."""
    outputs = [] if printed is None else [{"output_type": "stream", "name": "stdout", "text": printed}]
    cell = {
        "cell_type": "code",
        "id": "only",
        "metadata": {},
        "source": source,
        "outputs": outputs,
        "execution_count": 1,
    }
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"cells": [cell], "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
