"""`make facts`: writes the contract's facts between their marks in notebooks, the template and the README."""

from __future__ import annotations

import sys
from pathlib import Path

from tools.environment import ROOT
from tools.terminal import Terminal


def marked_files() -> list[Path]:
    """The files whose prose is read where the book's roles do not run."""
    return [*sorted((ROOT / "notebooks").glob("*.ipynb")), ROOT / "templates" / "notebook.ipynb", ROOT / "README.md"]


def write_all(terminal: Terminal) -> None:
    """Bring every marked fact up to date. Raises FactError for a mark that names nothing."""
    sys.path.insert(0, str(ROOT / "book" / "_ext"))  # where Sphinx finds it too
    from marked_facts import rewritten

    from janus_platform.contract import load_contract

    contract = load_contract()
    files, changed = marked_files(), 0
    for file in files:
        text = file.read_text(encoding="utf-8")
        # A fact holds no quote, backslash or line end, so it reads the same within a notebook's JSON.
        if (new := rewritten(text, contract)) != text:
            file.write_text(new, encoding="utf-8")
            terminal.say(f"  · {file.relative_to(ROOT)}")
            changed += 1
    terminal.say(f"{len(files)} files with facts between marks, {changed} changed.")
