"""Janus Chat in a browser: what a reader asks, sees, stops, retries and is told when something fails."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from janus_platform.gateway.access import AccessRules, digest
from tests.gateway.chat_page.rig import GatewayThread, Visit, event, heard, plays, says, visit
from tests.gateway.rig import DONE, PATIENCE, Exchange, chunk

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
KEY = "sk-of-the-reader"


def test_an_answer_shows_reasoning_text_picture_sources_and_its_trace(chat: Visit, served: GatewayThread) -> None:
    picture = event(choices=[], artifacts=[{"type": "image/png", "name": "plot.png", "data": PIXEL, "alt": "A dot"}])
    text = "It is **so**.\n\nSources:\n- [A page](https://a.example/p)\n"
    served.script = says(text, picture, reasoning="Let me see.")
    chat.ask()
    expect(chat.page.get_by_role("article", name="Answer 1 of impl")).to_be_visible()
    assert chat.page.locator(".answer strong").inner_text() == "so"
    assert chat.page.locator(".reasoning").get_attribute("open") is None
    chat.page.get_by_text("Reasoning", exact=True).click()
    assert chat.text(".thoughts") == "Let me see."
    assert chat.page.get_by_alt_text("A dot").evaluate("(img) => img.decode().then(() => img.naturalWidth)") == 1
    assert chat.page.locator("a").evaluate_all("(all) => all.slice(1).map((a) => [a.textContent, a.href])") == [
        ["A page", "https://a.example/p"]
    ]
    assert "Sources" in chat.text(".sources") and "a.example" in chat.text(".sources")
    chat.page.get_by_text("Trace", exact=True).click()
    rows = chat.page.locator(".waterfall tbody th").all_inner_texts()
    assert rows[0] == "gateway" and "implementation" in rows
    assert "first content after" in chat.text(".waterfall caption")
    chat.check_quiet()


def test_a_numbered_source_keeps_the_mark_that_the_text_refers_to(chat: Visit, served: GatewayThread) -> None:
    served.script = says(
        "So it is. [3]\n\nSources:\n- [3] [A page](https://a.example/p)\n- [Other](https://b.example/)\n"
    )
    chat.ask()
    chat.page.locator(".sources a").first.wait_for()
    assert chat.page.locator(".sources a").all_inner_texts() == ["[3] A page", "Other"]
    assert "Sources:" not in chat.text(".text")


def test_reasoning_is_open_while_the_implementation_thinks_and_folds_when_it_answers(
    chat: Visit, served: GatewayThread
) -> None:
    answer, end = asyncio.Event(), asyncio.Event()

    async def thinks(exchange: Exchange) -> None:
        exchange.start_stream()
        exchange.chunk(chunk(reasoning_content="Thinking aloud."))
        await answer.wait()
        exchange.chunk(chunk(content="Done."))
        await end.wait()
        exchange.chunk(chunk("stop") + DONE)
        exchange.end()

    served.script = thinks
    chat.page.fill("#question", "Think")
    chat.page.press("#question", "Enter")
    expect(chat.page.get_by_text("Thinking aloud.")).to_be_visible()
    expect(chat.page.get_by_role("button", name="Stop")).to_be_visible()
    served.release(answer)
    expect(chat.page.locator(".text").get_by_text("Done.")).to_be_visible()
    expect(chat.page.get_by_text("Thinking aloud.")).to_be_hidden()
    chat.page.get_by_text("Reasoning", exact=True).click()
    served.release(end)
    chat.finished()
    expect(chat.page.get_by_text("Thinking aloud.")).to_be_visible()  # Who unfolds it keeps it.


def test_the_conversation_goes_to_the_chosen_implementation_and_begins_anew_on_request(
    chat: Visit, served: GatewayThread
) -> None:
    asked: list[dict[str, Any]] = []
    served.script = heard(asked, "Answer")
    chat.page.select_option("#model", "other")
    chat.ask("First")
    chat.ask("Second\nline")
    assert [m["content"] for m in asked[1]["messages"]] == ["First", "Answer 1", "Second\nline"]
    assert {body["model"] for body in asked} == {"other"}
    chat.page.get_by_role("button", name="New conversation").click()
    expect(chat.page.locator("#welcome")).to_be_visible()
    chat.page.get_by_role("button", name="How do tides work?").click()
    chat.finished()
    assert [m["content"] for m in asked[2]["messages"]] == ["How do tides work?"]


@pytest.mark.parametrize("means", ["button", "escape", "new conversation"])
def test_stopping_cancels_the_upstream_and_keeps_what_came(chat: Visit, served: GatewayThread, means: str) -> None:
    left = threading.Event()

    async def endless(exchange: Exchange) -> None:
        exchange.start_stream()
        exchange.chunk(chunk(content="The beginning"))
        await exchange.gateway_left()
        left.set()

    served.script = endless
    chat.page.fill("#question", "Go on for ever")
    chat.page.press("#question", "Enter")
    expect(chat.page.get_by_text("The beginning")).to_be_visible()
    if means == "escape":
        chat.page.keyboard.press("Escape")
    else:
        chat.page.get_by_role("button", name="Stop" if means == "button" else "New conversation").click()
    assert left.wait(PATIENCE)
    if means != "new conversation":
        chat.finished()
        assert chat.text(".text") == "The beginning" and chat.text(".notice") == "Stopped."
    expect(chat.page.locator("#send")).to_be_visible()
    chat.check_quiet()


def test_regenerate_asks_the_same_again_and_replaces_the_answer(chat: Visit, served: GatewayThread) -> None:
    asked: list[dict[str, Any]] = []
    served.script = heard(asked, "Try")
    chat.ask("Again?")
    chat.page.get_by_role("button", name="Regenerate").click()
    expect(chat.page.locator(".text").get_by_text("Try 2")).to_be_visible()
    chat.finished()
    assert asked[0] == asked[1] and chat.page.locator(".answer").count() == 1
    chat.ask("And then?")
    assert [m["content"] for m in asked[2]["messages"]] == ["Again?", "Try 2", "And then?"]
    assert chat.page.get_by_role("button", name="Regenerate").count() == 1


def test_an_answer_and_a_program_in_it_can_be_copied(browser: Browser, served: GatewayThread) -> None:
    served.script = says("Run `it`:\n\n```python\nprint(1 < 2)\n```\n")
    with visit(browser, served.url, permissions=["clipboard-read", "clipboard-write"]) as seen:
        seen.ask()
        seen.page.clock.install()
        copied = {}
        for name in ("Copy code", "Copy"):
            seen.page.get_by_role("button", name=name, exact=True).click()
            expect(seen.page.get_by_role("button", name="Copied")).to_be_visible()
            copied[name] = seen.page.evaluate("navigator.clipboard.readText()")
            seen.page.clock.run_for(2_000)
            expect(seen.page.get_by_role("button", name=name, exact=True)).to_be_visible()
    assert copied == {"Copy code": "print(1 < 2)", "Copy": "Run `it`:\n\n```python\nprint(1 < 2)\n```\n"}


@pytest.mark.parametrize(("reason", "told"), [("length", "length limit"), ("content_filter", "filter"), ("stop", "")])
def test_an_answer_that_was_ended_early_says_why(again: Visit, served: GatewayThread, reason: str, told: str) -> None:
    served.script = plays(chunk(content="So far"), chunk(reason), DONE)
    again.ask()
    assert told in again.text(".notice") and bool(told) == again.page.locator(".notice").is_visible()


def failing(status: int, message: str, *headers: str) -> Any:
    body = json.dumps({"error": {"message": message, "type": "x", "code": "x", "param": None}}).encode()
    return lambda exchange: exchange.answer(status, body, *headers)


FAILURES = {
    "an error event": (plays(chunk(content="half"), event(error={"message": "It broke."})), "It broke."),
    "a cut": (plays(chunk(content="half")), "incomplete"),
    "an upstream error": (failing(500, "Out of order."), "Retry"),
    "nothing said": (plays(chunk("stop"), DONE), "empty"),
    "no event stream": (lambda exchange: exchange.answer(200, b"<p>", content_type="text/html"), "Retry"),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failed_answer_says_what_to_do_and_can_be_retried(chat: Visit, served: GatewayThread, failure: str) -> None:
    served.script, told = FAILURES[failure]
    chat.ask()
    assert told in chat.text(".notice") and "Retry" in chat.text(".notice")
    assert told in chat.page.locator("#announcer").inner_text()
    served.script = says("Better now")
    chat.page.get_by_role("button", name="Retry").click()
    expect(chat.page.get_by_text("Better now", exact=True).first).to_be_visible()


def test_a_busy_upstream_makes_retry_wait_as_long_as_it_asked(chat: Visit, served: GatewayThread) -> None:
    chat.page.clock.install()
    chat.page.route(
        "**/v1/chat/completions",
        lambda route: route.fulfill(status=429, headers={"retry-after": "30"}, json={"error": {"message": "Slowly."}}),
    )
    chat.ask()
    assert "Slowly. Too many requests. Wait" in chat.text(".notice")
    button = chat.page.locator(".retry")
    expect(button).to_be_disabled()
    assert "Retry in 30 s" in button.inner_text()
    chat.page.clock.run_for(31_000)
    expect(button).to_be_enabled()
    assert button.inner_text() == "Retry"


def test_an_implementation_that_is_gone_is_named_and_the_list_read_anew(chat: Visit, served: GatewayThread) -> None:
    chat.page.locator("#model").evaluate("(all) => all.add(new Option('gone', 'gone', true, true))")
    chat.ask()
    assert "'gone'" in chat.text(".notice") and "Choose another" in chat.text(".notice")
    expect(chat.page.locator("#model option")).to_have_text(["janus (now impl)", "impl", "other"])


def test_a_gateway_that_is_down_is_said_to_be(chat: Visit, served: GatewayThread) -> None:
    expect(chat.page.locator("#model option")).to_have_count(3)
    chat.page.context.set_offline(True)
    chat.ask()
    assert "janus up" in chat.text(".notice")
    chat.page.context.set_offline(False)
    served.script = says("Back again")
    chat.page.get_by_role("button", name="Retry").click()
    expect(chat.page.get_by_text("Back again", exact=True).first).to_be_visible()


def test_a_gateway_with_keys_asks_for_one_and_the_page_keeps_it_for_the_tab_only(browser: Browser) -> None:
    served = GatewayThread(AccessRules((digest(KEY),), ())).start()
    with visit(browser, served.url) as seen:
        expect(seen.page.get_by_label("API key")).to_be_focused()
        seen.ask()
        assert "API key" in seen.text(".notice")
        seen.page.get_by_label("API key").fill(KEY)
        seen.page.keyboard.press("Tab")
        expect(seen.page.locator("#model option")).to_have_count(3)
        seen.page.get_by_role("button", name="Retry").click()
        expect(seen.page.get_by_text("Hello", exact=True).first).to_be_visible()
        expect(seen.page.get_by_text("Trace", exact=True)).to_be_visible()
        kept = "[Object.values({...localStorage}), sessionStorage['janus.key'], document.cookie, location.href]"
        local, session, cookie, address = seen.page.evaluate(kept)
        assert session == KEY and KEY not in str([local, cookie, address])
        seen.page.reload()
        expect(seen.page.locator("#model option")).to_have_count(3)
    served.stop()


@pytest.mark.parametrize(
    ("artifact", "why"),
    [
        ({"type": "image/svg+xml", "data": base64.b64encode(b"<svg onload=alert(1)>").decode()}, "only PNG"),
        ({"type": "text/html", "data": "PGI+"}, "only PNG"),
        ({"type": "image/png", "data": "A" * 11_000_001}, "larger than 8 MB"),
        ({"type": "image/png", "data": 'x" onerror="pwned=1'}, "damaged"),
        ({"type": "image/png", "data": "AAAA"}, "damaged"),
        ({"type": "image/png", "data": ["https://evil.example"]}, "holds nothing"),
        ({"type": "image/png"}, "holds nothing"),
    ],
)
def test_an_artifact_that_is_no_small_picture_is_named_not_shown(
    again: Visit, served: GatewayThread, artifact: dict[str, Any], why: str
) -> None:
    served.script = says("Here", event(choices=[], artifacts=[{"name": "a <b>", **artifact}]))
    again.ask()
    expect(again.page.locator("#turns figcaption")).to_contain_text("a <b> is not shown: ")
    assert why in again.text("#turns figcaption") and again.page.locator("#turns figure img").count() == 0
    again.check_quiet()


@pytest.mark.parametrize(
    ("link", "chosen"),
    [("#model=other", "other"), ("#model=nobody", "janus"), ("#model=%3Cimg%20onerror%3D1%3E", "janus")],
)
def test_a_link_may_choose_the_implementation(browser: Browser, served: GatewayThread, link: str, chosen: str) -> None:
    with visit(browser, f"{served.url}/{link}") as chat:
        expect(chat.page.locator("#model")).to_have_value(chosen)
        chat.check_quiet()
