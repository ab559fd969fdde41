"""What the suites take for true stands in the documents that the local platform serves, on the page that they name."""

from __future__ import annotations

import html
import re
from functools import cache
from pathlib import Path

import pytest

import janus_platform
from janus_bench.checks import normalise
from janus_bench.checks.source import Citation
from janus_bench.checks.text import Facts
from janus_bench.suites.loader import load_suite
from janus_bench.suites.model import Item

SITES = Path(janus_platform.__file__).parent / "corpus" / "sites"


@cache
def pages() -> dict[str, str]:
    """Host and path of each page, and its normalised text."""
    found = {}
    for path in SITES.rglob("*.html"):
        source = re.sub(r"(?s)<(script|style)\b.*?</\1>", " ", path.read_text("utf-8"))
        said = html.unescape(re.sub(r"<[^>]+>", " ", source))
        found[path.relative_to(SITES).with_suffix("").as_posix()] = normalise.normalise(said)
    return found


def says(page: str, group: str | list[str] | tuple[str, ...]) -> bool:
    return any(normalise.contains(page, term) for term in ([group] if isinstance(group, str) else group))


@pytest.mark.parametrize("seed", range(3))
def test_every_cited_page_says_what_the_suite_says_it_says(seed: int) -> None:
    cited = [
        (item, check) for item in load_suite("full").items(seed) for check in item.checks if isinstance(check, Citation)
    ]
    assert len(cited) >= 40
    for item, check in cited:
        for page, facts in check.pages.items():
            assert page in pages(), item.id
            assert all(says(pages()[page], group) for group in facts), (item.id, page)


@pytest.mark.parametrize("seed", range(3))
def test_every_question_of_fact_is_answered_by_the_corpus(seed: int) -> None:
    def stated(item: Item, check: Facts) -> bool:
        return all(any(says(page, group) for page in pages().values()) for group in check.require)

    asked = [item for item in load_suite("full").items(seed) if item.category in ("knowledge", "research", "streaming")]
    assert len(asked) >= 120
    for item in asked:
        if item.id != "streaming-story":
            assert all(stated(item, check) for check in item.checks if isinstance(check, Facts)), item.id
