"""A chat completion request, read and checked. Field names and bounds: OpenAI's description of chat completions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from janus_platform.contract import InferenceLimits
from janus_platform.services.inference.errors import invalid
from janus_platform.services.inference.messages import ChatMessage, read_messages
from janus_platform.services.inference.tools import Tool, ToolChoice, read_choice, read_tools

if TYPE_CHECKING:
    from janus_platform.services.inference.large import LargeBody

_NUMBERS = {
    "temperature": (0, 2),
    "top_p": (0, 1),
    "presence_penalty": (-2, 2),
    "frequency_penalty": (-2, 2),
}
_FORMATS = ("text", "json_object", "json_schema")
MAX_SEED = 2**63


@dataclass(frozen=True)
class ResponseFormat:
    """What an answer must look like. `schema` is the raw JSON Schema of `json_schema`, from the field `path`."""

    type: str = "text"
    schema: Mapping[str, Any] | bool | None = None
    path: str = "response_format.json_schema.schema"


@dataclass(frozen=True)
class ChatRequest:
    """What an engine is asked. `max_tokens` None means no bound; `stop` are texts the answer ends before.

    `body` is the request as it came, for an engine that hands it on. Where there is a `large` body, nothing but model,
    stream, include_usage and n is known here; the rest is read in a worker process.
    """

    model: str
    messages: tuple[ChatMessage, ...]
    stream: bool = False
    include_usage: bool = False
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    n: int = 1
    format: ResponseFormat = field(default_factory=ResponseFormat)
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice = field(default_factory=ToolChoice)
    parallel_tool_calls: bool = True
    body: Mapping[str, Any] = field(default_factory=dict)
    large: LargeBody | None = None


def read_chat(body: Mapping[str, Any], limits: InferenceLimits) -> ChatRequest:
    """Check a request body, whatever engine will answer it. Raises ApiError 400 naming the field."""
    for name, (low, high) in _NUMBERS.items():
        _check_number(body.get(name), name, low, high)
    tools = read_tools(body.get("tools"), limits)
    return ChatRequest(
        model=body["model"],
        messages=read_messages(body["messages"], limits),
        stream=bool(body["stream"]),
        include_usage=_include_usage(body),
        max_tokens=_max_tokens(body),
        stop=_stop(body.get("stop"), limits.max_stops),
        seed=_whole(body.get("seed"), "seed", -MAX_SEED, MAX_SEED - 1),
        n=_whole(body.get("n"), "n", 1, 128) or 1,
        format=_format(body.get("response_format")),
        tools=tools,
        tool_choice=read_choice(body.get("tool_choice"), tools),
        parallel_tool_calls=_boolean(body.get("parallel_tool_calls"), "parallel_tool_calls", default=True),
        body=body,
    )


def _check_number(value: Any, name: str, low: float, high: float) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise invalid(name, f"`{name}` must be a number from {low} to {high}.")


def _whole(value: Any, name: str, low: int, high: int) -> int | None:
    if value is None:
        return None
    fits = isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
    if not fits or value != int(value):
        raise invalid(name, f"`{name}` must be a whole number from {low} to {high}.")
    return int(value)  # 100.0 is one too (JSON Schema, 4.2.3).


def _boolean(value: Any, name: str, *, default: bool) -> bool:
    if value is None:
        return default
    if not isinstance(value, bool):
        raise invalid(name, f"`{name}` must be true or false.")
    return value


def _include_usage(body: Mapping[str, Any]) -> bool:
    options = body.get("stream_options")
    if options is None:
        return False
    if not isinstance(options, dict) or not isinstance(options.get("include_usage") or False, bool):
        raise invalid("stream_options", '`stream_options` must be an object such as {"include_usage": true}.')
    if any(options.values()) and not body["stream"]:
        raise invalid("stream_options", "`stream_options` is for streams. Leave it out, or send `stream`: true.")
    return bool(options.get("include_usage"))


def _max_tokens(body: Mapping[str, Any]) -> int | None:
    bounds = [_whole(body.get(name), name, 1, 10**9) for name in ("max_completion_tokens", "max_tokens")]
    return next((bound for bound in bounds if bound is not None), None)


def _stop(raw: Any, most: int) -> tuple[str, ...]:
    stops = [raw] if isinstance(raw, str) else [] if raw is None else raw
    if not isinstance(stops, list) or len(stops) > most or not all(isinstance(s, str) and s for s in stops):
        raise invalid("stop", f"`stop` must be a non-empty string or a list of at most {most} of them.")
    return tuple(stops)


def _format(raw: Any) -> ResponseFormat:
    if raw is None:
        return ResponseFormat()
    kind = raw.get("type") if isinstance(raw, dict) else None
    if kind not in _FORMATS:
        raise invalid("response_format", f"`response_format` must be an object of `type` {' or '.join(_FORMATS)}.")
    if kind != "json_schema":
        return ResponseFormat(str(kind))
    described = raw.get("json_schema")
    if not isinstance(described, dict) or not isinstance(described.get("name"), str) or not described["name"]:
        message = "`response_format.json_schema` must be an object with `name`, a string, and `schema`, a JSON Schema."
        raise invalid("response_format.json_schema", message)
    if "schema" not in described:
        raise invalid("response_format.json_schema.schema", "`schema` is missing. Send the JSON Schema of the answer.")
    return ResponseFormat("json_schema", described["schema"])
