"""Every code block of every page is run, read or drawn by a test, or says why not.

A page's Python blocks run in order in one process, as a reader would paste them; its shell blocks in one shell that
`janus env` prepared; both against a running platform. A block that cannot run says why on the line before its fence:
`<!-- no-run: needs a key for the live platform -->`.
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.book.prose_blocks import Block, blocks_in, blocks_of, pages
from tools.environment import ROOT

PAGES = pages()
PAGE_SECONDS = 120
JANUS = re.compile(r"(?:^|[\s/($])janus(?:-bench)?\s", re.M)
PYTHON, SHELL = {"python", "python3", "py"}, {"bash", "sh", "shell", "console"}
# Listings that are looked at by other means: read here, drawn by the build, or output of a block that is run.
READ = {"json", "toml", "text", "none", "mermaid"}
# A listing of a file is compiled; what it does is shown by the test of its page.
# On the other two, the cells below make the change that they show.
TESTED_WITH_THEIR_PAGE = {"diff": {"add_a_service", "attestation", "secrets_and_monitoring"}}
# A page that starts the platform itself says so; any other finds it up, as in a notebook.
_JOIN = "import janus_platform as _janus\n_platform = _janus.up()\n"


def is_run(block: Block) -> bool:
    return block.reason is None and not block.is_listing


def script_of(blocks: list[Block]) -> str:
    """What of a page's Python runs, as one program; empty when it has none."""
    code = "\n".join(block.code for block in blocks if block.language in PYTHON and is_run(block))
    return code if not code or "janus.up(" in code else _JOIN + code


def shell_of(blocks: list[Block]) -> str:
    """What of a page's shell commands runs, as one script; empty when it has none."""
    code = "\n".join(block.code for block in blocks if block.language in SHELL and is_run(block))
    return f'set -euo pipefail\neval "$(janus env)"\n{code}' if code else ""


def run(command: list[str], environment: dict[str, str], folder: Path) -> None:
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=PAGE_SECONDS, check=False
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]


@pytest.mark.parametrize("page", [p for p in PAGES if script_of(blocks_of(p))], ids=lambda page: page.stem)
def test_python_code_of_the_page_runs(page: Path, platform_variables: dict[str, str], tmp_path: Path) -> None:
    program = tmp_path / "page.py"
    program.write_text(script_of(blocks_of(page)), encoding="utf-8")
    run([sys.executable, str(program)], platform_variables, tmp_path)


@pytest.mark.parametrize("page", [p for p in PAGES if shell_of(blocks_of(p))], ids=lambda page: page.stem)
def test_shell_code_of_the_page_runs(page: Path, platform_variables: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / ".venv").symlink_to(sys.prefix)  # as in the folder of the book
    path = f"{Path(sys.executable).parent}{os.pathsep}{platform_variables['PATH']}"
    run(["bash", "-c", shell_of(blocks_of(page))], {**platform_variables, "PATH": path}, tmp_path)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_block_of_every_page_is_run_or_says_why_not(page: Path) -> None:
    for block in blocks_of(page):
        if block.reason is not None:
            assert len(block.reason) > 10, f"say why this block of {page.name} cannot run:\n{block.code}"
            continue
        known = block.language in PYTHON | SHELL | READ
        assert known or page.stem in TESTED_WITH_THEIR_PAGE.get(block.language, set()), (
            f"a {block.language} block of {page.name} is run by no test. Run it, or write `<!-- no-run: why -->`:\n"
            f"{block.code}"
        )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_first_command_of_a_page_begins_where_janus_is_found(page: Path) -> None:
    shells = [block.code for block in blocks_of(page) if block.language in SHELL]
    with_janus = [code for code in shells if JANUS.search(code)]
    assert not with_janus or ".venv/bin/" in with_janus[0], "write `source .venv/bin/activate`, or `.venv/bin/janus …`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_page_installs_from_a_registry_what_is_not_published_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for paragraph in text.split("\n\n"):
        assert not re.search(r"pip install [^\n`@]*janus-bench(?![^\n`]*@ git)", paragraph) or "published" in paragraph


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_listings_are_what_they_say(page: Path) -> None:
    for block in blocks_of(page):
        if block.language in PYTHON:
            ast.parse(block.code)
        elif block.language == "json" and block.reason is None:
            # A request line may stand above the body, as in the specification.
            json.loads(block.code[block.code.index("{") :])
        elif block.language == "toml":
            tomllib.loads(block.code)


def test_blocks_are_found_with_their_marks_and_without_cell_options() -> None:
    text = (
        "```python\na = 1\n```\n\n<!-- no-run: needs a key\nfor the real hosts -->\n```python\nlive()\n```\n\n"
        "```{code-cell} python3\n:tags: [remove-input]\nb = a\n```\n\n```bash\nls\n```\n\n"
        "::::{tip}\n```javascript\nc()\n```\n::::\n\n```{contract} bench\n```\n\n"
        "```{code-block} python\n:caption: a.py\n\nd = 2\n```\n"
    )
    found = list(blocks_in(text, ROOT / "page.md"))
    assert [(b.language, b.code, b.reason) for b in found] == [
        ("python", "a = 1\n", None),
        ("python", "live()\n", "needs a key for the real hosts"),
        ("python3", "b = a\n", None),
        ("bash", "ls\n", None),
        ("javascript", "c()\n", None),
        ("python", "d = 2\n", None),
    ]
    assert script_of(found).endswith("a = 1\n\nb = a\n")
    assert shell_of(found).endswith("ls\n")


def test_a_block_in_a_language_that_nobody_runs_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```ruby\nputs 1\n```\n", encoding="utf-8")
    with pytest.raises(AssertionError, match=r"a ruby block of page\.md is run by no test"):
        test_every_block_of_every_page_is_run_or_says_why_not(page)
