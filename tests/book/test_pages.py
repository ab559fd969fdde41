"""Every built page in a browser: quiet, light, on its own, accessible, and readable on a phone, in light and dark."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.book.visits import DESK, PHONE, Visit, browse, leaves, weight
from tools import book
from tools.browser import find_browser, missing_browser_help
from tools.environment import ROOT

PAGES = [*book.pages(ROOT), "search", "genindex"]
MAX_BYTES = 500_000
PATIENCE = 600  # seconds, for all pages on a busy machine

Visitor = Callable[[str], Visit]


@pytest.fixture(scope="module")
def visit(built_book: Path, book_address: str, request: pytest.FixtureRequest) -> Visitor:
    """Hands out what was seen of a page; all pages that the chosen tests ask for are visited in one pass."""
    assert find_browser(), missing_browser_help()
    calls = (getattr(item, "callspec", None) for item in request.session.items if item.path == Path(__file__))
    chosen = dict.fromkeys(call.params["page"] for call in calls if call and "page" in call.params)
    visits = browse(chosen, built_book, book_address)
    return lambda page: visits[page].result(timeout=PATIENCE)


@pytest.mark.parametrize("page", PAGES)
def test_page_is_quiet_and_asks_no_other_host_served_or_opened_as_a_file(visit: Visitor, page: str) -> None:
    seen = visit(page)
    for look in (seen.desk, seen.phone):
        assert look.foreign == []
        assert look.errors == []


@pytest.mark.parametrize("page", PAGES)
def test_page_weighs_at_most_500_kilobytes(visit: Visitor, built_book: Path, page: str) -> None:
    requests = visit(page).desk.requests
    assert len(requests) > 5
    assert weight(requests, built_book) <= MAX_BYTES


@pytest.mark.parametrize("page", PAGES)
def test_page_has_no_accessibility_violation_in_light_in_dark_and_on_a_phone(visit: Visitor, page: str) -> None:
    seen = visit(page)
    assert seen.desk.violations == []
    assert seen.violations_in_the_dark == []
    assert seen.phone.violations == []


@pytest.mark.parametrize("page", PAGES)
def test_every_picture_has_a_text_alternative(visit: Visitor, page: str) -> None:
    assert visit(page).without_alternative == []


@pytest.mark.parametrize("page", PAGES)
def test_every_figure_has_a_caption_and_no_cell_answers_with_a_bare_true(visit: Visitor, page: str) -> None:
    assert visit(page).without_caption == []
    assert visit(page).bare == []


@pytest.mark.parametrize("page", PAGES)
def test_no_table_breaks_a_word(visit: Visitor, page: str) -> None:
    assert visit(page).broken == []


@pytest.mark.parametrize("page", PAGES)
def test_page_names_and_describes_itself(visit: Visitor, page: str) -> None:
    seen = visit(page)
    assert seen.title
    assert 20 <= len(seen.description) <= 161


@pytest.mark.parametrize("page", PAGES)
def test_page_does_not_overflow_a_phone(visit: Visitor, page: str) -> None:
    phone = visit(page).phone
    assert phone.overflowing == []
    assert phone.width <= PHONE["width"] < DESK["width"]


@pytest.mark.parametrize("page", PAGES)
def test_every_diagram_is_one_visible_inline_svg_with_a_text_alternative(visit: Visitor, page: str) -> None:
    seen = visit(page)
    for drawing in (*seen.desk.drawings, *seen.phone.drawings):
        assert len(drawing["shown"]) == 1, "light and dark are shown together, or neither is"
        assert drawing["shown"][0]["height"] > 0
        assert drawing["shown"][0]["role"] == "img"
        assert drawing["shown"][0]["label"]
        assert drawing["pictures"] == 0
    assert seen.undrawn == 0
    assert len(seen.diagram_ids) == len(set(seen.diagram_ids)), "two diagrams share an id"


@pytest.mark.parametrize("page", ["book/architecture"])
def test_architecture_page_shows_its_diagrams(visit: Visitor, page: str) -> None:
    assert len(visit(page).desk.drawings) >= 1


def test_an_address_elsewhere_is_told_from_the_books_own() -> None:
    own = "http://127.0.0.1:8000/"
    assert leaves("https://cdn.example/x.js", own)
    assert leaves("http://127.0.0.1:9000/x.js", own)
    assert leaves("https://cdn.example/x.js", "file:")
    assert not leaves(own + "_static/book.css", own)
    assert not leaves("data:image/svg+xml,x", own)
