"""A page that many tests share, each with a new conversation."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.gateway.chat_page.rig import GatewayThread, Visit, visit


@pytest.fixture(scope="module")
def opened(browser: Browser, served: GatewayThread) -> Iterator[Visit]:
    """One page for all tests of a module that ask for it: what one of them broke, the next would show."""
    with visit(browser, served.url) as seen:
        yield seen


@pytest.fixture
def again(opened: Visit) -> Visit:
    """That page with a new conversation."""
    opened.page.get_by_role("button", name="New conversation").click()
    return opened
