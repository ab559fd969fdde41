"""A page that loads stands still: nothing jumps, no other theme flashes, and the contents show where one is."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

PAGES = ["notebooks/build_an_implementation", "book/glossary", "book/teach/trouble"]
# What moved, by the browser's own account (Layout Instability API), and the theme when the first text was parsed.
WATCH = """
window.jumps = [];
new PerformanceObserver(list => window.jumps.push(...list.getEntries().map(entry => entry.value)))
    .observe({ type: "layout-shift", buffered: true });
new MutationObserver((_, self) => {
    if (!document.querySelector("article")) return;
    window.themeOfFirstText = document.documentElement.dataset.theme;
    self.disconnect();
}).observe(document, { childList: true, subtree: true });
"""
PLACE = """() => {
    const bar = document.querySelector("#pst-primary-sidebar").getBoundingClientRect();
    const here = [...document.querySelectorAll(".bd-docs-nav .active")].pop().getBoundingClientRect();
    return [here.top - bar.top, bar.bottom - here.bottom];
}"""


def opened(browser: Browser, address: str, theme: str = "light") -> Page:
    context = browser.new_context(viewport={"width": 1350, "height": 940}, color_scheme=theme)  # type: ignore[arg-type]
    context.add_init_script(WATCH)
    page = context.new_page()
    page.goto(address, wait_until="load")
    return page


@pytest.mark.parametrize("name", PAGES)
def test_nothing_jumps_and_the_contents_show_the_page(browser: Browser, book_address: str, name: str) -> None:
    page = opened(browser, f"{book_address}{name}.html")
    page.wait_for_function("document.documentElement.dataset.theme === 'light'")
    assert sum(page.evaluate("window.jumps")) < 0.01
    assert min(page.evaluate(PLACE)) >= 0
    page.close()


def test_a_dark_page_is_dark_from_its_first_text(browser: Browser, book_address: str) -> None:
    page = opened(browser, f"{book_address}{PAGES[0]}.html", theme="dark")
    assert page.evaluate("window.themeOfFirstText") == "dark"
    page.close()


def test_the_contents_follow_the_reader_who_goes_on_page_by_page(browser: Browser, book_address: str) -> None:
    page = opened(browser, f"{book_address}notebooks/first_request.html")
    for _ in range(24):
        page.locator("a.right-next").click()
        page.wait_for_load_state()
    assert min(page.evaluate(PLACE)) >= 0
    page.close()
