"""The messages of a chat request, read and checked: text, images, tool calls and their results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from janus_platform.contract import InferenceLimits
from janus_platform.services.inference.errors import invalid

_KNOWN_PARTS = ("", "text", "refusal", "image_url", "video_url", "input_audio", "file")
ROLES = ("system", "developer", "user", "assistant", "tool", "function")
# What a tool or a function returned may be nothing at all.
MAY_BE_NULL = ("assistant", "tool", "function")


@dataclass(frozen=True)
class ImagePart:
    """An image of a message: its `url` as it was sent, and the `path` of the field that it stands in."""

    url: str
    path: str


@dataclass(frozen=True)
class ToolCall:
    """A call that an assistant message asks for; `arguments` is JSON in a string."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class ChatMessage:
    """One message of the conversation.

    `call_id` says which call a tool message answers; `name` which function, in the older form of the same.
    """

    role: str
    text: str
    images: tuple[ImagePart, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    call_id: str | None = None
    name: str = ""


def read_messages(raw: Sequence[Any], limits: InferenceLimits) -> tuple[ChatMessage, ...]:
    """Check all messages. Raises ApiError 400 naming the part that is not right."""
    if not 1 <= len(raw) <= limits.max_messages:
        raise invalid("messages", f"`messages` must hold 1 to {limits.max_messages} messages.")
    messages = _with_asking(tuple(_message(entry, f"messages[{position}]") for position, entry in enumerate(raw)))
    if sum(len(m.images) for m in messages) > limits.max_images:
        raise invalid("messages", f"A request may hold at most {limits.max_images} images. Send fewer.")
    _check_answers(messages)
    return messages


def _with_asking(messages: tuple[ChatMessage, ...]) -> tuple[ChatMessage, ...]:
    """The messages, one of them the user's: where no message is, the last instruction asks, or else the last one."""
    if any(m.role == "user" for m in messages):
        return messages
    instructions = [position for position, m in enumerate(messages) if m.role in ("system", "developer")]
    asking = instructions[-1] if instructions else len(messages) - 1
    return tuple(replace(m, role="user") if position == asking else m for position, m in enumerate(messages))


def _check_answers(messages: Sequence[ChatMessage]) -> None:
    """Every tool message answers a call that an assistant message before it asked for."""
    call_ids: set[str] = set()
    for position, message in enumerate(messages):
        call_ids |= {call.id for call in message.tool_calls}
        if message.role == "tool" and not message.name and message.call_id not in call_ids:
            path = f"messages[{position}].tool_call_id"
            raise invalid(
                path,
                f"`{path}` answers no call. Put the assistant message with that id in its `tool_calls` before it.",
            )


def _message(raw: Any, path: str) -> ChatMessage:
    if not isinstance(raw, dict):
        raise invalid(path, f"`{path}` must be an object with `role` and `content`.")
    role = raw.get("role")
    if role not in ROLES:
        raise invalid(f"{path}.role", f"`{path}.role` must be one of: {', '.join(ROLES)}.")
    calls = _tool_calls(raw.get("tool_calls"), f"{path}.tool_calls") if role == "assistant" else ()
    text, images = _content(raw.get("content"), f"{path}.content", role)
    call_id = raw.get("tool_call_id") if role == "tool" else None
    if role == "tool" and (not isinstance(call_id, str) or not call_id):
        raise invalid(f"{path}.tool_call_id", f"`{path}.tool_call_id` must be the id of the call that this answers.")
    if role == "function":
        # As before tools were there: a result that names its function instead of a call.
        if not isinstance(raw.get("name"), str) or not raw["name"]:
            raise invalid(f"{path}.name", f"`{path}.name` must be the name of the function that this comes from.")
        return ChatMessage("tool", text, name=_unicode(raw["name"], f"{path}.name"))
    return ChatMessage(role, text, images, calls, call_id)


def _content(raw: Any, path: str, role: str) -> tuple[str, tuple[ImagePart, ...]]:
    if isinstance(raw, str):
        return _unicode(raw, path), ()
    if raw is None and role in MAY_BE_NULL:
        return "", ()
    if not isinstance(raw, list):
        raise invalid(path, f"`{path}` must be a string or a list of parts.")
    texts: list[str] = []
    images: list[ImagePart] = []
    for position, part in enumerate(raw):
        here = f"{path}[{position}]"
        kind = part.get("type") if isinstance(part, dict) else None
        if kind == "text" and isinstance(part.get("text"), str):
            texts.append(_unicode(part["text"], path))
        elif kind == "refusal" and role == "assistant" and isinstance(part.get("refusal"), str):
            texts.append(_unicode(part["refusal"], path))
        elif kind == "image_url" and role == "user":
            images.append(_image(part.get("image_url"), here))
        elif isinstance(kind, str) and kind not in _KNOWN_PARTS:  # As in the gateway: what nobody knows passes.
            texts += [_unicode(part["text"], path)] if isinstance(part.get("text"), str) else []
        else:
            also = ' or of type image_url with {"url": …}' if role == "user" else ""
            raise invalid(here, f"`{here}` must be a part of type text with a string `text`{also}.")
    return "\n".join(texts), tuple(images)


def _image(raw: Any, path: str) -> ImagePart:
    url = raw.get("url") if isinstance(raw, dict) else None
    if not isinstance(url, str):
        raise invalid(path, f'`{path}.image_url` must be an object such as {{"url": "data:image/png;base64,…"}}.')
    return ImagePart(url, f"{path}.image_url.url")


def _tool_calls(raw: Any, path: str) -> tuple[ToolCall, ...]:
    if raw is None:
        return ()
    if not isinstance(raw, list):
        raise invalid(path, f"`{path}` must be a list of calls, as an answer carried them.")
    return tuple(_tool_call(entry, f"{path}[{position}]") for position, entry in enumerate(raw))


def _tool_call(raw: Any, path: str) -> ToolCall:
    function = raw.get("function") if isinstance(raw, dict) else None
    if not isinstance(function, dict):
        raise invalid(path, f"`{path}` must be an object with `id`, `type` and `function`.")
    values = {"id": raw.get("id"), "name": function.get("name"), "arguments": function.get("arguments")}
    wrong = next((name for name, value in values.items() if not isinstance(value, str)), None)
    if wrong:
        at = f"{path}.id" if wrong == "id" else f"{path}.function.{wrong}"
        raise invalid(at, f"`{at}` must be a string.")
    return ToolCall(**{name: _unicode(str(value), path) for name, value in values.items()})


def _unicode(text: str, path: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise invalid(path, f"`{path}` holds a lone surrogate; send valid Unicode.") from None
    return text
