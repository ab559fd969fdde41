"""The build turns red when it should: a broken cell, a warning, a missing page, a diagram nobody drew."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from jupyter_cache import get_cache

from janus_platform.contract import load_contract
from tools import book
from tools.environment import ROOT, variables
from tools.terminal import StepError

COMMAND = Path(sys.executable).with_name("jupyter-book")


@pytest.fixture
def small_book(tmp_path: Path) -> Path:
    """A book of one page and one notebook, with this book's own settings and extensions."""
    return make_small_book(tmp_path)


def make_small_book(root: Path) -> Path:
    for name in ("_ext", "_static", "_diagrams"):
        shutil.copytree(ROOT / "book" / name, root / "book" / name)
    shutil.copytree(ROOT / "tools", root / "tools")
    shutil.copytree(ROOT / "book" / "_templates", root / "book" / "_templates")
    # The pages to which old addresses lead are not in this book.
    config = re.sub(r"^    moved_pages:\n(?:      .*\n)+", "", (ROOT / "_config.yml").read_text("utf-8"), flags=re.M)
    (root / "_config.yml").write_text(config, encoding="utf-8")
    page = "# A page\n\nQuality weighs {fact}`bench.weights.quality`, at {host}`search`.\n\n```{executions}\n```\n"
    write_page(root, page)
    write_notebook(root, "print(2 + 2)")
    toc = "format: jb-book\nroot: book/index\nchapters:\n  - file: notebooks/one\n"
    (root / "_toc.yml").write_text(toc, encoding="utf-8")
    return root


def write_page(root: Path, text: str) -> None:
    (root / "book" / "index.md").write_text(text, encoding="utf-8")


