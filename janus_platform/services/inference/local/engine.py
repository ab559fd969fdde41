"""The local engine: extractive answers, tool calls, JSON and images, all deterministic, none of it a language model.

Every seed gets the same answer. What it puts into arguments and JSON comes from the request's own words or from the
schema; what it says of an image is measured; the rest is quoted (extractive.py).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from functools import cache
from typing import Any

from janus_platform.clock import Clock
from janus_platform.contract import InferenceLimits, Model
from janus_platform.services.inference.chat import ChatRequest
from janus_platform.services.inference.chunks import Answer, Draft, truncate
from janus_platform.services.inference.engine import Chunk
from janus_platform.services.inference.errors import ApiError, invalid
from janus_platform.services.inference.local.extractive import FINGERPRINT, answer
from janus_platform.services.inference.local.images import describe
from janus_platform.services.inference.local.json_answers import json_answer
from janus_platform.services.inference.local.meaning import Encode
from janus_platform.services.inference.local.prompt import Message, read_prompt
from janus_platform.services.inference.local.reasoning import reasoning_for
from janus_platform.services.inference.local.tool_calls import ask_for, calls_of
from janus_platform.services.inference.local.tool_results import answer_from, results_since
from janus_platform.services.inference.messages import ChatMessage
from janus_platform.services.inference.tokens import IMAGE_TOKENS, Pace, count_tokens

# Tokens of all choices together: a schema's longest constant, 128 times, would be an answer of a gigabyte.
MAX_ANSWER_TOKENS = 200_000
# The form of an answer depends on these; ignoring them would hand back something else than was asked for.
_REFUSED = ("functions", "function_call", "audio", "logprobs", "top_logprobs", "prediction", "web_search_options")


class LocalEngine:
    """Answers at a set pace."""

    def __init__(
        self,
        models: Mapping[str, Model],
        limits: InferenceLimits,
        *,
        clock: Clock,
        pace: Pace,
        reasoning_field: str,
        encode: Encode | None = None,
    ) -> None:
        """`encode` lets it compare meanings; without, words alone decide."""
        self._models, self._limits, self._clock, self._pace = models, limits, clock, pace
        self._reasoning_field, self._encode = reasoning_field, encode

    @property
    def name(self) -> str:
        """Which engine this is: the `system_fingerprint` of its answers."""
        return FINGERPRINT

    async def complete(self, request: ChatRequest) -> dict[str, Any]:
        """The whole answer, when its last token is due."""
        started = self._clock.now()
        answer = await self._answer(request)
        await self._until(started, max(0, len(answer.tokens) - 1))
        return answer.whole()

    async def stream(self, request: ChatRequest) -> AsyncIterator[Chunk]:
        """One chunk a token, each when it is due."""
        started = self._clock.now()
        answer = await self._answer(request)
        return self._paced(answer, started, include_usage=request.include_usage)

    async def models(self) -> Sequence[Mapping[str, Any]]:
        """None besides the contract's."""
        return ()

    async def aclose(self) -> None:
        """There is nothing to let go of."""

    async def _answer(self, request: ChatRequest) -> Answer:
        """The answer, worked out in a thread, or in a worker process where the request is large."""
        if request.large is None:
            return await asyncio.to_thread(
                answer_to, request, self._models, self._limits, self._reasoning_field, self._encode
            )
        packed, _ = await request.large.run("answer", models=self._models, reasoning_field=self._reasoning_field)
        return await asyncio.to_thread(Answer.unpacked, packed)

    async def _paced(self, answer: Answer, started: float, *, include_usage: bool) -> AsyncIterator[Chunk]:
        for position, chunk in enumerate(answer.chunks(include_usage=include_usage)):
            # The choices of one request are sent side by side, a token of each at a time.
            if position < len(answer.tokens) * answer.n:
                await self._until(started, position // answer.n)
            yield chunk

    async def _until(self, started: float, position: int) -> None:
        left = started + self._pace.due(position) - self._clock.now()
        if left > 0:
            await self._clock.sleep(left)


def answer_to(
    request: ChatRequest,
    models: Mapping[str, Model],
    limits: InferenceLimits,
    reasoning_field: str,
    encode: Encode | None = None,
) -> Answer:
    """The engine's answer. Raises ApiError 400 for what it cannot do, 404 for a model that it does not stand for."""
    model = models.get(request.model)
    if model is None:
        raise ApiError(404, f"There is no model {request.model[:100]!r}.", param="model", code="model_not_found")
    _check(request, model)
    prompt_size = prompt_tokens(request)
    if prompt_size > model.context_tokens:
        raise invalid(
            "messages",
            f"{model.name} reads at most {model.context_tokens:,} tokens; this request has {prompt_size:,}. Shorten "
            "the messages, or use a model with a larger context.",
            code="context_length_exceeded",
        )
    draft = _draft(request, limits, encode)
    if "reasoning" in model.features:
        draft = Draft(draft.text, reasoning_for(request, draft), draft.calls)
    tokens_left = max(1, model.context_tokens - prompt_size)
    max_tokens = min(request.max_tokens or model.context_tokens, tokens_left, MAX_ANSWER_TOKENS // request.n)
    tokens, reason = truncate(draft, request.stop, max_tokens)
    return Answer(request.model, FINGERPRINT, reasoning_field, draft.calls, tokens, reason, prompt_size, request.n)


def _draft(request: ChatRequest, limits: InferenceLimits, encode: Encode | None) -> Draft:
    results = results_since(request.messages)
    choice = request.tool_choice.mode
    if request.tools and choice != "none" and (choice != "auto" or not results):
        calls, missing = calls_of(request, limits)
        if calls:
            return Draft(calls=calls)
        if missing:
            return Draft(ask_for(missing))
    images = describe(_images(request), limits) if _images(request) else ""
    if request.format.type != "text":
        material = "\n".join([_last_user(request.messages).text, *(r.text for r in results)])
        # A schema may ask for the answer in many places; it is worked out once.
        text = cache(lambda: _in_text(request, results, images, encode))
        return Draft(json_answer(request.format, material, text, limits))
    return Draft(_in_text(request, results, images, encode))


def _in_text(request: ChatRequest, results: Sequence[ChatMessage], images: str, encode: Encode | None) -> str:
    if results:
        return answer_from(request.messages, results)
    messages = [Message(m.role, m.text) for m in request.messages]
    # A question about an image alone has no passages, and needs none.
    if images and not read_prompt(messages).passages:
        return images
    text = answer(messages, encode)
    return f"{images}\n\n{text}" if images else text


def prompt_tokens(request: ChatRequest) -> int:
    """The size of a request in tokens: its texts, its images at a flat count, its tools as JSON."""
    calls = [call for message in request.messages for call in message.tool_calls]
    texts = sum(count_tokens(message.text) for message in request.messages)
    texts += sum(count_tokens(call.name) + count_tokens(call.arguments) for call in calls)
    described = [json.dumps([t.name, t.description, t.parameters], ensure_ascii=False) for t in request.tools]
    tools = sum(map(count_tokens, described))
    return texts + tools + IMAGE_TOKENS * len(_images(request))


def _images(request: ChatRequest) -> list[Any]:
    return [image for message in request.messages for image in message.images]


def _last_user(messages: Sequence[ChatMessage]) -> ChatMessage:
    return next(m for m in reversed(messages) if m.role == "user")


def _check(request: ChatRequest, model: Model) -> None:
    for name in _REFUSED:
        if request.body.get(name):
            raise invalid(
                name, f"The local engine does not support `{name}`. Leave it out.", code="unsupported_parameter"
            )
    if request.body.get("modalities") not in (None, ["text"]):
        raise invalid("modalities", 'The local engine answers in text. Leave it out or send ["text"].')
    if (images := _images(request)) and "vision" not in model.features:
        raise ApiError(
            400,
            f"{model.name} reads no images. Use a model whose `features` in GET /v1/models have vision.",
            param=images[0].path,
            code="image_not_supported",
        )
