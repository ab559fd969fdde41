"""What a submission must show before it is deployed: the interface, tried on the running thing.

The review checklist has more points than a machine can try; those read "not checked", never "passed".
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from janus_platform.clock import Clock
from janus_platform.contract import Contract
from janus_platform.gateway.directory import Upstream
from janus_platform.gateway.errors import AddressRefusedError
from janus_platform.gateway.remote_url import Address, RemoteUrl
from janus_platform.node.errors import UnusableAnswerError
from janus_platform.node.submission.checks import Check
from janus_platform.node.submission.streaming_rules import Streamed, came_at_once, check_stream

QUESTION = "Hello! Please introduce yourself in one or two sentences."
ANSWER_SECONDS = 60.0
MAX_ANSWER_BYTES = 5_000_000
# An answer that came at once may be chance, on a busy machine; as often as this it is not.
STREAM_TRIES = 3


@dataclass(frozen=True)
class _Candidate:
    """What is tried: its name, where it answers, and a session that reaches it."""

    contract: Contract
    name: str
    origin: str
    session: aiohttp.ClientSession
    clock: Clock

    @property
    def chat_url(self) -> str:
        return self.origin + self.contract.implementation.chat_path

    def request(self, *, stream: bool) -> dict[str, Any]:
        return {"model": self.name, "messages": [{"role": "user", "content": QUESTION}], "stream": stream}


async def run_acceptance_test(contract: Contract, name: str, upstream: Upstream, clock: Clock) -> list[Check]:
    """Ask the running implementation one short question, streamed and not, and check how it answers."""
    async with _session(upstream.base) as (origin, session):
        candidate = _Candidate(contract, name, origin, session, clock)
        return [
            await _is_no_gateway(candidate),
            await _models(candidate),
            await _whole(candidate),
            *await _stream(candidate),
        ]


class _GuardedResolver(AbstractResolver):
    """Resolves a remote's name to nothing but the addresses that it may be reached at."""

    def __init__(self, remote: RemoteUrl) -> None:
        self._remote = remote

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in await self._remote.endpoints()
        ]

    async def close(self) -> None:
        """There is nothing to close."""


@asynccontextmanager
async def _session(base: Address) -> AsyncIterator[tuple[str, aiohttp.ClientSession]]:
    """The origin of what listens at `base`, and a session that reaches it."""
    connector: aiohttp.BaseConnector
    if isinstance(base, Path):
        origin, connector = "http://implementation", aiohttp.UnixConnector(str(base))
    elif isinstance(base, RemoteUrl):
        origin, connector = base.url, aiohttp.TCPConnector(resolver=_GuardedResolver(base))
    else:
        origin, connector = "http://{}:{}".format(*base), aiohttp.TCPConnector()
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout, trust_env=False) as session:
        yield origin, session


async def _is_no_gateway(candidate: _Candidate) -> Check:
    # Its own health page names the leader. A gateway behind a gateway would ask itself, for ever.
    check = "is an implementation"
    try:
        async with candidate.session.get(
            candidate.origin + candidate.contract.implementation.health_path, allow_redirects=False
        ) as response:
            answer = json.loads(await _limited(response))
    except (*_NO_ANSWER, ValueError, RecursionError):
        answer = None
    if isinstance(answer, dict) and candidate.contract.gateway.default_model in answer:
        return Check(check, "failed", "a Janus gateway answers there; give the address of the implementation itself")
    return Check(check, "passed")


async def _models(candidate: _Candidate) -> Check:
    path = candidate.contract.implementation.models_path
    check = f"GET {path} (recommended)"
    try:
        async with candidate.session.get(candidate.origin + path, allow_redirects=False) as response:
            body = json.loads(await _limited(response)) if response.status == 200 else {}
            if isinstance(body, dict) and isinstance(body.get("data"), list):
                return Check(check, "passed")
            return Check(check, "not given", f"answered {response.status} without a list of models")
    except (*_NO_ANSWER, ValueError, RecursionError):
        return Check(check, "not given", "no usable answer")


