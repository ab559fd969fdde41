"""The glossary has enough entries, terms are linked where a page first uses them, and the hint works by keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from glossary_hints import entries, first_mentions, not_hinted, pattern
from playwright.sync_api import Browser, Page

from tests.book.test_build import build, make_small_book, write_page
from tools.environment import ROOT

GLOSSARY = ROOT / "book" / "glossary.md"
PAGE = (
    "# Egress on a node\n\nWhat leaves is egress. Egress again, and `egress` as code, and [a node](glossary.md).\n\n"
    "| a node |\n|---|\n| another node |\n\nTwo nodes ask an egress proxy.\n"
)


def test_the_glossary_has_fifty_entries_or_more_in_whole_sentences() -> None:
    found = entries(GLOSSARY)
    assert len(found) >= 50
    for term, text in found.items():
        assert text.endswith(".") and len(text.split()) >= 6, term
        assert len(text) <= 300, f"{term}: a hint is a sentence or two"


def test_fifty_entries_or_more_are_words_of_the_pages() -> None:
    prose = "".join(p.read_text("utf-8") for p in (ROOT / "book").rglob("*.md") if p != GLOSSARY)
    prose += "".join(p.read_text("utf-8") for p in (ROOT / "notebooks").glob("*.ipynb"))
    assert sum(bool(pattern([term]).search(prose)) for term in entries(GLOSSARY)) >= 50


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Spans and a span.", ["Spans", "span"]),
        ("the egress proxy", ["egress proxy"]),
        ("a TEE, not a tee", ["TEE"]),
        ("spanning, node.js, node-1, upstreamed", []),
        ("API keys", ["API keys"]),
        ("first line\nof a rate\nlimit", ["rate\nlimit"]),
    ],
)
def test_terms_are_whole_words_in_singular_or_plural(text: str, found: list[str]) -> None:
    assert [match[0] for match in pattern(list(entries(GLOSSARY))).finditer(text)] == found


@pytest.mark.parametrize(
    ("text", "hinted"),
    [
        ("A query is encoded outside the event loop. Each event is forwarded.", ["event"]),
        ("The monitor judges four signals; a score ranks, it does not judge.", []),
        ("The runner asks, times and judges. Talk to the judge in an answer.", ["judge"]),
        ("They stand in an Entity Attestation Token (RFC 9711).", []),
        ("Another's access token is refused.", []),
        ("The format is Server-Sent Events over HTTP.", ["Server-Sent Events"]),
    ],
)
def test_a_word_in_another_sense_gets_no_hint(text: str, hinted: list[str]) -> None:
    assert _hinted(text, "book/architecture") == hinted


@pytest.mark.parametrize("page", ["notebooks/attestation", "notebooks/egress_control"])
def test_a_page_whose_subject_are_other_tokens_hints_at_none(page: str) -> None:
    assert _hinted("Replay a token.", "book/architecture") == ["token"]
    assert _hinted("Replay a token.", page) == []
    assert (ROOT / f"{page}.ipynb").is_file()


def _hinted(text: str, page: str) -> list[str]:
    terms = list(entries(GLOSSARY))
    return [piece for piece, term in first_mentions(text, pattern(terms), terms, not_hinted(page)) if term]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small book with a glossary; its first page."""
    root = make_small_book(tmp_path_factory.mktemp("book"))
    write_page(root, PAGE)
    text = GLOSSARY.read_text("utf-8")
    block = text[text.index("```{glossary}") :].partition("\n```\n")[0] + "\n```\n"
    (root / "book" / "glossary.md").write_text("# Glossary\n\n" + block, encoding="utf-8")
    toc = (root / "_toc.yml").read_text("utf-8")
    (root / "_toc.yml").write_text(toc + "  - file: book/glossary\n", encoding="utf-8")
    build(root)
    return root / "_build" / "html" / "book" / "index.html"


def test_a_page_links_the_first_mention_of_a_term_and_no_other(built: Path) -> None:
    html = built.read_text("utf-8")
    links = re.findall(r'<a class="reference internal" href="(glossary\.html#term-[^"]+)"[^>]*>([^<]+)</a>', html)
    assert links == [
        ("glossary.html#term-egress", "egress"),
        ("glossary.html#term-node", "nodes"),
        ("glossary.html#term-egress-proxy", "egress proxy"),
    ]


def test_the_links_lead_to_entries(built: Path) -> None:
    targets = set(re.findall(r'href="glossary\.html#(term-[^"]+)"', built.read_text("utf-8")))
    ids = set(re.findall(r'id="(term-[^"]+)"', built.with_name("glossary.html").read_text("utf-8")))
    assert targets <= ids
    assert all(f"term-{re.sub(r'[^A-Za-z0-9.]+', '-', term)}" in ids for term in entries(GLOSSARY))


@pytest.fixture(params=["light", "dark"])
def opened(browser: Browser, built: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(color_scheme=request.param, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(built.as_uri())
    yield page
    context.close()


def test_the_hint_opens_on_focus_and_hover_closes_on_escape_and_fits_a_phone(opened: Page) -> None:
    link, hint = opened.locator(".term-hint > a").first, opened.locator(".term-hint > [role=tooltip]").first
    assert not hint.is_visible()
    link.focus()
    hint.wait_for(state="visible")
    assert link.get_attribute("aria-describedby") == hint.get_attribute("id")
    assert "connection that an implementation opens" in hint.inner_text()
    box = hint.bounding_box()
    assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 390
    opened.keyboard.press("Escape")
    hint.wait_for(state="hidden")
    opened.locator(".term-hint > a").nth(1).focus()
    link.hover()
    hint.wait_for(state="visible")
    assert opened.evaluate("document.documentElement.scrollWidth") <= 390


def test_an_excerpt_of_the_search_page_holds_the_sentence_without_the_hint(browser: Browser, built: Path) -> None:
    page = browser.new_page()
    page.goto((built.parent.parent / "search.html").as_uri())
    text = page.evaluate("page => Search.htmlToText(page, null)", built.read_text("utf-8"))
    page.close()
    assert "What leaves is egress. Egress again" in " ".join(text.split())
