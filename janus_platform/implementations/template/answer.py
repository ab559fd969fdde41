"""The implementation proper: what it thinks and says, piece by piece."""

from collections.abc import AsyncIterator
from typing import Any


async def answer(question: str) -> AsyncIterator[tuple[str, Any]]:
    """Pairs of field and value: reasoning_content, content, and at the end usage."""
    yield "reasoning_content", "I only repeat what I am told. "
    for word in question.split():
        yield "content", word + " "
