"""Runs the book's notebooks side by side, with platforms and homes of their own, and keeps what they print.

`python -m tools.notebook_runs CACHE HOMES NOTEBOOK…` fills a cache in the format of jupyter-cache, from which MyST-NB
takes the outputs. What must hold after a cell (`book/holds.toml`) is asserted there. A platform of its own costs a
second a notebook; in return no page shows what another one left, in whatever order they run. Only the pages that follow
one request share a platform, and those of the road upward, and run in the book's order. Such a platform has any free
port; in the outputs stands the default one, as a reader sees it.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from janus_platform.contract import load_contract
from janus_platform.services.inference.models.files import is_here
from janus_platform.services.inference.models.table import find
from tools.environment import BIN, ROOT, TESTED_MODEL
from tools.platform import fresh_home

CELL_SECONDS = 240
MOST_AT_ONCE = 4  # a notebook and its platform take half a gigabyte
MOST_SHOWN_LINES = 24
# In a page's cells. All pages with it show the request that the first of them sent; or begin with the benches that the
# pages before have kept.
IN_A_ROW = ("from janus_book import road", "from janus_book.journey import follow")
# A page with it measures a language model where there is one, and shows what was recorded elsewhere.
MEASURING = "from janus_book.real_model import real_model"
# Plots are drawn as SVG in the book's style; book/_ext/plots.py puts them into the page.
AS_SVG = "--InlineBackend.figure_formats=svg"
PLOT_STYLE = ROOT / "book" / "matplotlibrc"
ASSERTION = "assertion"  # marks the cells that are in a run only
_COLOR = re.compile(r"\x1b\[[0-9;]*m")


class Failed(NamedTuple):
    """A notebook that did not run to its end, and what it said."""

    notebook: Path
    said: str


async def run_all(notebooks: list[Path], cache_folder: Path, homes: Path) -> list[Failed]:
    """Run the notebooks, one more at once than there are cores, and keep the outputs of those that end well.

    A page waits for starts and streams: another one has the core meanwhile.
    """
    shutil.rmtree(cache_folder, ignore_errors=True)
    cache, at_once = get_cache(cache_folder), min((os.cpu_count() or 1) + 1, MOST_AT_ONCE)
    # One platform more than notebooks run: the next one starts, and the last one ends, while others still run.
    platforms, turns = asyncio.Semaphore(at_once + 1), asyncio.Semaphore(at_once)

    async def run_group(group: list[Path]) -> None:
        notebook = group[0]
        async with platforms:
            try:
                async with platform_for(notebook, homes / notebook.stem) as (env, port):
                    for notebook in group:
                        async with turns:
                            content, seconds = await _run(notebook, env)
                        content = with_default_port(content, port)
                        bundle = CacheBundleIn(content, str(notebook), data={"execution_seconds": seconds})
                        cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
            except (CellExecutionError, CellTimeoutError, DeadKernelError, RuntimeError) as error:
                failures.append(Failed(notebook, _COLOR.sub("", str(error))))

    failures: list[Failed] = []
    await asyncio.gather(*map(run_group, _groups(notebooks)))
    return sorted(failures, key=lambda failure: notebooks.index(failure.notebook))


def _groups(notebooks: list[Path]) -> list[list[Path]]:
    """Those in a row together, in their order, and each other one alone."""
    texts = {notebook: notebook.read_text(encoding="utf-8") for notebook in notebooks}
    rows = [[notebook for notebook in notebooks if mark in texts[notebook]] for mark in IN_A_ROW]
    # Begun first, so that none is left over at the end: the rows, and the last pages, which have the bench in them.
    alone = [[notebook] for notebook in reversed(notebooks) if not any(notebook in row for row in rows)]
    return [*filter(None, rows), *alone]


async def _run(notebook: Path, env: dict[str, str]) -> tuple[Any, float]:
    content = nbformat.read(notebook, as_version=4)  # type: ignore[no-untyped-call]
    content.cells = list(with_assertions(content.cells, held(notebook)))
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        # MyST-NB looks the outputs up by a hash over the cells and their metadata, where no times may stand.
        client = NotebookClient(
            content,
            timeout=CELL_SECONDS,
            record_timing=False,
            resources={"metadata": {"path": folder}},
            extra_arguments=[AS_SVG],
        )
        await client.async_execute(env=env)
    content.cells = [cell for cell in content.cells if ASSERTION not in cell.metadata]
    return content, time.monotonic() - started


def held(notebook: Path) -> dict[str, str]:
    """What must hold after a cell, by the cell's id: the page shows the values, its run compares them."""
    file = notebook.parent.parent / "book" / "holds.toml"
    by_notebook: dict[str, dict[str, str]] = tomllib.loads(file.read_text("utf-8")) if file.is_file() else {}
    return by_notebook.get(notebook.stem, {})


