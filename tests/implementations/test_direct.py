"""Direct passes the conversation on as it came, streams what the model says, and is honest when that breaks off."""

from __future__ import annotations

import asyncio
import importlib.util
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from janus_platform.implementations import bundled

CONVERSATION: dict[str, Any] = {
    "model": "janus",
    "competitor_id": "direct",
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {}}]},
    ],
    "tools": [{"type": "function", "function": {"name": "look"}}],
    "temperature": 0.3,
}
END = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "model": "gpt-4o-mini"}
USAGE = {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2, "cost_usd": 0.001}}


def load_direct() -> Any:
    """Its program, as a module of its own name: each bundled implementation has a main.py."""
    spec = importlib.util.spec_from_file_location("direct_main", bundled()["direct"] / "main.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def piece(**delta: str) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": None}], "model": "gpt-4o-mini"}


def streamed(*chunks: dict[str, Any], done: bool = True) -> httpx.Response:
    body = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + ("data: [DONE]\n\n" if done else "")
    return httpx.Response(200, text=": keep-alive\n\n" + body, headers={"content-type": "text/event-stream"})


def ask(
    answer: httpx.Response | Callable[[httpx.Request], httpx.Response], body: Any = None, **more: Any
) -> tuple[httpx.Response, list[httpx.Request]]:
    """What direct answers where the inference service gives `answer`, and what that service was sent."""
    sent: list[httpx.Request] = []

    def inference(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return answer if isinstance(answer, httpx.Response) else answer(request)

    async def run() -> httpx.Response:
        app = load_direct().build_app(httpx.MockTransport(inference))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://direct") as client:
            content = body if isinstance(body, bytes) else json.dumps(CONVERSATION | more).encode()
            return await client.post("/v1/chat/completions", content=content, headers={"traceparent": "00-a-b-01"})

    return asyncio.run(run()), sent


def chunks_of(response: httpx.Response) -> list[Any]:
    payloads = [event.removeprefix("data: ") for event in response.text.strip().split("\n\n")]
    return [payload if payload == "[DONE]" else json.loads(payload) for payload in payloads]


def test_the_conversation_goes_on_as_it_came_under_the_key_and_the_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHUTES_API_KEY", "cpk_known")
    _, (request,) = ask(streamed(END, USAGE), stream=True)
    wanted = {name: CONVERSATION[name] for name in ("messages", "tools", "temperature")}
    sent = json.loads(request.content)
    assert sent == wanted | {"model": "gpt-4o-mini", "stream": True, "stream_options": {"include_usage": True}}
    assert request.headers["authorization"] == "Bearer cpk_known"
    assert request.headers["traceparent"] == "00-a-b-01"


def test_every_piece_passes_on_with_thinking_apart_and_usage_in_the_last_chunk() -> None:
    answer, _ = ask(streamed(piece(reasoning_content="Hm."), piece(content="A"), piece(content=" cat."), END, USAGE),
                    stream=True)  # fmt: skip
    *chunks, end = chunks_of(answer)
    assert [chunk["choices"][0]["delta"] for chunk in chunks] == [
        {"reasoning_content": "Hm."}, {"content": "A"}, {"content": " cat."}, {},
    ]  # fmt: skip
    assert {chunk["model"] for chunk in chunks} == {"direct"}
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert chunks[-1]["usage"]["cost_usd"] == 0.001
    assert end == "[DONE]"


def test_pieces_are_passed_on_before_the_model_has_ended() -> None:
    async def run() -> None:
        goes_on = asyncio.Event()

        async def slowly() -> AsyncIterator[bytes]:
            yield f"data: {json.dumps(piece(content='first'))}\n\n".encode()
            await goes_on.wait()
            yield f"data: {json.dumps(END)}\n\ndata: [DONE]\n\n".encode()

        passed = load_direct().events(httpx.Response(200, content=slowly()))
        assert "first" in await anext(passed)
        goes_on.set()
        assert [event async for event in passed][-1] == "data: [DONE]\n\n"

    asyncio.run(run())


def test_an_answer_that_is_not_streamed_comes_whole() -> None:
    whole = {"choices": [{"message": {"content": "A cat."}}], "model": "gpt-4o-mini", "usage": USAGE["usage"]}
    answer, _ = ask(httpx.Response(200, json=whole))
    assert answer.json() == whole | {"model": "direct"}


@pytest.mark.parametrize("stream", [True, False])
def test_a_refusal_keeps_its_status_and_its_words(stream: bool) -> None:
    refusal = {"error": {"message": "Too many requests.", "type": "rate_limit", "code": None, "param": None}}
    answer, _ = ask(httpx.Response(429, json=refusal), stream=stream)
    assert (answer.status_code, answer.json()) == (429, refusal)


@pytest.mark.parametrize(
    "broken",
    [
        streamed(piece(content="half"), done=False),
        streamed(piece(content="half"), {"error": {"message": "gone"}}),
        streamed(piece(content="half"), {"choices": []}),
        httpx.Response(200, text=f"data: {json.dumps(piece(content='half'))}\n\ndata: {{nonsense\n\n"),
    ],
)
def test_a_stream_that_breaks_off_ends_in_an_error_and_never_in_done(broken: httpx.Response) -> None:
    answer, _ = ask(broken, stream=True)
    half, error = chunks_of(answer)
    assert half["choices"][0]["delta"] == {"content": "half"}
    assert error["error"]["message"]


def test_a_service_that_cannot_be_reached_or_says_nonsense_is_told_as_502() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    for answer in (refuse, httpx.Response(200, text="<html>"), httpx.Response(500, text="[]")):
        told, _ = ask(answer)
        assert told.status_code == 502
        assert "inference service" in told.json()["error"]["message"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"3"])
def test_what_is_no_object_is_refused_and_not_passed_on(body: bytes) -> None:
    told, sent = ask(streamed(END), body)
    assert (told.status_code, sent) == (400, [])
