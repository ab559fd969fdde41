"""Tool calls that a model writes into its text, in the form of Hermes and Qwen, read as the text streams in.

`<tool_call>{"name": ..., "arguments": {...}}</tool_call>` becomes a call; all other text goes on, at once, but for what
may be the beginning of a tag. llama.cpp reads such calls itself where it knows the template, and they come as calls;
this reads what it left in the text. Nothing is invented: what is no call of an offered tool stays text, tags and all.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

OPEN, CLOSE = "<tool_call>", "</tool_call>"
MAX_CHARACTERS = 64_000  # of one call; a longer one is text
MAX_CALLS = 32  # of one answer; further ones are text


@dataclass(frozen=True)
class Call:
    """A call of an offered tool; `arguments` are JSON."""

    name: str
    arguments: str

    def delta(self, index: int) -> dict[str, Any]:
        """The call as the only piece of its own in a chunk."""
        function = {"name": self.name, "arguments": self.arguments}
        return {"index": index, "id": f"call_{uuid4().hex[:24]}", "type": "function", "function": function}


def read_call(text: str, names: Collection[str]) -> Call | None:
    """The call of one of the tools `names` that `text` is, as JSON; None where it is none."""
    try:
        said = json.loads(text, parse_constant=_refused)
        if not isinstance(said, dict) or said.get("name") not in names:
            return None
        arguments = said.get("arguments", {})
        if isinstance(arguments, str):
            arguments = json.loads(arguments, parse_constant=_refused)
    except (ValueError, TypeError, RecursionError):
        return None
    return Call(said["name"], json.dumps(arguments)) if isinstance(arguments, dict) else None


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


class CallReader:
    """Reads one choice's text. Each character is looked at a bounded number of times, however the text is cut."""

    def __init__(self, names: Collection[str]) -> None:
        self._names, self.calls = frozenset(names), 0
        self._held, self._inside, self._looked = "", False, 0
        self._after_call = False  # a line's end between calls, or behind the last, is no text

    def feed(self, text: str) -> Iterator[str | Call]:
        """What is now known to be text, or a call."""
        self._held += text
        while self._held:
            if self._after_call:
                self._held = self._held.lstrip("\n")
                self._after_call = not self._held
                continue
            if not self._inside:
                before, tag, rest = self._held.partition(OPEN)
                kept = 0 if tag else _begun(before)
                if plain := before[: len(before) - kept]:
                    yield plain
                self._held = tag + rest if tag else before[len(before) - kept :]
                if not tag:
                    return
                self._inside, self._looked = True, len(OPEN)
            end = self._held.find(CLOSE, max(len(OPEN), self._looked - len(CLOSE)))
            if end < 0:
                self._looked = len(self._held)
                if self._looked > MAX_CHARACTERS:
                    yield self._given_up(len(OPEN))
                    continue
                return
            call = read_call(self._held[len(OPEN) : end], self._names) if self.calls < MAX_CALLS else None
            if call is None:
                yield self._given_up(end + len(CLOSE))
                continue
            self.calls += 1
            self._held, self._inside, self._after_call = self._held[end + len(CLOSE) :], False, True
            yield call

    def finish(self) -> str:
        """What was held back and became no call."""
        held, self._held, self._inside = self._held, "", False
        return held

    def _given_up(self, length: int) -> str:
        """So much of what is held is text after all."""
        text, self._held, self._inside = self._held[:length], self._held[length:], False
        return text


def _begun(text: str) -> int:
    """How many characters at the end of `text` may be the beginning of a tag."""
    return next((n for n in range(min(len(OPEN) - 1, len(text)), 0, -1) if OPEN.startswith(text[-n:])), 0)
