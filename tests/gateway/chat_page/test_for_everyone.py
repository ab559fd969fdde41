"""Janus Chat for everyone: keyboard, screen reader, light and dark, phone, little motion."""

from __future__ import annotations

import asyncio
import base64
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.gateway.chat_page.rig import GatewayThread, Visit, event, plays, says, visit
from tests.gateway.chat_page.test_asking import PIXEL
from tests.gateway.rig import Exchange, chunk

RICH = (
    "# Title\n\nSome `code`, $x^2$, a [link](https://a.example) and **more**.\n\n```python\nprint(1)\n```\n\n"
    "| a | b |\n|---|---|\n| 1 | 2 |\n\n> quoted\n\n1. one\n   - two\n\nSources:\n- [A page](https://a.example/p)\n"
)
Scheme = Literal["light", "dark"]
PHONE = {"width": 320, "height": 640}


def violations(page: Page) -> list[str]:
    """What axe-core finds, by rule and place."""
    found = Axe().run(page).response["violations"]
    return [f"{rule['id']}: {node['html'][:150]}" for rule in found for node in rule["nodes"]]


@pytest.mark.parametrize("size", [{"width": 1280, "height": 900}, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Browser, served: GatewayThread, scheme: Scheme, size: Any) -> None:
    # axe writes markup of its own while it looks, which the page's policy forbids.
    with visit(browser, served.url, color_scheme=scheme, viewport=size, bypass_csp=True) as seen:
        assert violations(seen.page) == []
        picture = event(choices=[], artifacts=[{"type": "image/png", "name": "dot.png", "data": PIXEL}])
        served.script = says(RICH, picture, reasoning="Thinking.")
        seen.ask()
        served.script = plays(chunk(content="half"), event(error={"message": "It broke."}))
        seen.page.get_by_role("button", name="Compare two").click()
        seen.page.set_input_files(
            "#files", [{"name": "dot.png", "mimeType": "image/png", "buffer": base64.b64decode(PIXEL)}]
        )
        seen.page.locator("#tray li").wait_for()
        assert violations(seen.page) == []
        seen.ask()
        seen.finished(3)
        seen.page.locator("math").wait_for()
        seen.page.locator(".hl-built").wait_for()
        seen.page.locator(".trace").nth(2).wait_for()
        seen.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert violations(seen.page) == []
        assert seen.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        for opens, closes in (("Conversations", "Close the conversations"), ("Settings", "Close the settings")):
            seen.page.get_by_role("button", name=opens, exact=True).click()
            seen.page.get_by_role("button", name=closes).wait_for()
            assert violations(seen.page) == []
            seen.page.get_by_role("button", name=closes).click()


def test_everything_is_done_with_the_keyboard_alone(chat: Visit, served: GatewayThread) -> None:
    served.script = says("Hello [link](https://a.example)", reasoning="Thinking.")
    keys = chat.page.keyboard
    expect(chat.page.locator("#question")).to_be_focused()
    keys.type("One")
    keys.press("Shift+Enter")
    keys.type("two")
    assert chat.page.locator("#question").input_value() == "One\ntwo"
    keys.press("Enter")
    chat.finished()
    chat.page.locator(".trace").wait_for()
    assert chat.page.locator(".asked p").inner_text() == "One\ntwo"
    chat.page.locator(".skip").focus()
    order = []
    for _ in range(16):
        order.append(
            chat.page.evaluate(
                "document.activeElement.id || document.activeElement.ariaLabel || document.activeElement.textContent"
            )
        )
        ring = chat.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert ring == "solid", order
        keys.press("Tab")
    head = ["Skip to the question", "open-panel", "new", "open-settings", "model", "compare"]
    turn = ["Edit your question", "Copy your question", "Reasoning", "link", "Copy", "Regenerate", "Trace"]
    assert order == [*head, *turn, "attach", "question", "send"]
    chat.page.get_by_text("Reasoning", exact=True).focus()
    keys.press("Enter")
    expect(chat.page.get_by_text("Thinking.")).to_be_visible()
    chat.page.locator("#new").focus()
    keys.press("Enter")
    expect(chat.page.locator("#question")).to_be_focused()
    chat.check_quiet()


def test_a_screen_reader_hears_the_finished_answer_once(chat: Visit, served: GatewayThread) -> None:
    go_on = asyncio.Event()

    async def slowly(exchange: Exchange) -> None:
        exchange.start_stream()
        exchange.chunk(chunk(content="The first half"))
        await go_on.wait()
        exchange.chunk(chunk(content=" and the second."))
        exchange.chunk(chunk("stop"))
        exchange.chunk(b"data: [DONE]\n\n")
        exchange.end()

    served.script = slowly
    chat.page.evaluate(
        "() => { window.heard = []; new MutationObserver(() => heard.push(announcer.textContent))"
        ".observe(announcer, { childList: true, characterData: true, subtree: true }); }"
    )
    chat.page.fill("#question", "Go")
    chat.page.press("#question", "Enter")
    expect(chat.page.get_by_text("The first half")).to_be_visible()
    assert chat.page.locator("#turns [aria-live], #turns [role=alert], #turns [role=log]").count() == 0
    served.release(go_on)
    chat.finished()
    expect(chat.page.locator("#announcer")).to_have_text("Answer: The first half and the second.")
    assert chat.page.evaluate("heard") == ["Waiting for the answer.", "Answer: The first half and the second."]
    expect(chat.page.get_by_role("main")).to_be_visible()
    assert chat.page.get_by_role("heading", level=2).all_inner_texts()[-1].endswith("impl")


def test_dark_mode_follows_the_system_until_the_reader_chooses(browser: Browser, served: GatewayThread) -> None:
    shade = "getComputedStyle(document.body).backgroundColor"
    with visit(browser, served.url, color_scheme="dark") as seen:
        dark = seen.page.evaluate(shade)
        seen.page.emulate_media(color_scheme="light")
        expect(seen.page.locator("html")).to_have_attribute("data-theme", "light")
        light = seen.page.evaluate(shade)
        assert light != dark
        for choice, expected in (("Dark", dark), ("Light", light)):
            seen.page.get_by_role("button", name="Settings").click()
            seen.page.get_by_label("Appearance").select_option(choice)
            seen.page.keyboard.press("Escape")
            seen.page.emulate_media(color_scheme="dark")
            seen.page.reload()
            assert seen.page.evaluate(shade) == expected


def test_the_dialogs_take_the_focus_and_give_it_back(browser: Browser, served: GatewayThread) -> None:
    with visit(browser, served.url, viewport=PHONE) as seen:
        for name, box in (("Settings", "#settings"), ("Conversations", "#panel")):
            button = seen.page.get_by_role("button", name=name, exact=True)
            button.focus()
            seen.page.keyboard.press("Enter")
            seen.page.locator(f"{box}:modal").wait_for()
            assert seen.page.evaluate(f"document.querySelector('{box}').contains(document.activeElement)")
            seen.page.keyboard.press("Escape")
            expect(seen.page.locator(box)).to_be_hidden()
            expect(button).to_be_focused()
        seen.check_quiet()


def test_nothing_moves_where_the_reader_wants_little_motion(browser: Browser, served: GatewayThread) -> None:
    hold = asyncio.Event()

    async def waits(exchange: Exchange) -> None:
        exchange.start_stream()
        await hold.wait()
        exchange.cut()

    served.script = waits
    for motion, name in (("reduce", "none"), ("no-preference", "breathe")):
        with visit(browser, served.url, reduced_motion=motion) as seen:
            seen.page.fill("#question", "Go")
            seen.page.press("#question", "Enter")
            seen.page.locator(".waiting").wait_for()
            assert seen.page.locator(".waiting").evaluate("(one) => getComputedStyle(one).animationName") == name
    served.release(hold)


@pytest.mark.parametrize("name", ["short", "an-implementation-whose-name-is-as-long-as-names-may-be-in-here"])
def test_a_phone_shows_the_whole_name_of_who_answers(browser: Browser, name: str) -> None:
    served = GatewayThread(names=["impl", name]).start()
    with visit(browser, served.url, viewport=PHONE) as seen:
        expect(seen.page.locator("#model option").first).to_contain_text("now")
        expect(seen.page.locator("#model-whole")).to_be_hidden()
        seen.page.select_option("#model", name)
        expect(seen.page.locator("#model-whole")).to_be_visible(visible=name != "short")
        seen.ask()
        expect(seen.page.locator(".answer h2 bdi")).to_have_text(name)
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    served.stop()
