"""Which engine answers where a model runs beside the local one.

- The model's own name: the model, and an error says what it cannot do.
- The local engine's own name: the local engine.
- A name of the contract: the model. What it cannot do (pictures, tools without a place in its template, more than its
  context, a schema beyond llama.cpp) the local engine does, so that every name keeps what the contract says of it; it
  also answers where the model could not be loaded. `system_fingerprint` says who answered.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from janus_platform.contract import Model, ModelEngineRules
from janus_platform.services.inference.chat import ChatRequest
from janus_platform.services.inference.engine import Chunk, Engine
from janus_platform.services.inference.errors import ApiError
from janus_platform.services.inference.llama.engine import LlamaEngine
from janus_platform.services.inference.llama.requests import IMAGE_NOT_SUPPORTED, TOO_LONG, TOOLS_NOT_SUPPORTED
from janus_platform.services.inference.llama.schemas import SCHEMA_NOT_SUPPORTED
from janus_platform.services.inference.llama.supervisor import FAILED

FAMILY, ENGINE = "On this machine", "llama.cpp"
_LEFT_TO_LOCAL = (IMAGE_NOT_SUPPORTED, TOOLS_NOT_SUPPORTED, TOO_LONG, SCHEMA_NOT_SUPPORTED)


class ModelFirst:
    """The model, and the local engine for what is left to it."""

    def __init__(self, model: LlamaEngine, local: Engine) -> None:
        self._model, self._local = model, local

    @property
    def name(self) -> str:
        """The model's name: it answers for the contract's."""
        return self._model.name

    async def complete(self, request: ChatRequest) -> dict[str, Any]:
        """The answer of whoever it is for. Raises ApiError."""
        if self._is_local(request):
            return await self._local.complete(request)
        try:
            return await self._model.complete(request)
        except ApiError as error:
            if not self._may_take_over(error, request):
                raise
        return await self._local.complete(request)

    async def stream(self, request: ChatRequest) -> AsyncIterator[Chunk]:
        """The same as chunks: what the model cannot do shows before its first one. Raises ApiError."""
        if self._is_local(request):
            return await self._local.stream(request)
        try:
            return await self._model.stream(request)
        except ApiError as error:
            if not self._may_take_over(error, request):
                raise
        return await self._local.stream(request)

    async def models(self) -> Sequence[Mapping[str, Any]]:
        """None: `own_models` says what there is."""
        return ()

    async def aclose(self) -> None:
        """End both."""
        await self._model.aclose()
        await self._local.aclose()

    def _is_local(self, request: ChatRequest) -> bool:
        failed = self._model.process.state == FAILED and request.model != self._model.name
        return failed or request.model == self._local.name

    def _may_take_over(self, error: ApiError, request: ChatRequest) -> bool:
        if request.model == self._model.name or request.body.get("grammar") is not None:
            return False  # The local engine knows no grammars, and would pass over one.
        return error.code in _LEFT_TO_LOCAL or self._model.process.state == FAILED


def local_model(name: str, likeness: Model) -> Model:
    """The local engine under its own name: as the contract's model that can do most, at no price."""
    return Model(
        name=name,
        family=FAMILY,
        kind="chat",
        engine=name,
        context_tokens=likeness.context_tokens,
        prompt_usd_per_million=0.0,
        features=likeness.features,
    )


def own_model(engine: LlamaEngine, rules: ModelEngineRules) -> Model:
    """The running model as the list of models shows it."""
    return Model(
        name=engine.name,
        family=FAMILY,
        kind="chat",
        engine=ENGINE,
        context_tokens=engine.abilities.context_tokens,
        prompt_usd_per_million=rules.prompt_usd_per_million,
        completion_usd_per_million=rules.completion_usd_per_million,
        features=("tools", "json") if engine.abilities.has_tools else ("json",),
    )
