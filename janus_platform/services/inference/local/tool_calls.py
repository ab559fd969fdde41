"""The tool calls that the local engine asks for: which tools, with which arguments."""

from __future__ import annotations

from collections.abc import Sequence

from janus_platform.contract import InferenceLimits
from janus_platform.services.inference.chat import ChatRequest
from janus_platform.services.inference.chunks import Call
from janus_platform.services.inference.local.extraction import Extraction
from janus_platform.services.inference.local.json_answers import dumped
from janus_platform.services.inference.local.prompt import LONG_TEXT, Message, read_prompt
from janus_platform.services.inference.local.schema_fill import Filled, fill
from janus_platform.services.inference.local.tool_selection import Selection, closest, select
from janus_platform.services.inference.schema import SchemaNode, fault, read_schema

# What has to be given and was not: the tool's name and the argument's.
Missing = tuple[str, str]


def calls_of(request: ChatRequest, limits: InferenceLimits) -> tuple[tuple[Call, ...], list[Missing]]:
    """The calls to make, in order; or, where a fitting tool needs more than the message says, what is missing.

    Under `required` or a named tool there is always a call. Raises ApiError 400 naming a schema that cannot be used.
    """
    schemas = {tool.name: _schema(tool.parameters, tool.path, limits, strict=tool.strict) for tool in request.tools}
    text = _request(request)
    is_forced = request.tool_choice.mode in ("required", "named")
    calls: list[Call] = []
    missing: list[Missing] = []
    for selection in _selections(request, text):
        tool = selection.tool
        filled = _arguments(schemas[tool.name], selection.text, text)
        lacking = [name for name in filled.missing if name and _must_be_given(schemas[tool.name], name)]
        if lacking and not is_forced:
            missing += [(tool.name, name) for name in lacking]
            continue
        call = Call(tool.name, dumped(filled.value))
        if (call.name, call.arguments) not in {(c.name, c.arguments) for c in calls}:
            calls.append(call)
    return tuple(calls), missing


def ask_for(missing: Sequence[Missing]) -> str:
    """The sentence that asks for what is missing."""
    by_tool: dict[str, list[str]] = {}
    for tool, name in missing:
        by_tool.setdefault(tool, []).append(f"`{name}`")
    parts = [f"to call {tool} I need {' and '.join(dict.fromkeys(names))}" for tool, names in by_tool.items()]
    sentence = "; ".join(parts)
    return f"{sentence[0].upper()}{sentence[1:]}, which your message does not say."


def _schema(raw: object, location: str, limits: InferenceLimits, *, strict: bool) -> SchemaNode:
    node = read_schema(raw or {"type": "object"}, location, limits, lenient=not strict)
    if "object" not in node.types:
        raise fault(location, "the parameters of a function are of type object")
    return node


def _request(request: ChatRequest) -> str:
    """The request of the last user message; of a long one, its question."""
    last = next(m.text for m in reversed(request.messages) if m.role == "user")
    return last if len(last) < 4 * LONG_TEXT else read_prompt([Message("user", last)]).question or last


def _selections(request: ChatRequest, text: str) -> list[Selection]:
    choice = request.tool_choice
    if choice.mode == "named":
        return [Selection(next(tool for tool in request.tools if tool.name == choice.name), text)]
    selections = select(request.tools, text, several=request.parallel_tool_calls)
    return selections or ([Selection(closest(request.tools, text), text)] if choice.mode == "required" else [])


def _arguments(node: SchemaNode, part: str, text: str) -> Filled:
    """The arguments from the part of the request that asks for the tool, or from all of it where that lacks some."""
    filled = fill(node, Extraction(part))
    if not filled.missing or part == text:
        return filled
    whole = fill(node, Extraction(text))
    return whole if len(whole.missing) < len(filled.missing) else filled


def _must_be_given(node: SchemaNode, name: str) -> bool:
    """Whether nothing but the user's own words can fill a required argument: a text, a number, a choice."""
    child = node.properties.get(name)
    if child is None or name not in node.required:
        return False
    return child.enum is not None or bool({"string", "number", "integer"} & set(child.types))
