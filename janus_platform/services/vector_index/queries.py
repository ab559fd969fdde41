"""Encode queries off the event loop, those that wait together in one pass.

A pass reads 42 MB of weights whether it encodes one short query or ten: together they take hardly longer, and a burst
of queries never occupies more than one thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from janus_platform.services.vector_index.vectors import TextEncoder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

# More would make the first of them wait longer than a pass of its own.
MAX_TOGETHER = 16


class QueryEncoder:
    """One pass at a time; whoever asks meanwhile is in the next. Used from one event loop at a time."""

    def __init__(self, encoder: TextEncoder) -> None:
        self._encoder = encoder
        self._waiting: list[tuple[str, asyncio.Future[Floats]]] = []
        self._passes: asyncio.Task[None] | None = None

    async def encode(self, text: str) -> Floats:
        """The unit vector of `text`."""
        result: asyncio.Future[Floats] = asyncio.get_running_loop().create_future()
        self._waiting.append((text, result))
        if self._passes is None or self._passes.done():
            self._passes = asyncio.create_task(self._encode_all())
        return await result

    async def _encode_all(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting[:MAX_TOGETHER], self._waiting[MAX_TOGETHER:]
            texts = [text for text, _ in together]
            try:
                vectors: Sequence[Floats] = list(await asyncio.to_thread(self._encoder.encode, texts))
            except Exception as error:
                for _, result in together:
                    if not result.done():
                        result.set_exception(error)
                continue
            for (_, result), vector in zip(together, vectors, strict=True):
                if not result.done():  # Its caller may have left.
                    result.set_result(vector)
