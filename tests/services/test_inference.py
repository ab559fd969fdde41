"""The inference service: the OpenAI wire format as the official client reads it."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import openai
import pytest

from janus_platform.clock import CallerClocks, ManualClock
from janus_platform.contract import load_contract
from janus_platform.services.inference import Pace, build
from janus_platform.services.inference.extractive import FINGERPRINT
from janus_platform.services.inference.prompt import Message
from janus_platform.services.inference.tokens import count
from janus_platform.services.service import ServiceContext
from tests.services.inference_prompts import QUANTUM, prompt

KEY = "cpk_local_test"


class Service:
    def __init__(self, pace: Pace | None = None) -> None:
        self.clock = ManualClock()
        contract = load_contract()
        self.base_url = contract.services["inference"].origin + "/v1"
        context = ServiceContext(contract, CallerClocks(self.clock), clock=self.clock)
        self.app = build(context, keys=lambda key: key == KEY, pace=pace)

    def ask(self, question: Callable[[openai.AsyncOpenAI], Awaitable[Any]], key: str = KEY) -> Any:
        async def main() -> Any:
            http = openai.DefaultAsyncHttpxClient(transport=transport_module().ASGITransport(self.app))
            async with openai.AsyncOpenAI(
                api_key=key, base_url=self.base_url, max_retries=0, http_client=http
            ) as client:
                return await question(client)

        return asyncio.run(main())

    def post(self, body: Any, *, key: str = KEY) -> httpx.Response:
        async def main() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=self.base_url) as client:
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                headers = {"Authorization": f"Bearer {key}"} if key else {}
                return await client.post("/chat/completions", content=content, headers=headers)

        return asyncio.run(main())


def transport_module() -> Any:
    """The HTTP library that the installed openai client is built on: httpx, or its successor httpx2."""
    return sys.modules[openai.DefaultAsyncHttpxClient.__mro__[1].__module__.split(".")[0]]


@pytest.fixture
def service() -> Service:
    return Service()


def wire(messages: list[Message]) -> Any:
    return [{"role": m.role, "content": m.text} for m in messages]


ASKED = wire(prompt("Explain quantum entanglement", QUANTUM))


def test_the_official_client_gets_a_completion(service: Service) -> None:
    completion = service.ask(lambda c: c.chat.completions.create(model="gpt-4o-mini", messages=ASKED))
    choice = completion.choices[0]
    assert choice.finish_reason == "stop"
    assert choice.message.role == "assistant"
    assert choice.message.content.startswith("Quantum entanglement is a link between particles")
    assert completion.system_fingerprint == FINGERPRINT
    assert completion.usage.completion_tokens == count(choice.message.content)
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens
    assert completion.usage.cost_usd > 0


def test_the_official_client_gets_a_stream_of_one_token_a_chunk(service: Service) -> None:
    async def collect(client: openai.AsyncOpenAI) -> list[Any]:
        stream = await client.chat.completions.create(
            model="gpt-4o", messages=ASKED, stream=True, stream_options={"include_usage": True}
        )
        return [chunk async for chunk in stream]

    chunks = service.ask(collect)
    whole = service.ask(lambda c: c.chat.completions.create(model="gpt-4o", messages=ASKED))
    pieces = [c.choices[0].delta.content for c in chunks if c.choices and c.choices[0].delta.content]
    assert "".join(pieces) == whole.choices[0].message.content
    assert chunks[0].choices[0].delta.role == "assistant"
    *_, finish, usage = chunks
    assert [c.choices[0].finish_reason for c in chunks[:-2]] == [None] * (len(chunks) - 2)
    assert finish.choices[0].finish_reason == "stop"
    assert usage.choices == []
    assert usage.usage.completion_tokens == len(pieces) == whole.usage.completion_tokens
    assert len({c.id for c in chunks}) == 1


def test_the_stream_ends_with_done_and_has_no_usage_unless_asked(service: Service) -> None:
    response = service.post({"model": "gpt-4o", "messages": ASKED, "stream": True})
    assert response.headers["content-type"].startswith("text/event-stream")
    events = response.text.split("\n\n")
    assert events[-2:] == ["data: [DONE]", ""]
    assert all(event.startswith("data: ") for event in events[:-1])
    assert "usage" not in response.text


def test_tokens_come_at_the_set_pace_counted_from_the_start() -> None:
    service = Service(Pace(first_token_seconds=0.5, tokens_per_second=10))
    arrived: list[float] = []

    async def collect(client: openai.AsyncOpenAI) -> None:
        async with client.chat.completions.with_streaming_response.create(
            model="gpt-4o", messages=ASKED, stream=True
        ) as stream:
            async for line in stream.iter_lines():
                if '"content":' in line:
                    arrived.append(service.clock.now())

    service.ask(collect)
    # The in-process transport hands the stream over at its end, so the whole of it is timed.
    assert service.clock.now() == pytest.approx(0.5 + (len(arrived) - 1) / 10)
    assert len(arrived) > 50


def test_every_token_is_sent_when_it_is_due_however_late_the_one_before_was() -> None:
    class Late(ManualClock):
        async def sleep(self, seconds: float) -> None:
            waits.append(seconds)
            await super().sleep(seconds + 0.04)  # every sleep oversleeps

    waits: list[float] = []
    service = Service(Pace(first_token_seconds=0.1, tokens_per_second=10))
    late = Late()
    context = ServiceContext(load_contract(), CallerClocks(late), clock=late)
    service.app = build(context, keys=lambda key: True, pace=Pace(0.1, 10))
    completion = service.post({"model": "gpt-4o", "messages": ASKED, "stream": True})
    sent = completion.text.count('"content":')
    assert late.now() == pytest.approx(0.1 + (sent - 1) / 10 + 0.04)
    assert waits[1] == pytest.approx(0.06)


def test_max_tokens_cuts_the_answer_and_says_length(service: Service) -> None:
    for name in ("max_tokens", "max_completion_tokens"):
        body = service.post({"model": "gpt-4o", "messages": ASKED, name: 2}).json()
        assert body["choices"][0]["message"]["content"] == "Quantum entangle"
        assert body["choices"][0]["finish_reason"] == "length"
        assert body["usage"]["completion_tokens"] == 2


def test_stop_ends_the_answer_before_the_text(service: Service) -> None:
    body = service.post({"model": "gpt-4o", "messages": ASKED, "stop": ["between", "never there"]}).json()
    assert body["choices"][0]["message"]["content"] == "Quantum entanglement is a link "
    assert body["choices"][0]["finish_reason"] == "stop"


def test_sampling_parameters_are_accepted_and_change_nothing(service: Service) -> None:
    first = service.post({"model": "gpt-4o", "messages": ASKED}).json()
    second = service.post({"model": "o1", "messages": ASKED, "temperature": 2, "seed": 7, "top_p": 0.1}).json()
    assert first["choices"] == second["choices"]


def test_models_are_the_contracts_names_and_say_which_engine_serves_them(service: Service) -> None:
    models = service.ask(lambda c: c.models.list()).data
    assert [m.id for m in models] == ["gpt-4o", "gpt-4o-mini", "o1", "o1-mini", "Llama", "Mistral", "Qwen", "DeepSeek"]
    assert {m.engine for m in models} == {FINGERPRINT}


@pytest.mark.parametrize("key", ["", "wrong"])
def test_a_missing_or_wrong_key_is_401_in_openais_shape(service: Service, key: str) -> None:
    response = service.post({"model": "gpt-4o", "messages": ASKED}, key=key)
    assert response.status_code == 401
    assert set(response.json()["error"]) == {"message", "type", "param", "code"}
    assert "CHUTES_API_KEY" in response.json()["error"]["message"]
    with pytest.raises(openai.AuthenticationError):
        service.ask(lambda c: c.models.list(), key="wrong")


def test_an_unknown_model_is_404_and_the_known_ones_are_named(service: Service) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        service.ask(lambda c: c.chat.completions.create(model="gpt-9", messages=ASKED))
    assert caught.value.code == "model_not_found"
    assert "gpt-4o-mini" in caught.value.message


USER = {"role": "user", "content": "Hello"}


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"n": 2}, "n"),
        ({"messages": []}, "messages"),
        ({"messages": "Hello"}, "messages"),
        ({"messages": ["Hello"]}, "messages[0]"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, "messages[0].role"),
        ({"messages": [USER, {"role": "user", "content": 7}]}, "messages[1].content"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages[0].content[0]"),
        ({"messages": [{"role": "user", "content": "\ud800"}]}, "messages[0].content"),
        ({"messages": [{"role": "system", "content": "x"}]}, "messages"),
        ({"messages": None}, "messages"),
        ({"stream": "yes"}, "stream"),
        ({"stream_options": [1]}, "stream_options"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": True}, "max_tokens"),
        ({"stop": [""]}, "stop"),
        ({"tools": [{"type": "function"}]}, "tools"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
    ],
)
def test_a_bad_field_is_named_in_openais_shape(service: Service, change: dict[str, Any], param: str) -> None:
    response = service.post({"model": "gpt-4o", "messages": [USER], **change})
    assert response.status_code == 422, response.text
    assert response.json()["error"]["param"] == param


@pytest.mark.parametrize(
    ("body", "status"), [(b"{", 400), (b"[]", 400), (b"[" * 100_000, 400), (b" " * 2_000_001, 413)]
)
def test_a_body_that_cannot_be_read_is_answered_in_openais_shape(service: Service, body: bytes, status: int) -> None:
    response = service.post(body)
    assert response.status_code == status
    assert response.json()["error"]["message"]


def test_content_may_be_parts_of_text(service: Service) -> None:
    parts = [{"type": "text", "text": part} for part in ASKED[1]["content"].split("\n\n", 1)]
    body = service.post({"model": "gpt-4o", "messages": [{"role": "user", "content": parts}]}).json()
    assert "Quantum entanglement is a link" in body["choices"][0]["message"]["content"]


def test_health_names_the_engine(service: Service) -> None:
    async def main() -> httpx.Response:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(service.app), base_url="https://api.chutes.ai"
        ) as client:
            return await client.get("/health")

    health = asyncio.run(main()).json()
    assert (health["status"], health["engine"]) == ("ok", FINGERPRINT)
