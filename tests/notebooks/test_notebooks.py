"""Every notebook runs in a fresh kernel from top to bottom, and its deterministic cells print what was recorded."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from janus_platform.contract import load_contract
from tests.notebooks.expected import (
    CELL_SECONDS,
    SANITIZE,
    ExpectationMissing,
    compared_cells,
    held,
    merged,
    notebooks,
)
from tools.notebook_runs import with_default_port
from tools.platform import running
from tools.terminal import Terminal

# Neither the reader's own work nor what the book does not show.
SILENT = {"exercise", "check", "remove-cell"}
NBVAL = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-q", "-p", "no:cacheprovider"]
OPTIONS = ["--nbval-sanitize-with", str(SANITIZE), "--nbval-cell-timeout", str(CELL_SECONDS)]


@pytest.fixture(scope="module")
def on_another_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A platform on any port but the default one, which another program may have: no notebook may rely on it."""
    with running(Terminal(), own_home=tmp_path_factory.mktemp("home") / "janus", port=0) as env:
        yield env


def run_nbval(
    content: dict[str, Any], folder: Path, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """nbval over a notebook in a folder of its own, which is also the kernel's working directory."""
    (folder / "notebook.ipynb").write_text(json.dumps(content), encoding="utf-8")
    command = [*NBVAL, *OPTIONS, "--rootdir", str(folder), "-c", "/dev/null", "notebook.ipynb"]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=600)


@pytest.mark.parametrize("notebook", notebooks(), ids=lambda path: path.stem)
def test_notebook_runs_and_prints_what_was_recorded(
    notebook: Path, on_another_port: dict[str, str], tmp_path: Path
) -> None:
    done = run_nbval(merged(notebook), tmp_path, on_another_port)
    assert done.returncode == 0, done.stdout[-8000:]


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


def test_what_must_hold_after_a_cell_is_compared(tmp_path: Path) -> None:
    content = small_notebook("value = 3", None)
    holding = {**content["cells"][0], "id": "only-holds", "source": "assert value > 3, 'value > 3'"}
    done = run_nbval({**content, "cells": [*content["cells"], holding]}, tmp_path)
    assert done.returncode == 1
    assert "value > 3" in done.stdout


def test_the_port_of_a_run_is_shown_as_the_default_one() -> None:
    cell = small_notebook("", "http://localhost:40213/v1 and 127.0.0.1:40213, not :402130 nor example.com:40213\n")
    content = with_default_port(nbformat.from_dict(cell), 40213)
    default = load_contract().gateway.port
    shown = f"http://localhost:{default}/v1 and 127.0.0.1:{default}, not :402130 nor example.com:40213\n"
    assert content.cells[0].outputs[0].text == shown


def test_there_are_notebooks() -> None:
    assert notebooks()


def test_changed_output_of_a_deterministic_cell_is_found(tmp_path: Path) -> None:
    done = run_nbval(small_notebook("print(2 + 2)", "5\n"), tmp_path)
    assert done.returncode == 1
    assert "mismatch" in done.stdout


def test_unrecorded_output_of_a_deterministic_cell_is_found(tmp_path: Path) -> None:
    assert run_nbval(small_notebook("print(2 + 2)", None), tmp_path).returncode == 1


def test_ports_times_and_identifiers_are_no_difference(tmp_path: Path) -> None:
    said = "up at 127.0.0.1:40213 after 0.84 s, trace 4bf92f3577b34da6a3ce929d0e0e4736, chatcmpl-9f3a"
    recorded = "up at 127.0.0.1:51007 after 1.2 s, trace 00f067aa0ba902b7a3ce929d0e0e4736, chatcmpl-77b1\n"
    done = run_nbval(small_notebook(f"print({said!r})", recorded), tmp_path)
    assert done.returncode == 0, done.stdout


def test_a_cell_without_recorded_output_names_the_command_that_records_it(tmp_path: Path) -> None:
    notebook = tmp_path / "new.ipynb"
    notebook.write_text(json.dumps(small_notebook("print(1)", None)), encoding="utf-8")
    with pytest.raises(ExpectationMissing, match=r"new\.ipynb, cell only.*make\.py expected"):
        merged(notebook, tmp_path)


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
