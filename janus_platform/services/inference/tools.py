"""The tools of a chat request, and what `tool_choice` says about them, read and checked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from janus_platform.contract import InferenceLimits
from janus_platform.services.inference.errors import invalid

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
MODES = ("none", "auto", "required")


@dataclass(frozen=True)
class Tool:
    """A function that the caller offers; `parameters` is the raw JSON Schema of its arguments, at `path`."""

    name: str
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    strict: bool = False
    path: str = ""


@dataclass(frozen=True)
class ToolChoice:
    """Whether a tool is called: `none`, `auto`, `required`, or `named` with the tool's name."""

    mode: str = "auto"
    name: str | None = None


def read_tools(raw: Any, limits: InferenceLimits) -> tuple[Tool, ...]:
    """The tools of a request. Raises ApiError 400 naming the entry."""
    if raw is None:
        return ()
    if not isinstance(raw, list) or len(raw) > limits.max_tools:
        raise invalid("tools", f"`tools` must be a list of at most {limits.max_tools} tools.")
    tools = tuple(
        _tool(entry, f"tools[{position}]") for position, entry in enumerate(raw) if not _is_of_another_type(entry)
    )
    names = [tool.name for tool in tools]
    for position, name in enumerate(names):
        if name in names[:position]:
            path = f"tools[{position}].function.name"
            raise invalid(path, f"Two tools are called {name}. Give each a name of its own.")
    return tools


def _is_of_another_type(raw: Any) -> bool:
    """Whether it is a tool of a type that this service does not know: it passes, and is never called."""
    kind = raw.get("type") if isinstance(raw, dict) else None
    return isinstance(kind, str) and kind not in ("", "function")


def _tool(raw: Any, path: str) -> Tool:
    function = raw.get("function") if isinstance(raw, dict) else None
    if not isinstance(function, dict) or raw.get("type") != "function":
        raise invalid(path, f'`{path}` must be {{"type": "function", "function": {{"name": …, "parameters": …}}}}.')
    at = f"{path}.function"
    name, described = function.get("name"), function.get("description")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        message = f"`{at}.name` must be 1 to 64 letters, digits, underscores and hyphens."
        raise invalid(f"{at}.name", message)
    if described is not None and not isinstance(described, str):
        raise invalid(f"{at}.description", f"`{at}.description` must be a string.")
    parameters = function.get("parameters")
    if parameters is not None and not isinstance(parameters, dict):
        raise invalid(f"{at}.parameters", f"`{at}.parameters` must be a JSON Schema of type object.")
    strict = function.get("strict")
    if strict is not None and not isinstance(strict, bool):
        raise invalid(f"{at}.strict", f"`{at}.strict` must be true or false.")
    return Tool(name, described or "", parameters or {}, bool(strict), f"{at}.parameters")


def read_choice(raw: Any, tools: Sequence[Tool]) -> ToolChoice:
    """What `tool_choice` says; without it, `auto`. Raises ApiError 400."""
    if raw is None:
        return ToolChoice()
    if isinstance(raw, str) and raw in MODES:
        if raw == "required" and not tools:
            raise invalid("tool_choice", "`tool_choice` is required, but `tools` holds none. Send some.")
        return ToolChoice(raw)
    if _is_of_another_type(raw):
        return ToolChoice()
    function = raw.get("function") if isinstance(raw, dict) and raw.get("type") == "function" else None
    name = function.get("name") if isinstance(function, dict) else None
    if not isinstance(name, str):
        named = '{"type": "function", "function": {"name": …}}'
        raise invalid("tool_choice", f"`tool_choice` must be {', '.join(MODES)}, or {named}.")
    if name not in {tool.name for tool in tools}:
        raise invalid("tool_choice", f"`tool_choice` names {name}, but `tools` has no such function.")
    return ToolChoice("named", name)
