"""The labelled questions can be trusted: enough of each kind, evenly split, asked once, and their pages exist."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from janus_platform.contract import load_contract
from janus_platform.corpus import load_corpus
from janus_platform.corpus.pages import Page
from tests.answers.entry import is_below
from tests.answers.labelled import FIT, REPORT, Half, covered, details, follow_ups, uncovered

ROOT = Path(__file__).parents[2]
# robots.txt forbids it.
CLOSED = "https://example.com/private/drafts"


@pytest.mark.parametrize("half", [FIT, REPORT])
def test_each_half_has_enough_of_both(half: Half) -> None:
    assert len(covered(half)) >= 60 and len(uncovered(half)) >= 60


def test_the_halves_are_balanced_by_kind_and_by_page() -> None:
    for read in (covered, details, uncovered, follow_ups):
        kinds = [
            Counter((one.kind, one.pages if one.kind in ("covered", "detail") else ()) for one in read(half))
            for half in (FIT, REPORT)
        ]
        assert kinds[0] == kinds[1]


def test_no_question_stands_twice() -> None:
    every = [one for half in (FIT, REPORT) for read in (covered, details, uncovered, follow_ups) for one in read(half)]
    twice = {q: n for q, n in Counter((one.question.casefold(), one.asked) for one in every).items() if n > 1}
    assert twice == {}


def test_every_page_that_is_named_exists_and_may_be_fetched() -> None:
    corpus, book = load_corpus(), f"{load_contract().repository.partition('://')[2]}/blob/main/"
    every = [one for half in (FIT, REPORT) for read in (covered, details, follow_ups) for one in read(half)]
    named = {page for one in every for page in one.pages}
    here = {page for page in named if page in corpus.hosts or isinstance(corpus.lookup(f"https://{page}"), Page)}
    of_the_book = {page for page in named if page.startswith(book) and (ROOT / page.removeprefix(book)).exists()}
    assert named - here - of_the_book == set()
    unasked = {page.url for page in corpus.pages if not is_below(page.url.partition("://")[2], tuple(here))}
    assert unasked == {CLOSED}