def write_notebook(root: Path, source: str, name: str = "one") -> None:
    cells = [
        {"cell_type": "markdown", "id": "title", "metadata": {}, "source": f"# {name.title()}"},
        {"cell_type": "code", "id": "only", "metadata": {}, "source": source, "outputs": [], "execution_count": None},
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    content = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    (root / "notebooks").mkdir(exist_ok=True)
    (root / "notebooks" / f"{name}.ipynb").write_text(json.dumps(content), encoding="utf-8")


def build(root: Path) -> None:
    book.run_jupyter_book(COMMAND, root, variables())


def failure_of(root: Path) -> str:
    with pytest.raises(StepError) as caught:
        build(root)
    return caught.value.output


def test_the_book_is_built_from_cells_that_ran() -> None:
    assert re.search(r"^  execute_notebooks: force\b", (ROOT / "_config.yml").read_text("utf-8"), re.M)


@pytest.fixture(scope="module")
def sound_html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of a small book without a fault: one notebook calculates, the other answers with sources."""
    root = make_small_book(tmp_path_factory.mktemp("book"))
    answer = "[Tides](https://physics.org/tides), [away](https://physics.org.evil.test/tides)"
    add_notebook(root, f"from IPython.display import Markdown\nMarkdown({answer!r})")
    build(root)
    book.check_pages(root)
    return root / "_build" / "html"


def test_sound_book_builds_and_executes(sound_html: Path) -> None:
    assert ">4\n" in (sound_html / "notebooks" / "one.html").read_text(encoding="utf-8")
    page = (sound_html / "book" / "index.html").read_text(encoding="utf-8")
    assert "Quality weighs 40\N{NO-BREAK SPACE}%" in page
    assert "search.janus.rodeo" in page
    assert f"{load_contract().version} of " in page
    assert re.search(r'href="\.\./notebooks/one\.html">One</a>.*?<td><p>\d{4}-\d\d-\d\d \d\d:\d\d</p>', page, re.S)


def test_a_source_in_an_executed_answer_leads_to_the_bundled_page_within_the_book(sound_html: Path) -> None:
    page = (sound_html / "notebooks" / "two.html").read_text(encoding="utf-8")
    assert 'href="../web/physics.org/tides.html"' in page and 'href="https://physics.org.evil.test/tides"' in page
    copy = (sound_html / "web" / "physics.org" / "quantum.html").read_text(encoding="utf-8")
    assert (
        "Bundled page" in copy and 'src="images/spin-pair.svg"' in copy and 'href="correlation-function.html"' in copy
    )
    assert (sound_html / "web" / "physics.org" / "images" / "spin-pair.svg").is_file()


def test_no_button_leads_to_a_repository_that_has_no_address_yet(sound_html: Path) -> None:
    page = (sound_html / "notebooks" / "one.html").read_text(encoding="utf-8")
    assert ("mybinder" in page) == load_contract().is_published


def add_notebook(root: Path, source: str) -> None:
    """A second notebook."""
    write_notebook(root, source, "two")
    toc = (root / "_toc.yml").read_text(encoding="utf-8")
    (root / "_toc.yml").write_text(toc + "  - file: notebooks/two\n", encoding="utf-8")


ALONE = """\
import os, pathlib
import janus_platform as janus
platform = janus.up()
mark = pathlib.Path(os.environ["JANUS_HOME"], "mark")
print(platform.url, "marked before:", mark.exists())
mark.touch()"""


def test_notebooks_run_beforehand_each_with_a_platform_and_a_home_of_its_own(small_book: Path) -> None:
    write_notebook(small_book, ALONE)
    add_notebook(small_book, f"{ALONE}  # the second")
    executed = book.execute(small_book)
    kept = [record.uri for record in get_cache(executed).list_cache_records()]
    assert sorted(Path(uri).stem for uri in kept) == ["one", "two"]
    book.run_jupyter_book(COMMAND, small_book, {**variables(), book.EXECUTED: str(executed)})
    # The pages show what was kept: what runs a second time is kept a second time.
    assert [record.uri for record in get_cache(executed).list_cache_records()] == kept
    for name in ("one", "two"):
        html = (small_book / "_build" / "html" / "notebooks" / f"{name}.html").read_text(encoding="utf-8")
        assert f"http://localhost:{load_contract().gateway.port} marked before: False" in html


def test_no_platform_outlives_a_build_that_was_killed(small_book: Path) -> None:
    told = small_book / "told"
    status = (
        "import os, subprocess, sys, time\ncommand = [sys.executable, '-m', 'janus_platform.cli', 'status', '--json']\n"
    )
    source = f"open({str(told)!r} + '.part', 'wb').write(subprocess.run(command, stdout=-1, check=True).stdout)\n"
    write_notebook(small_book, f"{status}{source}os.replace({str(told)!r} + '.part', {str(told)!r})\ntime.sleep(100)")
    words = [small_book / "cache", small_book / "homes", small_book / "notebooks" / "one.ipynb"]
    command = [sys.executable, "-m", "tools.notebook_runs", *map(str, words)]
    running = subprocess.Popen(command, env=variables(), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: told.is_file() or running.poll() is not None)
    finally:
        running.kill()
        running.wait()
    platform = json.loads(told.read_bytes())["pid"]
    until(lambda: not psutil.pid_exists(platform))


def until(holds: Callable[[], bool]) -> None:
    """Wait for it; a test that waits in vain fails."""
    deadline = time.monotonic() + 100
    while not holds():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


def test_every_notebook_that_fails_is_shown_with_its_cell(small_book: Path) -> None:
    write_notebook(small_book, "1 / 0")
    add_notebook(small_book, "missing_name")
    with pytest.raises(StepError) as caught:
        book.execute(small_book)
    said = caught.value.output
    assert "notebooks/one.ipynb did not run" in said and "1 / 0" in said and "ZeroDivisionError" in said
    assert "notebooks/two.ipynb did not run" in said and "NameError" in said
    assert "\x1b" not in said and "Traceback (most recent call last):\n  File" not in said


def test_broken_cell_turns_the_build_red(small_book: Path) -> None:
    write_notebook(small_book, "raise RuntimeError('the search service is down')")
    assert "RuntimeError: the search service is down" in failure_of(small_book)


def test_mistakes_turn_the_build_red_and_name_their_line(small_book: Path) -> None:
    write_notebook(small_book, "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()")
    write_page(
        small_book,
        "# A page\n\nAsk search.janus.rodeo, at most 20 searches per minute, with `janus serch`.\n\n"
        "{fact}`bench.weights.beauty`\n\n"
        "[nowhere](gone.md)\n\n```{mermaid}\nflowchart LR\n    A --> B\n```\n",
    )
    # Line 3 has a command that no formula knows, line 7 LaTeX between no dollars. A price is neither.
    formulas = (
        "# Formulas\n\n$$\\nonsense{a}$$\n\n$\\frac{a}{b}$\n\nIt is \\frac{a}{b}.\n\nIt costs `$$`, $5, not $6.\n"
    )
    (small_book / "book" / "formulas.md").write_text(formulas, encoding="utf-8")
    toc = (small_book / "_toc.yml").read_text(encoding="utf-8")
    (small_book / "_toc.yml").write_text(toc + "  - file: book/formulas\n", encoding="utf-8")
    said = failure_of(small_book)
    named = [line for line in range(1, 12) if f"formulas.md:{line}: WARNING: " in said]
    assert named == [3, 7]
    assert "has the unknown command \\nonsense" in said and "Write it between $ and $" in said
    assert "index.md:3: WARNING: 'search.janus.rodeo' is typed by hand. Write {host}`search`" in said
    assert "'20 searches per minute' is typed by hand. Write {fact}`services.search.rate_limit`" in said
    assert "`janus serch` is no command of this version" in said
    assert "bench.weights has no 'beauty'" in said
    assert "gone.md" in said
    assert "This diagram has no text alternative" in said
    assert "This cell's picture has no text alternative" in said


def test_missing_page_is_named(small_book: Path) -> None:
    html = small_book / "_build" / "html"
    for page in ("index", "book/index"):
        (html / page).parent.mkdir(parents=True, exist_ok=True)
        (html / f"{page}.html").write_text("<html></html>", encoding="utf-8")
    with pytest.raises(StepError, match=r"missing from .*: notebooks/one"):
        book.check_pages(small_book)


def test_page_without_source_is_named_before_anything_runs(small_book: Path) -> None:
    (small_book / "notebooks" / "one.ipynb").unlink()
    assert book.missing_sources(small_book) == ["notebooks/one"]


def test_every_page_of_the_table_of_contents_is_in_the_output(built_book: Path) -> None:
    assert len(book.pages(ROOT)) >= 7
    book.check_pages(built_book.parent.parent)


def test_book_is_served_on_another_port_when_the_preferred_one_is_taken(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("hello", encoding="utf-8")
    with book.server(tmp_path, port=0) as first, book.server(tmp_path, port=first.server_address[1]) as second:
        assert second.server_address[1] != first.server_address[1]
        thread = threading.Thread(target=second.handle_request)
        thread.start()
        with urllib.request.urlopen(f"http://127.0.0.1:{second.server_address[1]}/", timeout=10) as answer:
            assert answer.read() == b"hello"
        thread.join()
