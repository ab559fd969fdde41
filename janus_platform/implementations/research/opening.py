"""The beginning of a model's answer, read ahead far enough to know whether it declines to answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from pages import declines
from services import Delta, ServiceError

ENOUGH_CHARACTERS = 160


class Opening:
    """A model's answer. What was read ahead comes first when it is iterated over; each piece comes once."""

    def __init__(self, deltas: AsyncIterator[Delta]) -> None:
        self._deltas, self._ahead = deltas, list[Delta]()
        self._said, self._ended = "", False
        self._failure: ServiceError | None = None

    async def declines(self) -> bool:
        """Whether the answer begins by saying that there is none. One that calls a tool does not."""
        try:
            while not self._ended and len(self._said) < ENOUGH_CHARACTERS:
                self._ahead.append(await anext(self._deltas))
                self._said += self._ahead[-1].content
                self._ended = bool(self._ahead[-1].tool_calls)
        except StopAsyncIteration:
            self._ended = True
        except ServiceError as failure:
            self._ended, self._failure = True, failure  # it comes behind what came before it
        return declines(self._said)

    @property
    def usage(self) -> dict[str, Any]:
        """What the part that was read ahead reports to have cost."""
        return next((delta.usage for delta in reversed(self._ahead) if delta.usage), {})

    async def __aiter__(self) -> AsyncIterator[Delta]:
        while self._ahead:
            yield self._ahead.pop(0)
        if self._failure:
            raise self._failure
        async for delta in self._deltas:
            yield delta
