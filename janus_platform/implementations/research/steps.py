"""Steps of an answer: thoughts, text, pictures and tool calls, and the usage that they cost."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any


class ResearchError(Exception):
    """Base of every error that this implementation raises."""


@dataclass(frozen=True)
class Thought:
    """A piece of reasoning."""

    text: str


@dataclass(frozen=True)
class Text:
    """A piece of the answer."""

    text: str


@dataclass(frozen=True)
class Picture:
    """A picture in base64 PNG."""

    name: str
    data: str


@dataclass(frozen=True)
class ToolCalls:
    """Calls of the caller's tools, or pieces of them, in the wire format."""

    calls: Sequence[dict[str, Any]]


Step = Thought | Text | Picture | ToolCalls


@dataclass
class Usage:
    """The cost of an answer so far."""

    totals: dict[str, int | float] = field(
        default_factory=lambda: {
            "prompt_tokens": 0,
            "completion_tokens": 0,
            "total_tokens": 0,
            "cost_usd": 0.0,
            "sandbox_seconds": 0.0,
        }
    )

    def add(self, more: dict[str, Any]) -> None:
        """Add the numbers that `more` has under the same names."""
        for name in self.totals:
            if isinstance(more.get(name), int | float):
                self.totals[name] = round(self.totals[name] + more[name], 9)

    def without_a_model(self, said: str) -> None:
        """Where no model spoke, count what was said instead: an answer of no tokens would not be believed."""
        if not self.totals["completion_tokens"]:
            # as tokenizers cut: numbers in threes, long words in pieces
            count = len(re.findall(r"\d{1,3}|[^\W\d]{1,8}|[^\w\s]", said))
            self.add({"completion_tokens": count, "total_tokens": count})


async def say(text: str) -> AsyncIterator[Step]:
    """`text` word by word."""
    for word in re.findall(r"(?<!\s)\s*+\S+", text):
        yield Text(word)
