"""`POST /v1/embeddings`: texts into unit vectors, as numbers or as Base64 of little-endian float32."""

from __future__ import annotations

import asyncio
import base64
import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from janus_platform.contract import InferenceLimits
from janus_platform.services.inference.catalogue import Catalogue
from janus_platform.services.inference.errors import invalid

ENCODINGS = ("float", "base64")
# BERT's tokenizers give up on longer words: each is one unknown token.
MAX_WORD = 100


@dataclass(frozen=True)
class EmbeddingRequest:
    """Texts to embed, how the vectors are written, and how long they should be."""

    model: str
    texts: tuple[str, ...]
    encoding: str = "float"
    dimensions: int | None = None


def read_embedding(body: Mapping[str, Any], limits: InferenceLimits) -> EmbeddingRequest:
    """Check a request body. Raises ApiError 400 naming the field."""
    encoding = body.get("encoding_format") or "float"
    if encoding not in ENCODINGS:
        raise invalid("encoding_format", f"`encoding_format` must be {' or '.join(ENCODINGS)}.")
    dimensions = body.get("dimensions")
    if dimensions is not None and (isinstance(dimensions, bool) or not isinstance(dimensions, int) or dimensions < 1):
        raise invalid("dimensions", "`dimensions` must be a whole number from 1.")
    return EmbeddingRequest(body["model"], _texts(body.get("input"), limits.max_inputs), encoding, dimensions)


async def embed(request: EmbeddingRequest, catalogue: Catalogue, caller: str) -> bytes:
    """The answer to a request, as JSON.

    Raises ApiError: 404 or 400 for the model, 400 for a long text, 503 without weights.
    """
    model = catalogue.embedding_model(request.model)
    length = catalogue.embedder.dimensions
    if request.dimensions not in (None, length):
        message = f"{model.name} gives vectors of {length} numbers; cutting spoils them. Leave `dimensions` out."
        raise invalid("dimensions", message)
    _check_lengths(request.texts, model.context_tokens)
    embedded = await catalogue.embedder.embed(request.texts, model.context_tokens, caller)
    usage = {
        "prompt_tokens": embedded.tokens,
        "total_tokens": embedded.tokens,
        "cost_usd": model.cost_usd(embedded.tokens, 0),
    }
    head = json.dumps({"object": "list", "model": model.name, "usage": usage})
    # Off the event loop and vector by vector: 256 of them in one go keep the interpreter for 80 ms.
    return await asyncio.to_thread(_with_data, head, embedded.vectors, request.encoding)


def _with_data(head: str, vectors: Sequence[Sequence[float]], encoding: str) -> bytes:
    entries = [
        json.dumps({"object": "embedding", "index": position, "embedding": _written(vector, encoding)})
        for position, vector in enumerate(vectors)
    ]
    return f'{head[:-1]}, "data": [{", ".join(entries)}]}}'.encode()


def _check_lengths(texts: Sequence[str], max_tokens: int) -> None:
    """Refuse what no tokenizer need look at: a token is a word at most, and no word has more than MAX_WORD letters."""
    for position, text in enumerate(texts):
        if len(text) > max_tokens * MAX_WORD:
            path = "input" if len(texts) == 1 else f"input[{position}]"
            message = f"`{path}` has {len(text):,} characters; the model reads {max_tokens} tokens. Cut it shorter."
            raise invalid(path, message, code="context_length_exceeded")


def _texts(raw: Any, most: int) -> tuple[str, ...]:
    texts = [raw] if isinstance(raw, str) else raw
    if not isinstance(texts, list) or not 1 <= len(texts) <= most:
        raise invalid("input", f"`input` must be a string or a list of 1 to {most} strings.")
    for position, text in enumerate(texts):
        path = "input" if isinstance(raw, str) else f"input[{position}]"
        if isinstance(text, int | list):
            message = "Token ids belong to another model's vocabulary. Send the text as a string."
            raise invalid("input", message)
        if not isinstance(text, str) or not text.strip():
            raise invalid(path, f"`{path}` must be a string with some text.")
    return tuple(texts)


def _written(vector: Sequence[float], encoding: str) -> list[float] | str:
    numbers = [float(number) for number in vector]
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode() if encoding == "base64" else numbers
