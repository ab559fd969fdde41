"""The inference service: chat completions, models and embeddings in the OpenAI wire format.

Which engine answers is decided when the service is built (local/, upstream/); what does not depend on it stands
here: the key (`Authorization: Bearer …`), the fields, the prices, the shape of errors. Streams are Server-Sent Events;
a stream that ends well ends with `[DONE]`.

`usage.cost_usd` is counted by the contract's prices. `usage.sandbox_seconds` is never added here: inference runs no
code. An implementation that does adds it to its own answer's usage, and an upstream's is passed on.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from itertools import accumulate
from typing import Any

from opentelemetry.trace import get_current_span
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from janus_platform.contract import JSON, Contract, InferenceService, Model
from janus_platform.processes.workers import Workers
from janus_platform.services.framework.app import ServiceContext, build_service, caller_of
from janus_platform.services.framework.problem import Problem
from janus_platform.services.framework.request import SMALL_BYTES, parse_object, read_body
from janus_platform.services.inference.catalogue import Catalogue
from janus_platform.services.inference.chat import ChatRequest, read_chat
from janus_platform.services.inference.embeddings import EmbeddingRequest, embed, read_embedding
from janus_platform.services.inference.engine import Chunk, Embedder, Engine
from janus_platform.services.inference.errors import ApiError, error_response
from janus_platform.services.inference.events import CallerLeftError, EventStream, while_there
from janus_platform.services.inference.large import LargeBody
from janus_platform.services.inference.llama.choice import ModelFirst, local_model, own_model
from janus_platform.services.inference.llama.engine import LlamaEngine
from janus_platform.services.inference.local.engine import LocalEngine
from janus_platform.services.inference.local.extractive import FINGERPRINT
from janus_platform.services.inference.local.meaning import Encode
from janus_platform.services.inference.tokens import Pace

# Nobody reads it: the caller has left (nginx's code for that in logs).
CALLER_LEFT = 499


def build(
    context: ServiceContext,
    *,
    keys: Callable[[str], bool],
    embedder: Embedder,
    pace: Pace | None = None,
    upstream: Engine | None = None,
    model: LlamaEngine | None = None,
    encode: Encode | None = None,
) -> ASGIApp:
    """The service's ASGI app; `keys` says whether a bearer token is a valid key.

    `embedder` makes the vectors, `encode` lets the local engine compare meanings. `upstream` takes the local engine's
    place for all chat models; `model` stands beside it, is loaded when the service starts and ends with it.
    """
    service = context.contract.inference
    limits, models = service.limits, {model.name: model for model in service.models}
    in_itself = local_model(FINGERPRINT, service.models[0])
    known = {**models, in_itself.name: in_itself} if model else models
    local = LocalEngine(
        known,
        limits,
        clock=context.clock,
        pace=pace or Pace(),
        reasoning_field=context.contract.wire.reasoning_field,
        encode=encode,
    )
    engine = ModelFirst(model, local) if model else upstream or local

    def own() -> Sequence[Model]:
        return (own_model(model, service.model_engine), in_itself) if model else ()

    catalogue = Catalogue(models, engine, embedder, is_open=upstream is not None, own=own)
    workers = Workers()
    inference = _Inference(context.contract, service, catalogue, keys, workers)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        if model is not None:
            model.start()
        yield
        await engine.aclose()
        await workers.close()

    return build_service(
        service,
        context,
        inference.complete,
        health=partial(_health, catalogue, pace or Pace(), model),
        extra_routes=[
            Route(f"{service.base_path}/models", inference.list_models, methods=["GET"]),
            Route(f"{service.base_path}/models/{{model:path}}", inference.show_model, methods=["GET"]),
            Route(f"{service.base_path}/embeddings", inference.embed, methods=["POST"]),
        ],
        lifespan=lifespan,
        error_response=error_response,
    )


def _health(catalogue: Catalogue, pace: Pace, model: LlamaEngine | None) -> dict[str, Any]:
    """The engines that answer, the models they stand for, the local engine's pace, and how the model is."""
    return {
        "engine": catalogue.engine.name,
        "embedding_engine": catalogue.embedder.name,
        "models": list(catalogue.models),
        "first_token_seconds": pace.first_token_seconds,
        "tokens_per_second": pace.tokens_per_second,
        **(model.health() if model else {}),
    }


