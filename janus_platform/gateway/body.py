"""A request's body, read within the contract's size. Its deadline is the server's: http_protocol."""

from __future__ import annotations

from collections.abc import Mapping

from janus_platform.gateway import errors
from janus_platform.gateway.errors import ClientDisconnectedError
from janus_platform.gateway.response_stream import Message, Receive

# A client that is still sending sees a reset instead of the 413, so a body up to this many limits is read and dropped.
DISCARDED = 4


async def read_body(headers: Mapping[str, str], receive: Receive, limit: int) -> bytes:
    """The whole body.

    Raises ResponseError 413 over `limit` bytes, 415 where it is compressed; ClientDisconnectedError.
    """
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
