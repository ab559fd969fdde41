"""A chat request's body: read within the contract's size, then checked. Its deadline is the HTTP server's."""

from __future__ import annotations

from collections.abc import Mapping

from janus_platform.contract import Contract
from janus_platform.gateway import errors
from janus_platform.gateway.errors import ClientDisconnectedError, ResponseError
from janus_platform.gateway.response_stream import Message, Receive
from janus_platform.gateway.validation import SMALL_BYTES, ChatRequest, parse_chat_request
from janus_platform.processes.workers import JobFailedError, TooManyJobsError, Workers

CHECK = "janus_platform.gateway.validation:check_large"
# A client that is still sending sees a reset instead of the 413, so a body up to this many limits is read and dropped.
DISCARDED = 4


class RequestReader:
    """Reads and checks request bodies; large ones are checked in processes of their own, so it must be closed."""

    def __init__(self, contract: Contract) -> None:
        self._contract, self._workers = contract, Workers()

    async def close(self) -> None:
        """End the worker processes."""
        await self._workers.close()

    async def read(self, headers: Mapping[str, str], receive: Receive) -> bytes:
        """The whole body.

        Raises ResponseError 413 where it is too large, 415 where it is compressed; ClientDisconnectedError.
        """
        limit = self._contract.gateway.max_body_bytes
        if headers.get("content-encoding", "").strip().lower() not in ("", "identity"):
            raise errors.unsupported_encoding()
        length = headers.get("content-length", "")
        announced = int(length) if length.isdecimal() and len(length) < 20 else 0
        waits = headers.get("expect", "").lower() == "100-continue"
        if announced > limit and (waits or announced > DISCARDED * limit):
            raise errors.too_large(limit)
        message = await receive()
        if message["type"] == "http.request" and not message.get("more_body"):
            body: bytes = message.get("body", b"")
            if len(body) > limit:
                raise errors.too_large(limit)
            return body
        return await _rest_of_body(message, receive, limit)

    async def checked(self, body: bytes) -> ChatRequest:
        """The request in a body. Raises ResponseError."""
        if len(body) <= SMALL_BYTES:
            return parse_chat_request(body, self._contract)
        try:
            fields, _ = await self._workers.run(CHECK, body, contract=self._contract)
        except TooManyJobsError:
            message = "Other large requests are being checked. Send this one again in a moment."
            raise ResponseError(503, message, code="busy", headers={"retry-after": "1"}) from None
        except JobFailedError as error:
            message = f"The request is too complex to check: {error}. Send less."
            raise ResponseError(400, message, code="request_too_large") from None
        if "error" in fields:
            raise ResponseError(**fields["error"])
        return ChatRequest(**fields, body=body)


async def _rest_of_body(message: Message, receive: Receive, limit: int) -> bytes:
    parts: list[bytes] = []
    size, more = 0, True
    while more and size <= DISCARDED * limit:
        if message["type"] == "http.disconnect":
            raise ClientDisconnectedError
        part = message.get("body", b"")
        size += len(part)
        if size <= limit:
            parts.append(part)
        else:
            parts.clear()
        more = bool(message.get("more_body"))
        if more:
            message = await receive()
    if size > limit:
        raise errors.too_large(limit)
    return b"".join(parts)
