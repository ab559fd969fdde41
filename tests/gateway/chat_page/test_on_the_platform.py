"""Janus Chat on a whole platform: the baseline answers, with its sources, a picture, and the services in its trace."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.gateway.chat_page.rig import visit
from tools.environment import variables
from tools.platform import fresh_home

JANUS = [sys.executable, "-m", "janus_platform.cli"]
SECONDS = 120


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The gateway of a platform with a home of its own."""
    env = variables(JANUS_HOME=str(fresh_home(tmp_path_factory.mktemp("home") / "janus")))
    subprocess.run([*JANUS, "up", "--detach", "--port", "0"], env=env, check=True, timeout=SECONDS)
    try:
        status = subprocess.run([*JANUS, "status", "--json"], env=env, check=True, timeout=SECONDS, capture_output=True)
        yield json.loads(status.stdout)["gateway"]["url"]
    finally:
        subprocess.run([*JANUS, "down"], env=env, check=True, timeout=SECONDS)


def test_the_baseline_answers_with_sources_and_a_picture_and_its_trace_names_the_services(
    browser: Browser, address: str
) -> None:
    with visit(browser, address) as seen:
        expect(seen.page.locator("#model option").first).to_have_text("janus (now research)")
        seen.ask("Explain quantum entanglement")
        assert "entangle" in seen.text(".text") and "Sources:" not in seen.text(".text")
        assert "encyclopedia.example" in seen.text(".sources")
        seen.ask("Plot sin(x)/x from -20 to 20")
        drawn = seen.page.get_by_alt_text("Picture: plot.png")
        assert drawn.evaluate("(img) => img.decode().then(() => img.naturalWidth)") > 300
        seen.page.locator(".trace").nth(1).wait_for()
        rows = [trace.locator("tbody th").all_text_contents() for trace in seen.page.locator(".trace").all()]
        assert {"gateway", "implementation", "search", "web proxy", "inference"} <= set(rows[0])
        assert "code sandbox" in rows[1]
        seen.check_quiet()
