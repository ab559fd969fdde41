"""Facts in notebooks and the README stand between marks, are written from the contract, and follow it."""

from __future__ import annotations

import copy
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from facts import MARKED, FactError
from marked_facts import rewritten, trouble_in

from janus_platform.contract import CONTRACT_FILE, load_contract, parse_contract
from tests.book.test_build import failure_of, make_small_book
from tools.environment import ROOT
from tools.facts import marked_files

CONTRACT = load_contract()
LIMIT = "<!-- fact services.search.rate_limit -->{}<!-- /fact -->"


def texts() -> Iterator[tuple[str, str]]:
    """Each piece of prose in which roles do not run, with where it stands."""
    for path in marked_files():
        if path.suffix != ".ipynb":
            yield path.name, path.read_text("utf-8")
            continue
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            if cell["cell_type"] == "markdown":
                yield f"{path.name}, cell {cell['id']}", "".join(cell["source"])


def test_no_notebook_and_no_readme_types_a_fact_by_hand_or_has_an_old_one() -> None:
    assert [f"{where}: {f.text!r}: write {f.role}" for where, text in texts() for f in trouble_in(text, CONTRACT)] == []


def test_notebooks_have_marked_facts() -> None:
    assert sum(len(MARKED.findall(text)) for _, text in texts()) >= 10


def test_a_changed_contract_changes_what_stands_between_the_marks() -> None:
    raw = copy.deepcopy(tomllib.loads(CONTRACT_FILE.read_text("utf-8")))
    raw["services"]["search"]["rate_limit"]["requests"] = 33
    text = f"At most {LIMIT.format('20 requests/minute')}, not more."
    assert rewritten(text, CONTRACT) == text
    assert rewritten(text, parse_contract(raw)) == f"At most {LIMIT.format('33 requests/minute')}, not more."


def test_backticks_and_stars_stay_around_a_fact() -> None:
    text = "<!-- fact services.search.host -->**`old.example`**<!-- /fact -->"
    assert "**`search.janus.rodeo`**" in rewritten(text, CONTRACT)


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("\nAsk `search.janus.rodeo`.", 2, "<!-- fact services.search.host -->search.janus.rodeo<!-- /fact -->"),
        ("It has 16 GB.", 1, "<!-- fact implementation.memory_bytes -->"),
        (f"One.\n{LIMIT.format('21 requests/minute')}", 2, "20 requests/minute"),
        ("<!-- fact services.serch.host -->x<!-- /fact -->", 1, "services has no 'serch'"),
    ],
)
def test_what_is_typed_old_or_misspelt_is_told_with_its_line(text: str, line: int, told: str) -> None:
    (found,) = trouble_in(text, CONTRACT)
    assert found.line == line
    assert told in found.role


def test_a_path_that_names_nothing_is_not_written() -> None:
    with pytest.raises(FactError, match="has no 'serch'"):
        rewritten("<!-- fact services.serch.host -->x<!-- /fact -->", CONTRACT)


def test_a_fact_typed_into_a_notebook_turns_the_build_red_and_names_the_cell(tmp_path: Path) -> None:
    root = make_small_book(tmp_path)
    notebook = root / "notebooks" / "one.ipynb"
    content = json.loads(notebook.read_text("utf-8"))
    content["cells"][0]["source"] = "# One\n\nIt gets 512 MB."
    notebook.write_text(json.dumps(content), encoding="utf-8")
    said = failure_of(root)
    assert "'512 MB' (cell title) is typed by hand" in said
    assert "<!-- fact services.code_sandbox.max_memory_bytes -->" in said


def test_no_mark_shows_on_a_built_page(built_book: Path) -> None:
    pages = [built_book / "notebooks" / f"{path.stem}.html" for path in (ROOT / "notebooks").glob("*.ipynb")]
    shown = [page.stem for page in pages if "/fact --&gt;" in page.read_text("utf-8")]
    assert pages and shown == []
