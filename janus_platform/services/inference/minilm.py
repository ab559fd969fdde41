"""The embedding engine: all-MiniLM-L6-v2 as the vector index uses it, loaded when it is first asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from janus_platform.services.embedding.download import TOKENIZER
from janus_platform.services.embedding.encoder import DIMENSIONS, Encoder, ModelDamagedError, is_prepared
from janus_platform.services.framework.turns import Turns
from janus_platform.services.inference.engine import Embedded
from janus_platform.services.inference.errors import ApiError, invalid

if TYPE_CHECKING:
    from tokenizers import Tokenizer

NAME = "all-MiniLM-L6-v2-int8"
# Between two of these a caller who left is noticed, and others get their turn: half a second of work on one core.
SLICE = 16


class MiniLM:
    """Vectors by the model that `janus prepare` left in `folder`. One set-up later is found by the next request."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loaded: tuple[Encoder, Tokenizer] | None = None
        self._loading = asyncio.Lock()
        self._turns = Turns([None])

    @property
    def name(self) -> str:
        return NAME

    @property
    def dimensions(self) -> int:
        return DIMENSIONS

    async def embed(self, texts: Sequence[str], max_tokens: int, caller: str = "") -> Embedded:
        """Unit vectors, in slices off the event loop, a slice of each caller in turn.

        Raises ApiError: 503 without the model, 400 for a long text.
        """
        async with self._loading:
            loaded = self._loaded
            if loaded is None:
                loaded = await asyncio.to_thread(self._load)
        encoder, tokenizer = loaded
        counts = await asyncio.to_thread(_counts, tokenizer, texts, max_tokens)
        for position, count in enumerate(counts):
            if count > max_tokens:
                path = "input" if len(texts) == 1 else f"input[{position}]"
                message = f"`{path}` has {count:,} tokens; the model reads {max_tokens}. Cut it into shorter texts."
                raise invalid(path, message, code="context_length_exceeded")
        vectors: list[Sequence[float]] = []
        for start in range(0, len(texts), SLICE):
            async with self._turns.turn(caller):
                vectors += list(await asyncio.to_thread(encoder.encode, texts[start : start + SLICE]))
        return Embedded(vectors, sum(counts))

    def _load(self) -> tuple[Encoder, Tokenizer]:
        from tokenizers import Tokenizer

        if not is_prepared(self._folder):
            raise _missing("The embedding model is not set up. Run `janus prepare` once, with a network.")
        try:
            encoder = Encoder.load(self._folder)
        except ModelDamagedError:
            raise _missing("The cached embedding model is damaged. Run `janus prepare` to fetch it again.") from None
        tokenizer = Tokenizer.from_file(str(self._folder / TOKENIZER.name))
        tokenizer.no_padding()
        tokenizer.no_truncation()  # The encoder cuts what is too long; here it has to be counted and refused.
        self._loaded = encoder, tokenizer
        return self._loaded


def _missing(message: str) -> ApiError:
    return ApiError(503, message, param="model", code="model_not_ready")


def _counts(tokenizer: Tokenizer, texts: Sequence[str], most: int) -> list[int]:
    """The tokens of each text, up to the first text that has more than `most`."""
    # One by one: a batch of encodings is let go of at once, and the interpreter waits for that.
    counts: list[int] = []
    for text in texts:
        counts.append(len(tokenizer.encode(text).ids))
        if counts[-1] > most:
            break
    return counts
