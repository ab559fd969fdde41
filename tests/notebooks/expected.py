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
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jupyter_cache import get_cache

from tools.book import TESTED
from tools.environment import variables
from tools.terminal import Terminal

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
EXPECTED = Path(__file__).with_name("expected")
SANITIZE = Path(__file__).with_name("sanitize.toml")
IGNORED = "nbval-ignore-output"
# Pictures differ by a font's hinting; what they show is tested where it is drawn.
_PICTURES = ("image/png", "image/jpeg", "image/svg+xml")

Notebook = dict[str, Any]


class NotebookFailedError(Exception):
    """A notebook did not run to its end; the message is what it said."""


class ExpectationMissing(LookupError):
    """A deterministic cell has no recorded output, or changed since; the message says which and what to run."""


def notebooks() -> list[Path]:
    """Every notebook of the book."""
    return sorted(NOTEBOOKS.glob("*.ipynb"))


def executed(notebook: Path, folder: Path) -> Notebook:
    """The notebook with its outputs: those of this run's book build, else of a run now, which keeps them in `folder`.

    Its cells are the code cells. Raises NotebookFailedError with what a cell said.
    """
    kept = os.environ.get(TESTED)
    if kept is None:
        command = [sys.executable, "-m", "tools.notebook_runs", str(folder / "executed"), str(folder / "homes")]
        done = subprocess.run([*command, str(notebook)], env=variables(), cwd=ROOT, capture_output=True, text=True)
        if done.returncode:
            raise NotebookFailedError(done.stdout + done.stderr[-2000:])
    cache = get_cache(Path(kept) if kept else folder / "executed")
    found = [record for record in cache.list_cache_records() if record.uri == str(notebook)]
    content: Notebook = cache.get_cache_bundle(found[0].pk).nb
    return content


def differences(content: Notebook, recorded: dict[str, Any]) -> list[str]:
    """Each deterministic cell whose outputs are not the recorded ones. Raises ExpectationMissing."""
    different = []
    for cell in compared_cells(content):
        entry = recorded.get(cell["id"])
        if entry is None or entry["source"] != _digest(cell):
            state = "is not recorded" if entry is None else "was recorded before the cell changed"
            raise ExpectationMissing(
                f"Cell {cell['id']}: its output {state}. "
                f"Run `python3 make.py expected` and read the diff, or tag the cell {IGNORED} when its output varies."
            )
        before, now = said(entry["outputs"]), said(cell["outputs"])
        if before != now:
            different.append(f"Cell {cell['id']} printed\n{now}\nwhere was recorded\n{before}")
    return different


def said(outputs: list[dict[str, Any]]) -> dict[str, str]:
    """What outputs say, by stream and type, without what varies from run to run."""
    texts: dict[str, str] = {}
    for output in map(_plain, outputs):
        data = output.get("data") or {output.get("name", "error"): output.get("text", output.get("evalue", ""))}
        for kind, value in data.items():
            text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
            for name, pattern in tomllib.loads(SANITIZE.read_text("utf-8")).items():
                text = re.sub(pattern, name, text)
            texts[kind] = texts.get(kind, "") + text
    return texts


def recorded_outputs(notebook: Path) -> dict[str, Any]:
    """What was recorded for a notebook, by cell; nothing for a new one."""
    file = EXPECTED / f"{notebook.stem}.json"
    return _read(file) if file.is_file() else {}


def compared_cells(content: Notebook) -> Iterable[dict[str, Any]]:
    """The code cells whose output must be the same each time."""
    for cell in content["cells"]:
        if cell["cell_type"] == "code" and IGNORED not in cell["metadata"].get("tags", []):
            yield cell


def entries(content: Notebook) -> dict[str, Any]:
    """What to record of a notebook that ran: the source's hash and the outputs of each deterministic cell."""
    return {
        cell["id"]: {"source": _digest(cell), "outputs": [_plain(output) for output in cell["outputs"]]}
        for cell in compared_cells(content)
    }


def main(names: list[str]) -> int:
    """Record the named notebooks, or all; 1 when a cell of one fails."""
    terminal, failed = Terminal(), 0
    for notebook in (path for path in notebooks() if not names or path.stem in names):
        try:
            with terminal.step(f"run {notebook.stem}"), tempfile.TemporaryDirectory() as folder:
                found = entries(executed(notebook, Path(folder)))
            text = json.dumps(found, indent=1, ensure_ascii=False, sort_keys=True)
            (EXPECTED / f"{notebook.stem}.json").write_text(text + "\n", encoding="utf-8")
            terminal.say(f"    {len(found)} deterministic cells recorded")
        except NotebookFailedError as error:
            terminal.say(str(error))
            failed += 1
    return min(failed, 1)


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
