"""The official `openai` client over real sockets, its strict validation on: what it reads is what was meant."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import openai
import pytest

from janus_platform.clock import SystemClock
from janus_platform.services.inference.chat import ChatRequest
from janus_platform.services.inference.local.extractive import FINGERPRINT
from janus_platform.services.inference.tokens import Pace, count_tokens
from tests.services.inference_rig import (
    ASKED,
    SERVICE,
    both,
    joined,
    listening,
    official,
    over_sockets,
    service,
)


def test_a_completion_and_its_stream_say_the_same() -> None:
    whole, chunks = both({"model": "gpt-4o-mini", "messages": ASKED})
    choice = whole.choices[0]
    assert choice.message.content.startswith("Quantum entanglement is a link between particles")
    assert joined(chunks) == choice.message.content
    assert whole.usage.completion_tokens == count_tokens(choice.message.content) == len(chunks) - 2
    assert whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens
    assert whole.system_fingerprint == FINGERPRINT == chunks[0].system_fingerprint


def test_the_usage_comes_last_with_no_choices_and_is_null_before() -> None:
    whole, chunks = both({"model": "gpt-4o", "messages": ASKED})
    *before, finish, usage = chunks
    assert all(chunk.usage is None and chunk.choices[0].finish_reason is None for chunk in before)
    assert (finish.usage, finish.choices[0].finish_reason) == (None, "stop")
    assert usage.choices == [] and usage.usage == whole.usage and usage.usage.cost_usd > 0
    assert [c.choices[0].delta.role for c in before] == ["assistant"] + [None] * (len(before) - 1)
    assert len({chunk.id for chunk in chunks}) == 1


def test_reasoning_comes_before_content_and_is_counted() -> None:
    whole, chunks = both({"model": "o1-mini", "messages": ASKED})
    deltas = [c.choices[0].delta for c in chunks if c.choices]
    fields = ["reasoning" if getattr(d, "reasoning_content", None) else "content" for d in deltas if d.model_dump()]
    assert fields.index("content") == fields.count("reasoning") > 0
    assert joined(chunks, "reasoning_content") == whole.choices[0].message.reasoning_content
    assert whole.usage.completion_tokens_details.reasoning_tokens == fields.count("reasoning")


def test_models_have_prices_context_features_and_engine() -> None:
    models: list[Any] = over_sockets(lambda client: client.models.list()).data
    assert [m.id for m in models] == [m.name for m in SERVICE.models]
    for listed, model in zip(models, SERVICE.models, strict=True):
        assert listed.context_length == model.context_tokens and listed.features == list(model.features)
        assert listed.pricing["per_million_prompt_tokens"] == model.prompt_usd_per_million
        assert listed.engine == ("letters" if model.kind == "embedding" else FINGERPRINT)


def test_one_model_is_shown_and_an_unknown_one_is_not_found() -> None:
    async def ask(client: openai.AsyncOpenAI) -> Any:
        with pytest.raises(openai.NotFoundError):
            await client.models.retrieve("o9")
        return await client.models.retrieve("o1")

    assert over_sockets(ask).features == ["tools", "json", "vision", "reasoning"]


def test_embeddings_come_as_floats_and_as_base64() -> None:
    async def main() -> tuple[Any, Any]:
        asked: dict[str, Any] = {"model": "embedding-model", "input": ["banana", "kiwi"]}
        async with listening(service()) as url, official(url) as client, official(url, strict=False) as lax:
            # By itself the client asks for Base64, which its own strict validation does not take for numbers.
            by_default = await lax.embeddings.create(**asked)
            return by_default, await client.embeddings.create(**asked, encoding_format="float")

    by_default, floats = asyncio.run(main())
    assert [d.index for d in floats.data] == [0, 1]
    for one, other in zip(by_default.data, floats.data, strict=True):
        assert one.embedding == pytest.approx(other.embedding, abs=1e-6)
    assert floats.data[0].embedding == pytest.approx([0.5, 0, 0])
    assert floats.usage.prompt_tokens == 10 and floats.usage.cost_usd == pytest.approx(10 * 0.02 / 1e6)


@pytest.mark.parametrize(
    ("fields", "error", "param"),
    [
        ({"model": "gpt-9"}, openai.NotFoundError, "model"),
        ({"model": "embedding-model"}, openai.BadRequestError, "model"),
        ({"temperature": 3}, openai.BadRequestError, "temperature"),
    ],
)
def test_mistakes_become_the_clients_own_exceptions(fields: dict[str, Any], error: Any, param: str) -> None:
    async def ask(client: openai.AsyncOpenAI) -> None:
        await client.chat.completions.create(**{"model": "gpt-4o", "messages": ASKED, **fields})

    with pytest.raises(error) as caught:
        over_sockets(ask)
    assert caught.value.param == param and caught.value.code


def test_a_wrong_key_is_an_authentication_error() -> None:
    async def main() -> None:
        async with listening(service()) as url, official(url, "wrong") as client:
            with pytest.raises(openai.AuthenticationError):
                await client.models.list()

    asyncio.run(main())


class Endless:
    """An engine whose stream goes on until somebody closes it."""

    name = "endless"

    def __init__(self) -> None:
        self.closed = asyncio.Event()
        self.cancelled = asyncio.Event()

    async def stream(self, asked: ChatRequest) -> AsyncIterator[dict[str, Any]]:
        return self._chunks(asked)

    async def _chunks(self, asked: ChatRequest) -> AsyncIterator[dict[str, Any]]:
        choice = {"index": 0, "delta": {"content": "x"}, "finish_reason": None}
        head = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": asked.model}
        try:
            while True:
                yield {**head, "choices": [choice]}
                await asyncio.sleep(0.001)
        finally:
            self.closed.set()

    async def complete(self, asked: ChatRequest) -> dict[str, Any]:
        try:
            await asyncio.Event().wait()
        finally:
            self.cancelled.set()
        raise AssertionError

    async def models(self) -> Sequence[Any]:
        return ()

    async def aclose(self) -> None:
        return None


@pytest.mark.parametrize("streamed", [True, False])
def test_when_the_caller_leaves_the_engine_is_told(streamed: bool) -> None:
    async def main() -> None:
        engine = Endless()
        async with listening(service(upstream=engine)) as url, official(url) as client:
            create = client.chat.completions.create(model="gpt-4o", messages=ASKED, stream=streamed)
            if streamed:
                stream: Any = await create
                await anext(aiter(stream))
                await stream.close()
                await asyncio.wait_for(engine.closed.wait(), 20)
            else:
                asking = asyncio.ensure_future(create)
                done, _ = await asyncio.wait({asking}, timeout=0.5)
                assert not done
                asking.cancel()
                await asyncio.wait_for(engine.cancelled.wait(), 20)

    asyncio.run(main())


def test_a_stream_is_sent_as_it_is_made() -> None:
    """The first chunk is there while the last one is still long in coming."""

    async def main() -> None:
        slow = Pace(first_token_seconds=0.0, tokens_per_second=0.01)
        async with listening(service(clock=SystemClock(), pace=slow)) as url, official(url) as client:
            stream = await client.chat.completions.create(model="gpt-4o", messages=ASKED, stream=True)
            first = await asyncio.wait_for(anext(aiter(stream)), 20)
            assert first.choices[0].delta.content == "Quantum"
            await stream.close()

    asyncio.run(main())
