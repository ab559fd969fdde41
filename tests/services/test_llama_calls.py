"""Tool calls and thinking of a real model: what it writes is read, however it comes, and llama.cpp holds it to a call.

No model that runs here has a template with tools: SmolLM2 gets one of the form that Qwen3 has. It would call nothing of
its own accord, so a grammar or a schema makes it do so.
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from janus_platform.services.inference.llama import calls
from janus_platform.services.inference.llama.assembly import assembled
from janus_platform.services.inference.llama.called import with_calls
from janus_platform.services.inference.llama.calls import Call, CallReader
from tests.services.inference_rig import KEY
from tests.services.llama_rig import Served, model_path, served
from tests.services.small_gguf import STRING, text

TEMPLATE = Path(__file__).with_name("qwen_form.jinja")
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
            "required": ["city", "days"],
            "additionalProperties": False,
        },
    },
}
OSLO = '<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo"}}\n</tool_call>'
CALL = Call("weather", '{"city": "Oslo"}')


def read(*pieces: str) -> list[str | Call]:
    """What is read of a text that comes in these pieces; neighbouring texts are joined."""
    reader = CallReader({"weather", "joke"})
    found: list[str | Call] = []
    for one in [piece for cut in pieces for piece in reader.feed(cut)] + [reader.finish()]:
        if isinstance(one, str) and found and isinstance(found[-1], str):
            found[-1] += one
        elif one:
            found.append(one)
    return found


def test_a_call_is_read_wherever_its_text_is_cut() -> None:
    said = f"I look. {OSLO}\n{OSLO} Done <b>."
    wanted = ["I look. ", CALL, CALL, " Done <b>."]
    assert read(said) == read(*said) == wanted
    for cut in range(len(said)):
        assert read(said[:cut], said[cut:]) == wanted


def test_text_goes_on_at_once_but_for_what_may_be_a_tag() -> None:
    reader = CallReader({"weather"})
    assert list(reader.feed("The weather <")) == ["The weather "]
    assert list(reader.feed("b> is")) == ["<b> is"]


@pytest.mark.parametrize(
    "said",
    [
        "<tool_call>",
        OSLO[:40],
        "<tool_call></tool_call>",
        "<tool_call>weather(Oslo)</tool_call>",
        OSLO.replace("weather", "delete_everything"),
        OSLO.replace('"weather"', "7"),
        OSLO.replace('"weather"', '["weather"]'),
        OSLO.replace('{"city": "Oslo"}', '"Oslo"'),
        OSLO.replace('{"city": "Oslo"}', "[1]"),
        OSLO.replace('"Oslo"', "NaN"),
        OSLO.replace('"Oslo"', "[" * 5_000),
        "</tool_call>" * 3 + "<<tool_call",
    ],
)
def test_what_is_no_call_of_an_offered_tool_stays_text(said: str) -> None:
    assert read(said) == read(*said) == [said]


def test_a_call_may_stand_behind_what_was_none() -> None:
    assert read(f"<tool_call>{{</tool_call>{OSLO}") == ["<tool_call>{</tool_call>", CALL]


def test_an_endless_call_and_endless_calls_are_text_and_cost_no_more_than_they_are_long() -> None:
    endless = "<tool_call>" + "{" * (3 * calls.MAX_CHARACTERS)
    assert read(*(endless[at : at + 7] for at in range(0, len(endless), 7))) == [endless]
    found = read(*[OSLO] * (calls.MAX_CALLS + 2))
    assert found == [CALL] * calls.MAX_CALLS + [OSLO * 2]


def test_half_a_character_in_an_argument_is_still_json() -> None:
    (call,) = read(OSLO.replace("Oslo", "\\ud800"))
    assert isinstance(call, Call) and json.loads(call.arguments.encode()) == {"city": "\ud800"}


def test_in_chunks_the_calls_have_places_and_the_answer_ends_because_of_them() -> None:
    async def chunks() -> AsyncIterator[dict[str, Any]]:
        own = {"index": 0, "id": "x", "type": "function", "function": {"name": "joke", "arguments": "{}"}}
        for delta in ({"role": "assistant"}, {"reasoning_content": "Hm."}, {"tool_calls": [own]}, {"content": "Now"}):
            yield {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
        for piece in (OSLO[:20], OSLO[20:], OSLO):
            yield {"choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]}
        yield {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
        yield {"choices": [], "usage": {}}

    choice = asyncio.run(assembled(with_calls(chunks(), {"weather", "joke"}, must=False)))["choices"][0]
    message = choice["message"]
    assert [call["function"]["name"] for call in message["tool_calls"]] == ["joke", "weather", "weather"]
    assert len({call["id"] for call in message["tool_calls"]}) == 3
    assert (message["content"], message["reasoning_content"], choice["finish_reason"]) == ("Now", "Hm.", "tool_calls")


def with_template(source: Path, target: Path, template: str) -> None:
    """Write the model with another chat template: of a length that leaves what follows where it lies in its block."""
    data, key = source.read_bytes(), text("tokenizer.chat_template")
    at = data.index(key) + len(key)
    kind, size = struct.unpack_from("<IQ", data, at)
    assert kind == STRING
    padding = (size - len(template.encode()) - 4) % 32
    written = template.encode() + b"{#" + b" " * padding + b"#}"
    target.write_bytes(data[: at + 4] + struct.pack("<Q", len(written)) + written + data[at + 12 + size :])


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    path = tmp_path_factory.mktemp("model") / "able.gguf"
    with_template(model_path(), path, TEMPLATE.read_text("utf-8"))
    with served(str(path)) as one:
        one.text("Hi", model="able", max_tokens=1)  # once it is loaded: its process is asked directly too
        yield one
    path.unlink()


def ask(model: Served, **fields: Any) -> dict[str, Any]:
    answer = model.post("What is the weather in Bergen?", model="able", temperature=0, seed=1, **fields)
    assert answer.status_code == 200, answer.text
    choice: dict[str, Any] = answer.json()["choices"][0]
    return choice


@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "weather"}}])
def test_a_model_that_must_call_calls_with_arguments_that_its_schema_allows(model: Served, choice: Any) -> None:
    joke = {"type": "function", "function": {"name": "joke"}}
    offered = [WEATHER, joke] if choice != "required" else [WEATHER]
    answer = ask(model, tools=offered, tool_choice=choice, max_tokens=48)
    (call,) = answer["message"]["tool_calls"]
    arguments = json.loads(call["function"]["arguments"])
    assert (call["function"]["name"], answer["finish_reason"]) == ("weather", "tool_calls")
    assert set(arguments) == {"city", "days"} and isinstance(arguments["days"], int)
    assert answer["message"]["content"] is None


def test_the_official_client_streams_a_call(model: Served) -> None:
    client = openai.OpenAI(api_key=KEY, base_url=model.url, max_retries=0, _strict_response_validation=True)
    fields: Any = {"model": "able", "messages": [{"role": "user", "content": "Weather in Bergen?"}], "temperature": 0}
    with client.chat.completions.stream(**fields, tools=[WEATHER], tool_choice="required", max_tokens=48) as stream:
        final = stream.get_final_completion().choices[0]
    assert final.message.tool_calls and final.message.tool_calls[0].function.name == "weather"
    assert final.finish_reason == "tool_calls"


def test_a_call_between_tags_that_the_model_writes_is_read_from_its_stream(model: Served) -> None:
    begun, ended = (json.dumps(part) for part in OSLO.split("Oslo"))
    grammar = f'root ::= "Yes. " {begun} [A-Z] [a-z]{{2,9}} {ended}'
    body = {
        "messages": [{"role": "user", "content": "Weather in Oslo?"}],
        "grammar": grammar,
        "stream": True,
        "temperature": 0,
    }
    with model.direct() as client:
        lines = client.post("http://model/v1/chat/completions", json={**body, "max_tokens": 120}).text.splitlines()
    data = [json.loads(line[6:]) for line in lines if line.startswith("data: {")]

    async def chunks() -> AsyncIterator[dict[str, Any]]:
        for chunk in data:
            yield chunk

    choice = asyncio.run(assembled(with_calls(chunks(), {"weather"}, must=False)))["choices"][0]
    (call,) = choice["message"]["tool_calls"]
    assert len(data) > 10 and choice["message"]["content"] == "Yes. " and choice["finish_reason"] == "tool_calls"
    assert call["function"]["name"] == "weather" and json.loads(call["function"]["arguments"])["city"].isalpha()


def test_thinking_goes_out_apart_and_can_be_switched_off(model: Served) -> None:
    thought = {"grammar": r'root ::= "<think>\n" [a-z ]{5,20} "\n</think>\n\n" [a-z]{3,9}', "max_tokens": 60}
    message = ask(model, **thought)["message"]
    assert message["reasoning_content"].strip() and message["content"].isalpha()
    at_once = {"grammar": "root ::= [a-z]{3,9}", "max_tokens": 20}
    for off in ({"chat_template_kwargs": {"enable_thinking": False}}, {"reasoning_effort": "none"}):
        asked = model.post("Hi", model="able", **at_once, **off).json()["usage"]["prompt_tokens"]
        assert asked > model.post("Hi", model="able", **at_once).json()["usage"]["prompt_tokens"]  # an empty thought
    status, _, param, _ = model.error("Hi", model="able", chat_template_kwargs={"enable_thinking": "no"})
    assert (status, param) == (400, "chat_template_kwargs.enable_thinking")
