"""Every built page in a browser: quiet, on its own, and readable on a phone, in light and dark."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ViewportSize

from tools import book
from tools.environment import ROOT

PAGES = ["index", *book.pages(ROOT), "search", "genindex"]
PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 900}
Scheme = Literal["light", "dark"]
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
    """What a page did and showed when it was opened."""

    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    title: str = ""
    overflowing: list[str] = field(default_factory=list)
    width: int = 0
    drawings: list[dict[str, Any]] = field(default_factory=list)
    undrawn: int = 0
    diagram_ids: list[str] = field(default_factory=list)


Visitor = Callable[..., Visit]


@pytest.fixture(scope="module")
def visit(browser: Browser, book_address: str) -> Visitor:
    """Opens a page once in a fresh profile, on a desk or a phone, in light or dark, and keeps what was seen."""

    @cache
    def look(page: str, *, phone: bool = False, scheme: Scheme = "light") -> Visit:
        return _look(browser, f"{book_address}{page}.html", PHONE if phone else DESK, scheme)

    return look


@pytest.mark.parametrize("page", PAGES)
def test_page_is_quiet_and_asks_no_other_host(visit: Visitor, page: str) -> None:
    seen = visit(page)
    assert seen.foreign == []
    assert seen.errors == []
    assert seen.title


@pytest.mark.parametrize("page", PAGES)
def test_page_does_not_overflow_a_phone(visit: Visitor, page: str) -> None:
    seen = visit(page, phone=True, scheme="dark")
    assert seen.overflowing == []
    assert seen.width <= PHONE["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", PAGES)
def test_every_diagram_is_one_visible_inline_svg_with_a_text_alternative(
    visit: Visitor, page: str, scheme: Scheme
) -> None:
    seen = visit(page, phone=scheme == "dark", scheme=scheme)
    for drawing in seen.drawings:
        assert len(drawing["shown"]) == 1, "light and dark are shown together, or neither is"
        assert drawing["shown"][0]["height"] > 0
        assert drawing["shown"][0]["role"] == "img"
        assert drawing["shown"][0]["label"]
        assert drawing["pictures"] == 0
    assert seen.undrawn == 0


@pytest.mark.parametrize("page", PAGES)
def test_diagrams_of_a_page_share_no_id(visit: Visitor, page: str) -> None:
    ids = visit(page).diagram_ids
    assert len(ids) == len(set(ids))


def test_architecture_page_shows_its_diagrams(visit: Visitor) -> None:
    assert len(visit("book/architecture").drawings) >= 1


def _look(browser: Browser, address: str, viewport: ViewportSize, scheme: Scheme) -> Visit:
    seen, host = Visit(), urlsplit(address).netloc
    context = browser.new_context(viewport=viewport, color_scheme=scheme)
    context.on("request", lambda r: seen.foreign.append(r.url) if _is_foreign(r.url, host) else None)
    context.on("console", lambda m: seen.errors.append(m.text) if m.type in ("error", "warning") else None)
    context.on("weberror", lambda e: seen.errors.append(str(e.error)))
    context.on("response", lambda r: seen.errors.append(f"{r.status} {r.url}") if r.status >= 400 else None)
    # Nothing leaves this machine even when a page tries.
    context.route(lambda url: _is_foreign(url, host), lambda route: route.abort())
    page = context.new_page()
    page.goto(address, wait_until="networkidle")
    seen.title = page.title()
    seen.overflowing = page.evaluate(_OVERFLOW)
    seen.width = page.evaluate("document.documentElement.scrollWidth")
    seen.drawings = page.evaluate(_DRAWINGS)
    seen.undrawn = page.locator("pre:has-text('flowchart '), pre.mermaid, .highlight-mermaid").count()
    seen.diagram_ids = page.evaluate("[...document.querySelectorAll('.diagram [id]')].map(element => element.id)")
    context.close()
    return seen


def _is_foreign(url: str, host: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != host
