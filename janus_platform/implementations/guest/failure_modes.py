"""Failure modes: streams that break the contract, each in one way, by the message that asks for them.

`event` makes a well-formed event of a delta and a finish_reason.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

Event = Callable[..., bytes]
SILENT_SECONDS = 2.4


async def cut(event: Event) -> AsyncIterator[bytes]:
    """Two words; then the connection breaks."""
    yield event({"content": "Half an"})
    yield event({"content": " answer"})
    # Let what was written leave before the server drops the connection.
    await asyncio.sleep(0.02)
    raise ConnectionError("cut on purpose")


async def garbled(event: Event) -> AsyncIterator[bytes]:
    """A word; then an event whose data is no JSON."""
    yield event({"content": "Well"})
    yield b"data: {not json\n\n"


async def no_end(event: Event) -> AsyncIterator[bytes]:
    """A whole answer with its finish_reason, but without the end marker."""
    yield event({"content": "That is all."})
    yield event({}, "stop")


async def silent(event: Event) -> AsyncIterator[bytes]:
    """A word, a silence, the rest."""
    yield event({"content": "Wait"})
    await asyncio.sleep(SILENT_SECONDS)
    yield event({"content": " for it."})
    yield event({}, "stop")
    yield b"data: [DONE]\n\n"


async def endless(event: Event) -> AsyncIterator[bytes]:
    """A word every 20 ms until the reader leaves."""
    while True:
        yield event({"content": "on and "})
        await asyncio.sleep(0.02)


FAILURE_MODES: dict[str, Callable[[Event], AsyncIterator[bytes]]] = {
    "cut": cut,
    "garbled": garbled,
    "no end": no_end,
    "silent": silent,
    "endless": endless,
}
