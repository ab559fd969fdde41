"""A model file behind the engines' interface: requests are checked, queued, and handed to llama.cpp's own server.

Its server speaks the same wire format on a Unix socket, so the engine for upstreams does the reading and the
cancelling; what is added stands here: a place in the queue, the model's name, the sum of the usage, clear errors.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from typing import Any

import aiohttp
import msgspec

from janus_platform.clock import Clock
from janus_platform.contract import InferenceLimits, ModelEngineRules, UpstreamRules
from janus_platform.services.inference.chat import ChatRequest
from janus_platform.services.inference.engine import Chunk
from janus_platform.services.inference.errors import ApiError
from janus_platform.services.inference.llama.assembly import assembled
from janus_platform.services.inference.llama.called import with_calls
from janus_platform.services.inference.llama.requests import Abilities, Translation, explained, too_long
from janus_platform.services.inference.llama.slots import Slots
from janus_platform.services.inference.llama.supervisor import FAILED, READY, Launch, Supervisor
from janus_platform.services.inference.upstream.engine import UpstreamEngine
from janus_platform.services.inference.upstream.settings import UpstreamSettings

NOT_READY = "model_not_ready"


class LlamaEngine:
    """One model, called `name`."""

    def __init__(
        self,
        name: str,
        launch: Launch,
        abilities: Abilities,
        rules: ModelEngineRules,
        limits: InferenceLimits,
        upstream_rules: UpstreamRules,
        *,
        clock: Clock,
    ) -> None:
        self._name, self._rules = name, rules
        self.process = Supervisor(launch, rules, clock, self._learn)
        self._translation = Translation(name, abilities, rules, limits)
        self._slots = Slots(launch.slots, rules)
        waits = _with_waits(upstream_rules, rules)
        settings = UpstreamSettings("http://model", self.process.key)
        self._server = UpstreamEngine(settings, waits, clock=clock, connector=self._connector)

    @property
    def name(self) -> str:
        """The model's name, the `system_fingerprint` of its answers."""
        return self._name

    @property
    def abilities(self) -> Abilities:
        """What the model can do; of its template, once it has been loaded."""
        return self._translation.abilities

    def start(self) -> None:
        """Begin to load the model."""
        self.process.start()

    async def complete(self, request: ChatRequest) -> dict[str, Any]:
        """The whole answer, of `n` choices. Raises ApiError."""
        async with aclosing(await self.stream(replace(request, include_usage=True))) as chunks:  # type: ignore[type-var]
            return await assembled(chunks)

    async def stream(self, request: ChatRequest) -> AsyncIterator[Chunk]:
        """The chunks, once the first is there. Raises ApiError until then."""
        body = await self._body(request)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._slots.one())
            try:
                chunks = await self._server.stream(_sent(request, body))
            except ApiError as error:
                raise self._explained(error, request) from error
            return self._streamed(request, chunks, stack.pop_all())
        raise AssertionError("the stack hides no error")

    async def models(self) -> Sequence[Mapping[str, Any]]:
        """None besides those that the service lists."""
        return ()

    async def aclose(self) -> None:
        """End the process and its connections."""
        await self._server.aclose()
        await self.process.close()

    def health(self) -> dict[str, Any]:
        """The model, how it is and what it holds; `model_problem` where it does not answer."""
        process = self.process
        problem = {"model_problem": process.reason} if process.reason else {}
        return {
            "model": self._name,
            "model_state": process.state,
            **problem,
            "model_memory_bytes": process.memory_bytes,
            "model_context_tokens": self.abilities.context_tokens,
            "model_slots": f"{self._slots.busy} of {self._slots.places} busy, {self._slots.waiting} waiting",
            "model_restarts": process.restarts,
        }

    async def _body(self, request: ChatRequest) -> dict[str, Any]:
        if request.large is not None:
            raise too_long(self._name, f"{len(request.large.body):,} bytes", self.abilities.context_tokens)
        state = await self.process.decided()
        if state == FAILED:
            raise ApiError(503, f"{self._name} does not run: {self.process.reason}.", code=NOT_READY)
        if state != READY:
            raise self._away()
        return self._translation.body(request)

    async def _streamed(
        self, request: ChatRequest, chunks: AsyncIterator[Chunk], held: AsyncExitStack
    ) -> AsyncIterator[Chunk]:
        """The chunks with the model's name, and one usage for all choices behind them. Closing it frees the place."""
        usages: list[dict[str, Any]] = []
        must_call, called = request.tool_choice.mode in ("required", "named"), False
        if request.tools and request.tool_choice.mode != "none":
            chunks = with_calls(chunks, {tool.name for tool in request.tools}, must=must_call)
        async with held, aclosing(chunks):  # type: ignore[type-var]
            try:
                async for chunk in chunks:
                    if isinstance(chunk.get("usage"), dict):
                        usages.append(chunk["usage"])
                        if len(usages) == request.n and request.include_usage:
                            yield self._labelled(chunk | {"usage": _summed(usages)}, request)
                        continue
                    called = called or any(choice["delta"].get("tool_calls") for choice in chunk["choices"])
                    if must_call and not called and any(choice["finish_reason"] for choice in chunk["choices"]):
                        raise self._not_called()
                    yield self._labelled(chunk, request)
            except ApiError as error:
                raise self._explained(error, request) from error

    def _labelled(self, answer: Chunk, request: ChatRequest) -> Chunk:
        return answer | {"model": request.model, "system_fingerprint": self._name}

    def _explained(self, error: ApiError, request: ChatRequest) -> ApiError:
        return self._away() if error.code == "upstream_unreachable" else explained(error, request, self._name)

    def _not_called(self) -> ApiError:
        message = (
            f"{self._name} called no tool, though `tool_choice` asks for one. Send it again, or use a larger model."
        )
        return ApiError(502, message, param="tool_choice", code="tool_not_called")

    def _away(self) -> ApiError:
        return ApiError(
            503,
            f"{self._name} is being started again. Send the request again in a moment.",
            code=NOT_READY,
            headers={"Retry-After": str(self._rules.retry_after_seconds)},
        )

    def _connector(self) -> aiohttp.BaseConnector:
        # llama.cpp closes a connection after each answer, and says so too late for the next request on it.
        return aiohttp.UnixConnector(str(self.process.launch.socket), limit=0, force_close=True)

    async def _learn(self) -> None:
        """Ask the server what the model's template can do."""
        caps = (await self._server.described("props")).get("chat_template_caps")
        has_tools = isinstance(caps, dict) and caps.get("supports_tools") is True
        self._translation = replace(self._translation, abilities=replace(self.abilities, has_tools=has_tools))


def _with_waits(upstream: UpstreamRules, rules: ModelEngineRules) -> UpstreamRules:
    """The rules for an upstream with those for a model's waits; nothing is tried again."""
    return msgspec.structs.replace(
        upstream, retries=0, first_token_seconds=rules.first_token_seconds, total_seconds=rules.total_seconds
    )


def _sent(request: ChatRequest, body: Mapping[str, Any]) -> ChatRequest:
    return replace(request, body=body)


def _summed(usages: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One usage of several choices: the prompt counts once."""
    completion = sum(usage["completion_tokens"] for usage in usages)
    return {**usages[0], "completion_tokens": completion, "total_tokens": usages[0]["prompt_tokens"] + completion}
