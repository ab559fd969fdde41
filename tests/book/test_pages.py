"""Every built page in a browser: quiet, on its own, and readable on a phone, in light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tools import book
from tools.environment import ROOT

PAGES = ["index", *book.pages(ROOT), "search", "genindex"]
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
_OVERFLOW = """() => {
    const limit = document.documentElement.clientWidth;
    const scrolls = element => {
        for (let box = element.parentElement; box && box !== document.body; box = box.parentElement) {
            if (["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(box).overflowX)) return true;
        }
        return false;
    };
    if (document.documentElement.scrollWidth <= limit) return [];
    return [...document.body.querySelectorAll("*")]
        .filter(element => element.getBoundingClientRect().right > limit + 1 && !scrolls(element))
        .map(element => `${element.tagName.toLowerCase()}.${element.className}`).slice(0, 5);
}"""
_DRAWINGS = """() => [...document.querySelectorAll(".diagram")].map(figure => ({
    shown: [...figure.querySelectorAll("svg")].filter(svg => svg.getBoundingClientRect().width > 0).map(svg => ({
        height: svg.getBoundingClientRect().height,
        label: svg.getAttribute("aria-label"),
        role: svg.getAttribute("role"),
    })),
    pictures: figure.querySelectorAll("img, object, iframe, script").length,
}))"""


@dataclass
class Visit:
    """A page that was opened, and what it did that it should not."""

    page: Page
    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)


@contextmanager
def visit(browser: Browser, address: str, viewport: dict[str, int], scheme: str = "light") -> Iterator[Visit]:
    """Open a page in a fresh profile, listen to its console and its requests."""
    context = browser.new_context(viewport=viewport, color_scheme=scheme)  # type: ignore[arg-type]
    seen = Visit(context.new_page())
    host = urlsplit(address).netloc
    context.on("request", lambda r: seen.foreign.append(r.url) if _is_foreign(r.url, host) else None)
    context.on("console", lambda m: seen.errors.append(m.text) if m.type in ("error", "warning") else None)
    context.on("weberror", lambda e: seen.errors.append(str(e.error)))
    context.on("response", lambda r: seen.errors.append(f"{r.status} {r.url}") if r.status >= 400 else None)
    # Nothing leaves this machine even when a page tries.
    context.route("**/*", lambda route: route.abort() if _is_foreign(route.request.url, host) else route.continue_())
    seen.page.goto(address, wait_until="networkidle")
    yield seen
    context.close()


@pytest.mark.parametrize("page", PAGES)
def test_page_is_quiet_and_asks_no_other_host(browser: Browser, book_address: str, page: str) -> None:
    with visit(browser, f"{book_address}{page}.html", DESK) as seen:
        assert seen.foreign == []
        assert seen.errors == []
        assert seen.page.title()


@pytest.mark.parametrize("page", PAGES)
def test_page_does_not_overflow_a_phone(browser: Browser, book_address: str, page: str) -> None:
    with visit(browser, f"{book_address}{page}.html", PHONE) as seen:
        assert seen.page.evaluate(_OVERFLOW) == []
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", PAGES)
def test_every_diagram_is_one_visible_inline_svg_with_a_text_alternative(
    browser: Browser, book_address: str, page: str, scheme: str
) -> None:
    with visit(browser, f"{book_address}{page}.html", DESK, scheme) as seen:
        for drawing in seen.page.evaluate(_DRAWINGS):
            assert len(drawing["shown"]) == 1, "light and dark are shown together, or neither is"
            assert drawing["shown"][0]["height"] > 0
            assert drawing["shown"][0]["role"] == "img"
            assert drawing["shown"][0]["label"]
            assert drawing["pictures"] == 0
        assert seen.page.locator("pre:has-text('flowchart '), pre.mermaid, .highlight-mermaid").count() == 0


def test_architecture_page_shows_its_diagram(browser: Browser, book_address: str) -> None:
    with visit(browser, f"{book_address}book/architecture.html", DESK) as seen:
        assert seen.page.locator(".diagram svg:visible").first.get_by_text("Bench Runner").count() == 1


@pytest.mark.parametrize("page", PAGES)
def test_no_two_elements_of_a_page_share_an_id(browser: Browser, book_address: str, page: str) -> None:
    with visit(browser, f"{book_address}{page}.html", DESK) as seen:
        ids = seen.page.evaluate("[...document.querySelectorAll('.diagram [id]')].map(e => e.id)")
        assert len(ids) == len(set(ids))


def _is_foreign(url: str, host: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != host
