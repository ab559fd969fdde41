"""An answer's chunks in which the calls that the model wrote stand as `tool_calls`, and no longer as text.

Where a tool must be called, llama.cpp holds the whole answer to the JSON of one call (requests.py): then the text is
the call. Where one may be called, it stands between tags (calls.py).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import aclosing
from typing import Any

from janus_platform.services.inference.engine import Chunk
from janus_platform.services.inference.llama.calls import MAX_CHARACTERS, Call, CallReader, read_call


async def with_calls(chunks: AsyncIterator[Chunk], names: Collection[str], *, must: bool) -> AsyncIterator[Chunk]:
    """The chunks with their calls; closing it closes `chunks`."""
    choices: dict[int, _Choice] = {}
    async with aclosing(chunks):  # type: ignore[type-var]
        async for chunk in chunks:
            parts = chunk.get("choices") or []
            if not parts:
                yield chunk
            for part in parts:
                choice = choices.setdefault(part["index"], _Choice(names, must))
                for made in choice.read(part):
                    yield chunk | {"choices": [made]}


class _Choice:
    """One choice: its text is read, everything else goes on as it is."""

    def __init__(self, names: Collection[str], must: bool) -> None:
        self._reader, self._names, self._must = CallReader(names), names, must
        self._whole = ""  # where the whole answer is a call
        self._next = 0  # the index of the next call

    def read(self, part: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """What becomes of a part of a chunk: the same, several, or none while its text may become a call."""
        delta, reason = part.get("delta") or {}, part.get("finish_reason")
        text = delta.get("content") or ""
        deltas = [dict(delta)] if not text else [others] if (others := _without_content(delta)) else []
        for call in delta.get("tool_calls") or ():  # llama.cpp's own
            self._next = max(self._next, call["index"] + 1)
        deltas += [self._delta(piece) for piece in self._pieces(text, bool(reason))]
        if reason and not deltas:
            deltas = [{}]
        for place, made in enumerate(deltas):
            first, last = place == 0, place == len(deltas) - 1
            yield part | {
                "delta": made,
                "logprobs": part.get("logprobs") if first else None,
                "finish_reason": self._reason(reason) if last else None,
            }

    def _pieces(self, text: str, ended: bool) -> Iterator[str | Call]:
        if not self._must:
            yield from self._reader.feed(text)
            if ended and (held := self._reader.finish()):
                yield held
            return
        self._whole = (self._whole + text)[: MAX_CHARACTERS + 1]
        if ended and len(self._whole) <= MAX_CHARACTERS and (call := read_call(self._whole, self._names)):
            yield call

    def _delta(self, piece: str | Call) -> dict[str, Any]:
        if isinstance(piece, str):
            return {"content": piece}
        self._next += 1
        return {"tool_calls": [piece.delta(self._next - 1)]}

    def _reason(self, reason: str | None) -> str | None:
        return "tool_calls" if reason == "stop" and self._next else reason


def _without_content(delta: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in delta.items() if name != "content"}