async def _whole(candidate: _Candidate) -> Check:
    check = "chat completion, not streamed"
    try:
        async with candidate.session.post(
            candidate.chat_url, json=candidate.request(stream=False), allow_redirects=False
        ) as response:
            body = await _limited(response)
            _expect(response.status == 200, f"answered {response.status}")
        choice = _first_choice(_object(body))
        message = choice.get("message")
        content = message.get("content") if isinstance(message, dict) else None
        _expect(isinstance(content, str) and bool(content), "choices[0].message.content is not a text")
        _expect(isinstance(choice.get("finish_reason"), str), "choices[0].finish_reason is missing")
        return Check(check, "passed")
    except _NO_ANSWER as error:
        return Check(check, "failed", _reason(error))


async def _stream(candidate: _Candidate) -> list[Check]:
    check = "chat completion, streamed"
    try:
        streamed = await _streamed(candidate)
        tries = 1
        while came_at_once(streamed, candidate.contract.wire) and tries < STREAM_TRIES:
            streamed, tries = await _streamed(candidate), tries + 1
    except _NO_ANSWER as error:
        return [Check(check, "failed", _reason(error))]
    return check_stream(check, streamed, candidate.contract.wire)


async def _streamed(candidate: _Candidate) -> Streamed:
    """One streamed answer, with the time at which each event came. Raises one of _NO_ANSWER."""
    asked_at, end = candidate.clock.now(), candidate.contract.wire.end_of_stream
    async with candidate.session.post(
        candidate.chat_url, json=candidate.request(stream=True), allow_redirects=False
    ) as response:
        _expect(response.status == 200, f"answered {response.status}")
        kind = response.content_type
        _expect(kind == "text/event-stream", f"sent {kind}, not text/event-stream")
        events = [(candidate.clock.now() - asked_at, event) async for event in _events(response)]
    chunks = [(at, _object(event)) for at, event in events if event != end]
    choices = [(at, _first_choice(chunk)) for at, chunk in chunks if chunk.get("choices")]
    return Streamed(choices, ended=bool(events) and events[-1][1] == end)


async def _events(response: aiohttp.ClientResponse) -> AsyncIterator[str]:
    """The data of each event, in order."""
    size, lines, rest = 0, [], b""
    async for data in response.content.iter_any():
        size += len(data)
        _expect(size <= MAX_ANSWER_BYTES, f"sent more than {MAX_ANSWER_BYTES:,} bytes")
        *whole, rest = (rest + data).split(b"\n")
        for line in (raw.decode("utf-8", "replace").removesuffix("\r") for raw in whole):
            if line.startswith("data:"):
                lines.append(line[5:].removeprefix(" "))
            elif not line and lines:
                yield "\n".join(lines)
                lines = []


async def _limited(response: aiohttp.ClientResponse) -> str:
    body = await response.content.read(MAX_ANSWER_BYTES + 1)
    while len(body) <= MAX_ANSWER_BYTES and (more := await response.content.read(65_536)):
        body += more
    _expect(len(body) <= MAX_ANSWER_BYTES, f"sent more than {MAX_ANSWER_BYTES:,} bytes")
    return body.decode("utf-8", "replace")


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise UnusableAnswerError("sent something that is not a JSON object")
    return value


def _first_choice(completion: dict[str, Any]) -> dict[str, Any]:
    choices = completion.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise UnusableAnswerError("choices is not a list of objects")
    return choices[0]


def _reason(error: Exception) -> str:
    return (
        str(error)
        if isinstance(error, UnusableAnswerError | AddressRefusedError)
        else f"no usable answer ({type(error).__name__})"
    )


def _expect(condition: bool, otherwise: str) -> None:
    if not condition:
        raise UnusableAnswerError(otherwise)


# Every way in which there is no answer to judge.
_NO_ANSWER = (TimeoutError, UnusableAnswerError, aiohttp.ClientError, OSError)
