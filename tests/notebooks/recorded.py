"""Record what pages measure of a language model, for readers without one: `python -m tests.notebooks.recorded NAME`.

The figures go to `janus_book/recordings/<page>.json` and are shown where no model runs. Record on a machine that does
nothing else: the page's plots are drawn from them.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import platform
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from janus_book.real_model import RECORDINGS
from tests.notebooks.expected import NOTEBOOKS
from tools.notebook_runs import model_for, platform_for


async def record(page: str) -> None:
    """Run one page with its model and keep what it measured. Raises SystemExit where there is no model."""
    notebook = NOTEBOOKS / f"{page}.ipynb"
    if not model_for(notebook):
        raise SystemExit("There is no model to record: pip install xllamacpp, janus model pull smollm2-135m.")
    content = nbformat.read(notebook, as_version=4)
    taken = f"{dt.date.today():%d %B %Y}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    keep = f"import pathlib\nmodel.keep(pathlib.Path({str(RECORDINGS / f'{page}.json')!r}), {taken!r})"
    content.cells.append(nbformat.v4.new_code_cell(keep))
    with tempfile.TemporaryDirectory() as folder:
        async with platform_for(notebook, Path(folder) / "home") as (env, _):
            await NotebookClient(content, timeout=120, resources={"metadata": {"path": folder}}).async_execute(env=env)


if __name__ == "__main__":
    RECORDINGS.mkdir(exist_ok=True)
    for name in sys.argv[1:]:
        asyncio.run(record(name))
