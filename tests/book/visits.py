"""One pass over the built pages in two browsers at once: what each page asks for, says, weighs, and shows.

A page is opened twice: on a desk, served over HTTP, in light and then in dark; and on a phone, in dark, straight from
its file. Colour contrast is most of the work; for it, what repeats is taken off the page first (tokens of one kind,
rows of one make), since one of each says it for all.
"""

from __future__ import annotations

import gzip
import queue
import threading
from collections.abc import Iterable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, ViewportSize, sync_playwright

from tools.browser import FLAGS, find_browser

WORKERS = 2
PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 900}
_AXE = {"resultTypes": ["violations"], "preload": False}
_ALL_BUT_CONTRAST = {**_AXE, "rules": {"color-contrast": {"enabled": False}}}
_COLOURS = {**_AXE, "runOnly": ["color-contrast", "link-in-text-block"]}
_ON_A_PHONE = {**_AXE, "runOnly": ["scrollable-region-focusable", "button-name", "link-name", "region", "target-size"]}
# Nothing but this machine: a name resolves to nothing, so a page that asks elsewhere fails and is seen to.
_ALONE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
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

_UNCAPTIONED = """() => [...document.querySelectorAll("article :is(figure, .cell_output img, .cell_output svg)")]
.filter(one => {
    const caption = one.closest("figure")?.querySelector("figcaption");
    return !one.closest("svg svg, button, [aria-hidden=true]") && !caption?.textContent.trim();
}).map(one => one.outerHTML.slice(0, 200))"""
_BARE = """() => [...document.querySelectorAll("article .cell_output pre")].map(one => one.textContent.trim())
    .filter(text => /^[([]?True(,? True)*[)\\]]?$/.test(text))"""
# A word is broken where its letters stand in two lines.
_BROKEN = """() => {
    const range = document.createRange(), broken = [];
    for (const cell of document.querySelectorAll("article :is(td, th)")) {
        const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
        for (let text; (text = texts.nextNode()); ) {
            if (text.parentElement.closest("[role=tooltip], button, .headerlink")) continue;
            for (const word of text.data.matchAll(/[\\p{L}\\p{N}]{2,}/gu)) {
                range.setStart(text, word.index);
                range.setEnd(text, word.index + word[0].length);
                const lines = [...range.getClientRects()].filter(box => box.width > 0).map(box => Math.round(box.top));
                if (new Set(lines).size > 1) broken.push(`${word[0]} in: ${text.data.slice(0, 60)}`);
            }
        }
    }
    return broken;
}"""

_THIN = """() => {
    const look = element => element.tagName + "." + element.className;
    const kinds = new Set();
    for (const token of document.querySelectorAll("article pre span:not(:has(*)):not([id])")) {
        const kind = look(token) + look(token.closest(".cell_input, .cell_output, article"));
        kinds.has(kind) ? token.replaceWith(...token.childNodes) : kinds.add(kind);
    }
    for (const body of document.querySelectorAll("article tbody")) {
        const makes = new Set();
        for (const row of [...body.rows]) {
            const make = [row, ...row.querySelectorAll("*")].map(look).join();
            makes.has(make) && row.rowIndex > 2 ? row.remove() : makes.add(make);
        }
    }
}"""


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
    without_caption: list[str]
    bare: list[str]
    broken: list[str]
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
        browser = playwright.chromium.launch(executable_path=find_browser(), args=[*FLAGS, _ALONE])
        # Colours are compared at rest, not half-way through a transition.
        desk = browser.new_context(viewport=DESK, color_scheme="light", reduced_motion="reduce")
        phone = browser.new_context(viewport=PHONE, color_scheme="dark", reduced_motion="reduce")
        with suppress(queue.Empty):
            while name := waiting.get_nowait():
                try:
                    visits[name].set_result(_visit(desk, phone, name, html, address))
                except Exception as error:
                    visits[name].set_exception(error)
        browser.close()


def _visit(desk: BrowserContext, phone: BrowserContext, name: str, html: Path, address: str) -> Visit:
    page, seen = _open(desk, f"{address}{name}.html", own=address)
    visit = Visit(
        desk=seen,
        phone=_look_on_a_phone(phone, (html / f"{name}.html").as_uri()),
        title=page.title(),
        description=page.evaluate("document.querySelector('meta[name=description]')?.content ?? ''"),
        violations_in_the_dark=[],
        without_alternative=page.evaluate(_SILENT),
        without_caption=page.evaluate(_UNCAPTIONED),
        bare=page.evaluate(_BARE),
        broken=page.evaluate(_BROKEN),
        undrawn=page.locator("pre:has-text('flowchart '), pre.mermaid, .highlight-mermaid").count(),
        diagram_ids=page.evaluate("[...document.querySelectorAll('.diagram [id]')].map(element => element.id)"),
    )
    seen.drawings = page.evaluate(_DRAWINGS)
    seen.violations = _violations(page, _ALL_BUT_CONTRAST)
    page.evaluate(_THIN)
    seen.violations += _violations(page, _COLOURS)
    page.emulate_media(color_scheme="dark")
    visit.violations_in_the_dark = _violations(page, _COLOURS)
    page.close()
    return visit


def _look_on_a_phone(context: BrowserContext, address: str) -> Look:
    page, seen = _open(context, address, own="file:")
    seen.overflowing = page.evaluate(_OVERFLOW)
    seen.width = page.evaluate("document.documentElement.scrollWidth")
    seen.drawings = page.evaluate(_DRAWINGS)
    seen.violations = _violations(page, _ON_A_PHONE)
    page.close()
    return seen


def _open(context: BrowserContext, address: str, own: str) -> tuple[Page, Look]:
    """A page, loaded, and the notes of what it asks for and says, which go on being written."""
    look, page = Look(), context.new_page()
    page.on("request", lambda request: look.requests.add(request.url))
    page.on("request", lambda request: look.foreign.append(request.url) if leaves(request.url, own) else None)
    page.on("requestfailed", lambda request: look.errors.append(f"failed: {request.url}"))
    page.on("console", lambda said: look.errors.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: look.errors.append(str(error)))
    page.on("response", lambda r: look.errors.append(f"{r.status} {r.url}") if r.status >= 400 else None)
    page.goto(address, wait_until="load")
    return page, look


def leaves(url: str, own: str) -> bool:
    """True for an address elsewhere than the book's own (and than data within the page)."""
    return urlsplit(url).scheme not in ("data", "blob") and not url.startswith(own)


def _violations(page: Page, options: dict[str, Any]) -> list[str]:
    found = Axe().run(page, options=options).response["violations"]
    return [f"{rule['id']}: {node['html'][:160]}" for rule in found for node in rule["nodes"]]
