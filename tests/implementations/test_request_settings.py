"""No implementation drops a request's settings in silence: each is kept to, handed on, or refused by its name."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import sys
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from janus_platform.implementations import TEMPLATE, bundled
from tests.implementations.rig import FakeServices, ask, served

INFERENCE, SEARCH, SANDBOX = "api.chutes.ai", "search.janus.rodeo", "sandbox.janus.rodeo"
QUESTION = "Explain quantum entanglement"
SCHEMA = {"type": "json_schema", "json_schema": {"name": "fact", "schema": {"type": "object"}}}
UNSUPPORTED: dict[str, Any] = {
    "n": 2,
    "logprobs": True,
    "top_logprobs": 3,
    "logit_bias": {"5": 1},
    "modalities": ["audio"],
    "audio": {"format": "wav"},
    "functions": [{"name": "f"}],
    "function_call": {"name": "f"},
    "web_search_options": {"search_context_size": "low"},
}
NOTHING: dict[str, Any] = {
    "n": 1, "logprobs": False, "logit_bias": {}, "modalities": ["text"], "response_format": {"type": "text"},
    "stop": None, "max_tokens": None, "temperature": 0.2, "user": "me", "metadata": {}, "seed": 7,
}  # fmt: skip


def program(folder: Any, name: str) -> Any:
    """The main module of a one-file implementation, apart from the others of its name."""
    spec = importlib.util.spec_from_file_location(name, folder / "main.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(folder))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(folder))
    return module


APPS: dict[str, Callable[[], Any]] = {
    "echo": lambda: program(bundled()["echo"], "echo_main").app,
    "template": lambda: program(TEMPLATE, "template_main").app,
}


def post(app: Any, question: str = QUESTION, **more: Any) -> httpx.Response:
    async def run() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://one") as client:
            body = {"model": "one", "messages": [{"role": "user", "content": question}], **more}
            return await client.post("/v1/chat/completions", json=body)

    return asyncio.run(run())


def researched(question: str = QUESTION, fake: FakeServices | None = None, **more: Any) -> httpx.Response:
    async def run() -> httpx.Response:
        async with served(fake or FakeServices()) as client:
            body = {"model": "research", "messages": [{"role": "user", "content": question}], **more}
            return await client.post("/v1/chat/completions", json=body)

    return asyncio.run(run())


def asked(name: str, **more: Any) -> httpx.Response:
    return researched(**more) if name == "research" else post(APPS[name](), **more)


@pytest.mark.parametrize("name", ["research", "echo", "template"])
@pytest.mark.parametrize("field", UNSUPPORTED)
def test_what_cannot_be_done_is_refused_by_its_name(name: str, field: str) -> None:
    answer = asked(name, **{field: UNSUPPORTED[field]})
    error = answer.json()["error"]
    assert (answer.status_code, error["param"], error["code"]) == (400, field, "unsupported_parameter")
    assert f"`{field}`" in error["message"]


@pytest.mark.parametrize("name", ["echo", "template"])
def test_a_form_that_is_not_text_is_refused_by_those_without_a_model(name: str) -> None:
    assert asked(name, response_format=SCHEMA).json()["error"]["param"] == "response_format"


@pytest.mark.parametrize("name", ["research", "echo", "template"])
def test_a_setting_that_asks_for_nothing_passes(name: str) -> None:
    answer = asked(name, **NOTHING)
    assert answer.status_code == 200 and answer.json()["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize("name", ["research", "echo", "template"])
@pytest.mark.parametrize("field", ["max_tokens", "max_completion_tokens"])
def test_a_bound_on_tokens_ends_the_answer_with_length(name: str, field: str) -> None:
    choice = asked(name, **{field: 2}).json()["choices"][0]
    assert choice["finish_reason"] == "length" and len(choice["message"]["content"].split()) == 2
    assert asked(name, **{field: 10_000}).json()["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize("name", ["echo", "template"])
def test_a_streamed_answer_is_bounded_too(name: str) -> None:
    events = asked(name, stream=True, max_tokens=1).text.split("\n\n")
    chunks = [json.loads(event[6:]) for event in events if event.startswith("data: {")]
    said = "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks)
    assert said.split() == ["Explain"] and chunks[-1]["choices"][0]["finish_reason"] == "length"


@pytest.mark.parametrize(("stop", "said"), [("one", "Two particles share "), (["zz", "share"], "Two particles ")])
def test_research_ends_before_a_stop_wherever_its_pieces_break(stop: Any, said: str) -> None:
    for says in (("Two particles share one state. [1]",), tuple("Two particles share one state. [1]")):
        answer = researched(fake=FakeServices(says=says), stop=stop).json()
        assert answer["choices"][0]["message"]["content"] == said
        assert answer["choices"][0]["finish_reason"] == "stop"
        assert answer["usage"]["cost_usd"] == 0.002  # the model was paid for what it said


def test_a_stop_that_only_begins_loses_nothing() -> None:
    whole = researched().json()["choices"][0]["message"]["content"]
    assert researched(stop="quantum)!").json()["choices"][0]["message"]["content"] == whole


def test_echo_ends_before_a_stop_and_the_template_refuses_one() -> None:
    assert asked("echo", stop=["tum"]).json()["choices"][0]["message"]["content"] == "Explain quan"
    assert asked("template", stop=["tum"]).json()["error"]["param"] == "stop"


def test_the_form_of_an_answer_goes_to_the_model_and_nothing_stands_beside_it() -> None:
    fake = FakeServices(says=('{"found": ', '"yes"}'))
    answer = researched(fake=fake, response_format=SCHEMA).json()["choices"][0]["message"]
    assert json.loads(answer["content"]) == {"found": "yes"}
    sent = fake.sent(INFERENCE)
    assert sent["response_format"] == SCHEMA and "[1] Quantum entanglement — " in sent["messages"][-1]["content"]


def test_a_sum_in_a_form_is_calculated_first() -> None:
    fake = FakeServices(stdout="408\n", says=('{"value": 408}',))
    researched("What is 12 * 34?", fake, response_format=SCHEMA)
    assert fake.hosts == [SANDBOX, INFERENCE]
    assert fake.sent(INFERENCE)["messages"][-1]["content"] == "The result is 408."


def test_a_text_that_comes_along_is_not_searched_for() -> None:
    fake = FakeServices(says=("{}",))
    researched("Extract the person: Ada Lovelace is 36 years old.", fake, response_format=SCHEMA)
    assert fake.hosts == [INFERENCE]
    assert fake.sent(INFERENCE)["messages"][-1]["content"].startswith("Extract the person")


def test_settings_of_the_model_reach_it() -> None:
    fake = FakeServices()

    async def run() -> None:
        async with served(fake) as client:
            await ask(client, QUESTION, temperature=0.3, seed=5)

    asyncio.run(run())
    assert (fake.sent(INFERENCE)["temperature"], fake.sent(INFERENCE)["seed"]) == (0.3, 5)
