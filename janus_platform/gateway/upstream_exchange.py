"""One request on its way to an implementation, and the answer on its way back, unchanged and at once (FR-2, step 5).

The gateway never invents. A refused connection or an error status from upstream becomes an error status; once the first
byte is out, a cut, a malformed event or a missing end marker becomes an error event and an end without that marker.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from janus_platform.clock import Clock
from janus_platform.contract import Contract
from janus_platform.gateway import errors
from janus_platform.gateway.errors import NoResponseError, NotHttpError, ResponseCutOffError, ResponseError
from janus_platform.gateway.events import EventReader
from janus_platform.gateway.remote_url import Address
from janus_platform.gateway.response_stream import Client, Headers
from janus_platform.gateway.upstream_connection import Connection
from janus_platform.gateway.upstream_pool import ConnectionPool
from janus_platform.gateway.validation import ChatRequest

Event = Callable[[str, dict[str, int | str]], None]

MAX_RESPONSE_BYTES = 50_000_000
MAX_ERROR_BYTES = 65_536
# An upstream that has sent its end marker closes the response in the same breath; longer is not worth a connection.
CLOSE_SECONDS = 0.25
# An HTTP date and a decimal number too: openai's clients read both, and milliseconds.
_RETRY_HEADERS = ("retry-after", "retry-after-ms", "x-should-retry")
MAX_PASSED = 32
_STREAM_TYPE = "text/event-stream"
_FINISH_REASONS = ("stop", "length", "tool_calls", "content_filter", "function_call")
MAX_TOKEN_TIMES = 1_000


@dataclass(frozen=True)
class Target:
    """Where to send the request: the implementation's name, an address, and the request's head as bytes."""

    name: str
    address: Address
    head: bytes


@dataclass
class Progress:
    """What has passed so far; `event` gets each first as it happens, `completion` the id of the completion.

    Times are in seconds of the gateway's clock: when the implementation was asked, and when its first content or
    reasoning came (None before); `token_times` holds when each of them came, up to MAX_TOKEN_TIMES. `status` is what
    the client saw, or 502 or 504 for a stream that failed.
    """

    event: Event
    completion: Callable[[str], None]
    status: int = 0
    requested_at: float = 0.0
    first_token: float | None = None
    reasoning: int = 0
    content: int = 0
    events: int = 0
    completion_ids: set[str] = field(default_factory=set)
    token_times: list[float] = field(default_factory=list)
    usage: object = None


class UpstreamExchange:
    """Forwards one valid request; `run` tries it on one node, `fail` tells a client that has already got something."""

    def __init__(
        self,
        contract: Contract,
        clock: Clock,
        request: ChatRequest,
        client: Client,
        connections: ConnectionPool,
        progress: Progress,
        headers: Callable[[], Headers],
    ) -> None:
        self._wire, self._clock, self._request, self._client = contract.wire, clock, request, client
        self._connections, self._progress, self._headers = connections, progress, headers

    async def run(self, target: Target) -> None:
        """Forward until the answer is complete.

        Raises ResponseError when it is not; `BackendError` where another node may do better. Whatever ends it, the
        request has been cancelled at the implementation before this returns.
        """
        connection: Connection | None = None
        try:
            connection = await self._connections.take(target.address)
            status, headers, connection = await self._ask(connection, target)
            if status != 200:
                raise await _error_of(connection, status, headers, target.name)
            await (self._stream if self._request.stream else self._whole)(connection, headers, target.name)
        except NoResponseError as error:
            raise errors.refused(target.name) from error
        except ResponseCutOffError as error:
            raise errors.cut_short(target.name, "its connection broke off") from error
        except NotHttpError as error:
            raise errors.bad_upstream(target.name, "sent something that is not HTTP") from error
        finally:
            if connection is not None:
                self._connections.give_back(target.address, connection)

    async def fail(self, error: ResponseError) -> None:
        """End an answer that has begun: with an error event where it is a stream and its client still reads."""
        self._progress.status = error.status
        self._progress.event("failed", {"code": error.traced_code})
        if not self._client.stuck:
            await self._client.write(error.event() if self._request.stream else b"", last=True)

    async def _ask(self, connection: Connection, target: Target) -> tuple[int, dict[str, str], Connection]:
        """Status, headers, and the connection on which they came."""
        self._progress.requested_at = self._clock.now()
        connection.ask(target.head, self._request.body)
        try:
            return *await connection.head(), connection
        except NoResponseError:
            if not connection.used:
                raise
        # A connection may close as it is used again; that says nothing of the implementation.
        connection = await self._connections.take(target.address, fresh=True)
        connection.ask(target.head, self._request.body)
        try:
            return *await connection.head(), connection
        except BaseException:
            connection.abort()
            raise

    async def _whole(self, connection: Connection, came: dict[str, str], name: str) -> None:
        body = await _read(connection, MAX_RESPONSE_BYTES)
        if body is None:
            raise errors.bad_upstream(name, f"sent more than {MAX_RESPONSE_BYTES:,} bytes")
        try:
            completion = json.loads(body.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            completion = None
        if not isinstance(completion, dict):
            raise errors.bad_upstream(name, "did not answer with a JSON object")
        if isinstance(completion.get("id"), str):
            self._progress.completion(completion["id"])
        self._progress.usage = completion.get("usage")
        usual = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        headers = [*usual, *_as_bytes(_passed(came)), *self._headers()]
        self._client.open(200, lambda: headers, streams=False)
        self._progress.status = 200
        await self._client.write(body, last=True)

    async def _stream(self, connection: Connection, headers: dict[str, str], name: str) -> None:
        if headers.get("content-type", "").partition(";")[0].strip().lower() != _STREAM_TYPE:
            raise errors.bad_upstream(name, f"was asked to stream but did not answer with {_STREAM_TYPE}")
        client, reader = self._client, EventReader(self._wire)
        passed = _as_bytes(_passed(headers))
        client.open(200, lambda: [*self.stream_headers(), *passed], streams=True)
        self._progress.status = 200
        while not reader.done:
            data = await connection.part()
            if not data:
                break
            for event in reader.feed(data):
                self._note(reader)
                await client.write(event)
            if reader.fault:
                raise errors.cut_short(name, reader.fault)
        self._finished(reader)
        if not (reader.done or reader.failed):
            raise errors.cut_short(name, "it ended without its end marker")
        await client.write(b"", last=True)
        await _let_it_end(connection)

    def stream_headers(self) -> Headers:
        """The headers of a streamed answer, as things stand now."""
        about = self._headers()
        return [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache"), *about]

    def _note(self, reader: EventReader) -> None:
        progress = self._progress
        if reader.reasoning and not progress.reasoning:
            progress.event("first_reasoning", {})
        if reader.content and not progress.content:
            progress.event("first_content", {})
        if progress.first_token is None and (reader.reasoning or reader.content):
            progress.first_token = self._clock.now()
        if reader.completion_id and not progress.completion_ids:
            progress.completion_ids.add(reader.completion_id)
            progress.completion(reader.completion_id)
        said = reader.reasoning + reader.content > progress.reasoning + progress.content
        if said and len(progress.token_times) < MAX_TOKEN_TIMES:
            progress.token_times.append(self._clock.now())
        progress.reasoning, progress.content, progress.events = reader.reasoning, reader.content, reader.events

    def _finished(self, reader: EventReader) -> None:
        self._progress.usage = reader.usage
        self._progress.event(
            "finished",
            {
                "reasoning_chunks": reader.reasoning,
                "content_chunks": reader.content,
                "finish_reason": _traced(reader.finish_reason),
            },
        )


def _traced(finish_reason: str | None) -> str:
    # An implementation may write anything there, content as well.
    if finish_reason is None:
        return ""
    return finish_reason if finish_reason in _FINISH_REASONS else "other"


async def _let_it_end(connection: Connection) -> None:
    # Reading to the end lets the connection serve the next request, and the implementation finish undisturbed.
    with suppress(TimeoutError, ResponseCutOffError, NotHttpError):
        if not connection.reusable:
            async with asyncio.timeout(CLOSE_SECONDS):
                while await connection.part():
                    pass


async def _read(connection: Connection, limit: int) -> bytes | None:
    parts, size = [], 0
    while part := await connection.part():
        size += len(part)
        if size > limit:
            return None
        parts.append(part)
    return b"".join(parts)


async def _error_of(connection: Connection, status: int, headers: dict[str, str], name: str) -> ResponseError:
    """What an upstream error becomes: its own, whole, where it sent JSON; else one that names its status."""
    shown = status if 400 <= status < 600 else 502
    body = await _read(connection, MAX_ERROR_BYTES)
    try:
        sent: Any = json.loads((body or b"").decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        sent = None
    message = f"{name} answered with status {status}. `janus logs {name}` may say why; send the request again."
    whole: dict[str, Any] = {}
    if isinstance(sent, dict):
        message = _message_of(sent) or message
        # An `error` that is no object would be no error to an OpenAI client, nor would one without a message.
        whole = {k: v for k, v in sent.items() if k != "error"}
        if isinstance(sent.get("error"), dict):
            whole["error"] = {"message": message, **sent["error"]}
    kind = errors.BackendError if shown >= 500 else ResponseError
    return kind(shown, message, code="upstream_error", headers=_passed(headers), sent=whole)


def _message_of(sent: dict[str, Any]) -> str:
    """What an error says in other shapes than OpenAI's: plain, FastAPI's, problem details (RFC 9457)."""
    for name in ("error", "message", "detail", "title"):
        value = sent.get(name)
        if isinstance(value, list):  # FastAPI's 422: {"loc": [...], "msg": "..."} for each field.
            value = "; ".join(str(entry.get("msg", "")) for entry in value if isinstance(entry, dict))
        if isinstance(value, str) and value:
            return value
    return ""


def _passed(headers: dict[str, str]) -> dict[str, str]:
    """Of an implementation's headers those that tell a client when to ask again."""
    named = {k: v for k, v in headers.items() if k in _RETRY_HEADERS or k.startswith("x-ratelimit-")}
    usable = (item for item in named.items() if item[1].isascii() and item[1].isprintable() and len(item[1]) <= 200)
    return dict(list(usable)[:MAX_PASSED])


def _as_bytes(headers: dict[str, str]) -> Headers:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
