"""The one interface behind which engines stand, and what crosses it.

An engine gets a request that is already checked, and answers in the OpenAI wire format: an object, or chunks. It says
with `ApiError` what it cannot do. The service adds what does not depend on the engine: keys, errors, prices, events.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from janus_platform.services.inference.chat import ChatRequest

Chunk = dict[str, Any]


class Engine(Protocol):
    """What answers chat requests."""

    @property
    def name(self) -> str:
        """What models are labelled with: which program answers, and where."""

    async def complete(self, request: ChatRequest) -> dict[str, Any]:
        """The answer as a `chat.completion` object. Raises ApiError."""

    async def stream(self, request: ChatRequest) -> AsyncIterator[Chunk]:
        """The answer as `chat.completion.chunk` objects, once the first is there. Raises ApiError until then.

        What is handed back raises ApiError too when the answer breaks off. Closing it ends the work behind it.
        """

    async def models(self) -> Sequence[Mapping[str, Any]]:
        """Models that this engine has besides the contract's, as the wire format lists them. Raises ApiError."""

    async def aclose(self) -> None:
        """Let go of connections."""


@dataclass(frozen=True)
class Embedded:
    """Vectors of texts, in order, and how many tokens the model read."""

    vectors: Sequence[Sequence[float]]
    tokens: int


class Embedder(Protocol):
    """What turns texts into vectors."""

    @property
    def name(self) -> str:
        """Which model computes them."""

    @property
    def dimensions(self) -> int:
        """How many numbers a vector has."""

    async def embed(self, texts: Sequence[str], max_tokens: int, caller: str = "") -> Embedded:
        """Unit vectors, in fair turns with other callers.

        Raises ApiError: 503 without the model, 400 for a text over `max_tokens`.
        """
