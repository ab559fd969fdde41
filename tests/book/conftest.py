"""The built book, served on loopback, and a browser with a fresh profile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tools import book
from tools.browser import FLAGS, find_browser, missing_browser_help
from tools.environment import one_at_a_time
from tools.terminal import Terminal


@pytest.fixture(scope="session")
def built_book() -> Path:
    """`_build/html`; built now when it is not there (`make test` builds it first)."""
    with one_at_a_time("book"):  # several processes of one test run may ask for it
        if not (book.HTML / "index.html").is_file():
            book.build(Terminal())
    return book.HTML


@pytest.fixture(scope="session")
def book_address(built_book: Path) -> Iterator[str]:
    """The address that the built book is served at, ending in a slash."""
    with book.server(built_book, port=0) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_address[1]}/"
        httpd.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium; each context made in it is a fresh profile.

    It ends with the module: while it runs, Playwright keeps an event loop running in this thread, and other tests start
    loops of their own.
    """
    path = find_browser()
    assert path, missing_browser_help()
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield running
        running.close()
