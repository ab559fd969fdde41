"""Every notebook runs in a fresh kernel from top to bottom, and its deterministic cells print what was recorded."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.notebooks.expected import CELL_SECONDS, SANITIZE, ExpectationMissing, compared_cells, merged, notebooks

NBVAL = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-q", "-p", "no:cacheprovider"]
OPTIONS = ["--nbval-sanitize-with", str(SANITIZE), "--nbval-cell-timeout", str(CELL_SECONDS)]


def run_nbval(
    content: dict[str, Any], folder: Path, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """nbval over a notebook in a folder of its own, which is also the kernel's working directory."""
    (folder / "notebook.ipynb").write_text(json.dumps(content), encoding="utf-8")
    command = [*NBVAL, *OPTIONS, "--rootdir", str(folder), "-c", "/dev/null", "notebook.ipynb"]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=600)


@pytest.mark.parametrize("notebook", notebooks(), ids=lambda path: path.stem)
def test_notebook_runs_and_prints_what_was_recorded(
    notebook: Path, platform_variables: dict[str, str], tmp_path: Path
) -> None:
    done = run_nbval(merged(notebook), tmp_path, platform_variables)
    assert done.returncode == 0, done.stdout[-8000:]


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
