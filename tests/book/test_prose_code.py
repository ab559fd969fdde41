"""Every Python block of the book's Markdown pages runs, page by page, against a running platform.

The blocks of a page run in order in one process, as a reader would paste them. A block that cannot run says why on the
line before its fence: `<!-- no-run: needs a key for the live platform -->`.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools.environment import ROOT

PAGES = sorted((ROOT / "book").glob("*.md"))
PAGE_SECONDS = 120
_BLOCK = re.compile(
    r"(?:<!-- no-run:(?P<reason>[^>]*)-->\s*\n)?"
    r"^(?P<ticks>`{3,})(?:python|py|\{code-cell\}[^\n]*)\n(?P<code>.*?)^(?P=ticks)\s*$",
    re.M | re.S,
)
_CELL_OPTION = re.compile(r"^:[\w-]+:.*\n", re.M)
# A page that starts the platform itself says so; any other finds it up, as in a notebook.
_JOIN = "import janus_platform as _janus\n_platform = _janus.up()\n"


def _without_options(code: str) -> str:
    while match := _CELL_OPTION.match(code):
        code = code[match.end() :]
    return code


def python_blocks(text: str) -> list[tuple[str, str | None]]:
    """The Python blocks of a page in order, each with the reason for not running it, or None."""
    return [(_without_options(m["code"]), m["reason"] and m["reason"].strip()) for m in _BLOCK.finditer(text)]


def script_of(text: str) -> str:
    """What of a page runs, as one program; empty when it has no code."""
    code = "\n".join(code for code, reason in python_blocks(text) if reason is None)
    if not code or "janus.up(" in code:
        return code
    return _JOIN + code


@pytest.mark.parametrize("page", [p for p in PAGES if script_of(p.read_text("utf-8"))], ids=lambda page: page.stem)
def test_python_code_of_the_page_runs(page: Path, platform_variables: dict[str, str], tmp_path: Path) -> None:
    program = tmp_path / "page.py"
    program.write_text(script_of(page.read_text("utf-8")), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, program],
        cwd=tmp_path,
        env=platform_variables,
        capture_output=True,
        text=True,
        timeout=PAGE_SECONDS,
    )
    assert done.returncode == 0, done.stderr[-4000:]


def test_a_block_that_does_not_run_gives_its_reason() -> None:
    for page in PAGES:
        for _, reason in python_blocks(page.read_text("utf-8")):
            assert reason is None or len(reason) > 10, f"{page.name}: say why the block cannot run"


def test_blocks_are_found_with_their_marks_and_without_cell_options() -> None:
    text = (
        "```python\na = 1\n```\n\n<!-- no-run: needs a key -->\n```python\nlive()\n```\n\n"
        "```{code-cell} python3\n:tags: [remove-input]\nb = a\n```\n\n```bash\nls\n```\n"
    )
    assert python_blocks(text) == [("a = 1\n", None), ("live()\n", "needs a key"), ("b = a\n", None)]
    assert script_of(text).endswith("a = 1\n\nb = a\n")
    assert "live" not in script_of(text)
