"""One pass over the built pages in two browsers at once: what each page asks for, says, weighs, and shows.

A page is opened twice, each time in a fresh profile: on a desk, served over HTTP, in light and then in dark; and on a
phone, in dark, straight from its file.
"""

from __future__ import annotations

import gzip
import queue
import threading
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from tools.browser import FLAGS, find_browser

WORKERS = 2
PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 900}
Scheme = Literal["light", "dark"]
_AXE = {"resultTypes": ["violations"], "preload": False}
# What depends on colours; the rest was looked at in light.
_IN_THE_DARK = {**_AXE, "runOnly": ["color-contrast", "link-in-text-block", "scrollable-region-focusable"]}
_ON_A_PHONE = {**_AXE, "runOnly": ["wcag2a", "wcag2aa", "best-practice"], "rules": {"color-contrast": {"enabled": False}}}
_COMPRESSED = {".html", ".css", ".js", ".svg", ".json"}
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
_SILENT = """() => [
    ...[...document.images].filter(image => !image.alt.trim() || /^[^ ]*\\.(png|svg|jpe?g)$/.test(image.alt)),
    ...[...document.querySelectorAll("article svg")].filter(svg => !svg.closest("svg svg, button, [aria-hidden=true]")
        && !(svg.getAttribute("aria-label") || svg.querySelector(":scope > title"))),
].map(element => element.outerHTML.slice(0, 200))"""


@dataclass
class Look:
    """What was seen of one opened page."""

    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    requests: set[str] = field(default_factory=set)
    violations: list[str] = field(default_factory=list)
    drawings: list[dict[str, Any]] = field(default_factory=list)
    overflowing: list[str] = field(default_factory=list)
    width: int = 0


@dataclass
class Visit:
    """What was seen of a page on a desk and on a phone."""

    desk: Look
    phone: Look
    title: str
    description: str
    violations_in_the_dark: list[str]
    without_alternative: list[str]
    undrawn: int
    diagram_ids: list[str]


def browse(pages: Iterable[str], html: Path, address: str) -> dict[str, Future[Visit]]:
    """Begin to visit the pages, `WORKERS` at a time; each result comes when its page has been seen."""
    visits: dict[str, Future[Visit]] = {page: Future() for page in pages}
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    for page in visits:
        waiting.put(page)
    for _ in range(WORKERS):
        threading.Thread(target=_work, args=(waiting, visits, html, address), daemon=True).start()
    return visits


def weight(addresses: Iterable[str], html: Path) -> int:
    """The bytes that these addresses of the built book send, text gzipped, as a web host does."""
    return sum(_sent(html / unquote(path).lstrip("/")) for path in {urlsplit(address).path for address in addresses})


@cache
def _sent(file: Path) -> int:
    content = file.read_bytes()
    return len(gzip.compress(content)) if file.suffix in _COMPRESSED else len(content)


def _work(waiting: queue.SimpleQueue[str], visits: dict[str, Future[Visit]], html: Path, address: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=list(FLAGS))
        while not waiting.empty():
            try:
                page = waiting.get_nowait()
            except queue.Empty:
                break
            try:
                visits[page].set_result(_visit(browser, page, html, address))
            except Exception as error:
                visits[page].set_exception(error)
        browser.close()


def _visit(browser: Browser, name: str, html: Path, address: str) -> Visit:
    desk, context = _context(browser, DESK, "light", address)
    page = context.new_page()
    page.goto(f"{address}{name}.html", wait_until="load")
    desk.violations = _violations(page, _AXE)
    visit = Visit(
        desk=desk,
        phone=Look(),
        title=page.title(),
        description=page.evaluate("document.querySelector('meta[name=description]')?.content ?? ''"),
        violations_in_the_dark=[],
        without_alternative=page.evaluate(_SILENT),
        undrawn=page.locator("pre:has-text('flowchart '), pre.mermaid, .highlight-mermaid").count(),
        diagram_ids=page.evaluate("[...document.querySelectorAll('.diagram [id]')].map(element => element.id)"),
    )
    desk.drawings = page.evaluate(_DRAWINGS)
    page.emulate_media(color_scheme="dark")
    visit.violations_in_the_dark = _violations(page, _IN_THE_DARK)
    context.close()
    visit.phone = _look_on_a_phone(browser, (html / f"{name}.html").as_uri())
    return visit


def _look_on_a_phone(browser: Browser, address: str) -> Look:
    phone, context = _context(browser, PHONE, "dark", "file:")
    page = context.new_page()
    page.goto(address, wait_until="load")
    phone.overflowing = page.evaluate(_OVERFLOW)
    phone.width = page.evaluate("document.documentElement.scrollWidth")
    phone.drawings = page.evaluate(_DRAWINGS)
    phone.violations = _violations(page, _ON_A_PHONE)
    context.close()
    return phone


def _context(browser: Browser, viewport: ViewportSize, scheme: Scheme, own: str) -> tuple[Look, BrowserContext]:
    """A fresh profile that notes what its pages do. Nothing leaves this machine even when a page tries."""
    look = Look()
    # Colours are compared at rest, not half-way through a transition.
    context = browser.new_context(viewport=viewport, color_scheme=scheme, reduced_motion="reduce")
    context.on("request", lambda r: (look.requests.add(r.url), look.foreign.append(r.url) if leaves(r.url, own) else 0))
    context.on("requestfailed", lambda r: look.errors.append(f"failed: {r.url}"))
    context.on("console", lambda m: look.errors.append(m.text) if m.type in ("error", "warning") else None)
    context.on("weberror", lambda e: look.errors.append(str(e.error)))
    context.on("response", lambda r: look.errors.append(f"{r.status} {r.url}") if r.status >= 400 else None)
    context.route(lambda url: leaves(url, own), lambda route: route.abort())
    return look, context


def leaves(url: str, own: str) -> bool:
    """True for an address elsewhere than the book's own (and than data within the page)."""
    return urlsplit(url).scheme not in ("data", "blob") and not url.startswith(own)


def _violations(page: Page, options: dict[str, Any]) -> list[str]:
    found = Axe().run(page, options=options).response["violations"]
    return [f"{rule['id']}: {node['html'][:160]}" for rule in found for node in rule["nodes"]]
