"""A chat completion put together from the events of its stream, or from one JSON body.

Here the wire's rules are judged: an event that a client could not have parsed fails the request; a broken rule that a
client survives (no `[DONE]`, a `finish_reason` in the wrong place) is a *violation*, kept by name and scored under
streaming. Rules: OpenAI's chat completions, plus `delta.reasoning_content` and top-level `artifacts[]`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from janus_bench.client import Exchange
from janus_bench.errors import RequestFailed
from janus_bench.sse import Event, EventParser, EventTooLarge

_TEXTS = (("reasoning_content", "reasoning"), ("content", "content"))
MAX_ARTIFACTS = 16
# Parsing so much takes about half a millisecond, for which other connections wait.
_STEP_BYTES = 8 * 1024
_SCAN: Callable[[str, int], tuple[Any, int]] = json.JSONDecoder().scan_once  # type: ignore[attr-defined]


class Delta(NamedTuple):
    """One piece of visible output. `kind` is reasoning, content, tool_call or artifact; `at_ns` when it was read."""

    kind: str
    at_ns: int
    text: str


@dataclass
class Answer:
    """What one response brought. `usage` holds only the numbers that passed validation; empty when none came."""

    deltas: list[Delta] = field(default_factory=list)
    tool_calls: list[dict[str, str]] = field(default_factory=list)  # name, arguments (JSON text)
    artifacts: list[dict[str, str]] = field(default_factory=list)  # type, name, data (base64)
    usage: dict[str, float] = field(default_factory=dict)
    model: str = ""
    finish_reason: str = ""
    streamed: bool = True
    violations: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The answer itself."""
        return "".join(delta.text for delta in self.deltas if delta.kind == "content")

    @property
    def reasoning(self) -> str:
        """The thinking that was shown."""
        return "".join(delta.text for delta in self.deltas if delta.kind == "reasoning")


def read_answer(response: Exchange) -> Answer:
    """Take a response apart. Raises RequestFailed: http_<status>, not_openai, malformed_event, error_event, cut_stream.

    Of a status other than 200 only the error's own message is kept, cut short.
    """
    steps = _reading(response)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            answer: Answer = end.value
            return answer


async def read_answer_aside(response: Exchange, turn: asyncio.Lock) -> Answer:
    """The same in small steps, between which the loop reads what arrives on other connections. Raises RequestFailed.

    `turn` is shared by all of a run, so that the loop waits for one step at a time, however many answers are there.
    """
    steps = _reading(response)
    async with turn:
        while True:
            try:
                next(steps)
            except StopIteration as end:
                answer: Answer = end.value
                return answer
            await asyncio.sleep(0)


def _reading(response: Exchange) -> Generator[None, None, Answer]:
    """Take a response apart, step by step; the answer is what the generator returns."""
    if response.status != 200:
        raise RequestFailed(f"http_{response.status}", _reason(response))
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "application/json":
        return _read_json(response)
    if media_type != "text/event-stream" and not response.body.lstrip(b"\xef\xbb\xbf\r\n :").startswith(b"data:"):
        raise RequestFailed("not_openai", f"the answer is {media_type or 'untyped'}, not an event stream")
    parser, assembly, parsed = EventParser(), _Assembly(), 0
    for stamp, data in response.reads:
        try:
            events = parser.feed(data, stamp)
        except EventTooLarge as error:
            raise RequestFailed("too_large", str(error)) from None
        for event in events:
            assembly.event(event)
        parsed += len(data)
        if parsed > _STEP_BYTES:
            parsed = 0
            yield
    answer = assembly.finish()
    if media_type != "text/event-stream":
        answer.violations.append("wrong_content_type")
    return answer


def _read_json(response: Exchange) -> Answer:
    """A target that ignores `stream: true`: all of its text arrives with the last byte."""
    body = _parse(response.body.decode("utf-8", "replace"), "not_openai")
    choices = body.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise RequestFailed("not_openai", "the JSON answer has no choices")
    assembly = _Assembly()
    assembly.answer.streamed = False
    assembly.answer.violations.append("not_streamed")
    message = choices[0].get("message")
    assembly.chunk({**body, "choices": [{**choices[0], "delta": message}]}, response.ended_ns)
    assembly.event(Event("message", "[DONE]", response.ended_ns))
    return assembly.finish()


