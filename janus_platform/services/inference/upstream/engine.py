"""An OpenAI-compatible server in the local engine's place: Ollama, vLLM, llama.cpp, Chutes.

What it says is passed on, and nothing is invented: a stream that breaks off ends in an error event, never in `[DONE]`.
A request is tried again only before its first token: when no connection could be made, on 429 and on 5xx, with waits
that double, or as `Retry-After` says within a bound. When the caller leaves, the connection to the upstream is closed.
The key goes to the configured origin alone: redirects are not followed, and neither key nor content is logged.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

import aiohttp

from janus_platform.clock import Clock
from janus_platform.contract import JSON, Contract, UpstreamRules
from janus_platform.services.inference.chat import ChatRequest
from janus_platform.services.inference.engine import Chunk
from janus_platform.services.inference.upstream import errors
from janus_platform.services.inference.upstream.event_reader import EventReader, StreamTooLargeError
from janus_platform.services.inference.upstream.settings import UpstreamSettings, read_settings

log = logging.getLogger("janus.services.inference")
END = b"[DONE]"
RETRIED = (429, 500, 502, 503, 504)
_NOT_CONNECTED = (aiohttp.ConnectionTimeoutError, aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)


def upstream_of(environment: Mapping[str, str], contract: Contract, *, clock: Clock) -> UpstreamEngine | None:
    """The upstream that the environment names, or None. Raises UpstreamNotUsable for a variable that is not right."""
    settings, rules = read_settings(environment, contract), contract.inference.upstream
    return UpstreamEngine(settings, rules, clock=clock) if settings else None


class UpstreamEngine:
    """Hands chat requests on to `settings.base_url`, by `rules`."""

    def __init__(
        self,
        settings: UpstreamSettings,
        rules: UpstreamRules,
        *,
        clock: Clock,
        connector: Callable[[], aiohttp.BaseConnector] | None = None,
    ) -> None:
        self._settings, self._rules, self._clock, self._connector = settings, rules, clock, connector or _over_tcp
        self._opened: aiohttp.ClientSession | None = None

    @property
    def name(self) -> str:
        """The upstream's host, as models are labelled with it."""
        return f"upstream {self._settings.host}"

    async def complete(self, request: ChatRequest) -> dict[str, Any]:
        """The upstream's answer as it is. Raises ApiError."""
        async with _Deadline(self._rules.total_seconds, self.name):
            response = await self._open(request, self._rules.total_seconds)
            async with response:
                return errors.completion_of(await self._read(response), self.name)

    async def stream(self, request: ChatRequest) -> AsyncIterator[Chunk]:
        """The upstream's chunks as they are, once the first is there. Raises ApiError until then."""
        deadline = asyncio.get_running_loop().time() + self._rules.total_seconds
        async with _Deadline(self._rules.first_token_seconds, self.name):
            response = await self._open(request, self._rules.total_seconds)
            try:
                events = self._events(response)
                first = await anext(events, None)
                if first is None:
                    raise errors.cut_short(self.name, "it ended before its first token")
            except BaseException:
                response.close()
                raise
        return _Chunks(first, events, response, deadline, self.name).run()

    async def models(self) -> Sequence[Mapping[str, Any]]:
        """The upstream's own models, labelled with it. Raises ApiError."""
        listed = (await self.described("models")).get("data")
        entries = [e for e in listed if isinstance(e, dict)] if isinstance(listed, list) else []
        return [_model_entry(entry, self.name) for entry in entries if isinstance(entry.get("id"), str)]

    async def described(self, path: str) -> dict[str, Any]:
        """What the upstream says of itself below its base URL. Raises ApiError."""
        async with _Deadline(self._rules.models_seconds, self.name):
            try:
                async with self._session.get(f"{self._settings.base_url}/{path}", allow_redirects=False) as response:
                    if response.status != 200:
                        raise await errors.of_response(response, self.name)
                    return errors.completion_of(await self._read(response), self.name)
            except aiohttp.ClientError as error:
                raise errors.unreachable(self.name) from error

    async def aclose(self) -> None:
        """Close all connections."""
        if self._opened is not None:
            await self._opened.close()

    @property
    def _session(self) -> aiohttp.ClientSession:
        if self._opened is None:
            key = {"Authorization": f"Bearer {self._settings.key}"} if self._settings.key else {}
            self._opened = aiohttp.ClientSession(
                headers={**key, "User-Agent": "janus-platform"},
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._rules.connect_seconds),
                # Whatever proxy this process knows might be our own; the upstream is where its URL says.
                trust_env=False,
                connector=self._connector(),
            )
        return self._opened

    async def _open(self, request: ChatRequest, seconds: float) -> aiohttp.ClientResponse:
        """A response with status 200 to the request, tried again where that is allowed."""
        body = await self._body(request)
        url, headers = f"{self._settings.base_url}/chat/completions", {"Content-Type": JSON}
        for attempt in range(self._rules.retries + 1):
            try:
                response = await self._session.post(url, data=body, headers=headers, allow_redirects=False)
            except _NOT_CONNECTED as error:
                failure, wait = errors.unreachable(self.name), None
                failure.__cause__ = error
            except (aiohttp.ClientError, TimeoutError) as error:
                raise errors.unreachable(self.name) from error
            else:
                if response.status == 200:
                    return response
                async with response:
                    failure, wait = await errors.of_response(response, self.name), errors.retry_after(response)
                if response.status not in RETRIED:
                    raise failure
            if attempt == self._rules.retries:
                raise failure
            pause = self._rules.backoff_seconds * 2**attempt if wait is None else wait
            if pause > self._rules.max_wait_seconds:
                raise failure
            log.info("upstream retry attempt=%d status=%d wait=%.2f", attempt + 1, failure.status, pause)
            await self._clock.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    async def _body(self, request: ChatRequest) -> bytes:
        """The request with the upstream's name of the model."""
        model = self._settings.model(request.model)
        if request.large is not None:
            return (await request.large.run("renamed", model=model))[1]
        kept = {name: value for name, value in request.body.items() if value is not None}
        return json.dumps({**kept, "model": model}).encode()

    async def _events(self, response: aiohttp.ClientResponse) -> AsyncIterator[Chunk]:
        """The chunks up to the end marker. Raises ApiError when the stream is cut, too large or no stream."""
        if response.content_type != "text/event-stream":
            raise errors.malformed(self.name, "was asked to stream and did not answer with text/event-stream")
        reader = EventReader(self._rules.max_event_bytes, self._rules.max_answer_bytes)
        try:
            async for received in response.content.iter_any():
                for data in reader.feed(received):
                    if data == END:
                        return
                    yield errors.chunk_of(data, self.name)
        except (aiohttp.ClientError, ConnectionError) as error:
            raise errors.cut_short(self.name, "its connection broke off") from error
        except StreamTooLargeError:
            raise errors.malformed(self.name, "sent more than is taken from one answer") from None
        raise errors.cut_short(self.name, "it ended without its end marker")

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        parts, size = [], 0
        try:
            async for part in response.content.iter_any():
                size += len(part)
                if size > self._rules.max_answer_bytes:
                    raise errors.malformed(self.name, "sent more than is taken from one answer")
                parts.append(part)
        except (aiohttp.ClientError, ConnectionError) as error:
            raise errors.cut_short(self.name, "its connection broke off") from error
        return b"".join(parts)


