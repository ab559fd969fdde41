"""One request on its way to an implementation, and the answer on its way back, unchanged and at once (FR-2, step 5).

The gateway never invents. A refused connection or an error status from upstream becomes an error status; once the first
byte is out, a cut, a malformed event or a missing end marker becomes an error event and an end without that marker.
"""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from janus_platform.clock import Clock
from janus_platform.contract import Contract
from janus_platform.gateway import errors
from janus_platform.gateway.errors import GatewayError
from janus_platform.gateway.events import EventReader
from janus_platform.gateway.validation import ChatRequest

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
Event = Callable[[str, dict[str, int | str]], None]

PING = b": ping\n\n"
PING_AFTER_SECONDS = 1.0
MAX_RESPONSE_BYTES = 50_000_000
MAX_ERROR_BYTES = 65_536
# An upstream that has sent its end marker closes the response in the same breath; longer is not worth a connection.
CLOSE_SECONDS = 0.25


class ClientLeft(Exception):
    """The client closed its connection; nobody is left to answer."""


@dataclass(frozen=True)
class Target:
    """Where to send the request: the implementation's name, a session to it, the address and the headers to send."""

    name: str
    session: aiohttp.ClientSession
    url: str
    headers: dict[str, str]


@dataclass
class Progress:
    """What has passed so far; `event` is told each first as it happens, `completion` the id of the completion."""

    event: Event
    completion: Callable[[str], None]
    status: int = 0
    counts: dict[str, int] = field(default_factory=dict)