class _Assembly:
    """Grows an Answer chunk by chunk."""

    def __init__(self) -> None:
        self.answer = Answer()
        self._tools: dict[int, dict[str, str]] = {}
        self._last_choice_finished = False
        self._content_seen = False
        self._done = False
        self._model: Any = None

    def event(self, event: Event) -> None:
        if self._done:
            self._violation("data_after_done")
        elif event.data == "[DONE]":
            self._done = True
        else:
            if not event.valid_utf8:
                self._violation("invalid_utf8")
            self.chunk(_parse(event.data, "malformed_event"), event.at_ns)

    def finish(self) -> Answer:
        answer, done = self.answer, self._done
        if not done and not answer.finish_reason:
            raise RequestFailed("cut_stream", "the stream ended without finish_reason and without [DONE]")
        if not done:
            self._violation("missing_done")
        if not answer.finish_reason:
            self._violation("missing_finish_reason")
        elif not self._last_choice_finished:
            self._violation("finish_reason_not_last")
        answer.tool_calls = [self._tools[index] for index in sorted(self._tools)]
        return answer

    def chunk(self, chunk: dict[str, Any], at_ns: int) -> None:
        if chunk.get("error"):
            raise RequestFailed("error_event", "the stream carried an error object")
        choices = chunk.get("choices")
        if not isinstance(choices, list):
            raise RequestFailed("malformed_event", "a chunk has no list of choices")
        self._envelope(chunk)
        if choices:
            self._choice(choices[0], at_ns)
        if "artifacts" in chunk:
            for artifact in _objects(chunk["artifacts"], "artifacts"):
                self._artifact(artifact, at_ns)

    def _envelope(self, chunk: dict[str, Any]) -> None:
        model = chunk.get("model")
        if model != self._model and isinstance(model, str) and model:
            if self.answer.model:
                self._violation("model_changes")
            self._model, self.answer.model = model, _printable(model)
        usage = chunk.get("usage")
        if isinstance(usage, dict):
            self.answer.usage = valid_usage(usage)

    def _choice(self, choice: Any, at_ns: int) -> None:
        delta = choice.get("delta") if isinstance(choice, dict) else None
        if not isinstance(delta, dict):
            raise RequestFailed("malformed_event", "a choice has no delta")
        for name, kind in _TEXTS:
            text = delta.get(name)
            if text is None:
                continue
            if not isinstance(text, str):
                raise RequestFailed("malformed_event", f"delta.{name} is not a string")
            if text:
                self._text(kind, text, at_ns)
        if "tool_calls" in delta:
            for index, call in enumerate(_objects(delta["tool_calls"], "tool_calls")):
                self._tool_call(call, index, at_ns)
        reason = choice.get("finish_reason")
        self._last_choice_finished = bool(reason) and isinstance(reason, str)
        if self._last_choice_finished:
            self.answer.finish_reason = _printable(reason)

    def _text(self, kind: str, text: str, at_ns: int) -> None:
        if kind == "content":
            self._content_seen = True
        elif self._content_seen:
            self._violation("reasoning_after_content")
        self.answer.deltas.append(Delta(kind, at_ns, text))

    def _tool_call(self, call: dict[str, Any], index: int, at_ns: int) -> None:
        place = call.get("index", index)
        function = call.get("function")
        if not isinstance(place, int) or not isinstance(function, dict):
            raise RequestFailed("malformed_event", "a tool call has no index or no function")
        known = self._tools.setdefault(place, {"name": "", "arguments": ""})
        for name in known:
            piece = function.get(name)
            known[name] += piece if isinstance(piece, str) else ""
        self.answer.deltas.append(Delta("tool_call", at_ns, ""))

    def _artifact(self, artifact: dict[str, Any], at_ns: int) -> None:
        kept = {name: artifact.get(name, "") for name in ("type", "name", "data")}
        if not all(isinstance(value, str) for value in kept.values()):
            raise RequestFailed("malformed_event", "an artifact's type, name and data must be strings")
        if len(self.answer.artifacts) < MAX_ARTIFACTS:
            self.answer.artifacts.append(kept)
        self.answer.deltas.append(Delta("artifact", at_ns, ""))

    def _violation(self, name: str) -> None:
        if name not in self.answer.violations:
            self.answer.violations.append(name)


def valid_usage(usage: dict[str, Any]) -> dict[str, float]:
    """The fields of `usage` that the bench reads, where they are finite numbers from 0 to 1e9; others are dropped."""
    names = ("prompt_tokens", "completion_tokens", "cost_usd", "sandbox_seconds")
    return {
        name: usage[name]
        for name in names
        if isinstance(usage.get(name), (int, float)) and not isinstance(usage[name], bool) and 0 <= usage[name] <= 1e9
    }


def _reason(response: Exchange) -> str:
    """What an OpenAI-shaped or RFC 9457 error body says, in at most 200 printable characters."""
    told = ""
    try:
        body = json.loads(response.body[:100_000])
        error = body.get("error", body)
        told = error if isinstance(error, str) else error.get("message") or error.get("detail") or ""
    except (ValueError, AttributeError, RecursionError):
        pass
    shown = _printable(str(told))
    return f"status {response.status}" + (f": {shown}" if shown else "")


def _printable(text: str) -> str:
    """At most 200 characters that cannot move a cursor or break an encoding."""
    return "".join(letter if letter.isprintable() else " " for letter in text[:200])


def _objects(value: Any, name: str) -> list[dict[str, Any]]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise RequestFailed("malformed_event", f"{name} is not a list of objects")
    return value


def _parse(text: str, kind: str) -> dict[str, Any]:
    try:
        value = _whole_json(text)
    except (ValueError, RecursionError):
        raise RequestFailed(kind, "not valid JSON") from None
    if not isinstance(value, dict):
        raise RequestFailed(kind, "not a JSON object")
    return value


def _whole_json(text: str) -> Any:
    """json.loads, quicker where no white space surrounds the value. Raises ValueError, RecursionError."""
    try:
        value, end = _SCAN(text, 0)
    except StopIteration:
        return json.loads(text)
    return value if end == len(text) else json.loads(text)
