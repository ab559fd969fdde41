"""What a submission must show before it is deployed: the interface and the streaming rules, tried on the running thing.

The review checklist has more points than a machine can try; those read "not checked", never "passed".
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import aiohttp

from janus_platform.contract import Contract
from janus_platform.gateway.directory import Upstream

Result = Literal["passed", "failed", "not checked"]

QUESTION = "Hello! Please introduce yourself in one or two sentences."
TRIAL_SECONDS = 60.0
MAX_TRIAL_BYTES = 5_000_000
# The specification's review checklist beyond what is tried here.
BY_PEOPLE = (
    "source is public and matches",
    "licence is valid",
    "no malicious code",
    "hotkey is valid",
    "builds from source",
)


@dataclass(frozen=True)
class Check:
    """One line of the checklist."""

    check: str
    result: Result
    detail: str = ""

    def plain(self) -> dict[str, str]:
        """The check as plain data."""
        return asdict(self)


class _Unusable(Exception):
    """The answer is not what the interface asks for; the message says how."""


async def try_out(contract: Contract, name: str, upstream: Upstream) -> list[Check]:
    """Ask the running implementation one short question, streamed and not, and check how it answers."""
    connector = aiohttp.UnixConnector(str(upstream.base)) if isinstance(upstream.base, Path) else aiohttp.TCPConnector()
    origin = "http://implementation" if isinstance(upstream.base, Path) else "http://{}:{}".format(*upstream.base)
    timeout = aiohttp.ClientTimeout(total=TRIAL_SECONDS)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout, trust_env=False) as session:
        return [
            await _models(session, origin + contract.implementation.models_path),
            await _whole(session, origin + contract.implementation.chat_path, name),
            *await _streamed(session, origin + contract.implementation.chat_path, name, contract),
            *(Check(point, "not checked", "this needs a person") for point in BY_PEOPLE),
        ]


async def _models(session: aiohttp.ClientSession, url: str) -> Check:
    check = "GET /v1/models (recommended)"
    try:
        async with session.get(url) as response:
            if response.status == 200 and isinstance((await response.json(content_type=None)).get("data"), list):
                return Check(check, "passed")
            return Check(check, "not checked", f"answered {response.status}; it is recommended, not required")
    except (TimeoutError, aiohttp.ClientError, ValueError, AttributeError):
        return Check(check, "not checked", "no usable answer; it is recommended, not required")


async def _whole(session: aiohttp.ClientSession, url: str, name: str) -> Check:
    check = "chat completion, not streamed"
    try:
        async with session.post(url, json=_request(name, stream=False)) as response:
            body = await _limited(response)
            _expect(response.status == 200, f"answered {response.status}")
        choice = _first_choice(_object(body))
        message = choice.get("message")
        content = message.get("content") if isinstance(message, dict) else None
        _expect(isinstance(content, str) and bool(content), "choices[0].message.content is not a text")
        _expect(isinstance(choice.get("finish_reason"), str), "choices[0].finish_reason is missing")
        return Check(check, "passed")
    except (TimeoutError, _Unusable, aiohttp.ClientError) as error:
        return Check(check, "failed", _reason(error))


async def _streamed(session: aiohttp.ClientSession, url: str, name: str, contract: Contract) -> list[Check]:
    check = "chat completion, streamed"
    try:
        async with session.post(url, json=_request(name, stream=True)) as response:
            _expect(response.status == 200, f"answered {response.status}")
            kind = response.content_type
            _expect(kind == "text/event-stream", f"sent {kind}, not text/event-stream")
            events = [event async for event in _events(response)]
        ended = bool(events) and events[-1] == contract.wire.end_of_stream
        chunks = [_object(event) for event in events if event != contract.wire.end_of_stream]
        choices = [_first_choice(chunk) for chunk in chunks if chunk.get("choices")]
    except (TimeoutError, _Unusable, aiohttp.ClientError) as error:
        return [Check(check, "failed", _reason(error))]
    deltas = [choice["delta"] for choice in choices if isinstance(choice.get("delta"), dict)]
    content = _texts(deltas, contract.wire.content_field)
    reasoning = _texts(deltas, contract.wire.reasoning_field)
    finished = bool(choices) and isinstance(choices[-1].get("finish_reason"), str)
    end = contract.wire.end_of_stream
    return [
        _verdict(check, bool(content), f"{len(content)} chunks of content", "no delta.content was sent"),
        _continuous(content),
        _thinking(content, reasoning, contract.wire.reasoning_field),
        _verdict("last chunk carries finish_reason", finished, "", 'the last chunk has none; send "stop" with it'),
        _verdict("stream ends with its marker", ended, "", f"the last event is not data: {end}"),
    ]


def _continuous(content: list[str]) -> Check:
    check, text = "tokens flow continuously", "".join(content)
    if len(content) == 1 and len(text.split()) > 1:
        return Check(check, "failed", f"{len(text.split())} words came in one chunk; send each token as you have it")
    detail = f"{len(content)} chunks, {len(text)} characters"
    return Check(check, "passed" if len(content) > 1 else "not checked", detail)


def _thinking(content: list[str], reasoning: list[str], field: str) -> Check:
    check = f"thinking goes to {field}"
    if "<think" in "".join(content):
        return Check(check, "failed", f"the content holds a <think> tag; send that text as delta.{field}")
    if not reasoning:
        return Check(check, "not checked", "none was sent")
    return Check(check, "passed", f"{len(reasoning)} chunks")


async def _events(response: aiohttp.ClientResponse) -> AsyncIterator[str]:
    """The data of each event, in order."""
    size, lines = 0, []
    async for raw in response.content:
        size += len(raw)
        _expect(size <= MAX_TRIAL_BYTES, f"sent more than {MAX_TRIAL_BYTES:,} bytes")
        line = raw.decode("utf-8", "replace").rstrip("\r\n")
        if line.startswith("data:"):
            lines.append(line[5:].removeprefix(" "))
        elif not line and lines:
            yield "\n".join(lines)
            lines = []


async def _limited(response: aiohttp.ClientResponse) -> str:
    body = await response.content.read(MAX_TRIAL_BYTES + 1)
    while len(body) <= MAX_TRIAL_BYTES and (more := await response.content.read(65_536)):
        body += more
    _expect(len(body) <= MAX_TRIAL_BYTES, f"sent more than {MAX_TRIAL_BYTES:,} bytes")
    return body.decode("utf-8", "replace")


def _request(name: str, *, stream: bool) -> dict[str, Any]:
    return {"model": name, "messages": [{"role": "user", "content": QUESTION}], "stream": stream}


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise _Unusable("sent something that is not a JSON object")
    return value


def _first_choice(completion: dict[str, Any]) -> dict[str, Any]:
    choices = completion.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise _Unusable("choices is not a list of objects")
    return choices[0]


def _texts(deltas: list[dict[str, Any]], field: str) -> list[str]:
    return [delta[field] for delta in deltas if isinstance(delta.get(field), str) and delta[field]]


def _verdict(check: str, good: bool, praise: str, blame: str) -> Check:
    return Check(check, "passed", praise) if good else Check(check, "failed", blame)


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, _Unusable) else f"no usable answer ({type(error).__name__})"


def _expect(condition: bool, otherwise: str) -> None:
    if not condition:
        raise _Unusable(otherwise)
