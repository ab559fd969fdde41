"""An upstream in the local engine's place: passed on, retried, cancelled, and never made to say what it did not say."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import openai
import pytest

from janus_platform.clock import ManualClock
from janus_platform.services.inference.upstream.engine import UpstreamEngine
from janus_platform.services.inference.upstream.settings import UpstreamSettings
from tests.services.inference_rig import ASKED, SERVICE, joined, listening, official, service
from tests.services.upstream_rig import (
    RULES,
    Script,
    Upstream,
    Wire,
    chunk,
    completion,
    engine,
    streamed,
    upstream,
    whole,
)


async def collect(client: openai.AsyncOpenAI, **fields: Any) -> list[Any]:
    stream = await client.chat.completions.create(**{"model": "gpt-4o-mini", "messages": ASKED, **fields}, stream=True)
    return [one async for one in stream]


def through(
    *scripts: Script, stream: bool = True, key: str = "", models: Any = None, **rules: Any
) -> tuple[Any, Upstream]:
    """What the official client gets through the service: the answer or its exception; and what the upstream saw."""

    async def main() -> tuple[Any, Upstream]:
        async with upstream(*scripts) as up, engine(up.url, key, models, **rules) as made:
            async with listening(service(upstream=made)) as url, official(url) as client:
                try:
                    if stream:
                        return await collect(client), up
                    asked: Any = {"model": "gpt-4o-mini", "messages": ASKED}
                    return await client.chat.completions.create(**asked, temperature=0.5), up
                except openai.APIError as error:
                    return error, up

    return asyncio.run(main())


def test_a_completion_is_passed_on_with_its_cost_added() -> None:
    answer, up = through(whole, stream=False)
    assert answer.choices[0].message.content == "Hello" and answer.model == "llama3.2"
    model = next(m for m in SERVICE.models if m.name == "gpt-4o-mini")
    assert answer.usage.cost_usd == model.cost_usd(10, 20)
    assert up.asked[0].line == "POST /v1/chat/completions HTTP/1.1"
    assert up.asked[0].body["temperature"] == 0.5 and up.asked[0].body["messages"] == ASKED


def test_a_stream_is_passed_on_chunk_by_chunk() -> None:
    chunks, _ = through(streamed)
    assert [c.choices[0].delta.content for c in chunks] == ["Hel", "lo", None]


def test_names_are_mapped_for_the_upstream() -> None:
    _, mapped = through(whole, stream=False, models={"gpt-4o-mini": "llama3.2"})
    _, others = through(whole, stream=False, models={"o1": "x", "*": "qwen3"})
    assert (mapped.asked[0].body["model"], others.asked[0].body["model"]) == ("llama3.2", "qwen3")


def test_the_key_goes_to_the_upstream_and_the_callers_does_not(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    _, up = through(whole, stream=False, key="sk-secret")
    assert up.asked[0].headers["authorization"] == "Bearer sk-secret"
    # The test asks with OpenAI's client, whose older versions log what they send when asked to log everything.
    ours = [record for record in caplog.records if not record.name.startswith(("openai", "httpx", "httpcore"))]
    said = "\n".join(record.getMessage() for record in ours)
    assert ours and "sk-secret" not in said and "entanglement" not in said
    _, bare = through(whole, stream=False)
    assert "authorization" not in bare.asked[0].headers


def test_no_redirect_is_followed() -> None:
    async def elsewhere(wire: Wire) -> None:
        await wire.answer(307, {}, "Location: http://127.0.0.1:1/v1/chat/completions")

    error, up = through(elsewhere, key="sk-secret", stream=False)
    assert error.status_code == 502 and len(up.asked) == 1


def failing(status: int, *headers: str, message: str = "busy") -> Script:
    async def script(wire: Wire) -> None:
        await wire.answer(status, {"error": {"message": message, "type": "x", "param": None, "code": "c"}}, *headers)

    return script


async def hang_up(wire: Wire) -> None:
    wire.writer.close()


@pytest.mark.parametrize("script", [failing(500), failing(503), failing(429), failing(429, "Retry-After: 1"), hang_up])
@pytest.mark.parametrize("stream", [True, False])
def test_a_failure_before_the_first_token_is_tried_again(script: Script, stream: bool) -> None:
    answer, up = through(script, streamed if stream else whole, stream=stream)
    assert not isinstance(answer, Exception), answer
    assert len(up.asked) == 2


def test_attempts_end_and_the_waits_between_them_double() -> None:
    async def main() -> None:
        clock = ManualClock()
        async with upstream(failing(500)) as up:
            made = UpstreamEngine(UpstreamSettings(up.url), RULES, clock=clock)
            async with listening(service(upstream=made)) as url, official(url) as client:
                with pytest.raises(openai.InternalServerError) as caught:
                    await collect(client)
            assert caught.value.status_code == 502 and "busy" in caught.value.message
            assert len(up.asked) == RULES.retries + 1
            assert clock.now() == pytest.approx(RULES.backoff_seconds * (1 + 2))

    asyncio.run(main())


def test_a_long_retry_after_is_handed_to_the_caller_at_once() -> None:
    error, up = through(failing(429, "Retry-After: 900"))
    assert isinstance(error, openai.RateLimitError) and error.response.headers["retry-after"] == "900"
    assert len(up.asked) == 1


def test_the_callers_mistake_is_not_tried_again() -> None:
    error, up = through(failing(400, message="bad temperature"), stream=False)
    assert isinstance(error, openai.BadRequestError) and "bad temperature" in error.message
    assert len(up.asked) == 1


def test_a_refused_key_is_the_platforms_fault() -> None:
    error, up = through(failing(401), stream=False)
    assert error.status_code == 502 and "JANUS_INFERENCE_KEY" in error.message and len(up.asked) == 1


def test_an_upstream_that_is_not_there_is_503_and_says_what_to_do() -> None:
    async def main() -> None:
        async with upstream(whole) as up:
            gone = up.url
        async with engine(gone) as made, listening(service(upstream=made)) as url, official(url) as client:
            with pytest.raises(openai.InternalServerError) as caught:
                await collect(client)
            assert caught.value.status_code == 503 and "JANUS_INFERENCE_UPSTREAM" in caught.value.message

    asyncio.run(main())


async def silent(wire: Wire) -> None:
    await wire.gone()


async def silent_stream(wire: Wire) -> None:
    await wire.begin()
    await wire.gone()


@pytest.mark.parametrize("script", [silent, silent_stream])
def test_a_first_token_that_does_not_come_is_504_and_not_tried_again(script: Script) -> None:
    error, up = through(script, first_token_seconds=0.2)
    assert error.status_code == 504 and len(up.asked) == 1


async def stalls(wire: Wire) -> None:
    await wire.begin()
    await wire.events(chunk("Hel"))
    await wire.gone()


async def cut(wire: Wire) -> None:
    await wire.begin()
    await wire.events(chunk("Hel"))


async def reset(wire: Wire) -> None:
    await wire.begin()
    await wire.events(chunk("Hel"))
    wire.writer.transport.abort()


async def no_json(wire: Wire) -> None:
    await wire.begin()
    await wire.events(chunk("Hel"), "{broken")


async def own_error(wire: Wire) -> None:
    await wire.begin()
    await wire.events(chunk("Hel"), {"error": {"message": "out of memory"}})


async def endless_event(wire: Wire) -> None:
    await wire.begin()
    await wire.events(chunk("Hel"))
    await wire.send(b"data: " + b"x" * 20_000)
    await wire.gone()


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (cut, "end marker"),
        (reset, "broke off"),
        (no_json, "JSON"),
        (own_error, "out of memory"),
        (endless_event, "more than"),
        (stalls, "in time"),
    ],
)
def test_a_stream_that_breaks_off_ends_in_an_error_and_never_in_done(script: Script, words: str) -> None:
    async def main() -> None:
        rules = {"total_seconds": 0.5} if script is stalls else {"max_event_bytes": 10_000}
        async with upstream(script) as up, engine(up.url, **rules) as made:
            async with listening(service(upstream=made)) as url, official(url) as client:
                async with client.chat.completions.with_streaming_response.create(
                    model="gpt-4o", messages=ASKED, stream=True
                ) as response:
                    text = (await response.read()).decode()
                assert "Hel" in text and "[DONE]" not in text and words in text.split("\n\n")[-2]
                with pytest.raises(openai.APIError, match=words):
                    await collect(client)
            assert len(up.asked) == 2  # One each: nothing is tried again after the first token.

    asyncio.run(main())


async def empty_stream(wire: Wire) -> None:
    await wire.begin()


async def error_first(wire: Wire) -> None:
    await wire.begin()
    await wire.events({"error": "no such model"})


async def html(wire: Wire) -> None:
    await wire.begin("text/html")
    await wire.send(b"<p>hello</p>")


async def only_done(wire: Wire) -> None:
    await wire.begin()
    await wire.events("[DONE]")


@pytest.mark.parametrize("script", [empty_stream, error_first, html, only_done])
def test_what_is_no_stream_is_an_error_before_anything_is_sent(script: Script) -> None:
    error, _ = through(script)
    assert isinstance(error, openai.APIStatusError) and error.status_code == 502


@pytest.mark.parametrize("body", [b"[]", b"<html>", b"[" * 5_000, b""])
def test_an_answer_that_is_no_object_is_502(body: bytes) -> None:
    async def script(wire: Wire) -> None:
        await wire.answer(200, body)

    error, _ = through(script, stream=False)
    assert error.status_code == 502


def test_an_answer_over_the_bound_is_502() -> None:
    error, _ = through(whole, stream=False, max_answer_bytes=50)
    assert error.status_code == 502


@pytest.mark.parametrize("stream", [True, False])
def test_when_the_caller_leaves_the_upstreams_connection_is_closed(stream: bool) -> None:
    async def main() -> None:
        begun, closed = asyncio.Event(), asyncio.Event()

        async def script(wire: Wire) -> None:
            if stream:
                await wire.begin()
                await wire.events(chunk("Hel"))
            begun.set()
            await wire.gone()
            closed.set()

        async with upstream(script) as up, engine(up.url) as made:
            async with listening(service(upstream=made)) as url, official(url) as client:
                asking = asyncio.ensure_future(
                    client.chat.completions.create(model="gpt-4o", messages=ASKED, stream=stream)
                )
                await asyncio.wait_for(begun.wait(), 20)
                if stream:
                    opened: Any = await asking
                    await opened.close()
                else:
                    asking.cancel()
                await asyncio.wait_for(closed.wait(), 20)

    asyncio.run(main())


def test_the_first_chunk_passes_while_the_upstream_is_still_at_work() -> None:
    async def main() -> None:
        seen = asyncio.Event()

        async def script(wire: Wire) -> None:
            await wire.begin()
            await wire.events(chunk("Hel"))
            await seen.wait()
            await wire.events(chunk("lo"), chunk(), "[DONE]")

        async with upstream(script) as up, engine(up.url) as made:
            async with listening(service(upstream=made)) as url, official(url) as client:
                stream: Any = await client.chat.completions.create(model="gpt-4o", messages=ASKED, stream=True)
                first = await asyncio.wait_for(anext(aiter(stream)), 20)
                seen.set()
                assert first.choices[0].delta.content == "Hel"
                assert joined([one async for one in stream]) == "lo"

    asyncio.run(main())


def test_models_are_labelled_with_the_upstream_and_its_own_are_listed() -> None:
    async def listing(wire: Wire) -> None:
        await wire.answer(200, {"object": "list", "data": [{"id": "llama3.2", "object": "model"}, 7, {"x": 1}]})

    async def main() -> None:
        async with upstream(listing) as up, engine(up.url) as made:
            async with listening(service(upstream=made)) as url, official(url) as client:
                models: Any = {m.id: m for m in (await client.models.list()).data}
                assert models["gpt-4o"].engine == models["llama3.2"].engine == made.name
                assert models["embedding-model"].engine == "letters"
                assert (await client.models.retrieve("llama3.2")).owned_by == "upstream"

    asyncio.run(main())


def test_a_name_that_only_the_upstream_knows_is_passed_on_and_has_no_price() -> None:
    async def main() -> None:
        async with upstream(whole) as up, engine(up.url) as made:
            async with listening(service(upstream=made)) as url, official(url) as client:
                answer: Any = await client.chat.completions.create(model="llama3.2", messages=ASKED)
                assert up.asked[0].body["model"] == "llama3.2" and not hasattr(answer.usage, "cost_usd")

    asyncio.run(main())


def test_the_answer_of_the_rig_is_openais() -> None:
    openai.types.chat.ChatCompletion.model_validate(completion())
