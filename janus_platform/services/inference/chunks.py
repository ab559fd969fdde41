"""An answer as the local engine gives it, token by token, and the wire format made of it.

One piece is one token and one chunk: of the reasoning, of the text, or of a tool call, whose first piece carries its id
and name and whose further ones carry its arguments.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from janus_platform.services.inference.tokens import tokens

REASONING, CONTENT, CALL, ARGUMENTS = "reasoning", "content", "call", "arguments"


@dataclass(frozen=True)
class Call:
    """A tool call to be made; `arguments` is JSON in a string."""

    name: str
    arguments: str
    id: str = field(default_factory=lambda: f"call_{uuid.uuid4().hex[:24]}")


@dataclass(frozen=True)
class Piece:
    """One token; `call` counts the tool calls from 0."""

    kind: str
    text: str
    call: int = 0


@dataclass(frozen=True)
class Said:
    """What the engine says before it is cut: thoughts, then text or tool calls."""

    text: str = ""
    reasoning: str = ""
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True)
class Answer:
    """A finished answer; `prompt_tokens` is what was read for it. It has `n` choices, which are the same."""

    model: str
    fingerprint: str
    reasoning_field: str
    calls: tuple[Call, ...]
    pieces: tuple[Piece, ...]
    finish_reason: str
    prompt_tokens: int
    n: int = 1
    id: str = field(default_factory=lambda: f"chatcmpl-{uuid.uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))

    @property
    def usage(self) -> dict[str, Any]:
        """Tokens read and said; every piece is one that was said."""
        said = len(self.pieces) * self.n
        thought = sum(piece.kind == REASONING for piece in self.pieces) * self.n
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": said,
            "total_tokens": self.prompt_tokens + said,
            "completion_tokens_details": {"reasoning_tokens": thought},
        }

    def whole(self) -> dict[str, Any]:
        """The answer as a `chat.completion` object."""
        text = self._joined(CONTENT)
        message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": None}
        if reasoning := self._joined(REASONING):
            message[self.reasoning_field] = reasoning
        begun = sum(piece.kind == CALL for piece in self.pieces)
        if begun:
            message["content"] = text or None
            message["tool_calls"] = [
                {
                    "id": call.id,
                    "type": "function",
                    "function": {"name": call.name, "arguments": self._joined(ARGUMENTS, place)},
                }
                for place, call in enumerate(self.calls[:begun])
            ]
        choices = [
            {"index": index, "message": message, "logprobs": None, "finish_reason": self.finish_reason}
            for index in range(self.n)
        ]
        return {**self._head("chat.completion"), "choices": choices, "usage": self.usage}

    def chunks(self, *, include_usage: bool) -> Iterator[dict[str, Any]]:
        """One chunk a piece (and choice), one with the finish reason, and one with the usage if it was asked for."""
        last = {"usage": None} if include_usage else {}
        for place, piece in enumerate(self.pieces):
            role = {"role": "assistant"} if place == 0 else {}
            for index in range(self.n):
                yield self._chunk(index, role | self._delta(piece), None) | last
        for index in range(self.n):
            delta = {} if self.pieces else {"role": "assistant", "content": ""}
            yield self._chunk(index, delta, self.finish_reason) | last
        if include_usage:
            yield {**self._head("chat.completion.chunk"), "choices": [], "usage": self.usage}

    def packed(self) -> dict[str, Any]:
        """What JSON can carry of the answer: `unpacked` makes it again."""
        runs = [
            [kind, call, [piece.text for piece in pieces]]
            for (kind, call), pieces in groupby(self.pieces, key=lambda piece: (piece.kind, piece.call))
        ]
        named = ("model", "fingerprint", "reasoning_field", "finish_reason", "prompt_tokens", "n")
        calls = [[call.name, call.id] for call in self.calls]
        return {"fields": {name: getattr(self, name) for name in named}, "calls": calls, "runs": runs}

    @classmethod
    def unpacked(cls, packed: Mapping[str, Any]) -> Answer:
        """The answer that `packed` gave."""
        pieces = tuple(Piece(kind, text, call) for kind, call, texts in packed["runs"] for text in texts)
        # A call's arguments are said by its pieces.
        calls = tuple(Call(name, "", call_id) for name, call_id in packed["calls"])
        return cls(**packed["fields"], calls=calls, pieces=pieces)

    def _delta(self, piece: Piece) -> dict[str, Any]:
        if piece.kind in (REASONING, CONTENT):
            return {self.reasoning_field if piece.kind == REASONING else "content": piece.text}
        if piece.kind == ARGUMENTS:
            return {"tool_calls": [{"index": piece.call, "function": {"arguments": piece.text}}]}
        call = self.calls[piece.call]
        function = {"name": call.name, "arguments": ""}
        return {"tool_calls": [{"index": piece.call, "id": call.id, "type": "function", "function": function}]}

    def _joined(self, kind: str, call: int = 0) -> str:
        return "".join(piece.text for piece in self.pieces if piece.kind == kind and piece.call == call)

    def _head(self, kind: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "system_fingerprint": self.fingerprint,
        }

    def _chunk(self, index: int, delta: dict[str, Any], finish_reason: str | None) -> dict[str, Any]:
        choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return {**self._head("chat.completion.chunk"), "choices": [choice]}


def cut(said: Said, stop: Sequence[str], most: int) -> tuple[tuple[Piece, ...], str]:
    """The pieces up to the first stop text and to `most` tokens, and the finish reason.

    The text ends before the earliest stop text, whole, before anything of it is sent: no part of one leaks.
    """
    ends = [at for text in stop if (at := said.text.find(text)) >= 0]
    text = said.text[: min(ends, default=len(said.text))]
    pieces = [Piece(REASONING, token) for token in tokens(said.reasoning)]
    pieces += [Piece(CONTENT, token) for token in tokens(text)]
    for place, call in enumerate(said.calls):
        pieces.append(Piece(CALL, "", place))
        pieces += [Piece(ARGUMENTS, token, place) for token in tokens(call.arguments)]
    if len(pieces) > most:
        return tuple(pieces[:most]), "length"
    return tuple(pieces), "tool_calls" if said.calls else "stop"
