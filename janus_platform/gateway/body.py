"""A request's body, read within the contract's size and a time limit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping

from janus_platform.clock import Clock
from janus_platform.gateway import errors
from janus_platform.gateway.client import ClientLeft, Message, Receive
from janus_platform.gateway.errors import GatewayError

BODY_SECONDS = 60.0
# A client that is still sending sees a reset instead of the 413, so a body up to this many limits is read and dropped.
DISCARDED = 4


async def read_body(headers: Mapping[str, str], receive: Receive, clock: Clock, limit: int) -> bytes:
    """The whole body. Raises GatewayError 413 over `limit` bytes, 408 after BODY_SECONDS; ClientLeft."""
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
    return await _within(clock, BODY_SECONDS, _rest_of_body(message, receive, limit))


async def _rest_of_body(message: Message, receive: Receive, limit: int) -> bytes:
    parts: list[bytes] = []
    size, more = 0, True
    while more and size <= DISCARDED * limit:
        if message["type"] == "http.disconnect":
            raise ClientLeft
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


async def _within(clock: Clock, seconds: float, reading: Awaitable[bytes]) -> bytes:
    work, pause = asyncio.ensure_future(reading), asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait((work, pause), return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            return work.result()
    finally:
        work.cancel()
        pause.cancel()
        await asyncio.gather(work, pause, return_exceptions=True)
    message = f"The body did not arrive within {seconds:g} seconds. Send it again."
    raise GatewayError(408, message, code="body_timeout", headers={"connection": "close"})
