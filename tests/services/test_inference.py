"""The inference service over HTTP: keys, fields, limits, pace, and errors in OpenAI's shape whatever went wrong."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from janus_platform.clock import CallerClocks, ManualClock
from janus_platform.services.framework.app import ServiceContext
from janus_platform.services.inference.app import build
from janus_platform.services.inference.local.extractive import FINGERPRINT
from janus_platform.services.inference.tokens import Pace
from tests.services.inference_rig import ASKED, CONTRACT, KEY, SERVICE, Letters, chat, send, service

MODELS, EMBEDDINGS = "/v1/models", "/v1/embeddings"
LIMITS = SERVICE.limits


def completion(**fields: Any) -> dict[str, Any]:
    response = send(service(), "POST", SERVICE.path, {"model": "gpt-4o", "messages": ASKED, **fields})
    assert response.status_code == 200, response.text
    return dict(response.json())


def is_openai_error(response: httpx.Response) -> bool:
    body = response.json()
    return set(body) == {"error"} and set(body["error"]) == {"message", "type", "param", "code"}


def test_the_stream_ends_with_done_and_has_no_usage_unless_asked() -> None:
    response = send(service(), "POST", SERVICE.path, {"model": "gpt-4o", "messages": ASKED, "stream": True})
    assert response.headers["content-type"].startswith("text/event-stream")
    events = response.text.split("\n\n")
    assert events[-2:] == ["data: [DONE]", ""]
    assert all(event.startswith("data: ") for event in events[:-1])
    assert "usage" not in response.text


def test_tokens_come_at_the_set_pace_counted_from_the_start() -> None:
    clock = ManualClock()
    app = service(clock=clock, pace=Pace(first_token_seconds=0.5, tokens_per_second=10))
    response = send(app, "POST", SERVICE.path, {"model": "gpt-4o", "messages": ASKED, "stream": True})
    sent = response.text.count('"content":')
    # The in-process transport hands the stream over at its end, so the whole of it is timed.
    assert sent > 50 and clock.now() == pytest.approx(0.5 + (sent - 1) / 10)


def test_every_token_is_sent_when_it_is_due_however_late_the_one_before_was() -> None:
    class Late(ManualClock):
        async def sleep(self, seconds: float) -> None:
            waits.append(seconds)
            await super().sleep(seconds + 0.04)  # every sleep oversleeps

    waits: list[float] = []
    late = Late()
    app = service(clock=late, pace=Pace(0.1, 10))
    response = send(app, "POST", SERVICE.path, {"model": "gpt-4o", "messages": ASKED, "stream": True})
    sent = response.text.count('"content":')
    assert late.now() == pytest.approx(0.1 + (sent - 1) / 10 + 0.04)
    assert waits[1] == pytest.approx(0.06)


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_max_tokens_cuts_the_answer_and_says_length(name: str) -> None:
    body = completion(**{name: 2})
    assert body["choices"][0]["message"]["content"] == "Quantum entangle"
    assert body["choices"][0]["finish_reason"] == "length"
    assert body["usage"]["completion_tokens"] == 2


@pytest.mark.parametrize("stop", ["between", ["never there", "between"]])
def test_stop_ends_the_answer_before_the_text(stop: Any) -> None:
    body = completion(stop=stop)
    assert body["choices"][0]["message"]["content"] == "Quantum entanglement is a link "
    assert body["choices"][0]["finish_reason"] == "stop"


def test_no_part_of_a_stop_text_leaks_before_it_is_whole() -> None:
    # The stop text begins in one token and ends in another.
    asked = {"model": "gpt-4o", "messages": ASKED, "stream": True, "stop": "link between particles"}
    text = send(service(), "POST", SERVICE.path, asked).text
    assert '"content":" link"' not in text and '"content":" a"' in text


def test_sampling_parameters_and_seeds_change_nothing() -> None:
    first = completion(seed=7)
    again = completion(seed=7)
    other = completion(seed=8, temperature=2, top_p=0.1)
    assert first["choices"] == again["choices"] == other["choices"]
    assert first["system_fingerprint"] == FINGERPRINT


def test_the_reasoning_models_say_first_how_they_come_to_their_answer() -> None:
    plain, thinking = completion(), completion(model="o1")
    said = thinking["choices"][0]["message"]
    assert said["content"] == plain["choices"][0]["message"]["content"]
    assert "quantum, entanglement" in said["reasoning_content"] and "1 passage with" in said["reasoning_content"]
    assert thinking["usage"]["completion_tokens_details"]["reasoning_tokens"] > 10
    assert "reasoning_content" not in plain["choices"][0]["message"]


def test_cost_is_counted_by_the_contracts_prices() -> None:
    for model in (m for m in SERVICE.models if m.kind == "chat"):
        usage = completion(model=model.name)["usage"]
        cost = usage["prompt_tokens"] * model.prompt_usd_per_million / 1e6
        cost += usage["completion_tokens"] * model.completion_usd_per_million / 1e6
        assert usage["cost_usd"] == pytest.approx(cost, abs=1e-9) and cost > 0


def test_a_prompt_over_the_models_context_is_refused_with_its_size() -> None:
    response = chat(service(), "word" + " word" * 32_999, model="Qwen")
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "context_length_exceeded"
    assert "32,000" in response.json()["error"]["message"] and "33,000" in response.json()["error"]["message"]


@pytest.mark.parametrize("key", ["", "wrong"])
@pytest.mark.parametrize(
    ("method", "path"), [("POST", SERVICE.path), ("GET", MODELS), ("GET", f"{MODELS}/o1"), ("POST", EMBEDDINGS)]
)
def test_a_missing_or_wrong_key_is_401_on_every_endpoint(method: str, path: str, key: str) -> None:
    response = send(service(), method, path, {"model": "gpt-4o"}, key=key)
    assert response.status_code == 401 and is_openai_error(response)
    assert "CHUTES_API_KEY" in response.json()["error"]["message"]
    assert response.headers["www-authenticate"] == "Bearer"


def test_an_unknown_model_is_404_and_close_names_are_offered() -> None:
    response = chat(service(), model="gpt4o-mini")
    assert response.status_code == 404 and response.json()["error"]["code"] == "model_not_found"
    assert "Did you mean gpt-4o-mini" in response.json()["error"]["message"]
    assert "DeepSeek" in chat(service(), model="xyz").json()["error"]["message"]


USER = {"role": "user", "content": "Hello"}
CALLED = {
    "role": "assistant",
    "content": None,
    "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
}


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"model": None}, "model"),
        ({"n": 129}, "n"),
        ({"n": 0}, "n"),
        ({"messages": []}, "messages"),
        ({"messages": "Hello"}, "messages"),
        ({"messages": ["Hello"]}, "messages[0]"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, "messages[0].role"),
        ({"messages": [USER, {"role": "user", "content": 7}]}, "messages[1].content"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages[0].content[0]"),
        ({"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]}, "messages[0].content[0]"),
        ({"messages": [USER, {"role": "function", "content": "x"}]}, "messages[1].name"),
        ({"messages": [USER, {"role": "tool", "content": "x"}]}, "messages[1].tool_call_id"),
        ({"messages": [USER, {"role": "tool", "content": "x", "tool_call_id": "y"}]}, "messages[1].tool_call_id"),
        (
            {"messages": [USER, CALLED, {"role": "tool", "content": 7, "tool_call_id": "call_1"}]},
            "messages[2].content",
        ),
        ({"messages": None}, "messages"),
        ({"stream": "yes"}, "stream"),
        ({"stream_options": [1], "stream": True}, "stream_options"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_completion_tokens": -1}, "max_completion_tokens"),
        ({"max_tokens": True}, "max_tokens"),
        ({"temperature": 2.1}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"top_p": -0.1}, "top_p"),
        ({"presence_penalty": 3}, "presence_penalty"),
        ({"seed": "x"}, "seed"),
        ({"seed": 2**70}, "seed"),
        ({"stop": [""]}, "stop"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop"),
        ({"logprobs": True}, "logprobs"),
        ({"modalities": ["audio"]}, "modalities"),
        ({"functions": [{"name": "f"}]}, "functions"),
        ({"tools": [{"type": "function"}]}, "tools[0]"),
        ({"tools": [{"type": "function", "function": {"name": "no spaces"}}]}, "tools[0].function.name"),
        ({"tool_choice": "sometimes"}, "tool_choice"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tool_choice": {"type": "function", "function": {"name": "f"}}}, "tool_choice"),
        ({"parallel_tool_calls": "no"}, "parallel_tool_calls"),
        ({"response_format": {"type": "xml"}}, "response_format"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "x"}}},
            "response_format.json_schema.schema",
        ),
    ],
)
def test_a_bad_field_is_400_and_named(change: dict[str, Any], param: str) -> None:
    response = send(service(), "POST", SERVICE.path, {"model": "gpt-4o", "messages": [USER], **change})
    assert response.status_code == 400, response.text
    assert is_openai_error(response) and response.json()["error"]["param"] == param


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b"[]", 400), (b"", 400), (b"[" * 100_000, 400), (b" " * (LIMITS.max_body_bytes + 1), 413)],
)
@pytest.mark.parametrize("path", [SERVICE.path, EMBEDDINGS])
def test_a_body_that_cannot_be_read_is_answered_in_openais_shape(path: str, body: bytes, status: int) -> None:
    response = send(service(), "POST", path, body)
    assert response.status_code == status and is_openai_error(response)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("POST", "/v1/completions", 404),
        ("GET", SERVICE.path, 405),
        ("DELETE", f"{MODELS}/o1", 405),
        ("PUT", EMBEDDINGS, 405),
    ],
)
def test_wrong_paths_and_methods_are_answered_in_openais_shape(method: str, path: str, status: int) -> None:
    response = send(service(), method, path, {})
    assert response.status_code == status and is_openai_error(response)


def test_a_crash_is_500_in_openais_shape_and_says_nothing_of_the_request() -> None:
    class Broken(Letters):
        async def embed(self, texts: Any, max_tokens: int) -> Any:
            raise RuntimeError(f"secret {texts}")

    response = send(service(embedder=Broken()), "POST", EMBEDDINGS, {"model": "embedding-model", "input": "secret"})
    assert response.status_code == 500 and is_openai_error(response)
    assert "secret" not in response.text


def test_a_rate_limit_is_429_in_openais_shape_with_retry_after() -> None:
    from msgspec.structs import replace

    from janus_platform.contract import RateLimit

    limited = replace(SERVICE, rate_limit=RateLimit(1, 60))
    contract = replace(CONTRACT, services={**CONTRACT.services, "inference": limited})
    clock = ManualClock()
    app = build(ServiceContext(contract, CallerClocks(clock), clock=clock), keys=KEY.__eq__, embedder=Letters())
    assert chat(app).status_code == 200
    refused = chat(app)
    assert refused.status_code == 429 and is_openai_error(refused)
    assert refused.json()["error"]["type"] == "rate_limit_error"
    assert int(refused.headers["retry-after"]) == 60


def test_content_may_be_parts_of_text() -> None:
    parts = [{"type": "text", "text": part} for part in ASKED[1]["content"].split("\n\n", 1)]
    body = completion(messages=[{"role": "user", "content": parts}])
    assert "Quantum entanglement is a link" in body["choices"][0]["message"]["content"]


def test_health_names_the_engines_and_models() -> None:
    health = send(service(), "GET", "/health", key="").json()
    assert (health["status"], health["engine"], health["embedding_engine"]) == ("ok", FINGERPRINT, "letters")
    assert health["models"] == [model.name for model in SERVICE.models]


def test_every_choice_that_was_asked_for_is_given_streamed_and_not() -> None:
    whole = chat(service(), "Hello", n=3).json()
    said = [choice["message"]["content"] for choice in whole["choices"]]
    assert [choice["index"] for choice in whole["choices"]] == [0, 1, 2] and len(set(said)) == 1
    single = chat(service(), "Hello").json()["usage"]["completion_tokens"]
    assert whole["usage"]["completion_tokens"] == 3 * single
    events = chat(service(), "Hello", n=3, stream=True).text.split("\n\n")
    chunks = [json.loads(event[6:]) for event in events if event.startswith("data: {")]
    texts = ["", "", ""]
    for chunk in chunks:
        choice = chunk["choices"][0]
        texts[choice["index"]] += choice["delta"].get("content", "")
    assert texts == said
    assert sum(chunk["choices"][0]["finish_reason"] == "stop" for chunk in chunks) == 3


CALL = {"id": "c1", "type": "function", "function": {"name": "clock", "arguments": "{}"}}


@pytest.mark.parametrize(
    ("messages", "word"),
    [
        ([{"role": "system", "content": "You are helpful."}], "extractive"),
        ([{"role": "assistant", "content": "Hello."}], "extractive"),
        ([USER, {"role": "assistant", "content": None, "tool_calls": [CALL]},
          {"role": "tool", "tool_call_id": "c1", "content": None}], "clock returned nothing"),
        ([USER, {"role": "function", "name": "clock", "content": "It is noon."}], "clock returned: It is noon."),
        ([USER, {"role": "function", "name": "clock", "content": None}], "clock returned nothing"),
    ],
)  # fmt: skip
def test_a_conversation_that_openai_takes_is_answered(messages: list[Any], word: str) -> None:
    response = send(service(), "POST", SERVICE.path, {"model": "gpt-4o", "messages": messages})
    assert response.status_code == 200 and word in response.json()["choices"][0]["message"]["content"]


def test_a_large_request_gets_the_answer_of_a_small_one() -> None:
    asked = {"model": "gpt-4o", "messages": ASKED, "seed": 1}
    whole = send(service(), "POST", SERVICE.path, asked).json()
    large = send(service(), "POST", SERVICE.path, {**asked, "metadata": {"a": "x" * 100_000}}).json()
    assert large["choices"] == whole["choices"] and large["usage"] == whole["usage"]
