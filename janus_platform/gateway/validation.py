"""The request format of `/v1/chat/completions`: the whole request is checked before anything else happens.

Shapes and bounds follow OpenAI's published OpenAPI description of chat completions; the inference service keeps to the
same policy. What the description names is checked. What it does not name passes: fields, wherever they are, and message
parts, tools and tool calls of another type. `null` is "not sent", 100.0 is a whole number, and what asks for nothing
(0, false, an empty list) needs nothing beside it. Closed are the choices that change what the whole request means:
roles, modes, formats of the answer. The bytes of the body pass untouched: this module reads, it never rewrites.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, NoReturn

from janus_platform.contract import Contract
from janus_platform.gateway.checks import (
    Check,
    an_object,
    any_text,
    boolean,
    either,
    list_of,
    map_of,
    number,
    one_of,
    record,
    tagged,
    text,
)
from janus_platform.gateway.errors import ResponseError, invalid_field, invalid_json
from janus_platform.gateway.messages import check_messages

# Checked on the event loop: 1 ms of work, or 4 where all of it is brackets.
SMALL_BYTES = 64_000
_FUNCTION_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")


@dataclass(frozen=True)
class ChatRequest:
    """What the gateway needs of a valid request; `body` holds the client's bytes, unchanged."""

    model: str
    competitor: str | None
    stream: bool
    body: bytes


def parse_chat_request(body: bytes, contract: Contract) -> ChatRequest:
    """Check a chat request. Raises ResponseError 400 whose `param` names the first field at fault."""
    values = _read_object(body)
    routing_field = contract.wire.routing_field
    model = values.get("model")
    if model is None:
        default = contract.gateway.default_model
        raise invalid_field("model", f'model is missing. Send "model": "{default}".', code="missing_required_parameter")
    text("model", model)
    competitor = values.get(routing_field)
    if competitor is not None:
        text(routing_field, competitor)
    check_messages(values.get("messages"))
    for name, value in values.items():
        if value is not None and (check := OPTIONAL.get(name)) is not None:
            check(name, value)
    stream = bool(values.get("stream"))
    _check_together(values, stream)
    return ChatRequest(model, competitor, stream, body)


def check_large(body: bytes, *, contract: Contract) -> tuple[dict[str, Any], bytes]:
    """What `parse_chat_request` says of a body, as a worker process hands it back: see `processes.workers`."""
    try:
        asked = parse_chat_request(body, contract)
    except ResponseError as error:
        said = {"status": error.status, "message": error.message, "param": error.param, "code": error.code}
        return {"error": said}, b""
    return {"model": asked.model, "competitor": asked.competitor, "stream": asked.stream}, b""


def _check_together(values: dict[str, Any], stream: bool) -> None:
    """Fields that make sense only beside others."""
    if any((values.get("stream_options") or {}).values()) and not stream:
        raise invalid_field("stream_options", 'stream_options needs "stream": true. Send both, or neither.')
    if values.get("top_logprobs") and not values.get("logprobs"):
        raise invalid_field("top_logprobs", 'top_logprobs needs "logprobs": true. Send both, or neither.')
    if values.get("tool_choice") not in (None, "none", "auto") and not values.get("tools"):
        raise invalid_field("tool_choice", "tool_choice needs tools to choose from. Send both, or neither.")


def _read_object(body: bytes) -> dict[str, Any]:
    try:
        values = _JSON.decode(body.decode("utf-8"))
    except UnicodeDecodeError:
        raise invalid_json("The body is not UTF-8.") from None
    except (ValueError, RecursionError):
        raise invalid_json("The body is not valid JSON.") from None
    if not isinstance(values, dict):
        raise invalid_json("The body is not a JSON object.")
    return values


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON (RFC 8259, section 6)")


# `json.loads` with a `parse_constant` makes one of these for each request.
_JSON = json.JSONDecoder(parse_constant=_no_constant)


def _function_name(where: str, value: Any) -> None:
    if not isinstance(value, str) or not _FUNCTION_NAME.fullmatch(value):
        raise invalid_field(where, f"{where} must have 1 to 64 letters, digits, underscores, dots or hyphens.")


def _bias(where: str, value: Any) -> None:
    number(-100, 100)(where, value)


_function = record({"name": _function_name}, {"description": any_text, "parameters": an_object, "strict": boolean})
_tool = tagged(
    "type",
    {
        "function": record({"function": _function}),
        "custom": record({"custom": record({"name": _function_name}, {"description": any_text, "format": an_object})}),
    },
)
_tool_choice = either(
    str,
    one_of("none", "auto", "required"),
    tagged(
        "type",
        {
            "function": record({"function": record({"name": _function_name})}),
            "custom": record({"custom": record({"name": _function_name})}),
            "allowed_tools": record({"allowed_tools": an_object}),
        },
    ),
)
_response_format = tagged(
    "type",
    {
        "text": an_object,
        "json_object": an_object,
        "json_schema": record(
            {
                "json_schema": record(
                    {"name": _function_name}, {"description": any_text, "schema": an_object, "strict": boolean}
                )
            }
        ),
    },
    closed=True,
)
_whole = number(1, 2**31, whole=True)

# OpenAI's own fields, with OpenAI's own bounds; null always means "not sent".
OPTIONAL: dict[str, Check] = {
    "audio": record({"format": text}, {"voice": either(str, text, an_object)}),
    "frequency_penalty": number(-2, 2),
    "function_call": either(str, one_of("none", "auto"), record({"name": _function_name})),
    "functions": list_of(_function, most=128),
    "logit_bias": map_of(_bias, most=10_000),
    "logprobs": boolean,
    "max_completion_tokens": _whole,
    "max_tokens": _whole,
    "metadata": map_of(any_text, most=16),
    "modalities": list_of(one_of("text", "audio", "image"), most=3),
    "n": number(1, 128, whole=True),
    "parallel_tool_calls": boolean,
    "prediction": record(
        {"type": one_of("content"), "content": either(str, any_text, list_of(an_object, most=10_000))}
    ),
    "presence_penalty": number(-2, 2),
    "prompt_cache_key": text,
    "reasoning_effort": text,
    "response_format": _response_format,
    "safety_identifier": text,
    "seed": number(-(2**63), 2**63 - 1, whole=True),
    "service_tier": text,
    "stop": either(str, any_text, list_of(text, most=4)),
    "store": boolean,
    "stream": boolean,
    "stream_options": record({}, {"include_usage": boolean, "include_obfuscation": boolean}),
    "temperature": number(0, 2),
    "tool_choice": _tool_choice,
    "tools": list_of(_tool, most=128),
    "top_logprobs": number(0, 20, whole=True),
    "top_p": number(0, 1),
    "user": text,
    "verbosity": text,
    "web_search_options": an_object,
}
