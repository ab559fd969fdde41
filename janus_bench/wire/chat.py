"""A chat completion put together from the events of its stream, or from one JSON body.

Here the wire's rules are judged: an event that a client could not have parsed fails the request; a broken rule that the
official clients survive (no `[DONE]`, a chunk without `choices`) is a *violation*, kept by name and scored under
streaming, and what came with it is read. Rules: OpenAI's chat completions, plus `delta.reasoning_content`, which some
servers call `delta.reasoning`, and top-level `artifacts[]`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from janus_bench.errors import RequestError
from janus_bench.wire.client import Exchange
from janus_bench.wire.sse import Event, EventParser, EventTooLargeError
from janus_bench.wire.tool_calls import StreamedCalls

# vLLM and OpenRouter say `reasoning`; proxies send both, with the same text.
_TEXTS = ((("reasoning_content", "reasoning"), "reasoning"), (("content",), "content"))
DONE = "[DONE]"
MAX_ARTIFACTS = 16
# Parsing so much takes about half a millisecond, for which other connections wait.
_STEP_BYTES = 8 * 1024
_LEAST_COUNTS = 2  # one count stands in nearly every stream, at its end
_SCAN: Callable[[str, int], tuple[Any, int]] = json.JSONDecoder().scan_once  # type: ignore[attr-defined]


class Delta(NamedTuple):
    """One piece of output. `kind` is reasoning, content, tool_call or artifact; `at_ns` when it was read.

    The text of a tool call's piece is what it adds to the call's name and arguments; an artifact has none.
    """

    kind: str
    at_ns: int
    text: str


@dataclass
class Answer:
    """What one response brought. `usage` holds only the numbers that passed validation; empty when none came.

    `token_counts` are (when it was read, completion tokens so far), where more chunks than the last carry `usage`.
    """

    deltas: list[Delta] = field(default_factory=list)
    tool_calls: list[dict[str, str]] = field(default_factory=list)  # name, arguments (JSON text)
    artifacts: list[dict[str, str]] = field(default_factory=list)  # type, name, data (base64)
    usage: dict[str, float] = field(default_factory=dict)
    model: str = ""
    finish_reason: str = ""
    streamed: bool = True
    violations: list[str] = field(default_factory=list)
    token_counts: list[tuple[int, int]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The answer itself."""
        return "".join(delta.text for delta in self.deltas if delta.kind == "content")

    @property
    def reasoning(self) -> str:
        """The thinking that was shown."""
        return "".join(delta.text for delta in self.deltas if delta.kind == "reasoning")


def read_answer(response: Exchange) -> Answer:
    """Take a response apart. Raises RequestError: http_<status>, not_openai, malformed_event, error_event, cut_stream.

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
    """The same in small steps, between which the loop reads what arrives on other connections. Raises RequestError.

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
        raise RequestError(f"http_{response.status}", _reason(response))
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("identity", ""):
        raise RequestError(
            "compressed", f"the answer is compressed ({_printable(coding)}); an uncompressed one was requested"
        )
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "application/json":
        return _read_json(response)
    if media_type != "text/event-stream" and not response.body.lstrip(b"\xef\xbb\xbf\r\n :").startswith(b"data:"):
        raise RequestError("not_openai", f"the answer is {media_type or 'untyped'}, not an event stream")
    parser, assembly, parsed = EventParser(), _Assembly(), 0
    for stamp, data in response.reads:
        try:
            events = parser.feed(data, stamp)
        except EventTooLargeError as error:
            raise RequestError("too_large", str(error)) from None
        for event in events:
            assembly.event(event)
        parsed += len(data)
        if parsed > _STEP_BYTES:
            parsed = 0
            yield
    answer = assembly.finish()
    if media_type != "text/event-stream":
        answer.violations.append("wrong_content_type")
    if response.left_open:
        answer.violations.append("body_not_ended")
    return answer


def _read_json(response: Exchange) -> Answer:
    """A target that ignores `stream: true`: all of its text arrives with the last byte."""
    body = _parse(response.body.decode("utf-8", "replace"), "not_openai")
    choices = body.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise RequestError("not_openai", "the JSON answer has no choices")
    assembly = _Assembly()
    assembly.answer.streamed = False
    assembly.answer.violations.append("not_streamed")
    message = choices[0].get("message")
    if isinstance(message, dict) and isinstance(calls := message.get("tool_calls"), list):
        # outside of a stream they have no index
        calls = [{"index": number, **call} if isinstance(call, dict) else call for number, call in enumerate(calls)]
        message = {**message, "tool_calls": calls}
    assembly.chunk({**body, "choices": [{**choices[0], "delta": message}]}, response.ended_ns)
    assembly.event(Event("message", "[DONE]", response.ended_ns))
    return assembly.finish()


