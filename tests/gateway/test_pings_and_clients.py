"""Pings between events that carry ids, types and retry times: official clients and looser decoders read the answer."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from janus_bench.wire.sse import EventParser
from janus_book.journey import _events
from janus_platform.gateway.response_stream import PING
from tests.gateway.rig import DONE, Exchange, HeldClock, Script, ask, chunk, gateway, in_loop, upstream

WORDS = ["He", "llo", " there"]
FIELDS = {
    "plain": b"",
    "id": b"id: 4\n",
    "retry": b"retry: 1500\n",
    "id and retry": b"id: 4\nretry: 1500\n",
    "event, id and retry": b"event: message\nid: 4\nretry: 1500\n",
}
ENDS = {"LF": b"\n", "CRLF": b"\r\n", "CR": b"\r"}
with_every_kind = pytest.mark.parametrize("end", ENDS)
with_every_field = pytest.mark.parametrize("fields", FIELDS)


def events_with(fields: str, end: str) -> list[bytes]:
    whole = [chunk(reasoning_content="Hm."), *(chunk(content=word) for word in WORDS), chunk("stop")]
    return [(FIELDS[fields] + event).replace(b"\n", ENDS[end]) for event in whole] + [DONE]


def pauses(events: list[bytes], clock: HeldClock) -> Script:
    """A script that is silent before each event until the gateway has written pings."""

    async def script(exchange: Exchange) -> None:
        exchange.start_stream()
        for event in events:
            await exchange.drained()
            for _ in range(4):
                await asyncio.sleep(0.005)
                clock.advance(1.5)
            await asyncio.sleep(0.005)
            exchange.chunk(event)
        exchange.end()

    return script


async def raw(fields: str, end: str) -> tuple[list[bytes], bytes]:
    clock = HeldClock()
    events = events_with(fields, end)
    async with upstream(pauses(events, clock)) as up, gateway(up, clock=clock) as served:
        return events, (await served.chat(stream=True)).content


@with_every_field
@with_every_kind
@in_loop
async def test_a_ping_is_a_line_of_the_next_event_and_no_event_of_its_own(fields: str, end: str) -> None:
    events, body = await raw(fields, end)
    assert body.count(PING) >= len(events)
    assert body.replace(PING, b"") == b"".join(events)
    # Nothing but whole events stands between two pings.
    assert [piece for piece in body.split(PING) if piece] == events


@with_every_field
@with_every_kind
@in_loop
async def test_the_python_client_reads_it(fields: str, end: str) -> None:
    clock = HeldClock()
    async with (
        upstream(pauses(events_with(fields, end), clock)) as up,
        gateway(up, clock=clock) as served,
        openai.AsyncOpenAI(base_url=f"{served.url}/v1", api_key="any", max_retries=0) as ai,
    ):
        stream = await ai.chat.completions.create(**ask(stream=True))
        assert [c.choices[0].delta.content async for c in stream if c.choices[0].delta.content] == WORDS


@with_every_field
@with_every_kind
@in_loop
async def test_decoders_that_keep_an_id_from_event_to_event_see_no_empty_one(fields: str, end: str) -> None:
    events, body = await raw(fields, end)
    seen = list(as_openai_for_python_did(body))
    assert len(seen) == len(events)
    assert [json.loads(data)["id"] for data in seen[:-1]] == ["chatcmpl-7"] * (len(events) - 1)


def as_openai_for_python_did(body: bytes) -> Iterator[str]:
    """The data of each event, by the rules of openai 1 and 2: an id or a retry time makes an empty line an event."""
    data: list[str] = []
    event = last_id = retry = None
    for raw_line in body.splitlines():
        line = raw_line.decode()
        if not line:
            if event or data or last_id or retry is not None:
                yield "\n".join(data)
            data, event, retry = [], None, None
        elif not line.startswith(":"):
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "data":
                data.append(value)
            elif name == "id":
                last_id = value
            elif name == "event":
                event = value
            elif name == "retry":
                retry = int(value)


@with_every_field
@in_loop
async def test_the_bench_and_the_book_read_it(fields: str) -> None:
    events, body = await raw(fields, "LF")
    assert len(EventParser().feed(body, 0)) == len(events)
    parts = [body[i : i + 7] for i in range(0, len(body), 7)]
    texts = [event.text for event in _events(parts, lambda: 0.0)]
    assert [text.encode() + b"\n\n" for text in texts if not text.startswith(":")] == events
    assert texts.count(": ping") == body.count(PING)


NODE = """
import OpenAI from "openai";
const ai = new OpenAI({ baseURL: process.argv[2], apiKey: "any", maxRetries: 0 });
const messages = [{ role: "user", content: "Hello" }];
const words = [];
for await (const part of await ai.chat.completions.create({ model: "impl", messages, stream: true })) {
  if (part.choices[0].delta.content) words.push(part.choices[0].delta.content);
}
console.log(JSON.stringify(words));
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
@with_every_field
def test_the_node_client_reads_it(node_client: Path, fields: str) -> None:
    (node_client / "pings.mjs").write_text(NODE)

    @in_loop
    async def tried() -> None:
        clock = HeldClock()
        async with upstream(pauses(events_with(fields, "LF"), clock)) as up, gateway(up, clock=clock) as served:
            process = await asyncio.create_subprocess_exec(
                *("node", "pings.mjs", f"{served.url}/v1"), cwd=node_client, stdout=asyncio.subprocess.PIPE
            )
            out, _ = await process.communicate()
        assert json.loads(out) == WORDS

    tried()