def with_assertions(cells: list[Any], held: dict[str, str]) -> Iterator[Any]:
    """The cells, each with what must hold after it in a cell of its own."""
    for cell in cells:
        yield cell
        if expression := held.get(cell["id"]):
            source = f"assert {expression}, {expression!r}"
            yield nbformat.v4.new_code_cell(source, metadata={ASSERTION: True})  # type: ignore[no-untyped-call]


@asynccontextmanager
async def platform_for(notebook: Path, home: Path) -> AsyncIterator[tuple[dict[str, str], int]]:
    """A platform in `home` for a notebook: the variables to run it with, and its port. Raises RuntimeError."""
    model = model_for(notebook)
    own_home = str(await asyncio.to_thread(fresh_home, home))
    env = {**os.environ, "JANUS_HOME": own_home, "MATPLOTLIBRC": str(PLOT_STYLE)}
    options = ["--model", model] if model else []
    try:
        up = await asyncio.to_thread(_janus, env, "up", "--port", "0", "--json", *options)
        if up.returncode:
            raise RuntimeError(f"its platform did not start: {up.stderr}")
        yield env, int(json.loads(up.stdout)["gateway"]["url"].rpartition(":")[2])
    finally:
        await asyncio.to_thread(_janus, env, "down")
        # It holds keys, and nobody's work.
        shutil.rmtree(home, ignore_errors=True)


def model_for(notebook: Path) -> str:
    """The model for a page that measures one; "" for every other page, and where there is no model."""
    measures = MEASURING in notebook.read_text(encoding="utf-8") and importlib.util.find_spec("xllamacpp") is not None
    return TESTED_MODEL if measures and is_here(find(TESTED_MODEL)) else ""


def with_default_port(content: Any, port: int) -> Any:
    """The notebook with the contract's port in its outputs, where they name this one on this machine."""
    address = re.compile(rf"(localhost|127\.0\.0\.1):{port}\b")
    default = load_contract().gateway.port
    for cell in content.cells:
        if cell.cell_type == "code":
            outputs = address.sub(rf"\g<1>:{default}", json.dumps(cell.outputs, ensure_ascii=False))
            cell.outputs = [nbformat.from_dict(output) for output in json.loads(outputs)]  # type: ignore[no-untyped-call]
    return content


def _janus(env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    # From a session of its own: what `janus up` starts then ends with this process, however that ends.
    command = [str(BIN / "janus"), *words]
    return subprocess.run(
        command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, start_new_session=True
    )


def shown(failure: Failed) -> str:
    """A failure for the terminal: the notebook, the cell and its error; long ones without their middle."""
    lines = failure.said.strip().splitlines()
    if len(lines) > MOST_SHOWN_LINES:
        half = MOST_SHOWN_LINES // 2
        lines = [*lines[:half], "    …", *lines[-half:]]
    return "\n".join([f"{failure.notebook.parent.name}/{failure.notebook.name} did not run:", *lines])


def main(words: list[str]) -> int:
    """Run what is named; 1 when a notebook did not end well."""
    cache, homes, *names = map(Path, words)
    failures = asyncio.run(run_all(names, cache, homes))
    print("\n\n".join(map(shown, failures)))
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
