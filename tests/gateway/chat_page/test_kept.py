"""Conversations that the browser keeps: after a reload, in two tabs, as files, and where nothing may be kept."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.gateway.chat_page.rig import GatewayThread, Visit, event, heard, says, visit
from tests.gateway.chat_page.test_asking import PIXEL
from tests.gateway.rig import Exchange, chunk

PICTURE = event(choices=[], artifacts=[{"type": "image/png", "name": "dot.png", "data": PIXEL, "alt": "A dot"}])
OVER = "all[0]?.turns.at(-1)?.answers[0]?.ended"


def open_panel(seen: Visit) -> None:
    # Where something is kept, the page opens the panel itself once it has listed it: a click just then would close it.
    seen.page.wait_for_function("document.querySelector('#kept li') || !document.querySelector('#none-kept').hidden")
    if not seen.page.evaluate("panel.open"):
        seen.page.get_by_role("button", name="Conversations", exact=True).click()


def test_a_reload_brings_the_conversation_back_as_it_was(chat: Visit, served: GatewayThread) -> None:
    served.script = says("It is **so**. [x](https://a.example/p)", PICTURE, reasoning="Let me see.")
    chat.ask("First question")
    told = chat.text(".facts")
    chat.kept(OVER)
    chat.page.reload()
    assert chat.questions == 0  # Nothing was lost, so nothing was asked.
    expect(chat.page.locator(".answer strong")).to_have_text("so")
    expect(chat.page.get_by_alt_text("A dot")).to_be_visible()
    assert chat.page.locator(".asked p").inner_text() == "First question" and chat.text(".facts") == told
    assert chat.page.locator(".thoughts").text_content() == "Let me see."
    expect(chat.page.get_by_role("article", name="Answer 1 of impl")).to_be_visible()
    asked: list[dict[str, Any]] = []
    served.script = heard(asked, "More")
    chat.ask("And then?")
    assert [m["content"] for m in asked[0]["messages"]] == [
        "First question",
        "It is **so**. [x](https://a.example/p)",
        "And then?",
    ]
    chat.page.get_by_role("button", name="New conversation").click()
    chat.ask("Another one")
    chat.kept(f"all.length === 2 && {OVER}")
    open_panel(chat)
    assert chat.page.locator(".kept-title bdi").all_inner_texts() == ["Another one", "First question"]
    chat.page.get_by_role("button", name="First question").first.click()
    expect(chat.page.locator(".asked p").last).to_have_text("And then?")
    expect(chat.page.locator("[aria-current] bdi")).to_have_text("First question")
    chat.check_quiet()


def test_a_reload_in_the_middle_of_an_answer_keeps_what_came(chat: Visit, served: GatewayThread) -> None:
    hold = asyncio.Event()

    async def slowly(exchange: Exchange) -> None:
        exchange.start_stream()
        exchange.chunk(chunk(content="The beginning"))
        await hold.wait()
        exchange.cut()

    served.script = slowly
    chat.page.fill("#question", "Go on")
    chat.page.press("#question", "Enter")
    expect(chat.page.get_by_text("The beginning")).to_be_visible()
    chat.kept("all.length === 1")
    chat.page.reload()
    served.release(hold)
    expect(chat.page.locator(".notice")).to_contain_text("closed before this answer was complete")
    served.script = says("All of it")
    chat.page.get_by_role("button", name="Retry").click()
    expect(chat.page.locator(".text")).to_have_text("All of it")


def test_what_is_not_to_be_kept_is_not_and_a_reload_asks_first(chat: Visit, served: GatewayThread) -> None:
    served.script = says("A secret")
    chat.ask("Secret?")
    chat.kept(OVER)
    open_panel(chat)
    chat.page.get_by_label("Do not keep conversations").check()
    expect(chat.page.locator("#none-kept")).to_be_visible()
    chat.ask("More?")
    assert chat.kept() == []
    chat.page.reload()
    assert chat.questions == 1
    expect(chat.page.locator("#welcome")).to_be_visible()
    expect(chat.page.locator("#private")).to_be_checked()
    assert "ecret" not in chat.page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    open_panel(chat)
    chat.page.get_by_label("Do not keep conversations").uncheck()
    chat.ask("Kept again?")
    chat.kept(OVER)


def test_conversations_are_deleted_one_by_one_with_a_way_back_and_all_at_once(
    chat: Visit, served: GatewayThread
) -> None:
    for number, question in enumerate(("One", "Two"), 1):
        chat.page.get_by_role("button", name="New conversation").click()
        chat.ask(question)
        chat.kept(f"all.length === {number} && {OVER}")
    open_panel(chat)
    chat.page.get_by_role("button", name="Delete: Two").click()
    expect(chat.page.locator("#welcome")).to_be_visible()
    assert [one["turns"][0]["text"] for one in chat.kept("all.length === 1")] == ["One"]
    expect(chat.page.get_by_role("button", name="Undo")).to_be_focused()
    chat.page.keyboard.press("Enter")
    chat.kept("all.length === 2")
    chat.page.get_by_role("button", name="Delete all").click()
    chat.page.get_by_role("button", name="Cancel").last.click()
    assert len(chat.kept()) == 2
    chat.page.get_by_role("button", name="Delete all").click()
    expect(chat.page.locator("#sure")).to_contain_text("Delete all 2 conversations?")
    chat.page.locator("#sure-delete").click()
    chat.kept("all.length === 0")
    expect(chat.page.locator("#told")).to_have_text("All conversations were deleted.")
    chat.ask("Three")
    expect(chat.page.locator("#told")).to_be_hidden()
    chat.check_quiet()


def test_an_exported_conversation_is_imported_as_it_was(chat: Visit, served: GatewayThread, tmp_path: Path) -> None:
    served.script = says("It is **so**.\n\n```python\n1\n```\n", PICTURE, reasoning="Because.")
    chat.ask("Why <b>?")
    before = chat.kept(OVER)
    open_panel(chat)
    files = {}
    for button in ("JSON: Why", "Markdown: Why", "Export all"):
        with chat.page.expect_download() as download:
            chat.page.get_by_role("button", name=button).click()
        files[button] = Path(tmp_path / download.value.suggested_filename)
        download.value.save_as(files[button])
    assert [path.name for path in files.values()] == ["Why-b.json", "Why-b.md", "janus-chat.json"]
    written = files["Markdown: Why"].read_text("utf-8")
    for part in (
        "# Why <b>?",
        "## Question",
        "## Answer of impl",
        "> Reasoning: Because.",
        "```python",
        "dot.png, A dot",
    ):
        assert part in written
    assert json.loads(files["Export all"].read_text()) == json.loads(files["JSON: Why"].read_text())
    chat.page.set_input_files("#import-file", files["JSON: Why"])
    expect(chat.page.locator("#told")).to_have_text("One conversation was imported.")
    first, second = chat.kept("all.length === 2")
    assert first["id"] != second["id"]
    assert {key: first[key] for key in ("turns", "title", "models")} == {
        key: before[0][key] for key in ("turns", "title", "models")
    }
    chat.check_quiet()


EVIL = "<img src=x onerror=pwned=1>"
HOSTILE_TURN = {
    "text": EVIL,
    "pictures": [
        {"type": "image/svg+xml", "data": "PHN2Zy8+", "name": EVIL},
        {"type": "image/png", "data": '"><script>', "name": EVIL},
        {"type": "image/png", "data": PIXEL, "name": EVIL, "alt": EVIL},
    ],
    "answers": [
        {"content": EVIL, "model": EVIL, "by": EVIL, "note": EVIL, "first": "1", "total": -1, "ended": True,
         "sources": [{"url": "javascript:pwned=1", "title": "x"}, {"url": "https://a.example", "title": EVIL}]},
        "x", None,
    ],
}  # fmt: skip


def test_a_hostile_file_is_refused_or_comes_in_as_text(chat: Visit, tmp_path: Path) -> None:
    def wrapped(**fields: Any) -> str:
        return json.dumps({"kind": "janus-chat", "conversations": [{"format": 1, "turns": [], **fields}]})

    refused = {
        "not JSON": ("<html>", "not JSON"),
        "another JSON": ('{"kind": "other", "conversations": []}', "no conversations"),
        "a list": ("[]", "no conversations"),
        "null": ("null", "no conversations"),
        "no turns": (wrapped(turns={"length": 3}), "not a conversation"),
        "a newer page's": (wrapped(format=2), "newer Janus Chat"),
        "too many turns": (wrapped(turns=[{}] * 1_001), "more than 1000 questions"),
    }
    open_panel(chat)
    for name, (content, told) in refused.items():
        chat.page.set_input_files(
            "#import-file", [{"name": "x.json", "mimeType": "application/json", "buffer": content.encode()}]
        )
        expect(chat.page.locator("#told"), name).to_contain_text(told)
    assert chat.kept() == []
    path = tmp_path / "evil.json"
    path.write_text(wrapped(id="../x", title=EVIL, system=[EVIL], models=[EVIL, 7, EVIL], turns=[HOSTILE_TURN, None, 3],
                            revision="9", __proto__={"pwned": 1}))  # fmt: skip
    chat.page.set_input_files("#import-file", path)
    expect(chat.page.locator("#told")).to_have_text("One conversation was imported.")
    chat.page.locator(".kept-title").click()
    expect(chat.page.locator(".asked p").first).to_have_text(EVIL)
    expect(chat.page.locator(".asked img")).to_have_count(1)
    expect(chat.page.locator(".sources a")).to_have_count(1)
    kept = chat.kept("all.length === 1")[0]
    assert len(kept["id"]) == 24 and kept["system"] == "" and len(kept["turns"]) == 3
    chat.check_quiet()


def test_two_tabs_lose_nothing_of_each_other(chat: Visit, served: GatewayThread) -> None:
    chat.ask("Shared")
    chat.kept(OVER)
    other = chat.page.context.new_page()
    other.goto(chat.url)
    other.get_by_role("button", name="Shared").first.click()
    expect(other.locator(".asked p")).to_have_text("Shared")
    chat.ask("From the first tab")
    chat.kept("all[0].turns.length === 2 && all[0].turns[1].answers[0].ended")
    other.fill("#question", "From the second tab")
    other.press("#question", "Enter")
    expect(other.locator("#told")).to_contain_text("Another tab has changed this conversation")
    texts = {tuple(turn["text"] for turn in one["turns"]) for one in chat.kept("all.length === 2")}
    assert texts == {("Shared", "From the first tab"), ("Shared", "From the second tab")}
    expect(chat.page.locator(".kept-title")).to_have_count(2)  # The first tab has heard of it.
    other.locator('#kept li:not(:has([aria-current])) button[aria-label^="Delete"]').click()
    expect(chat.page.locator("#told")).to_contain_text("deleted in another tab")
    chat.ask("Going on")
    assert len(chat.kept("all.length === 2")) == 2


def test_what_an_older_page_kept_is_read_and_what_a_newer_one_kept_is_left_alone(
    chat: Visit, served: GatewayThread
) -> None:
    chat.kept()  # The stores are there.
    chat.page.evaluate("""async () => {
        const database = await new Promise((resolve) => {
            const request = indexedDB.open("janus-chat");
            request.onsuccess = () => resolve(request.result);
        });
        const put = (id, fields) => {
            const change = database.transaction(["titles", "conversations"], "readwrite");
            change.objectStore("titles").put({ id, title: id, updated: 1, revision: 1 });
            change.objectStore("conversations").put({ id, revision: 1, ...fields });
            return new Promise((resolve) => { change.oncomplete = resolve; });
        };
        await put("a".repeat(24), { format: 1, turns: [{ text: "Old one", answers: [{ content: "Old answer" }] }] });
        await put("b".repeat(24), { format: 9, turns: "in another form" });
        database.close();
    }""")
    chat.page.reload()
    open_panel(chat)
    chat.page.get_by_role("button", name="b" * 24).first.click()
    expect(chat.page.locator("#told")).to_contain_text("Update the platform")
    chat.page.get_by_role("button", name="a" * 24).first.click()
    expect(chat.page.locator(".text")).to_have_text("Old answer")
    chat.ask("And now?")
    assert chat.page.locator(".answer").count() == 2
    expect(chat.page.locator(".kept-title")).to_have_count(2)
    chat.check_quiet()


@pytest.mark.parametrize("fault", ["forbidden", "full"])
def test_a_browser_that_keeps_nothing_still_talks_and_says_so(
    browser: Browser, served: GatewayThread, fault: str
) -> None:
    forbids = "IDBFactory.prototype.open = () => { throw new DOMException('x', 'SecurityError'); }"
    with visit(browser, served.url, script=forbids if fault == "forbidden" else "") as seen:
        if fault == "full":
            full = {"origin": served.url, "quotaSize": 1}
            seen.page.context.new_cdp_session(seen.page).send("Storage.overrideQuotaForOrigin", full)
        seen.ask()
        expect(seen.page.locator("#told")).to_contain_text("private window" if fault == "forbidden" else "no room left")
        seen.ask("Again?")
        seen.page.reload()
        assert seen.questions == 1
        seen.check_quiet()
