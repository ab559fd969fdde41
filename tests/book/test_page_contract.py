"""The page contract: every page of the course keeps it, and what breaks it is told what to write."""

from __future__ import annotations

import copy
import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from janus_platform.contract import load_contract
from tools import book, page_contract
from tools.environment import ROOT
from tools.page_contract import (
    TEMPLATE,
    broken,
    broken_in,
    broken_in_notebook,
    course_files,
    course_pages,
    reference_files,
    wrong_minutes,
)

GOOD = """\
# A page

What it is good for.

**You will**

- see one,
- do two,
- know three.

**Minutes:** 1 · **You need:** nothing.

## Body

Text.

## Summary

- One.

**Next:** [another](another.md).
"""


# The first page leads everywhere, and the changelog is the repository's.
FOLLOWED = [pair for pair in pairwise(book.pages(ROOT)) if pair[0] not in ("book/index", "book/changelog")]


@pytest.mark.parametrize("file", course_files(), ids=lambda file: file.stem)
def test_page_keeps_the_contract(file: Path) -> None:
    assert broken_in(file) == []


@pytest.mark.parametrize("file", reference_files(), ids=lambda file: file.stem)
def test_page_of_the_reference_states_the_minutes_that_it_takes(file: Path) -> None:
    assert list(wrong_minutes(file, file.read_text("utf-8"))) == []


def test_a_page_that_says_forty_minutes_of_one_is_told_what_to_write(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(GOOD.replace("**Minutes:** 1", "**Minutes:** 40"), encoding="utf-8")
    assert "write `**Minutes:** 1 · …`" in "\n".join(broken_in(page))


def test_every_page_but_reference_keeps_it() -> None:
    toc = (ROOT / "_toc.yml").read_text("utf-8")
    names = course_pages(toc)
    assert "notebooks/first_request" in names
    assert "book/architecture" in names
    assert "book/contract" not in names
    assert len(names) >= 20


def test_a_good_page_has_nothing_to_mend() -> None:
    assert broken(GOOD) == []
    assert broken(GOOD.replace("**Next:** [", "## Next\n\nGo to [")) == []


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("# A page", "A page", "begin with a title"),
        ("What it is good for.", "- a list", "promise in one sentence"),
        ("What it is good for.", "Long, " * 50 + "long.", "at most 200 characters"),
        ("- know three.\n", "", "three points"),
        ("**Minutes:** 1", "**Minutes:** some", "**Minutes:** n"),
        ("## Body", "Body", "at least one section"),
        ("## Summary", "## In the end", "close with `## Summary`"),
        ("**Next:** [another](another.md).", "", "what is next"),
        ("**Next:** [another](another.md).", "**Next:** another.", "with a link"),
        ("**Next:**", "## More\n\n**Next:**", "nothing but what is next"),
    ],
)
def test_what_is_missing_is_named(right: str, wrong: str, told: str) -> None:
    assert right in GOOD
    assert told in "\n".join(broken(GOOD.replace(right, wrong)))


def test_headings_within_code_are_no_headings() -> None:
    assert broken(GOOD.replace("Text.", "```md\n## Summary\n## Anything\n```")) == []


def test_a_notebook_without_the_colab_cell_or_with_outputs_is_told() -> None:
    notebook = json.loads(TEMPLATE.read_text("utf-8"))
    assert broken_in(TEMPLATE) == []
    assert "installs the platform on Colab" in told(notebook, lambda code: code[0].update(source="1 + 1"))
    assert "tag the Colab cell" in told(notebook, lambda code: code[0].update(metadata={}))
    assert "store no outputs" in told(notebook, lambda code: code[1].update(execution_count=1))


def test_the_command_prints_what_is_broken_and_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.md"
    page.write_text(GOOD.replace("## Summary", "## End"), encoding="utf-8")
    monkeypatch.setattr(page_contract, "ROOT", tmp_path)
    monkeypatch.setattr(page_contract, "course_files", lambda: [page])
    monkeypatch.setattr(page_contract, "reference_files", list)
    assert page_contract.main([str(page)]) == 1
    assert capsys.readouterr().out.startswith("page.md: close with `## Summary`")
    page.write_text(GOOD, encoding="utf-8")
    assert page_contract.main([]) == 0


def test_the_template_runs(platform_variables: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import nbformat
    from nbclient import NotebookClient

    for name, value in platform_variables.items():
        monkeypatch.setenv(name, value)
    notebook = nbformat.read(TEMPLATE, as_version=4)
    NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [cell.outputs[0]["data"]["text/plain"] for cell in notebook.cells if cell.get("outputs")]
    assert shown[-2:] == ["True", "422"]


def told(notebook: dict[str, Any], change: Any) -> str:
    """What is said of a notebook after a change of its code cells."""
    changed = copy.deepcopy(notebook)
    change([cell for cell in changed["cells"] if cell["cell_type"] == "code"])
    return "\n".join(broken_in_notebook(changed, load_contract().repository))


def test_no_page_is_listed_twice() -> None:
    listed = book.pages(ROOT)
    assert sorted(set(listed)) == sorted(listed)


@pytest.mark.parametrize(("page", "following"), FOLLOWED, ids=lambda page: page)
def test_the_next_page_that_a_page_names_is_the_one_that_follows(page: str, following: str) -> None:
    """Its last line and the arrow below it lead to the same place."""
    file = source_of(page)
    text = file.read_text("utf-8")
    if file.suffix == ".ipynb":
        text = "\n\n".join("".join(c["source"]) for c in json.loads(text)["cells"] if c["cell_type"] == "markdown")
    named = re.search(r"(?:\*\*Next:\*\*|^## Next$).*?\]\(([^)#]+)", text.rpartition("## Summary")[2], re.S | re.M)
    assert named, "it names none"
    assert (file.parent / named[1]).resolve() == source_of(following)


def source_of(page: str) -> Path:
    return next(path for end in (".md", ".ipynb") if (path := ROOT / f"{page}{end}").is_file())
