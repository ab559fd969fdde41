"""An answer as the local engine gives it, token by token, and the wire format made of it.

One token is one chunk: of the reasoning, of the text, or of a tool call, whose first token carries its id and name and
whose further ones carry its arguments.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from janus_platform.services.inference.tokens import tokenize

REASONING, CONTENT, CALL, ARGUMENTS = "reasoning", "content", "call", "arguments"


@dataclass(frozen=True)
class Call:
    """A tool call to be made; `arguments` is JSON in a string."""

    name: str
    arguments: str
    id: str = field(default_factory=lambda: f"call_{uuid.uuid4().hex[:24]}")


@dataclass(frozen=True)
class AnswerToken:
    """One token; `call` counts the tool calls from 0."""

    kind: str
    text: str
    call: int = 0


@dataclass(frozen=True)
class Draft:
    """The whole output, before it is cut: reasoning, then text or tool calls."""

    text: str = ""
    reasoning: str = ""
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True)
class Answer:
    """A finished answer to a prompt of `prompt_tokens`. It has `n` choices, which are the same."""

    model: str
    fingerprint: str
    reasoning_field: str
    calls: tuple[Call, ...]
    tokens: tuple[AnswerToken, ...]
    finish_reason: str
    prompt_tokens: int
    n: int = 1
    id: str = field(default_factory=lambda: f"chatcmpl-{uuid.uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))

    @property
    def usage(self) -> dict[str, Any]:
        """Tokens of the prompt and of the answer."""
        completion_tokens = len(self.tokens) * self.n
        reasoning_tokens = sum(token.kind == REASONING for token in self.tokens) * self.n
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": self.prompt_tokens + completion_tokens,
            "completion_tokens_details": {"reasoning_tokens": reasoning_tokens},
        }

    def whole(self) -> dict[str, Any]:
        """The answer as a `chat.completion` object."""
        text = self._joined(CONTENT)
        message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": None}
        if reasoning := self._joined(REASONING):
            message[self.reasoning_field] = reasoning
        begun = sum(token.kind == CALL for token in self.tokens)
        if begun:
            message["content"] = text or None
            message["tool_calls"] = [
                {
                    "id": call.id,
                    "type": "function",
                    "function": {"name": call.name, "arguments": self._joined(ARGUMENTS, position)},
                }
                for position, call in enumerate(self.calls[:begun])
            ]
        choices = [
            {"index": index, "message": message, "logprobs": None, "finish_reason": self.finish_reason}
            for index in range(self.n)
        ]
        return {**self._head("chat.completion"), "choices": choices, "usage": self.usage}

    def chunks(self, *, include_usage: bool) -> Iterator[dict[str, Any]]:
        """One chunk a token (and choice), one with the finish reason, and one with the usage if it was asked for."""
        last = {"usage": None} if include_usage else {}
        for position, token in enumerate(self.tokens):
            role = {"role": "assistant"} if position == 0 else {}
            for index in range(self.n):
                yield self._chunk(index, role | self._delta(token), None) | last
        for index in range(self.n):
            delta = {} if self.tokens else {"role": "assistant", "content": ""}
            yield self._chunk(index, delta, self.finish_reason) | last
        if include_usage:
            yield {**self._head("chat.completion.chunk"), "choices": [], "usage": self.usage}

    def packed(self) -> dict[str, Any]:
        """What JSON can carry of the answer: `unpacked` makes it again."""
        runs = [
            [kind, call, [token.text for token in tokens]]
            for (kind, call), tokens in groupby(self.tokens, key=lambda token: (token.kind, token.call))
        ]
        named = ("model", "fingerprint", "reasoning_field", "finish_reason", "prompt_tokens", "n")
        calls = [[call.name, call.id] for call in self.calls]
        return {"fields": {name: getattr(self, name) for name in named}, "calls": calls, "runs": runs}

    @classmethod
    def unpacked(cls, packed: Mapping[str, Any]) -> Answer:
        """The answer that `packed` gave."""
        tokens = tuple(AnswerToken(kind, text, call) for kind, call, texts in packed["runs"] for text in texts)
        # A call's arguments are in its tokens.
        calls = tuple(Call(name, "", call_id) for name, call_id in packed["calls"])
        return cls(**packed["fields"], calls=calls, tokens=tokens)

    def _delta(self, token: AnswerToken) -> dict[str, Any]:
        if token.kind in (REASONING, CONTENT):
            return {self.reasoning_field if token.kind == REASONING else "content": token.text}
        if token.kind == ARGUMENTS:
            return {"tool_calls": [{"index": token.call, "function": {"arguments": token.text}}]}
        call = self.calls[token.call]
        function = {"name": call.name, "arguments": ""}
        return {"tool_calls": [{"index": token.call, "id": call.id, "type": "function", "function": function}]}

    def _joined(self, kind: str, call: int = 0) -> str:
        return "".join(token.text for token in self.tokens if token.kind == kind and token.call == call)

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


def truncate(draft: Draft, stop: Sequence[str], most: int) -> tuple[tuple[AnswerToken, ...], str]:
    """The tokens up to the first stop text and to `most` tokens, and the finish reason.

    The text ends before the earliest stop text, whole, before anything of it is sent: no part of one leaks.
    """
    ends = [at for text in stop if (at := draft.text.find(text)) >= 0]
    text = draft.text[: min(ends, default=len(draft.text))]
    tokens = [AnswerToken(REASONING, token) for token in tokenize(draft.reasoning)]
    tokens += [AnswerToken(CONTENT, token) for token in tokenize(text)]
    for position, call in enumerate(draft.calls):
        tokens.append(AnswerToken(CALL, "", position))
        tokens += [AnswerToken(ARGUMENTS, token, position) for token in tokenize(call.arguments)]
    if len(tokens) > most:
        return tuple(tokens[:most]), "length"
    return tuple(tokens), "tool_calls" if draft.calls else "stop"
