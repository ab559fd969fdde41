"""A conversation changed and compared: a question edited, undone, asked anew, put to two implementations, steered."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from playwright.sync_api import Browser, expect

from tests.gateway.chat_page.rig import GatewayThread, Visit, event, heard, plays, says, visit
from tests.gateway.rig import DONE, Exchange, chunk


def contents(request: dict[str, Any]) -> list[Any]:
    return [message["content"] for message in request["messages"]]


def test_a_question_is_edited_what_follows_is_replaced_and_it_can_be_undone(chat: Visit, served: GatewayThread) -> None:
    asked: list[dict[str, Any]] = []
    served.script = heard(asked, "Answer")
    for question in ("One", "Two", "Three"):
        chat.ask(question)
    chat.page.fill("#question", "half a thought")
    chat.page.get_by_role("button", name="Edit your question").nth(1).click()
    expect(chat.page.locator("#question")).to_be_focused()
    assert chat.page.locator("#question").input_value() == "Two"
    chat.page.get_by_role("button", name="Cancel").first.click()
    assert chat.page.locator("#question").input_value() == "half a thought"
    chat.page.get_by_role("button", name="Edit your question").nth(1).click()
    chat.page.fill("#question", "Two, better")
    chat.page.press("#question", "Enter")
    expect(chat.page.locator(".text").last).to_have_text("Answer 4")
    assert contents(asked[3]) == ["One", "Answer 1", "Two, better"]
    expect(chat.page.locator("#question")).to_have_value("half a thought")
    expect(chat.page.locator(".undo")).to_contain_text("1 later question is gone")
    chat.page.get_by_role("button", name="Undo").click()
    assert chat.page.locator(".asked > p").all_inner_texts() == ["One", "Two", "Three"]
    chat.ask("Four")
    assert contents(asked[4]) == ["One", "Answer 1", "Two", "Answer 2", "Three", "Answer 3", "Four"]
    assert chat.page.locator(".undo").count() == 0
    kept = chat.kept("all[0].turns.length === 4 && all[0].turns[3].answers[0].ended")
    assert [turn["text"] for turn in kept[0]["turns"]] == ["One", "Two", "Three", "Four"]
    chat.check_quiet()


def test_an_undone_edit_leaves_no_answer_that_is_still_coming(chat: Visit, served: GatewayThread) -> None:
    served.script = says("Hello")
    chat.ask("Kept")
    left = asyncio.Event()

    async def endless(exchange: Exchange) -> None:
        exchange.start_stream()
        exchange.chunk(chunk(content="In vain"))
        await exchange.gateway_left()
        left.set()

    served.script = endless
    chat.page.get_by_role("button", name="Edit your question").click()
    chat.page.press("#question", "Enter")
    expect(chat.page.get_by_text("In vain")).to_be_visible()
    chat.page.get_by_role("button", name="Undo").click()
    expect(chat.page.locator(".text")).to_have_text("Hello")
    expect(chat.page.locator("#send")).to_be_visible()
    assert len(chat.kept("all[0].turns.length === 1 && all[0].turns[0].answers[0].content === 'Hello'")) == 1


def test_two_answer_side_by_side_each_with_its_own_history_and_speed(browser: Browser, served: GatewayThread) -> None:
    asked: list[dict[str, Any]] = []
    second_half = asyncio.Event()

    async def answers(exchange: Exchange) -> None:
        body = json.loads(exchange.body)
        asked.append(body)
        exchange.start_stream()
        exchange.chunk(chunk(content=f"I am {body['model']}"))
        await second_half.wait()
        exchange.chunk(chunk(content=f", {len(asked)}"))
        exchange.chunk(chunk("stop") + event(choices=[], usage={"completion_tokens": 12}) + DONE)
        exchange.end()

    with visit(browser, served.url, viewport={"width": 390, "height": 844}) as seen:
        served.script = says("Alone")
        seen.ask("One")
        seen.page.get_by_role("button", name="Compare two").click()
        seen.page.select_option("#model", "impl")
        seen.page.select_option("#other-model", "other")
        served.script = answers
        seen.page.fill("#question", "Two")
        seen.page.press("#question", "Enter")
        # Both stream at once.
        expect(seen.page.locator(".pair .text").nth(0)).to_have_text("I am impl")
        expect(seen.page.locator(".pair .text").nth(1)).to_have_text("I am other")
        seen.page.wait_for_timeout(50)  # What comes in no time has no rate.
        served.release(second_half)
        seen.finished(3)
        for facts in seen.page.locator(".pair .facts").all_inner_texts():
            assert "first token" in facts and "tokens/s" in facts
        boxes = [one.bounding_box() for one in seen.page.locator(".pair .answer").all()]
        assert boxes[0] and boxes[1] and boxes[0]["y"] + boxes[0]["height"] <= boxes[1]["y"]  # On a phone: below.
        seen.page.set_viewport_size({"width": 1280, "height": 900})
        boxes = [one.bounding_box() for one in seen.page.locator(".pair .answer").all()]
        assert boxes[0] and boxes[1] and boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
        seen.ask("Three")
        seen.finished(5)
        histories = {body["model"]: contents(body) for body in asked[2:]}
        for name, history in histories.items():
            assert history[:3] == ["One", "Alone", "Two"] and history[3].startswith(f"I am {name}")
        seen.page.locator(".pair").last.get_by_role("button", name="Regenerate").nth(1).click()
        expect(seen.page.locator(".pair .text").last).to_have_text("I am other, 5")
        seen.kept("all[0].turns[2].answers[1].ended")
        seen.page.reload()
        expect(seen.page.locator(".pair .answer")).to_have_count(4)
        expect(seen.page.locator("#other-model")).to_have_value("other")
        expect(seen.page.locator("#other-model")).to_be_visible()
        seen.check_quiet()


def test_when_one_of_two_fails_the_other_goes_on(chat: Visit, served: GatewayThread) -> None:
    def answers(exchange: Exchange) -> None:
        if json.loads(exchange.body)["model"] == "other":
            plays(chunk(content="half"), event(error={"message": "It broke."}))(exchange)
        else:
            says("Whole")(exchange)

    chat.page.get_by_role("button", name="Compare two").click()
    chat.page.select_option("#other-model", "other")
    served.script = answers
    chat.ask()
    chat.finished(2)
    expect(chat.page.locator(".answer .notice").last).to_contain_text("It broke.")
    served.script = says("Better")
    chat.page.get_by_role("button", name="Retry").click()
    expect(chat.page.locator(".text").last).to_have_text("Better")
    assert chat.page.locator(".text").first.inner_text() == "Whole"


def test_a_system_prompt_is_sent_first_seen_and_kept(chat: Visit, served: GatewayThread) -> None:
    asked: list[dict[str, Any]] = []
    served.script = heard(asked, "Arr")
    chat.page.get_by_role("button", name="Settings").click()
    chat.page.get_by_label("System prompt", exact=True).fill("Answer like a pirate.")
    chat.page.keyboard.press("Escape")
    expect(chat.page.locator("#system-note")).to_have_text("System prompt: Answer like a pirate.")
    chat.ask("Who?")
    assert asked[0]["messages"][0] == {"role": "system", "content": "Answer like a pirate."}
    chat.kept("all[0].system === 'Answer like a pirate.' && all[0].turns[0].answers[0].ended")
    chat.page.reload()
    chat.page.get_by_role("button", name="New conversation").click()
    chat.page.locator("#system-note").click()
    chat.page.get_by_label("System prompt", exact=True).fill("")
    chat.page.get_by_role("button", name="Close the settings").click()
    expect(chat.page.locator("#system-note")).to_be_hidden()
    chat.ask("And now?")
    assert contents(asked[1]) == ["And now?"]
    chat.check_quiet()


def test_code_is_coloured_and_formulas_are_set_from_the_gateway_alone(chat: Visit, served: GatewayThread) -> None:
    paths: list[str] = []
    chat.page.on("request", lambda request: paths.append(request.url.removeprefix(chat.url)))
    chat.ask("Nothing of that")
    assert not [path for path in paths if "vendor" in path]
    served.script = says(
        "Let $x = \\frac{1}{2}$ and\n\n$$\n\\sum_{i=1}^n i\n$$\n\n"
        "```python\nprint('a < b')  # so\n```\n\n```nolanguage\nx\n```\n"
    )
    chat.ask("All of that")
    expect(chat.page.locator("math")).to_have_count(2)
    expect(chat.page.locator(".hl-string")).to_have_text("'a < b'")
    expect(chat.page.locator(".hl-comment")).to_have_text("# so")
    assert chat.page.locator("math mfrac mn").all_text_contents() == ["1", "2"]
    assert chat.page.locator("pre").first.inner_text() == "print('a < b')  # so"
    fetched = {path for path in paths if "vendor" in path}
    assert {"/chat/vendor/temml.min.js", "/chat/vendor/highlight/python.min.js"} <= fetched
    assert len([path for path in fetched if "/highlight/" in path]) == 2  # The core and one language.
    chat.check_quiet()