class _Assembly:
    """Grows an Answer chunk by chunk."""

    def __init__(self) -> None:
        self.answer = Answer()
        self._calls = StreamedCalls(self._violation)
        self._content_seen = False
        self._done = False
        self._model: Any = None

    def event(self, event: Event) -> None:
        if self._done:
            return self._violation("data_after_done")
        if not event.valid_utf8:
            self._violation("invalid_utf8")
        text = event.data.strip()
        if text.startswith(DONE):
            self._done = True
            if event.data != DONE:
                self._violation("inexact_done")
        elif not text:
            self._violation("blank_event")
        elif event.type == "message" or '"choices"' in text or '"error"' in text:
            self.chunk(_parse(event.data, "malformed_event"), event.at_ns)
        else:
            self._violation("foreign_event")  # such as `event: ping`

    def finish(self) -> Answer:
        answer, done = self.answer, self._done
        if not done and not answer.finish_reason:
            raise RequestError("cut_stream", "the stream ended without finish_reason and without [DONE]")
        if not done:
            self._violation("missing_done")
        if not answer.finish_reason:
            self._violation("missing_finish_reason")
        answer.tool_calls = self._calls.all()
        if len(answer.token_counts) < _LEAST_COUNTS:
            answer.token_counts = []
        return answer

    def chunk(self, chunk: dict[str, Any], at_ns: int) -> None:
        if chunk.get("error"):
            raise RequestError("error_event", "the stream carried an error object")
        self._envelope(chunk, at_ns)
        choices = chunk.get("choices")
        if not isinstance(choices, list):
            self._violation("chunk_without_choices")
        elif choices:
            self._choice(choices[0], at_ns)
        if "artifacts" in chunk:
            for artifact in _objects(chunk["artifacts"], "artifacts"):
                self._artifact(artifact, at_ns)

    def _envelope(self, chunk: dict[str, Any], at_ns: int) -> None:
        model = chunk.get("model")
        if model != self._model and isinstance(model, str) and model:
            if self.answer.model:
                self._violation("model_changes")
            self._model, self.answer.model = model, _printable(model)
        usage = chunk.get("usage")
        if isinstance(usage, dict):
            self.answer.usage = valid_usage(usage)
            tokens = self.answer.usage.get("completion_tokens")
            if tokens is not None:
                self.answer.token_counts.append((at_ns, int(tokens)))

    def _choice(self, choice: Any, at_ns: int) -> None:
        choice = choice if isinstance(choice, dict) else {}
        before = len(self.answer.deltas)
        delta = choice.get("delta")
        if isinstance(delta, dict):
            self._delta(delta, at_ns)
        else:
            self._violation("chunk_without_delta")
        if self.answer.finish_reason and len(self.answer.deltas) > before:
            self._violation("finish_reason_not_last")
        reason = choice.get("finish_reason")
        if reason and isinstance(reason, str):
            self.answer.finish_reason = _printable(reason)

    def _delta(self, delta: dict[str, Any], at_ns: int) -> None:
        for names, kind in _TEXTS:
            text = next((delta[name] for name in names if delta.get(name)), "")
            text = text if isinstance(text, str) else self._parts(text)
            if text:
                self._text(kind, text, at_ns)
        calls = delta.get("tool_calls")
        if isinstance(calls, dict):
            self._violation("tool_calls_not_a_list")
            calls = [calls]
        for call in _objects(calls, "tool_calls"):
            self.answer.deltas.append(Delta("tool_call", at_ns, self._calls.add(call)))

    def _parts(self, value: Any) -> str:
        """The text of what should have been a text: content parts have some, other values have none."""
        self._violation("text_not_a_string")
        parts = value if isinstance(value, list) else []
        texts = [part.get("text") for part in parts if isinstance(part, dict)]
        return "".join(text for text in texts if isinstance(text, str))

    def _text(self, kind: str, text: str, at_ns: int) -> None:
        if kind == "content":
            self._content_seen = True
        elif self._content_seen:
            self._violation("reasoning_after_content")
        self.answer.deltas.append(Delta(kind, at_ns, text))

    def _artifact(self, artifact: dict[str, Any], at_ns: int) -> None:
        kept = {name: artifact.get(name, "") for name in ("type", "name", "data")}
        if not all(isinstance(value, str) for value in kept.values()):
            raise RequestError("malformed_event", "an artifact's type, name and data must be strings")
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
    message = ""
    try:
        body = json.loads(response.body[:100_000])
        error = body.get("error", body)
        message = error if isinstance(error, str) else error.get("message") or error.get("detail") or ""
    except (ValueError, AttributeError, RecursionError):
        pass
    shown = _printable(str(message))
    return f"status {response.status}" + (f": {shown}" if shown else "")


def _printable(text: str) -> str:
    """At most 200 characters that cannot move a cursor or break an encoding."""
    return "".join(letter if letter.isprintable() else " " for letter in text[:200])


def _objects(value: Any, name: str) -> list[dict[str, Any]]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise RequestError("malformed_event", f"{name} is not a list of objects")
    return value


def _parse(text: str, kind: str) -> dict[str, Any]:
    try:
        value = _whole_json(text)
    except (ValueError, RecursionError):
        raise RequestError(kind, "not valid JSON") from None
    if not isinstance(value, dict):
        raise RequestError(kind, "not a JSON object")
    return value


def _whole_json(text: str) -> Any:
    """json.loads, quicker where no white space surrounds the value. Raises ValueError, RecursionError."""
    try:
        value, end = _SCAN(text, 0)
    except StopIteration:
        return json.loads(text)
    return value if end == len(text) else json.loads(text)
