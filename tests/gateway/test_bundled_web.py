"""The pages that an answer names as its sources can be opened: the gateway serves the bundled ones, marked as such."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

import pytest
from playwright.sync_api import Browser
from playwright.sync_api import Page as Tab

from janus_platform.corpus import Page, Redirect, load_corpus
from janus_platform.corpus.browsing import entries
from janus_platform.gateway.access import AccessRules, digest
from tests.gateway.chat_page.rig import GatewayThread, Visit, says
from tests.gateway.rig import CONTRACT, gateway, in_loop, upstream

WEB = CONTRACT.gateway.web_path
URLS = [found.url for found in entries(load_corpus())]
NOTE = "Bundled page"


def local(url: str) -> str:
    return url.replace("https:/", WEB, 1)


@in_loop
async def test_every_page_and_document_is_served_and_a_page_says_that_it_is_bundled() -> None:
    async with upstream(says("Hello")) as up, gateway(up) as served:
        for url in URLS:
            got = await served.client.get(local(url))
            found = load_corpus().lookup(url)
            assert got.status_code == 200 and found is not None and not isinstance(found, Redirect), url
            if isinstance(found, Page):
                assert NOTE in got.text and escape(found.title) in got.text
            else:
                assert (got.headers["content-type"], got.content) == (found.content_type, found.body)
            policy = got.headers["content-security-policy"]
            assert "default-src 'none'" in policy and "; sandbox " in policy and "script-src" not in policy
            assert got.headers["x-content-type-options"] == "nosniff"


@in_loop
async def test_links_between_bundled_pages_stay_with_the_gateway_and_lead_somewhere() -> None:
    async with upstream(says("Hello")) as up, gateway(up) as served:
        targets = set()
        for url in URLS:
            text = (await served.client.get(local(url))).content.decode("latin-1")
            addresses = re.findall(r"""<[a-z][^<>]*?\s(?:href|src)=["']([^"']+)""", text) if NOTE in text else []
            targets |= {address.partition("#")[0] for address in addresses}
        inside = {target for target in targets if target.startswith(WEB + "/")}
        assert len(inside) > 50 and not [target for target in targets - inside if re.match(r"/|\w+\.html", target)]
        assert not [
            target for target in targets - inside if any(f"//{host}/" in target for host in load_corpus().hosts)
        ]
        for target in sorted(inside):
            assert (await served.client.get(target)).status_code == 200, target


@in_loop
async def test_a_redirect_leads_to_its_page_and_any_other_path_to_an_error_in_openais_shape() -> None:
    async with upstream(says("Hello")) as up, gateway(up) as served:
        assert set((await served.client.get(WEB)).json()["hosts"]) == set(load_corpus().hosts)
        for path in (
            "/nowhere.example/x",
            "/physics.org/nothing",
            "/physics.org/../../etc/passwd",
            "/%2e%2e/x",
            "x",
        ):
            got = await served.client.get(f"http://127.0.0.1:{served.port}{WEB}{path}")
            assert got.status_code == 404 and got.json()["error"]["message"], path
        assert (await served.client.post(local(URLS[0]))).status_code == 405


@in_loop
async def test_a_bundled_page_needs_no_key_as_it_opens_in_a_tab_of_its_own() -> None:
    rules = AccessRules((digest("sk-secret"),))
    async with upstream(says("Hello")) as up, gateway(up, rules=rules) as served:
        assert (await served.client.get(CONTRACT.gateway.models_path)).status_code == 401
        assert (await served.client.get(local(URLS[0]))).status_code == 200


@pytest.fixture
def page(browser: Browser) -> Iterator[Tab]:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    yield context.new_page()
    context.close()


def test_in_a_browser_nothing_of_a_bundled_page_runs_and_its_note_links_and_pictures_are_there(
    page: Tab, served: GatewayThread
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{served.url}{WEB}/physics.org/quantum")
    assert (
        NOTE in page.get_by_role("note").inner_text() and "physics.org/quantum" in page.get_by_role("note").inner_text()
    )
    pictures = page.locator("article img, main img, body img").evaluate_all("all => all.map(one => one.naturalWidth)")
    assert pictures and all(pictures)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("link", name="correlation function").first.click()
    page.wait_for_url(f"{served.url}{WEB}/physics.org/correlation-function")
    assert all(url.startswith(served.url) for url in asked)


def test_a_source_that_comes_with_the_platform_opens_from_the_chat_and_any_other_link_is_left_alone(
    chat: Visit, served: GatewayThread
) -> None:
    listed = "\n\nSources:\n\n- [1] [Tides](https://physics.org/tides)"
    served.script = says(f"Read https://physics.org/tides and https://physics.org.evil.test/tides.{listed}")
    chat.ask("Tides?")
    chat.finished()
    links = chat.page.locator("#turns a").evaluate_all("all => all.map(one => [one.href, one.title])")
    assert links[0][0] == f"{served.url}{WEB}/physics.org/tides" and "comes with this platform" in links[0][1]
    assert links[1] == ["https://physics.org.evil.test/tides", "https://physics.org.evil.test/tides"]
    assert links[2][0] == links[0][0] and "physics.org, bundled page" in chat.text("#turns .sources")
