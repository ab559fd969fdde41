"""The whole chat request is checked before anything else happens.

Shapes follow OpenAI's published OpenAPI description of chat completions. Fields that it does not name pass through
untouched, as do the bytes of the body: this module reads, it never rewrites.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from janus_platform.contract import Contract
from janus_platform.gateway.errors import invalid_field, invalid_json

ROLES = ("system", "developer", "user", "assistant", "tool", "function")
# What a part of each type must hold, and the JSON type of it.
PART_FIELDS: dict[str, tuple[str, type]] = {
    "text": ("text", str),
    "refusal": ("refusal", str),
    "image_url": ("image_url", dict),
    "input_audio": ("input_audio", dict),
    "file": ("file", dict),
}
# One of these stands in for the content of an assistant's message.
INSTEAD_OF_CONTENT = ("tool_calls", "function_call", "refusal", "audio")

Check = Callable[[str, Any], None]


@dataclass(frozen=True)
class ChatRequest:
    """What the gateway needs of a valid request; `body` holds the client's bytes, unchanged."""

    model: str
    competitor: str | None
    stream: bool
    body: bytes


def parse_chat_request(body: bytes, contract: Contract) -> ChatRequest:
    """Check a chat request. Raises GatewayError 400 whose `param` names the first field at fault."""
    values = _read_object(body)
    routing_field = contract.wire.routing_field
    model = values.get("model")
    if model is None:
        default = contract.gateway.default_model
        raise invalid_field("model", f'model is missing. Send "model": "{default}".', code="missing_required_parameter")
    _text("model", model)
    competitor = values.get(routing_field)
    if competitor is not None:
        _text(routing_field, competitor)
    _messages(values.get("messages"))
    for name, check in OPTIONAL.items():
        if values.get(name) is not None:
            check(name, values[name])
    stream = bool(values.get("stream"))
    if values.get("stream_options") is not None and not stream:
        raise invalid_field("stream_options", 'stream_options needs "stream": true. Send both, or neither.')
    return ChatRequest(model, competitor, stream, body)


def _read_object(body: bytes) -> dict[str, Any]:
    try:
        values = json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise invalid_json("The body is not UTF-8.") from None
    except (ValueError, RecursionError):
        raise invalid_json("The body is not valid JSON.") from None
    if not isinstance(values, dict):
        raise invalid_json("The body is not a JSON object.")
    return values


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON (RFC 8259, section 6)")


def _messages(messages: Any) -> None:
    if messages is None:
        raise invalid_field("messages", "messages is missing. Send a list.", code="missing_required_parameter")
    if not isinstance(messages, list) or not messages:
        raise invalid_field("messages", "messages must be a list of at least one message.")
    for number, message in enumerate(messages):
        _message(f"messages[{number}]", message)


def _message(where: str, message: Any) -> None:
    _object(where, message)
    role = message.get("role")
    if role not in ROLES:
        raise invalid_field(f"{where}.role", f"{where}.role must be one of: {', '.join(ROLES)}.")
    if message.get("name") is not None:
        _text(f"{where}.name", message["name"])
    if role == "tool":
        _text(f"{where}.tool_call_id", message.get("tool_call_id"))
    content = message.get("content")
    if content is None:
        if role == "assistant" and any(message.get(name) for name in INSTEAD_OF_CONTENT):
            return
        raise invalid_field(f"{where}.content", f"{where}.content is missing. Send a string or a list of parts.")
    if isinstance(content, str):
        return
    if not isinstance(content, list) or not content:
        raise invalid_field(f"{where}.content", f"{where}.content must be a string or a list of at least one part.")
    for number, part in enumerate(content):
        _part(f"{where}.content[{number}]", part)


def _part(where: str, part: Any) -> None:
    _object(where, part)
    kind = part.get("type")
    if not isinstance(kind, str) or kind not in PART_FIELDS:
        raise invalid_field(f"{where}.type", f"{where}.type must be one of: {', '.join(PART_FIELDS)}.")
    name, expected = PART_FIELDS[kind]
    if not isinstance(part.get(name), expected):
        wanted = "string" if expected is str else "object"
        raise invalid_field(f"{where}.{name}", f"{where}.{name} must be a JSON {wanted}.")
    if kind == "image_url":
        _text(f"{where}.image_url.url", part["image_url"].get("url"))


def _text(where: str, value: Any) -> None:
    if not isinstance(value, str) or not value:
        raise invalid_field(where, f"{where} must be a non-empty string.")


def _object(where: str, value: Any) -> None:
    if not isinstance(value, dict):
        raise invalid_field(where, f"{where} must be a JSON object.")


def _boolean(where: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise invalid_field(where, f"{where} must be true or false.")


def _number(low: float, high: float, *, whole: bool = False) -> Check:
    kinds, noun = ((int,), "an integer") if whole else ((int, float), "a number")

    def check(where: str, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
            raise invalid_field(where, f"{where} must be {noun} between {low:g} and {high:g}.")

    return check


def _list_of(check: Check, *, most: int) -> Check:
    def check_list(where: str, value: Any) -> None:
        if not isinstance(value, list) or len(value) > most:
            raise invalid_field(where, f"{where} must be a list of at most {most} entries.")
        for number, entry in enumerate(value):
            check(f"{where}[{number}]", entry)

    return check_list


def _stop(where: str, value: Any) -> None:
    if isinstance(value, str):
        return
    _list_of(_text, most=4)(where, value)


def _text_or_object(where: str, value: Any) -> None:
    if not isinstance(value, dict):
        _text(where, value)


# OpenAI's own fields, with OpenAI's own bounds; null always means "not sent".
OPTIONAL: dict[str, Check] = {
    "stream": _boolean,
    "stream_options": _object,
    "temperature": _number(0, 2),
    "top_p": _number(0, 1),
    "n": _number(1, 128, whole=True),
    "max_tokens": _number(1, 2**31, whole=True),
    "max_completion_tokens": _number(1, 2**31, whole=True),
    "presence_penalty": _number(-2, 2),
    "frequency_penalty": _number(-2, 2),
    "seed": _number(-(2**63), 2**63, whole=True),
    "stop": _stop,
    "logprobs": _boolean,
    "top_logprobs": _number(0, 20, whole=True),
    "logit_bias": _object,
    "user": _text,
    "tools": _list_of(_object, most=128),
    "tool_choice": _text_or_object,
    "parallel_tool_calls": _boolean,
    "response_format": _object,
    "metadata": _object,
    "reasoning_effort": _text,
}
