"""The messages of a chat request: roles, contents and their parts, tool calls.

Shapes follow OpenAI's published OpenAPI description; what is named there is checked, what is not passes.
"""

from __future__ import annotations

from typing import Any

from janus_platform.gateway.checks import any_text, list_of, number, one_of, record, tagged, text
from janus_platform.gateway.errors import invalid_field

ROLES = ("system", "developer", "user", "assistant", "tool", "function")
MAX_PARTS = 10_000
MAX_TOOL_CALLS = 1_000
# One of these, be it empty, stands in for the content of an assistant's message.
INSTEAD_OF_CONTENT = ("tool_calls", "function_call", "refusal", "audio")

_image_url = record({"url": text}, {"detail": one_of("auto", "low", "high", "original")})
_video_url = record({"url": text})
_audio = record({"data": text, "format": text})
_file = record({}, {"file_data": text, "file_id": text, "filename": text})
_part = tagged(
    "type",
    {
        "text": record({"text": any_text}),
        "refusal": record({"refusal": any_text}),
        "image_url": record({"image_url": _image_url}),
        "video_url": record({"video_url": _video_url}),
        "input_audio": record({"input_audio": _audio}),
        "file": record({"file": _file}),
    },
)
_parts = list_of(_part, least=1, most=MAX_PARTS)
_function_call = record({"name": text}, {"arguments": any_text})
_tool_call = tagged(
    "type",
    {
        "function": record({"id": text, "function": _function_call}),
        "custom": record({"id": text, "custom": record({"name": text}, {"input": any_text})}),
    },
)
_tool_calls = list_of(_tool_call, most=MAX_TOOL_CALLS)
_AUDIO_REFERENCE = record({"id": text})
_OPTIONAL = {
    "name": text,
    "refusal": any_text,
    "reasoning_content": any_text,
    "tool_calls": _tool_calls,
    "function_call": _function_call,
    "audio": _AUDIO_REFERENCE,
    "weight": number(0, 1, whole=True),
}
_role = one_of(*ROLES)


def check_messages(messages: Any) -> None:
    """Check the whole conversation. Raises ResponseError 400 naming the first field at fault."""
    if messages is None:
        raise invalid_field("messages", "messages is missing. Send a list.", code="missing_required_parameter")
    if not isinstance(messages, list) or not messages:
        raise invalid_field("messages", "messages must be a list of at least one message.")
    for position, message in enumerate(messages):
        _message(f"messages[{position}]", message)


def _message(where: str, message: Any) -> None:
    if not isinstance(message, dict):
        raise invalid_field(where, f"{where} must be a JSON object.")
    _role(f"{where}.role", message.get("role"))
    for name, check in _OPTIONAL.items():
        if message.get(name) is not None:
            check(f"{where}.{name}", message[name])
    if message["role"] == "tool":
        text(f"{where}.tool_call_id", message.get("tool_call_id"))
    if message["role"] == "function":
        text(f"{where}.name", message.get("name"))
    _content(f"{where}.content", message)


def _content(where: str, message: dict[str, Any]) -> None:
    content = message.get("content")
    if content is None:
        if message["role"] == "function" or (
            message["role"] == "assistant" and any(name in message for name in INSTEAD_OF_CONTENT)
        ):
            return
        raise invalid_field(
            where, f"{where} is missing. Send a string or a list of parts.", code="missing_required_parameter"
        )
    if isinstance(content, str):
        any_text(where, content)
    elif isinstance(content, list) and content:
        _parts(where, content)
    else:
        raise invalid_field(where, f"{where} must be a string or a list of at least one part.")
