"""Addresses that pages had before they were merged or split still lead to their text."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from moved_pages import write_moved
from sphinx.errors import ExtensionError

# Sections that moved, by the page whose address they had; each anchor is now beside the link that leads on.
MOVED_SECTIONS = {
    "notebooks/build_an_implementation": (
        "what-it-cannot-do",
        "complete-the-folder",
        "ask-it",
        "bench-it",
        "improve-it",
    ),
    "notebooks/inference": ("tools", "images", "embeddings", "exercise-describe-a-tool-that-gets-picked"),
    "notebooks/scoring": ("known-by-heart", "from-answers-to-categories", "the-composite", "how-sure-is-it"),
}


def test_the_judges_old_address_leads_to_its_prompt(built_book: Path) -> None:
    page = (built_book / "book" / "judge_prompts.html").read_text("utf-8")
    (address,) = set(re.findall(r'url=([^"]+)"|href="([^"]+)"', page)[0]) - {""}
    there, _, section = address.partition("#")
    assert f'id="{section}"' in (built_book / "book" / there).read_text("utf-8")


@pytest.mark.parametrize("page", MOVED_SECTIONS)
def test_the_anchors_of_a_page_that_was_split_are_still_there(built_book: Path, page: str) -> None:
    html = (built_book / f"{page}.html").read_text("utf-8")
    assert [name for name in MOVED_SECTIONS[page] if f'id="{name}"' not in html] == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("book/here", "book/here.html", "book/here is a page"),
        ("book/old", "book/gone.html", "was not built"),
        ("book/old", "book/here.html#nowhere", "was not built"),
    ],
)
def test_a_move_that_leads_nowhere_turns_the_build_red(tmp_path: Path, old: str, new: str, said: str) -> None:
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "here.html").write_text('<h1 id="here">Here</h1>')
    config = SimpleNamespace(moved_pages={old: new}, html_title="Title")
    app: Any = SimpleNamespace(
        builder=SimpleNamespace(format="html"),
        config=config,
        env=SimpleNamespace(all_docs={"book/here": 1}),
        outdir=tmp_path,
    )
    with pytest.raises(ExtensionError, match=said):
        write_moved(app, None)
    config.moved_pages = {"book/old": "book/here.html#here"}
    write_moved(app, None)
    assert 'url=here.html#here"' in (tmp_path / "book" / "old.html").read_text()
