"""Third-party apps speak to the gateway as they speak to any OpenAI-compatible address, streaming included."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import openai
import pytest
from playwright.async_api import Page, async_playwright

from janus_platform.gateway.access import AccessRules, digest
from tests.gateway.rig import DONE, Directory, Exchange, Served, ask, chunk, gateway, in_loop, upstream
from tools.browser import FLAGS, find_browser, missing_browser_help

KEY = "sk-of-the-reader"
PARTS = (chunk(reasoning_content="Hm."), chunk(content="He"), chunk(content="llo"), chunk("stop"), DONE)


def answers(exchange: Exchange) -> None:
    """Streams where that is asked for, else answers whole."""
    if not json.loads(exchange.body).get("stream"):
        choice = {"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}
        body = {"id": "chatcmpl-7", "object": "chat.completion", "created": 7, "model": "impl", "choices": [choice]}
        exchange.answer(200, json.dumps(body).encode())
        return
    exchange.start_stream()
    for data in PARTS:
        exchange.chunk(data)
    exchange.end()


@asynccontextmanager
async def keyed(*, origins: tuple[str, ...] = ()) -> AsyncIterator[Served]:
    """A gateway that asks for a key."""
    async with upstream(answers) as up, gateway(up, rules=AccessRules((digest(KEY),), origins)) as served:
        yield served


def client(served: Served, key: str = KEY) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=f"{served.url}/v1", api_key=key, max_retries=0)


@in_loop
async def test_the_python_client_streams_reasoning_then_content() -> None:
    async with keyed() as served, client(served) as ai:
        stream = await ai.chat.completions.create(**ask(stream=True))
        choices = [part.choices[0] async for part in stream]
    reasoning = [c.delta.model_extra["reasoning_content"] for c in choices if c.delta.model_extra]
    assert reasoning == ["Hm."]
    assert [c.delta.content for c in choices if c.delta.content] == ["He", "llo"]
    assert choices[-1].finish_reason == "stop"


@in_loop
async def test_the_python_client_asks_whole_and_lists_models() -> None:
    async with keyed() as served, client(served) as ai:
        answer = await ai.chat.completions.create(**ask())
        models = [model.id async for model in ai.models.list()]
        one = await ai.models.retrieve("impl")
    assert answer.choices[0].message.content == "Hello"
    assert models == ["janus", "impl"] and one.id == "impl"


@in_loop
async def test_the_python_client_raises_its_own_errors() -> None:
    async with keyed() as served, client(served) as ai, client(served, "sk-wrong") as stranger:
        with pytest.raises(openai.NotFoundError) as not_found:
            await ai.chat.completions.create(**ask(model="nobody"))
        with pytest.raises(openai.BadRequestError) as bad:
            await ai.chat.completions.create(**ask(temperature=9))
        with pytest.raises(openai.AuthenticationError) as denied:
            await stranger.models.list()
    assert not_found.value.code == "model_not_found" and bad.value.param == "temperature"
    assert denied.value.code == "invalid_api_key"


@in_loop
async def test_the_python_client_gets_an_error_event_as_an_exception() -> None:
    def breaks(exchange: Exchange) -> None:
        exchange.start_stream()
        exchange.chunk(chunk(content="half"))
        exchange.end()

    async with upstream(breaks) as up, gateway(up) as served, client(served) as ai:
        with pytest.raises(openai.APIError, match="incomplete"):
            async for _ in await ai.chat.completions.create(**ask(stream=True)):
                pass


class OneByOne:
    """Sends each event only when the client has got the one before: what waits for the end of a stream never ends."""

    def __init__(self) -> None:
        self.got = [asyncio.Event() for _ in PARTS]

    async def __call__(self, exchange: Exchange) -> None:
        exchange.start_stream()
        for data, got in zip(PARTS, self.got, strict=True):
            exchange.chunk(data)
            if data != DONE:
                await got.wait()
        exchange.end()


@in_loop
async def test_the_python_client_has_each_token_before_the_next_is_sent() -> None:
    script = OneByOne()
    async with upstream(script) as up, gateway(up) as served, client(served) as ai:
        stream, seen = await ai.chat.completions.create(**ask(stream=True)), 0
        async for _ in stream:
            script.got[seen].set()
            seen += 1
    assert seen == len(PARTS) - 1


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@in_loop
async def test_curl_shows_each_event_before_the_next_is_sent() -> None:
    script = OneByOne()
    async with upstream(script) as up, gateway(up) as served:
        process = await asyncio.create_subprocess_exec(
            *("curl", "-sN", "--noproxy", "*", f"{served.url}/v1/chat/completions", "-d", json.dumps(ask(stream=True))),
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        for data, got in zip(PARTS, script.got, strict=True):
            assert await process.stdout.readexactly(len(data)) == data
            got.set()
        assert await process.wait() == 0


async def run(*command: str, cwd: Path | None = None) -> tuple[int, bytes]:
    """Exit code and output of a program."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=cwd
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@in_loop
async def test_curl_streams() -> None:
    async with keyed() as served:
        code, out = await run(
            *("curl", "-sN", "--noproxy", "*", "-H", f"Authorization: Bearer {KEY}"),
            *(f"{served.url}/v1/chat/completions", "-d", json.dumps(ask(stream=True))),
        )
    assert code == 0 and out == b"".join(PARTS)


