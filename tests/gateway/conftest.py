"""What tests drive the gateway with: a browser, a gateway for it to visit, the official client for Node.js."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.gateway.chat_page.rig import GatewayThread, Visit, visit
from tests.gateway.rig import PATIENCE
from tests.shipped_loop import on_the_loop_that_ships as on_the_loop_that_ships
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


@pytest.fixture(scope="session")
def node_client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which Node.js finds the official client."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not both installed")
    folder = tmp_path_factory.mktemp("node")
    (folder / "package.json").write_text('{"type": "module"}')
    install = ["npm", "install", "--no-audit", "--no-fund", "--prefer-offline", "openai@6"]
    try:
        done = subprocess.run(install, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("npm did not install the openai client within two minutes")
    if done.returncode:
        pytest.skip(f"npm could not install the openai client: {done.stderr.strip()[-200:]}")
    return folder