class Exchange:
    """Forwards one valid request; `run` does it all."""

    def __init__(
        self,
        contract: Contract,
        clock: Clock,
        request: ChatRequest,
        target: Target,
        progress: Progress,
        *,
        receive: Receive,
        send: Send,
        headers: Headers,
    ) -> None:
        self._limit_seconds = contract.implementation.request_timeout_seconds
        self._clock, self._request, self._target, self._progress = clock, request, target, progress
        self._receive, self._send, self._headers = receive, send, headers
        self._reader = EventReader(contract.wire)
        self._started = self._sending = self._complete = False
        self._last_sent = 0.0

    async def run(self) -> None:
        """Forward until the answer is complete.

        Raises GatewayError only while nothing has been sent to the client; ClientLeft when the client went away. In
        both cases, and when this is cancelled, the upstream request has been cancelled before it returns.
        """
        work = asyncio.create_task(self._forward())
        left = asyncio.create_task(self._client_left())
        keeper = asyncio.create_task(self._keep())
        tasks = (work, left, keeper)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if self._complete:  # A server also says "disconnect" once the answer is out.
                await asyncio.wait({work})
        finally:
            for task in tasks:
                if not task.done():
                    task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        outcome = results[0]
        if self._complete:
            return
        if left.done() and not left.cancelled():
            raise ClientLeft
        if isinstance(outcome, asyncio.CancelledError):
            outcome = errors.took_too_long(self._target.name, self._limit_seconds)
        if isinstance(outcome, BaseException):
            await self._fail(outcome)

    async def _forward(self) -> None:
        name, body = self._target.name, self._request.body
        data = body if len(body) < 2**20 else io.BytesIO(body)
        try:
            async with self._target.session.post(
                self._target.url, data=data, headers=self._target.headers, allow_redirects=False
            ) as response:
                if response.status != 200:
                    raise await _error_of(response, name)
                await (self._stream(response) if self._request.stream else self._whole(response))
        except (aiohttp.ClientConnectorError, aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
            if self._started:
                raise errors.cut_short(name, "its connection broke off") from error
            raise errors.refused(name) from error
        except aiohttp.ClientPayloadError as error:
            raise errors.cut_short(name, "its connection broke off") from error
        except aiohttp.ClientError as error:
            raise errors.bad_upstream(name, "sent something that is not HTTP") from error

    async def _whole(self, response: aiohttp.ClientResponse) -> None:
        name = self._target.name
        body = await _read(response, MAX_RESPONSE_BYTES)
        if body is None:
            raise errors.bad_upstream(name, f"sent more than {MAX_RESPONSE_BYTES:,} bytes")
        try:
            completion = json.loads(body.decode("utf-8"))
        except (ValueError, RecursionError):
            completion = None
        if not isinstance(completion, dict):
            raise errors.bad_upstream(name, "did not answer with a JSON object")
        if isinstance(completion.get("id"), str):
            self._progress.completion(completion["id"])
        await self._start(b"application/json", [(b"content-length", str(len(body)).encode())])
        await self._emit(body, more=False)

    async def _stream(self, response: aiohttp.ClientResponse) -> None:
        name, reader = self._target.name, self._reader
        if response.content_type != "text/event-stream":
            raise errors.bad_upstream(name, "was asked to stream but did not answer with text/event-stream")
        await self._start(b"text/event-stream; charset=utf-8", [(b"cache-control", b"no-cache")])
        while not reader.done:
            data, _ = await response.content.readchunk()  # One upstream chunk at a time: nothing is merged.
            if not data and response.content.at_eof():
                break
            if ready := reader.feed(data):
                self._note()
                await self._emit(ready)
            if reader.fault:
                raise errors.cut_short(name, reader.fault)
        self._finished()
        if not (reader.done or reader.failed):
            raise errors.cut_short(name, "it ended without its end marker")
        await self._emit(b"", more=False)
        if reader.done:
            await self._let_it_close(response)

    async def _let_it_close(self, response: aiohttp.ClientResponse) -> None:
        # Reading to the end lets the connection serve the next request.
        rest = asyncio.ensure_future(response.content.readany())
        pause = asyncio.ensure_future(self._clock.sleep(CLOSE_SECONDS))
        try:
            await asyncio.wait((rest, pause), return_when=asyncio.FIRST_COMPLETED)
        finally:
            rest.cancel()
            pause.cancel()
            await asyncio.gather(rest, pause, return_exceptions=True)

    def _note(self) -> None:
        reader, counts, event = self._reader, self._progress.counts, self._progress.event
        if reader.completion_id and "completion" not in counts:
            counts["completion"] = 1
            self._progress.completion(reader.completion_id)
        if reader.reasoning and "reasoning" not in counts:
            event("first_reasoning", {})
        if reader.content and "content" not in counts:
            event("first_content", {})
        if reader.reasoning:
            counts["reasoning"] = reader.reasoning
        if reader.content:
            counts["content"] = reader.content

    def _finished(self) -> None:
        reader = self._reader
        self._progress.event(
            "finished",
            {
                "reasoning_chunks": reader.reasoning,
                "content_chunks": reader.content,
                "finish_reason": reader.finish_reason or "",
            },
        )

    async def _start(self, content_type: bytes, more: Headers) -> None:
        self._started, self._progress.status = True, 200
        self._last_sent = self._clock.now()
        headers = [(b"content-type", content_type), *more, *self._headers]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})

    async def _emit(self, body: bytes, *, more: bool = True) -> None:
        self._last_sent, self._sending = self._clock.now(), True
        await self._send({"type": "http.response.body", "body": body, "more_body": more})
        self._sending, self._complete = False, not more

    async def _fail(self, error: BaseException) -> None:
        if not self._started or not isinstance(error, GatewayError):
            raise error
        self._progress.status = error.status
        self._progress.event("failed", {"code": error.code})
        if self._sending:
            return  # The client has stopped reading; one more message would wait for it for ever.
        if self._request.stream:
            await self._emit(error.event())
        await self._emit(b"", more=False)

    async def _client_left(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _keep(self) -> None:
        """Send a comment after each second of silence; return when the contract's time is over."""
        deadline = self._clock.now() + self._limit_seconds
        while (left := deadline - self._clock.now()) > 0:
            due = self._last_sent + PING_AFTER_SECONDS - self._clock.now() if self._started else PING_AFTER_SECONDS
            await self._clock.sleep(min(left, due if due > 0 else PING_AFTER_SECONDS))
            silent = self._clock.now() - self._last_sent >= PING_AFTER_SECONDS
            if self._started and self._request.stream and silent and not self._sending:
                await self._emit(PING)


async def _read(response: aiohttp.ClientResponse, limit: int) -> bytes | None:
    parts, size = [], 0
    async for part in response.content.iter_any():
        size += len(part)
        if size > limit:
            return None
        parts.append(part)
    return b"".join(parts)


async def _error_of(response: aiohttp.ClientResponse, name: str) -> GatewayError:
    """What an upstream error becomes: its own OpenAI-shaped error where it sent one, else one that names its status."""
    status = response.status if response.status >= 400 else 502
    body = await _read(response, MAX_ERROR_BYTES)
    try:
        sent: Any = json.loads((body or b"").decode("utf-8"))["error"]
        message = sent["message"]
    except (ValueError, RecursionError, LookupError, TypeError):
        sent = message = None
    retry_after = response.headers.get("retry-after", "")
    headers = {"retry-after": retry_after} if retry_after.isdigit() else {}
    if isinstance(sent, dict) and isinstance(message, str):
        return GatewayError(
            status,
            message,
            code=str(sent.get("code") or "upstream_error"),
            param=sent["param"] if isinstance(sent.get("param"), str) else None,
            headers=headers,
        )
    text = f"{name} answered with status {response.status}. `janus logs {name}` may say why; send the request again."
    return GatewayError(status, text, code="upstream_error", headers=headers)
