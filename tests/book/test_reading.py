"""What a reader does with the book: searches, changes the theme, copies, prints, goes on, runs a page elsewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from janus_platform.contract import load_contract
from tools import book
from tools.environment import ROOT

NOTEBOOK = "notebooks/first_request"
PHONE: ViewportSize = {"width": 390, "height": 844}
A4_TEXT_PX = 680  # 210 mm less two margins of 15 mm, at 96 dots an inch


@pytest.fixture
def open_page(browser: Browser, book_address: str) -> Page:
    """The first notebook, in a fresh profile that may use the clipboard."""
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"], color_scheme="light")
    page = context.new_page()
    page.goto(f"{book_address}{NOTEBOOK}.html")
    return page


def test_the_address_without_a_page_leads_to_the_first(browser: Browser, book_address: str) -> None:
    page = browser.new_page()
    page.goto(book_address)
    page.wait_for_url("**/book/index.html")
    page.close()


def test_search_finds_pages_by_keyboard_alone_and_shows_where(open_page: Page) -> None:
    open_page.keyboard.press("Control+k")
    open_page.keyboard.type("attestation")
    open_page.keyboard.press("Enter")
    open_page.wait_for_url("**/search.html?q=attestation*")
    found = open_page.locator("#search-results li")
    expect(found.first).to_contain_text("ttestation", timeout=30_000)
    expect(found.first.locator("p")).not_to_be_empty()


def test_search_works_from_a_file_without_an_error(browser: Browser, built_book: Path) -> None:
    page, said = browser.new_page(), []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto((built_book / "search.html").as_uri() + "?q=sandbox")
    expect(page.locator("#search-results li a").first).to_be_visible(timeout=30_000)
    expect(page.locator("#search-results")).to_contain_text("page(s) matching", timeout=30_000)
    assert said == []
    page.close()


def test_the_theme_follows_the_button_and_is_remembered(open_page: Page) -> None:
    theme = "document.documentElement.dataset.theme"
    seen = set()
    for _ in range(3):
        open_page.locator(".theme-switch-button").first.click()
        seen.add(open_page.evaluate(theme))
    assert seen == {"light", "dark"}
    open_page.evaluate("localStorage.setItem('mode', 'dark'), localStorage.setItem('theme', 'dark')")
    open_page.reload()
    assert open_page.evaluate(theme) == "dark"


def test_icons_are_drawn_without_the_font(open_page: Page) -> None:
    icons = open_page.locator(".article-header-buttons i[class*='fa-']")
    assert icons.count() >= 4
    masks = icons.evaluate_all("all => all.map(icon => getComputedStyle(icon, '::before').maskImage)")
    assert all(mask.startswith('url("data:image/svg+xml') for mask in masks)


def test_a_cell_is_copied_by_its_button(open_page: Page) -> None:
    open_page.locator("div.cell_input button.copybtn").first.click()
    copied = open_page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("import janus_platform as janus\n\nplatform = janus.up()")


def test_whatever_scrolls_sideways_can_be_reached_by_keyboard(open_page: Page) -> None:
    unreachable = open_page.evaluate(
        """() => [...document.querySelectorAll("article *")].filter(element =>
            element.scrollWidth > element.clientWidth + 1 && element.tabIndex < 0 && element.clientWidth > 0 &&
            ["auto", "scroll"].includes(getComputedStyle(element).overflowX) &&
            !element.querySelector("a, button, [tabindex='0']")).map(element => element.outerHTML.slice(0, 120))"""
    )
    assert unreachable == []


def test_the_first_tab_stop_leads_past_the_navigation(open_page: Page) -> None:
    open_page.keyboard.press("Tab")
    assert open_page.evaluate("document.activeElement.getAttribute('href')") == "#main-content"


def test_paper_is_white_and_shows_the_text_alone(open_page: Page) -> None:
    open_page.emulate_media(color_scheme="dark")
    open_page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    open_page.emulate_media(media="print", color_scheme="dark")
    open_page.wait_for_function("document.documentElement.dataset.theme === 'light'")
    for gone in (".bd-sidebar-primary", ".prev-next-footer", ".copybtn"):
        expect(open_page.locator(gone).first).not_to_be_visible()
    open_page.emulate_media(media="screen", color_scheme="dark")
    open_page.wait_for_function("document.documentElement.dataset.theme === 'dark'")


@pytest.mark.parametrize("name", ["notebooks/egress_control", "book/requirements", "book/execution"])
def test_nothing_is_cut_off_at_the_edge_of_a_sheet(browser: Browser, book_address: str, name: str) -> None:
    page = browser.new_page(viewport={"width": A4_TEXT_PX, "height": 1000})
    page.goto(f"{book_address}{name}.html")
    page.emulate_media(media="print")
    cut = page.evaluate(
        """() => [...document.querySelectorAll("article :is(.diagram-drawing, pre, table, [class*=scrollable])")]
            .filter(one => one.clientWidth > 0 && (one.scrollWidth > one.clientWidth + 1 ||
                one.getBoundingClientRect().right > innerWidth + 1)).map(one => one.outerHTML.slice(0, 120))"""
    )
    assert cut == []
    page.close()


@pytest.mark.parametrize("button", [".primary-toggle", ".secondary-toggle", ".search-button"])
def test_escape_closes_a_drawer_and_leaves_the_keyboard_where_it_was(
    browser: Browser, book_address: str, button: str
) -> None:
    page = browser.new_page(viewport=PHONE)
    page.goto(f"{book_address}{NOTEBOOK}.html")
    opener = page.locator(f"{button}:visible").first
    opener.focus()
    page.keyboard.press("Enter")
    expect(page.locator("dialog[open]")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(opener).to_be_focused()
    page.close()


def test_a_finger_sees_the_copy_button_and_a_terms_entry_before_the_glossary(
    browser: Browser, book_address: str
) -> None:
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(f"{book_address}{NOTEBOOK}.html")
    expect(page.locator("div.cell_input button.copybtn").first).to_have_css("opacity", "1")
    page.locator(".term-hint > a").first.tap()
    expect(page.locator(".term-hint > [role=tooltip]").first).to_be_visible()
    page.locator(".term-hint > a").first.tap()
    page.wait_for_url("**/book/glossary.html#term-*")
    context.close()


def test_numbers_of_a_count_stand_under_each_other(browser: Browser, book_address: str) -> None:
    page = browser.new_page()
    page.goto(f"{book_address}book/execution.html")
    for column in ("Seconds", "Words", "Minutes"):
        head = page.locator("th", has_text=re.compile(f"^{column}$"))
        expect(head).to_have_css("text-align", "right")
        place = int(head.evaluate("cell => cell.cellIndex")) + 1
        cells = page.locator("table").filter(has=head).locator(f"td:nth-child({place})")
        assert set(cells.evaluate_all("all => all.map(cell => getComputedStyle(cell).textAlign)")) == {"right"}
    page.close()


def test_the_pages_form_one_line_by_next_and_previous(built_book: Path) -> None:
    order = book.pages(ROOT)
    for here, following in pairwise(order):
        assert _links(built_book, here, "right-next") == [following]
        assert _links(built_book, following, "left-prev") == [here]


def test_a_notebook_can_be_run_elsewhere_and_downloaded_and_only_a_notebook(built_book: Path) -> None:
    published = load_contract().is_published  # Until then a button would lead nowhere.
    place = load_contract().repository.removeprefix("https://github.com/")
    for name in book.pages(ROOT):
        page = (built_book / f"{name}.html").read_text(encoding="utf-8")
        source = f"{name}.ipynb"
        buttons = [
            f"https://mybinder.org/v2/gh/{place}/main?urlpath=lab/tree/{source}",
            f"https://colab.research.google.com/github/{place}/blob/main/{source}",
        ]
        is_notebook = (ROOT / source).is_file()
        assert [button in page for button in buttons] == [is_notebook and published] * 2, name
        assert published or "github.com/OWNER" not in page.split("<main", 1)[0], name
        if is_notebook:
            assert (built_book / "_sources" / source).is_file()
            assert f"_sources/{source}" in page


def test_every_link_within_the_book_leads_somewhere(built_book: Path) -> None:
    pages = {path: _Page(path) for path in built_book.rglob("*.html") if "_static" not in path.parts}
    broken = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchor_missing = parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].ids
            if not target.exists() or anchor_missing:
                broken.append(f"{path.relative_to(built_book)}: {link}")
    assert broken == []


class _Page(HTMLParser):
    """A page's links and the ids they may lead to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.by_class: dict[str, list[str]] = {}
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes both."""
        named = {name: value or "" for name, value in attrs}
        self.ids |= {named[name] for name in ("id", "name") if name in named}
        if tag == "a" and "href" in named:
            self.links.append(named["href"])
            self.by_class.setdefault(named.get("class", ""), []).append(named["href"])


def _links(html: Path, page: str, kind: str) -> list[str]:
    """The pages that links of a class lead to."""
    file = html / f"{page}.html"
    return [
        (file.parent / link).resolve().relative_to(html.resolve()).with_suffix("").as_posix()
        for link in _Page(file).by_class.get(kind, [])
    ]
