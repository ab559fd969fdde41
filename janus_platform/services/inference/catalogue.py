"""The models: `GET /v1/models` and `GET /v1/models/{id}`, and which engine serves which name.

Without an upstream, the contract's chat models are served by the local engine and its embedding model by MiniLM. With
one, it serves every chat name, the contract's and its own; the list says so. A model file that runs beside the local
engine serves them as `llama/choice.py` says. Prices and context sizes stand in the
contract.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from janus_platform.contract import Model
from janus_platform.services.inference.engine import Embedder, Engine
from janus_platform.services.inference.errors import ApiError

# 2024-07-18, the day the youngest of the contract's named models appeared: a fixed date, since nothing is trained here.
CREATED = 1_721_260_800
OWNER = "janus-local"


class Catalogue:
    """Names, entries, and the engines behind them. `is_open`: the engine may know names that the contract does not.

    `own` gives models of this platform besides the contract's; each says itself which engine serves it.
    """

    def __init__(
        self,
        models: Mapping[str, Model],
        engine: Engine,
        embedder: Embedder,
        *,
        is_open: bool,
        own: Callable[[], Sequence[Model]] = tuple,
    ) -> None:
        self.engine, self.embedder, self.is_open = engine, embedder, is_open
        self._contract, self._own = models, own

    @property
    def models(self) -> Mapping[str, Model]:
        """Every model by name, the contract's first."""
        return {**self._contract, **{model.name: model for model in self._own()}}

    def chat_model(self, name: str) -> Model | None:
        """The contract's entry for a name that chats; None for one that only the engine knows.

        Raises ApiError: 404 for an unknown name, 400 for an embedding model.
        """
        return self._of_kind(name, "chat", "an embedding model. Send its input to POST /v1/embeddings")

    def embedding_model(self, name: str) -> Model:
        """The contract's entry for a name that embeds. Raises ApiError: 404, or 400 for a chat model."""
        model = self._of_kind(name, "embedding", "a chat model. Send messages to POST /v1/chat/completions")
        if model is None:
            raise self._unknown(name)
        return model

    async def entries(self) -> list[dict[str, Any]]:
        """Every model, the contract's first. Raises ApiError when the engine was asked for its own and fails."""
        own = [dict(entry) for entry in await self.engine.models() if entry.get("id") not in self.models]
        return [*(self._entry(model) for model in self.models.values()), *own]

    async def entry(self, name: str) -> dict[str, Any]:
        """One model. Raises ApiError 404."""
        if name in self.models:
            return self._entry(self.models[name])
        entry = next((e for e in await self.engine.models() if e.get("id") == name), None)
        if entry is None:
            raise self._unknown(name)
        return dict(entry)

    def _entry(self, model: Model) -> dict[str, Any]:
        engine = self.engine.name if model.name in self._contract else model.engine
        served_by = self.embedder.name if model.kind == "embedding" else engine
        return {
            "id": model.name,
            "object": "model",
            "created": CREATED,
            "owned_by": OWNER,
            "family": model.family,
            "kind": model.kind,
            "engine": served_by,
            "context_length": model.context_tokens,
            "features": list(model.features),
            "pricing": {
                "currency": "USD",
                "per_million_prompt_tokens": model.prompt_usd_per_million,
                "per_million_completion_tokens": model.completion_usd_per_million,
            },
        }

    def _of_kind(self, name: str, kind: str, what_it_is: str) -> Model | None:
        model = self.models.get(name)
        if model is None:
            if self.is_open and kind == "chat":
                return None
            raise self._unknown(name)
        if model.kind != kind:
            raise ApiError(400, f"{name} is {what_it_is}.", param="model", code="model_not_supported")
        return model

    def _unknown(self, name: str) -> ApiError:
        names = {known.casefold(): known for known in self.models}
        close = [names[n] for n in difflib.get_close_matches(name.casefold()[:100], names, n=3, cutoff=0.5)]
        hint = f"Did you mean {' or '.join(close)}?" if close else f"Use one of: {', '.join(self.models)}."
        message = f"There is no model {name[:100]!r}. {hint} GET /v1/models lists them all."
        return ApiError(404, message, param="model", code="model_not_found")
