"""The local engine's tokens: the unit of its streams, its usage and its price.

A token is a word or a part of one of at most 8 letters or digits, or one other character, together with the white space
before it. Joined, the tokens of a text are the text again. They are not the tokens of any model's vocabulary; for
English prose there are about as many.
"""

from __future__ import annotations

import re

_PIECE = re.compile(r"\s*(?:[^\W_]{1,8}|\S)|\s+\Z")
# An image costs as many tokens as OpenAI's low-detail images do.
IMAGE_TOKENS = 85


def tokenize(text: str) -> list[str]:
    """The tokens of `text` in order."""
    return _PIECE.findall(text)


def count_tokens(text: str) -> int:
    """How many tokens `text` has."""
    return sum(1 for _ in _PIECE.finditer(text))
