"""Say what was worked out here, word by word, with a bill of what was said."""

import re
from collections.abc import AsyncIterator
from typing import Any


class RefusedError(Exception):
    """A skill cannot go on; the message says why, in a sentence for the reader."""


def in_words(text: str) -> list[str]:
    """The text in pieces of a word each, with the space behind it."""
    return re.findall(r"\S+\s*|\s+", text)


async def say(
    text: str, thought: str = "", **bill: float
) -> AsyncIterator[tuple[str, Any]]:
    """The thought, the text, and the usage: no model spoke, so no prompt was read."""
    if thought:
        yield "reasoning_content", f"{thought}\n"
    for word in in_words(text):
        yield "content", word
    seen = len(re.findall(r"\w+|[^\w\s]", f"{thought} {text}"))
    yield "usage", {"prompt_tokens": 0, "completion_tokens": seen, **bill}
