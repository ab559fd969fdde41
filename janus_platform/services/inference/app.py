"""The inference service: `POST /v1/chat/completions` and `GET /v1/models` in the OpenAI wire format.

Every model name of the contract is served by the local extractive engine, which `system_fingerprint` and the model list
say. A key is required as `Authorization: Bearer …`. Streams are Server-Sent Events with one token a chunk, so that
`usage.completion_tokens` is the number of chunks that carry content; the last of them is followed by one with the
`finish_reason`, by one with `usage` when `stream_options.include_usage` asks for it, and by `[DONE]`. Answers come at a
set pace, each token due at a time counted from the start, so that delays do not add up.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from janus_platform.clock import Clock
from janus_platform.contract import Contract, Service
from janus_platform.services.inference.chat import ChatRequest, read_chat
from janus_platform.services.inference.errors import ApiError
from janus_platform.services.inference.extractive import FINGERPRINT, answer
from janus_platform.services.inference.tokens import count, tokens
from janus_platform.services.problem import Problem
from janus_platform.services.service import ServiceContext, build_service, read_json

MAX_PROMPT_BYTES = 2_000_000
# US dollars per million tokens. The engine costs nothing to run; these stand for a small hosted model, so that what an
# implementation spends can be counted and compared. The contract names no prices.
PROMPT_USD_PER_MILLION, COMPLETION_USD_PER_MILLION = 0.10, 0.40
# 2024-07-18, the day the youngest of the contract's named models appeared: a fixed date, since nothing is trained here.
MODELS_CREATED = 1_721_260_800


@dataclass(frozen=True)
class Pace:
    """How fast answers come: seconds to the first token, then tokens per second."""

    first_token_seconds: float = 0.02
    tokens_per_second: float = 400.0

    def due(self, place: int) -> float:
        """When token `place` (from 0) is due, in seconds from the start."""
        return self.first_token_seconds + place / self.tokens_per_second


def build(context: ServiceContext, *, keys: Callable[[str], bool], pace: Pace | None = None) -> ASGIApp:
    """The service's ASGI app; `keys` says whether a bearer token is a valid key."""
    service = context.contract.services["inference"]
    inference = _Inference(context, service, keys, pace or Pace())
    return build_service(
        service,
        context,
        inference.complete,
        health=inference.health,
        extra_routes=[Route(context.contract.implementation.models_path, inference.list_models, methods=["GET"])],
    )


def model_names(contract: Contract) -> dict[str, str]:
    """The model ids of the contract and their families; its kinds of models ("vision models") are no ids."""
    families = contract.services["inference"].model_families
    return {model: family for family, models in families.items() for model in models if " " not in model}


@dataclass(frozen=True)
class _Completion:
    id: str
    created: int
    model: str
    pieces: list[str]
    finish_reason: str
    usage: dict[str, Any]

    def head(self, kind: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "system_fingerprint": FINGERPRINT,
        }


class _Inference:
    """The two endpoints."""

    def __init__(self, context: ServiceContext, service: Service, keys: Callable[[str], bool], pace: Pace) -> None:
        self._service, self._keys, self._pace = service, keys, pace
        self._clock: Clock = context.clock
        self._end = context.contract.wire.end_of_stream
        self._models = model_names(context.contract)

    def health(self) -> dict[str, Any]:
        """The engine that answers, the models it stands for, and its pace."""
        return {
            "engine": FINGERPRINT,
            "models": list(self._models),
            "first_token_seconds": self._pace.first_token_seconds,
            "tokens_per_second": self._pace.tokens_per_second,
        }

    async def list_models(self, request: Request) -> Response:
        """`GET /v1/models`."""
        try:
            self._authenticate(request)
        except ApiError as error:
            return error.response()
        data = [
            {
                "id": model,
                "object": "model",
                "created": MODELS_CREATED,
                "owned_by": "janus-local",
                "family": family,
                "engine": FINGERPRINT,
            }
            for model, family in self._models.items()
        ]
        return JSONResponse({"object": "list", "data": data})

    async def complete(self, request: Request) -> Response:
        """`POST /v1/chat/completions`."""
        started = self._clock.now()
        try:
            self._authenticate(request)
            asked = read_chat(await read_json(request, self._service, max_bytes=MAX_PROMPT_BYTES), list(self._models))
        except ApiError as error:
            return error.response()
        except Problem as problem:
            return ApiError.of(problem).response()
        # Off the event loop: a prompt of a megabyte takes the engine a while.
        completion = await asyncio.to_thread(_complete, asked)
        if asked.stream:
            events = self._events(completion, started, include_usage=asked.include_usage)
            headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
            return StreamingResponse(events, media_type="text/event-stream", headers=headers)
        await self._until(started, max(0, len(completion.pieces) - 1))
        return JSONResponse(_whole(completion))

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

    async def _events(self, completion: _Completion, started: float, *, include_usage: bool) -> AsyncIterator[bytes]:
        usage = {"usage": None} if include_usage else {}
        for place, piece in enumerate(completion.pieces):
            await self._until(started, place)
            delta = {"role": "assistant", "content": piece} if place == 0 else {"content": piece}
            yield _event(_chunk(completion, delta, None) | usage)
        yield _event(_chunk(completion, {}, completion.finish_reason) | usage)
        if include_usage:
            yield _event({**completion.head("chat.completion.chunk"), "choices": [], "usage": completion.usage})
        yield f"data: {self._end}\n\n".encode()

    async def _until(self, started: float, place: int) -> None:
        left = started + self._pace.due(place) - self._clock.now()
        if left > 0:
            await self._clock.sleep(left)


def _complete(asked: ChatRequest) -> _Completion:
    text = answer(asked.messages)
    stops = [at for stop in asked.stop if (at := text.find(stop)) >= 0]
    pieces = tokens(text[: min(stops, default=len(text))])
    is_cut = asked.max_tokens is not None and len(pieces) > asked.max_tokens
    pieces = pieces[: asked.max_tokens]
    prompt_tokens = sum(count(m.text) for m in asked.messages)
    return _Completion(
        id=f"chatcmpl-{uuid.uuid4().hex}",
        created=int(time.time()),
        model=asked.model,
        pieces=pieces,
        finish_reason="length" if is_cut else "stop",
        usage=_usage(prompt_tokens, len(pieces)),
    )


def _usage(prompt_tokens: int, completion_tokens: int) -> dict[str, Any]:
    cost = prompt_tokens * PROMPT_USD_PER_MILLION + completion_tokens * COMPLETION_USD_PER_MILLION
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
        "cost_usd": round(cost / 1e6, 9),
    }


def _whole(completion: _Completion) -> dict[str, Any]:
    message = {"role": "assistant", "content": "".join(completion.pieces), "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": completion.finish_reason}
    return {**completion.head("chat.completion"), "choices": [choice], "usage": completion.usage}


def _chunk(completion: _Completion, delta: dict[str, Any], finish_reason: str | None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    return {**completion.head("chat.completion.chunk"), "choices": [choice]}


def _event(data: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n".encode()
