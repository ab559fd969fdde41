"""A chat completion request, read and checked. Field names and bounds: OpenAI's description of chat completions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from janus_platform.services.inference.errors import ApiError
from janus_platform.services.inference.prompt import Message

ROLES = ("system", "developer", "user", "assistant", "tool")
MAX_MESSAGES, MAX_STOPS = 1_000, 4
# The form of an answer depends on these; ignoring them would hand back something else than was asked for.
_REFUSED = ("tools", "functions", "audio", "logprobs", "modalities")


@dataclass(frozen=True)
class ChatRequest:
    """What the engine is asked. `max_tokens` None means no bound; `stop` are texts the answer ends before."""

    model: str
    messages: tuple[Message, ...]
    stream: bool
    include_usage: bool
    max_tokens: int | None
    stop: tuple[str, ...]


def read_chat(body: Mapping[str, Any], models: Sequence[str]) -> ChatRequest:
    """Check a request body. `temperature`, `seed` and the like are accepted: the answer is the same for all of them.

    Raises ApiError: 404 for a model that is not in `models`, 422 naming any other field.
    """
    model = body["model"]
    if model not in models:
        known = ", ".join(models)
        raise ApiError(404, f"There is no model {model!r}. Use one of: {known}.", param="model", code="model_not_found")
    for name in _REFUSED:
        if body.get(name):
            raise _invalid(name, f"The local engine does not support `{name}`. Leave it out.")
    if body.get("n") not in (None, 1):
        raise _invalid("n", "The local engine gives one answer. Leave `n` out or send 1.")
    response_format = body.get("response_format")
    if response_format is not None and response_format != {"type": "text"}:
        raise _invalid("response_format", 'The local engine answers in text. Leave it out or send {"type": "text"}.')
    return ChatRequest(
        model=model,
        messages=_messages(body["messages"]),
        stream=bool(body["stream"]),
        include_usage=_include_usage(body.get("stream_options")),
        max_tokens=_max_tokens(body),
        stop=_stop(body.get("stop")),
    )


def _messages(raw: Sequence[Any]) -> tuple[Message, ...]:
    if not 1 <= len(raw) <= MAX_MESSAGES:
        raise _invalid("messages", f"`messages` must hold 1 to {MAX_MESSAGES} messages.")
    messages = tuple(_message(entry, f"messages[{place}]") for place, entry in enumerate(raw))
    if not any(m.role == "user" for m in messages):
        raise _invalid("messages", "`messages` holds no message of role user; it is the one that asks.")
    return messages


def _message(raw: Any, where: str) -> Message:
    if not isinstance(raw, dict):
        raise _invalid(where, f"`{where}` must be an object with `role` and `content`.")
    role = raw.get("role")
    if role not in ROLES:
        raise _invalid(f"{where}.role", f"`{where}.role` must be one of: {', '.join(ROLES)}.")
    return Message(role, _content(raw.get("content"), f"{where}.content", may_lack=role == "assistant"))


def _content(raw: Any, where: str, *, may_lack: bool) -> str:
    if isinstance(raw, str):
        return _unicode(raw, where)
    if raw is None and may_lack:
        return ""
    if not isinstance(raw, list):
        raise _invalid(where, f"`{where}` must be a string or a list of parts.")
    texts = []
    for place, part in enumerate(raw):
        if not (isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str)):
            raise _invalid(f"{where}[{place}]", f"`{where}[{place}]` must be a part of type text with a string `text`.")
        texts.append(_unicode(part["text"], where))
    return "\n".join(texts)


def _unicode(text: str, where: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise _invalid(where, f"`{where}` holds a lone surrogate; send valid Unicode.") from None
    return text


def _include_usage(options: Any) -> bool:
    if options is None:
        return False
    if not isinstance(options, dict) or not isinstance(options.get("include_usage", False), bool):
        raise _invalid("stream_options", '`stream_options` must be an object such as {"include_usage": true}.')
    return bool(options.get("include_usage", False))


def _max_tokens(body: Mapping[str, Any]) -> int | None:
    for name in ("max_completion_tokens", "max_tokens"):
        value = body.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise _invalid(name, f"`{name}` must be a whole number from 1.")
        return value
    return None


def _stop(raw: Any) -> tuple[str, ...]:
    stops = [raw] if isinstance(raw, str) else [] if raw is None else raw
    if not isinstance(stops, list) or len(stops) > MAX_STOPS or not all(isinstance(s, str) and s for s in stops):
        raise _invalid("stop", f"`stop` must be a non-empty string or a list of at most {MAX_STOPS} of them.")
    return tuple(stops)


def _invalid(param: str, message: str) -> ApiError:
    return ApiError(422, message, param=param, code="invalid_value")
