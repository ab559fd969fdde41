"""A browser for the tests of Janus Chat, and a gateway for it to visit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.gateway.chat_rig import GatewayThread, Visit, visit
from tests.gateway.rig import PATIENCE
from tools.browser import FLAGS, find_browser, missing_browser_help


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium that ends with the module: others start event loops of their own in this thread."""
    path = find_browser()
    assert path, missing_browser_help()
    expect.set_options(timeout=PATIENCE * 1000)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=[*FLAGS, "--no-proxy-server"])
        yield running
        running.close()


@pytest.fixture(scope="module")
def served() -> Iterator[GatewayThread]:
    """A gateway over two scripted implementations."""
    running = GatewayThread().start()
    yield running
    running.stop()


@pytest.fixture
def chat(browser: Browser, served: GatewayThread) -> Iterator[Visit]:
    """The chat page of that gateway in a fresh profile."""
    with visit(browser, served.url) as seen:
        yield seen
