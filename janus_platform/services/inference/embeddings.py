"""`POST /v1/embeddings`: texts into unit vectors, as numbers or as Base64 of little-endian float32."""

from __future__ import annotations

import base64
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from janus_platform.contract import InferenceLimits
from janus_platform.services.inference.catalogue import Catalogue
from janus_platform.services.inference.errors import invalid

ENCODINGS = ("float", "base64")


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


async def embed(asked: EmbeddingRequest, catalogue: Catalogue) -> dict[str, Any]:
    """The answer to a request. Raises ApiError: 404 or 400 for the model, 400 for a long text, 503 without weights."""
    model = catalogue.embedding_model(asked.model)
    length = catalogue.embedder.dimensions
    if asked.dimensions not in (None, length):
        message = f"{model.name} gives vectors of {length} numbers; cutting spoils them. Leave `dimensions` out."
        raise invalid("dimensions", message)
    made = await catalogue.embedder.embed(asked.texts, model.context_tokens)
    data = [
        {"object": "embedding", "index": place, "embedding": _written(vector, asked.encoding)}
        for place, vector in enumerate(made.vectors)
    ]
    cost = model.cost_usd(made.tokens, 0)
    usage = {"prompt_tokens": made.tokens, "total_tokens": made.tokens, "cost_usd": cost}
    return {"object": "list", "data": data, "model": model.name, "usage": usage}


def _texts(raw: Any, most: int) -> tuple[str, ...]:
    texts = [raw] if isinstance(raw, str) else raw
    if not isinstance(texts, list) or not 1 <= len(texts) <= most:
        raise invalid("input", f"`input` must be a string or a list of 1 to {most} strings.")
    for place, text in enumerate(texts):
        where = "input" if isinstance(raw, str) else f"input[{place}]"
        if isinstance(text, int | list):
            message = "Token ids belong to another model's vocabulary. Send the text as a string."
            raise invalid("input", message)
        if not isinstance(text, str) or not text.strip():
            raise invalid(where, f"`{where}` must be a string with some text.")
    return tuple(texts)


def _written(vector: Sequence[float], encoding: str) -> list[float] | str:
    numbers = [float(number) for number in vector]
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode() if encoding == "base64" else numbers
