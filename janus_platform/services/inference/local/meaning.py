"""Nearness in meaning of sentences to a question, where a sentence encoder is at hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# What encodes texts into unit vectors, a row each, or says with None that it cannot.
Encode = Callable[[Sequence[str]], "NDArray[np.float32] | None"]
# Two machines differ in the seventh digit.
DIGITS = 2


def cosines(encode: Encode | None, question: str, texts: Sequence[str]) -> list[float] | None:
    """The cosine of each text to the question, rounded; None without an encoder."""
    if encode is None or not texts or not question.strip():
        return None
    vectors: Any = encode([question, *texts])
    if vectors is None:
        return None
    return [round(float(value), DIGITS) for value in vectors[1:] @ vectors[0]]
