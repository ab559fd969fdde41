"""Every wrong request gets an error that OpenAI clients understand and that says what to do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from janus_platform.gateway.directory import Upstream
from janus_platform.gateway.errors import NotReadyError, ResponseError
from janus_platform.gateway.validation import parse_chat_request
from tests.gateway.rig import CONTRACT, Directory, Exchange, ask, gateway, in_loop, upstream

NOWHERE = Upstream("impl", ("127.0.0.1", 1))


def says_its_name(name: str):
    def script(exchange: Exchange) -> None:
        message = {"role": "assistant", "content": name}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        exchange.answer(200, json.dumps({"id": "c", "object": "chat.completion", "choices": [choice]}).encode())

    return script


def user(content: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": content}]


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("model", {"model": None}),
    ("model", {"model": 5}),
    ("model", {"model": ""}),
    ("competitor_id", {"competitor_id": 5}),
    ("messages", {"messages": None}),
    ("messages", {"messages": []}),
    ("messages", {"messages": "hello"}),
    ("messages[0]", {"messages": ["hello"]}),
    ("messages[0].role", {"messages": [{"content": "x"}]}),
    ("messages[0].role", {"messages": [{"role": "wizard", "content": "x"}]}),
    ("messages[0].role", {"messages": [{"role": ["user"], "content": "x"}]}),
    ("messages[1].content", {"messages": [*user("x"), {"role": "assistant"}]}),
    ("messages[0].content", {"messages": user(5)}),
    ("messages[0].content", {"messages": user([])}),
    ("messages[0].content[0]", {"messages": user(["x"])}),
    ("messages[0].content[0].type", {"messages": user([{"type": ""}])}),
    ("messages[0].content[0].type", {"messages": user([{}])}),
    ("messages[0].content[0].type", {"messages": user([{"type": {}}])}),
    ("messages[0].content[1].text", {"messages": user([{"type": "text", "text": "a"}, {"type": "text"}])}),
    ("messages[0].content[0].image_url.url", {"messages": user([{"type": "image_url", "image_url": {}}])}),
    ("messages[0].tool_call_id", {"messages": [{"role": "tool", "content": "x"}]}),
    ("messages[0].name", {"messages": [{"role": "user", "content": "x", "name": 3}]}),
    ("stream", {"stream": "yes"}),
    ("stream_options", {"stream_options": {"include_usage": True}}),
    ("stream_options", {"stream": True, "stream_options": []}),
    ("temperature", {"temperature": 3}),
    ("temperature", {"temperature": True}),
    ("top_p", {"top_p": "1"}),
    ("n", {"n": 0}),
    ("n", {"n": 1.5}),
    ("max_tokens", {"max_tokens": -1}),
    ("stop", {"stop": ["a"] * 5}),
    ("stop[1]", {"stop": ["a", 1]}),
    ("tools[0]", {"tools": ["x"]}),
    ("response_format", {"response_format": "json"}),
    ("response_format.type", {"response_format": {"type": "yaml"}}),
    ("response_format.json_schema.name", {"response_format": {"type": "json_schema", "json_schema": {}}}),
    ("tools[0].type", {"tools": [{"function": {"name": "a"}}]}),
    ("tools[0].function.name", {"tools": [{"type": "function", "function": {"name": "a b"}}]}),
    ("tools[0].function.parameters", {"tools": [{"type": "function", "function": {"name": "a", "parameters": []}}]}),
    ("tool_choice", {"tool_choice": "required"}),
    ("tool_choice", {"tool_choice": "sometimes"}),
    ("tool_choice.function.name", {"tool_choice": {"type": "function", "function": {}}}),
    ("logit_bias.7", {"logit_bias": {"7": 101}}),
    ("metadata", {"metadata": {str(n): "x" for n in range(17)}}),
    ("metadata.a", {"metadata": {"a": 1}}),
    ("top_logprobs", {"top_logprobs": 3}),
    ("stream_options.include_usage", {"stream": True, "stream_options": {"include_usage": "yes"}}),
    ("modalities[0]", {"modalities": ["smell"]}),
    ("functions[0].name", {"functions": [{}]}),
    ("user", {"user": "\ud800"}),
    ("messages[0].content", {"messages": user("\udfff")}),
    ("messages[0].content[0].input_audio.data", {"messages": user([{"type": "input_audio", "input_audio": {}}])}),
    ("messages[0].tool_calls[0].id", {"messages": [{"role": "assistant", "tool_calls": [{"type": "function"}]}]}),
    ("messages[0].tool_calls[0].type", {"messages": [{"role": "assistant", "tool_calls": [{}]}]}),
    ("messages[0].name", {"messages": [{"role": "function", "content": "x"}]}),
]


@pytest.mark.parametrize(("param", "changes"), WRONG, ids=[f"{p}-{n}" for n, (p, _) in enumerate(WRONG)])
def test_a_wrong_field_is_named(param: str, changes: dict[str, Any]) -> None:
    with pytest.raises(ResponseError) as raised:
        parse_chat_request(json.dumps(ask(**changes)).encode(), CONTRACT)
    assert (raised.value.status, raised.value.param) == (400, param)
    assert param in raised.value.message


@pytest.mark.parametrize(("param", "changes"), WRONG[::10])
@in_loop
async def test_a_wrong_request_gets_an_error_in_openais_shape(param: str, changes: dict[str, Any]) -> None:
    async with gateway(NOWHERE) as served:
        response = await served.chat(**changes)
    error = response.json()["error"]
    assert response.status_code == 400
    assert set(error) == {"message", "type", "param", "code"}
    assert (error["param"], error["type"]) == (param, "invalid_request_error")


CALL = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
SCHEMA = {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}, "strict": True}}
GOOD: list[dict[str, Any]] = [
    {"messages": user([{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "data:,"}}])},
    {"messages": [*user("x"), {"role": "assistant", "content": None, "tool_calls": [CALL]}, *user("y")]},
    {"messages": [{"role": "developer", "content": "x"}, {"role": "tool", "tool_call_id": "1", "content": "2"}]},
    {"temperature": 0, "top_p": 1.0, "stop": "x", "max_tokens": 5, "seed": -1, "user": "me", "tool_choice": "auto"},
    {"something_new": [1, 2, {"three": None}]},
    {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "look"}}, "response_format": SCHEMA},
    {"logprobs": True, "top_logprobs": 3, "logit_bias": {"50256": -100}, "metadata": {"a": "b"}, "n": 1},
    {"messages": [{"role": "system", "content": [{"type": "text", "text": ""}]}, *user("")]},
    {
        "stream_options": None,
        "reasoning_effort": "high",
        "modalities": ["text"],
        "service_tier": "auto",
        "store": False,
    },
]


@pytest.mark.parametrize("changes", GOOD)
def test_a_right_request_passes(changes: dict[str, Any]) -> None:
    body = json.dumps(ask(**changes)).encode()
    assert parse_chat_request(body, CONTRACT).body == body


@in_loop
async def test_null_means_not_sent() -> None:
    body = {**ask(), "stream": None, "temperature": None, "tools": None, "competitor_id": None}
    async with upstream(says_its_name("impl")) as up, gateway(up) as served:
        assert (await served.client.post("/v1/chat/completions", json=body)).status_code == 200


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"\xff\xfe{}", b'{"model": NaN}', b"[" * 100_000, b'{"n": ' + b"9" * 5_000 + b"}"],
    ids=["empty", "open", "list", "null", "UTF-16", "NaN", "deep", "long number"],
)
@in_loop
async def test_what_is_not_a_json_object_is_400(body: bytes) -> None:
    async with gateway(NOWHERE) as served:
        response = await served.client.post("/v1/chat/completions", content=body)
    assert (response.status_code, response.json()["error"]["code"]) == (400, "invalid_json")


@pytest.mark.parametrize("announced", [True, False])
@in_loop
async def test_a_body_over_the_contracts_limit_is_413(announced: bool) -> None:
    size = CONTRACT.gateway.max_body_bytes + 1

    async def parts():
        for _ in range(size // 65_536 + 1):
            yield b"x" * 65_536

    async with gateway(NOWHERE) as served:
        content = b"x" * size if announced else parts()
        response = await served.client.post("/v1/chat/completions", content=content)
    assert response.status_code == 413
    assert "10,000,000" in response.json()["error"]["message"]


@in_loop
async def test_a_body_just_within_the_limit_passes() -> None:
    async with upstream(says_its_name("impl")) as up, gateway(up) as served:
        filler = "x" * (CONTRACT.gateway.max_body_bytes - 200)
        assert (await served.chat(messages=user(filler))).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/chat/completions", "POST"),
        ("OPTIONS", "/v1/chat/completions", "POST"),
        ("DELETE", "/v1/models", "GET, HEAD"),
        ("POST", "/health", "GET, HEAD"),
    ],
)
@in_loop
async def test_a_wrong_method_is_405_with_allow(method: str, path: str, allowed: str) -> None:
    async with gateway(NOWHERE) as served:
        response = await served.client.request(method, path)
    assert response.status_code == 405 and response.headers["allow"] == allowed
    assert allowed in response.json()["error"]["message"]


@in_loop
async def test_an_unknown_path_is_404_and_names_the_known_ones() -> None:
    async with gateway(NOWHERE) as served:
        response = await served.client.get("/v2/chat")
    assert response.status_code == 404
    assert "/v1/chat/completions" in response.json()["error"]["message"]


@pytest.mark.parametrize("field", ["model", "competitor_id"])
@in_loop
async def test_an_unknown_implementation_is_404_and_names_those_that_exist(field: str) -> None:
    async with gateway(NOWHERE) as served:
        response = await served.chat(**{field: "nobody"})
    error = response.json()["error"]
    assert (response.status_code, error["code"], error["param"]) == (404, "model_not_found", field)
    assert "janus, impl" in error["message"]


@pytest.mark.parametrize(("typed", "meant"), [("reserch", "research"), ("Research", "research"), ("januss", "janus")])
@in_loop
async def test_a_close_match_of_an_unknown_name_is_offered(typed: str, meant: str) -> None:
    async with gateway(Directory({"research": NOWHERE, "echo": NOWHERE})) as served:
        message = (await served.chat(model=typed)).json()["error"]["message"]
    assert f"Did you mean '{meant}'" in message


@pytest.mark.parametrize(
    ("request_fields", "leader", "answers"),
    [
        ({"model": "janus"}, None, "impl"),
        ({"model": "janus"}, "best", "best"),
        ({"model": "janus"}, "gone", "impl"),
        ({"model": "janus"}, "broken", "impl"),
        ({"model": "best"}, None, "best"),
        ({"model": "janus", "competitor_id": "impl"}, "best", "impl"),
        ({"model": "whatever", "competitor_id": "best"}, None, "best"),
        ({"model": "best", "competitor_id": "janus"}, None, "impl"),
    ],
)
@in_loop
async def test_the_router_chooses(request_fields: dict[str, str], leader: str | None, answers: str) -> None:
    async with upstream(says_its_name("impl")) as impl, upstream(says_its_name("best"), "best") as best:
        directory = Directory({"impl": impl, "best": best, "broken": NotReadyError("it fell over.")})
        async with gateway(directory, leader=leader) as served:
            response = await served.chat(**request_fields)
    assert response.json()["choices"][0]["message"]["content"] == answers
    assert response.headers["x-janus-implementation"] == answers


@in_loop
async def test_an_implementation_that_does_not_start_is_503_with_the_reason() -> None:
    async with gateway(Directory({"impl": NotReadyError("it fell over.")})) as served:
        response = await served.chat()
    assert response.status_code == 503 and "it fell over." in response.json()["error"]["message"]


@in_loop
async def test_pages_of_other_origins_are_refused_and_get_no_cors_header() -> None:
    async with upstream(says_its_name("impl")) as up, gateway(up) as served:
        for origin, status in (("https://evil.example", 403), ("null", 403), (served.url, 200)):
            response = await served.chat(headers={"origin": origin})
            assert response.status_code == status
            assert "access-control-allow-origin" not in response.headers


@in_loop
async def test_models_lists_janus_and_every_implementation() -> None:
    directory = Directory({"impl": NOWHERE, "best": NOWHERE})
    async with gateway(directory, leader="best") as served:
        models = (await served.client.get("/v1/models")).json()
        one = await served.client.get("/v1/models/best")
        none = await served.client.get("/v1/models/nobody")
    assert [model["id"] for model in models["data"]] == ["janus", "impl", "best"]
    assert models["data"][0]["root"] == "best"
    assert one.json()["id"] == "best" and none.status_code == 404


@in_loop
async def test_health_is_ok_and_a_hostile_request_id_is_replaced() -> None:
    async with gateway(NOWHERE) as served:
        response = await served.client.get("/health", headers={"x-request-id": "a b\tc"})
    assert response.json()["status"] == "ok"
    assert "limits" not in response.json()  # Nobody told this gateway whether there are any.
    assert response.headers["x-request-id"].startswith("req_")