def _over_tcp() -> aiohttp.BaseConnector:
    return aiohttp.TCPConnector(limit=0)


class _Chunks:
    """The chunks of a stream that has begun. Whoever closes it closes the connection."""

    def __init__(
        self,
        first: Chunk,
        rest: AsyncIterator[Chunk],
        response: aiohttp.ClientResponse,
        deadline: float,
        name: str,
    ) -> None:
        self._first, self._rest, self._response = first, rest, response
        self._deadline, self._name = deadline, name

    async def run(self) -> AsyncIterator[Chunk]:
        done = False
        try:
            yield self._first
            while True:
                left = self._deadline - asyncio.get_running_loop().time()
                async with _Deadline(left, self._name):
                    chunk = await anext(self._rest, None)
                if chunk is None:
                    break
                yield chunk
            done = True
        finally:
            # A connection whose answer was read to its end may serve the next request.
            self._response.release() if done else self._response.close()


class _Deadline:
    """A bound on waiting whose end is an ApiError."""

    def __init__(self, seconds: float, name: str) -> None:
        self._timeout, self._name = asyncio.timeout(max(0.0, seconds)), name

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()

    async def __aexit__(self, *raised: Any) -> None:
        try:
            await self._timeout.__aexit__(*raised)
        except TimeoutError as error:
            raise errors.too_slow(self._name) from error


def _model_entry(entry: Mapping[str, Any], engine: str) -> dict[str, Any]:
    """An upstream's entry with what the wire format requires, and its engine."""
    created = entry.get("created")
    owner = entry.get("owned_by")
    return {
        **entry,
        "object": "model",
        "created": created if isinstance(created, int) else 0,
        "owned_by": owner if isinstance(owner, str) else "upstream",
        "engine": engine,
    }