NODE_SCRIPT = """
import OpenAI from "openai";
const [baseURL, apiKey] = process.argv.slice(2);
const ai = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const messages = [{ role: "user", content: "Hello" }];
const seen = { reasoning: [], content: [] };
for await (const part of await ai.chat.completions.create({ model: "impl", messages, stream: true })) {
  const delta = part.choices[0].delta;
  if (delta.reasoning_content) seen.reasoning.push(delta.reasoning_content);
  if (delta.content) seen.content.push(delta.content);
}
seen.whole = (await ai.chat.completions.create({ model: "impl", messages })).choices[0].message.content;
seen.models = (await ai.models.list()).data.map((model) => model.id);
try {
  await ai.chat.completions.create({ model: "nobody", messages });
} catch (error) {
  seen.error = [error.constructor.name, error.code];
}
console.log(JSON.stringify(seen));
"""


NODE_ONE_BY_ONE = """
import OpenAI from "openai";
const ai = new OpenAI({ baseURL: process.argv[2], apiKey: "any", maxRetries: 0 });
const messages = [{ role: "user", content: "Hello" }];
for await (const part of await ai.chat.completions.create({ model: "impl", messages, stream: true })) {
  console.log(JSON.stringify(part.choices[0].delta));
}
"""


def test_the_node_client_streams_asks_whole_lists_models_and_raises_its_own_errors(node_client: Path) -> None:
    (node_client / "try.mjs").write_text(NODE_SCRIPT)

    @in_loop
    async def tried() -> None:
        async with keyed() as served:
            code, out = await run("node", "try.mjs", f"{served.url}/v1", KEY, cwd=node_client)
        assert code == 0, out.decode()
        assert json.loads(out) == {
            "reasoning": ["Hm."],
            "content": ["He", "llo"],
            "whole": "Hello",
            "models": ["janus", "impl"],
            "error": ["NotFoundError", "model_not_found"],
        }

    tried()


def test_the_node_client_has_each_token_before_the_next_is_sent(node_client: Path) -> None:
    (node_client / "one.mjs").write_text(NODE_ONE_BY_ONE)

    @in_loop
    async def tried() -> None:
        script = OneByOne()
        async with upstream(script) as up, gateway(up) as served:
            process = await asyncio.create_subprocess_exec(
                *("node", "one.mjs", f"{served.url}/v1"), cwd=node_client, stdout=asyncio.subprocess.PIPE
            )
            assert process.stdout is not None
            deltas = []
            for got in script.got[:-1]:
                deltas.append(json.loads(await process.stdout.readline()))
                got.set()
            assert await process.wait() == 0
        assert deltas == [{"reasoning_content": "Hm."}, {"content": "He"}, {"content": "llo"}, {}]

    tried()


FETCH = """
async ([url, key, body]) => {
  try {
    const response = await fetch(url + "/v1/chat/completions", {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer " + key, "x-stainless-lang": "js" },
      body: JSON.stringify(body),
    });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let reads = 0, text = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      reads += 1;
      text += value;
      if (reads === 1) await fetch("/seen");
    }
    return { status: response.status, id: response.headers.get("x-request-id"), text, reads };
  } catch (error) {
    return { failed: String(error) };
  }
}
"""


@asynccontextmanager
async def page_of_another_origin(first_read: asyncio.Event) -> AsyncIterator[tuple[Page, str]]:
    """A browser's page, served from an origin that is not the gateway's, and that origin."""

    def shows(exchange: Exchange) -> None:
        if b"/seen" in exchange.head.split(b"\r\n")[0]:
            first_read.set()
        exchange.answer(200, b"<!doctype html><title>An app</title>", content_type="text/html")

    path = find_browser()
    assert path, missing_browser_help()
    async with upstream(shows) as app, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=[*FLAGS, "--no-proxy-server"])
        assert isinstance(app.base, tuple)
        origin = f"http://localhost:{app.base[1]}"
        page = await browser.new_page()
        await page.goto(origin)
        yield page, origin
        await browser.close()


async def fetched(page: Page, served: Served) -> dict[str, Any]:
    return dict(await page.evaluate(FETCH, [served.url, KEY, ask(stream=True)]))


@in_loop
async def test_a_browsers_fetch_streams_where_its_origin_is_let_in_and_fails_elsewhere() -> None:
    first_read = asyncio.Event()

    async def waits_for_the_browser(exchange: Exchange) -> None:
        exchange.start_stream()
        exchange.chunk(PARTS[0])
        await first_read.wait()  # The browser has the first event before the others are sent.
        for data in PARTS[1:]:
            exchange.chunk(data)
        exchange.end()

    async with page_of_another_origin(first_read) as (page, origin), upstream(waits_for_the_browser) as up:
        async with gateway(up, rules=AccessRules((digest(KEY),), (origin,))) as served:
            seen = await fetched(page, served)
        assert seen["status"] == 200 and seen["id"].startswith("req_")
        assert seen["text"].encode() == b"".join(PARTS) and seen["reads"] > 1
        async with gateway(up) as closed:
            assert "Failed to fetch" in (await fetched(page, closed))["failed"]


@in_loop
async def test_every_client_can_ask_for_health_without_a_key() -> None:
    async with gateway(Directory({}), rules=AccessRules((digest(KEY),))) as served:
        assert (await served.client.get("/health")).status_code == 200
