"""The local engine's tokens: the unit of its streams, its usage and its price.

A token is a word or a part of one of at most 8 letters or digits, or one other character, together with the white space
before it. Joined, the tokens of a text are the text again. They are not the tokens of any model's vocabulary; for
English prose there are about as many.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(r"\s*(?:[^\W_]{1,8}|\S)|\s+\Z")
# An image costs as many tokens as OpenAI's low-detail images do.
IMAGE_TOKENS = 85


def tokenize(text: str) -> list[str]:
    """The tokens of `text` in order."""
    return _TOKEN.findall(text)


def count_tokens(text: str) -> int:
    """How many tokens `text` has."""
    return sum(1 for _ in _TOKEN.finditer(text))


@dataclass(frozen=True)
class Pace:
    """The pace of an answer: seconds to the first token, then tokens per second.

    Each token is due at a time counted from the start, so that delays do not add up.
    """

    first_token_seconds: float = 0.02
    tokens_per_second: float = 400.0

    def due(self, position: int) -> float:
        """When token `position` (from 0) is due, in seconds from the start."""
        return self.first_token_seconds + position / self.tokens_per_second
