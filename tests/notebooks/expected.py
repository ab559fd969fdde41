"""What the notebooks' deterministic cells print: kept apart, since the notebooks in the repository store no outputs.

`expected/<notebook>.json` maps a cell's id to the hash of its source and its outputs. A cell whose output changes from
run to run carries the tag `nbval-ignore-output` and has no entry. `python3 make.py expected` writes the files anew:
read their diff before you commit it.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
EXPECTED = Path(__file__).with_name("expected")
HOLDS = Path(__file__).with_name("holds.toml")
SANITIZE = Path(__file__).with_name("sanitize.cfg")
# nbval's own tags: the first runs a cell without comparing, the second says that its exception is meant.
IGNORED = "nbval-ignore-output"
CELL_SECONDS = 120
# Pictures differ by a font's hinting; what they show is tested where it is drawn.
_PICTURES = ("image/png", "image/jpeg", "image/svg+xml")

Notebook = dict[str, Any]


class ExpectationMissing(LookupError):
    """A deterministic cell has no recorded output, or changed since; the message says which and what to run."""


def notebooks() -> list[Path]:
    """Every notebook of the book."""
    return sorted(NOTEBOOKS.glob("*.ipynb"))


def merged(notebook: Path, folder: Path = EXPECTED) -> Notebook:
    """The notebook with its recorded outputs in place, for nbval to compare with. Raises ExpectationMissing."""
    content = _read(notebook)
    file = folder / f"{notebook.stem}.json"
    recorded = _read(file) if file.is_file() else {}
    for cell in compared_cells(content):
        entry = recorded.get(cell["id"])
        if entry is None or entry["source"] != _digest(cell):
            state = "is not recorded" if entry is None else "was recorded before the cell changed"
            raise ExpectationMissing(
                f"{notebook.name}, cell {cell['id']}: its output {state}. "
                f"Run `python3 make.py expected` and read the diff, or tag the cell {IGNORED} when its output varies."
            )
        # nbval compares only cells that look as if they had been run.
        cell.update(outputs=entry["outputs"], execution_count=1)
    content["cells"] = list(_with_assertions(content["cells"], held(notebook)))
    return content


def held(notebook: Path) -> dict[str, str]:
    """What must hold after a cell, by the cell's id: the page shows the values, the test compares them."""
    by_notebook: dict[str, dict[str, str]] = tomllib.loads(HOLDS.read_text(encoding="utf-8"))
    return by_notebook.get(notebook.stem, {})


def _with_assertions(cells: list[dict[str, Any]], held: dict[str, str]) -> Iterator[dict[str, Any]]:
    for cell in cells:
        yield cell
        if expression := held.get(cell["id"]):
            source = f"assert {expression}, {expression!r}"
            blank = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
            yield {**blank, "id": f"{cell['id']}-holds", "source": source}


def compared_cells(content: Notebook) -> Iterable[dict[str, Any]]:
    """The code cells whose output must be the same each time."""
    for cell in content["cells"]:
        if cell["cell_type"] == "code" and IGNORED not in cell["metadata"].get("tags", []):
            yield cell


def record(notebook: Path, folder: Path = EXPECTED) -> int:
    """Run a notebook in a fresh kernel and record its deterministic cells; returns how many.

    Raises nbclient's CellExecutionError when a cell fails.
    """
    executed = _execute(notebook)
    entries = {
        cell["id"]: {"source": _digest(cell), "outputs": [_plain(output) for output in cell["outputs"]]}
        for cell in compared_cells(executed)
    }
    folder.mkdir(exist_ok=True)
    text = json.dumps(entries, indent=1, ensure_ascii=False, sort_keys=True)
    (folder / f"{notebook.stem}.json").write_text(text + "\n", encoding="utf-8")
    return len(entries)


def main(names: list[str]) -> int:
    """Record the named notebooks, or all; 1 when a cell of one fails."""
    from nbclient.exceptions import CellExecutionError

    from tools.platform import book_home, running
    from tools.terminal import Terminal

    terminal, failed = Terminal(), 0
    chosen = [path for path in notebooks() if not names or path.stem in names]
    with running(terminal, own_home=book_home(), port=0) as env:
        os.environ.update(env)
        for notebook in chosen:
            try:
                with terminal.step(f"run {notebook.stem}"):
                    count = record(notebook)
                terminal.say(f"    {count} deterministic cells recorded")
            except CellExecutionError as error:
                terminal.say(str(error))
                failed += 1
    return min(failed, 1)


def _execute(notebook: Path) -> Notebook:
    import nbformat
    from nbclient import NotebookClient

    content = nbformat.read(notebook, as_version=4)
    with tempfile.TemporaryDirectory() as room:
        client = NotebookClient(content, timeout=CELL_SECONDS, resources={"metadata": {"path": room}})
        client.execute()
    return dict(content)


def _plain(output: dict[str, Any]) -> dict[str, Any]:
    kept = copy.deepcopy(dict(output))
    for kind in _PICTURES:
        if kind in kept.get("data", {}):
            kept["data"][kind] = ""
    if "execution_count" in kept:
        kept["execution_count"] = None
    return kept


def _digest(cell: dict[str, Any]) -> str:
    return hashlib.sha256("".join(cell["source"]).encode()).hexdigest()[:16]


def _read(path: Path) -> Notebook:
    content: Notebook = json.loads(path.read_text(encoding="utf-8"))
    return content


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