class _Inference:
    """The endpoints."""

    def __init__(
        self,
        contract: Contract,
        service: InferenceService,
        catalogue: Catalogue,
        keys: Callable[[str], bool],
        workers: Workers,
    ) -> None:
        self._service, self._catalogue, self._keys, self._workers = service, catalogue, keys, workers
        self._limits = service.limits
        self._end = contract.wire.end_of_stream
        self._cost_field = contract.wire.usage_fields[0]
        # Of an embedding request only the model has one type; the rest is checked where it is read.
        self._model_only = tuple(p for p in service.parameters if p.name == "model")

    async def complete(self, request: Request) -> Response:
        """`POST /v1/chat/completions`."""
        return await _answered(self._complete(request))

    async def embed(self, request: Request) -> Response:
        """`POST /v1/embeddings`."""
        return await _answered(self._embed(request))

    async def list_models(self, request: Request) -> Response:
        """`GET /v1/models`."""
        return await _answered(self._list(request))

    async def show_model(self, request: Request) -> Response:
        """`GET /v1/models/{id}`."""
        return await _answered(self._show(request))

    async def _complete(self, request: Request) -> Response:
        self._authenticate(request)
        chat, model = await self._read_chat(await read_body(request, self._limits.max_body_bytes))
        if model is not None:  # Of the contract's list; any other name is the caller's own words.
            get_current_span().set_attribute("gen_ai.request.model", model.name)
        priced = partial(self._priced, model)
        if chat.stream:
            chunks = await while_there(request, self._catalogue.engine.stream(chat))
            return EventStream(chunks, self._end, priced)
        return JSONResponse(priced(await while_there(request, self._catalogue.engine.complete(chat))))

    async def _embed(self, request: Request) -> Response:
        self._authenticate(request)
        texts = await self._read_embedding(await read_body(request, self._limits.max_body_bytes))
        answer = await while_there(request, embed(texts, self._catalogue, caller_of(request)))
        return Response(answer, media_type=JSON)

    async def _list(self, request: Request) -> Response:
        self._authenticate(request)
        return JSONResponse({"object": "list", "data": await self._catalogue.entries()})

    async def _show(self, request: Request) -> Response:
        self._authenticate(request)
        return JSONResponse(await self._catalogue.entry(request.path_params["model"]))

    async def _read_chat(self, body: bytes) -> tuple[ChatRequest, Model | None]:
        if len(body) <= SMALL_BYTES:
            values = parse_object(body, self._service.all_parameters)
            model = self._catalogue.chat_model(values["model"])
            return read_chat(values, self._limits), model
        large = LargeBody(body, self._workers, tuple(self._service.all_parameters), self._limits)
        head, _ = await large.run("head")
        return ChatRequest(**head, messages=(), large=large), self._catalogue.chat_model(head["model"])

    async def _read_embedding(self, body: bytes) -> EmbeddingRequest:
        if len(body) <= SMALL_BYTES:
            return read_embedding(parse_object(body, self._model_only), self._limits)
        head, texts = await LargeBody(body, self._workers, self._model_only, self._limits).run("texts")
        ends = list(accumulate(head["lengths"]))
        parts = (texts[end - length : end].decode() for end, length in zip(ends, head["lengths"], strict=True))
        return EmbeddingRequest(**head["fields"], texts=tuple(parts))

    def _priced(self, model: Model | None, answer: Chunk) -> Chunk:
        """The answer with its cost, where it has a usage and the contract a price."""
        usage = answer.get("usage")
        if model is None or not isinstance(usage, dict) or self._cost_field in usage:
            return answer
        counts = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")]
        prompt, completion = (count if isinstance(count, int) else 0 for count in counts)
        return {**answer, "usage": {**usage, self._cost_field: model.cost_usd(prompt, completion)}}

    def _authenticate(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise ApiError(
                401, "No key was sent. Send `Authorization: Bearer $CHUTES_API_KEY`.", code="missing_api_key"
            )
        if not self._keys(token.strip()):
            raise ApiError(
                401,
                "The key is not valid here. `janus env` prints the one that is; an implementation finds it in "
                "CHUTES_API_KEY.",
                code="invalid_api_key",
            )


async def _answered(work: Any) -> Response:
    try:
        answer: Response = await work
    except ApiError as error:
        return error.response()
    except Problem as problem:
        return ApiError.of(problem).response()
    except CallerLeftError:
        return Response(status_code=CALLER_LEFT)
    return answer
