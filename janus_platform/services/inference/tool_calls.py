"""The tool calls that the local engine asks for: which tools, with which arguments."""

from __future__ import annotations

from collections.abc import Sequence

from janus_platform.contract import InferenceLimits
from janus_platform.services.inference.chat import ChatRequest
from janus_platform.services.inference.chunks import Call
from janus_platform.services.inference.extraction import Told
from janus_platform.services.inference.json_answers import dumped
from janus_platform.services.inference.prompt import LONG_TEXT, Message, read_prompt
from janus_platform.services.inference.schema import Node, fault, read_schema
from janus_platform.services.inference.schema_fill import Filled, fill
from janus_platform.services.inference.strings import CONCRETE, roles_of
from janus_platform.services.inference.tool_selection import Pick, closest, pick

# What has to be said and was not: the tool's name and the argument's.
Missing = tuple[str, str]


def calls_of(asked: ChatRequest, limits: InferenceLimits) -> tuple[tuple[Call, ...], list[Missing]]:
    """The calls to make, in order; or, where a fitting tool needs more than was said, what is missing.

    Under `required` or a named tool there is always a call. Raises ApiError 400 naming a schema that cannot be used.
    """
    schemas = {tool.name: _schema(tool.parameters, tool.where, limits, strict=tool.strict) for tool in asked.tools}
    text = _request(asked)
    picks, forced = _picks(asked, text), asked.tool_choice.mode in ("required", "named")
    calls: list[Call] = []
    missing: list[Missing] = []
    for one in picks:
        node = schemas[one.tool.name]
        filled = _filled(node, one, text)
        lacking = [name for name in filled.missing if name and _must_be_said(node, name)]
        if lacking and not forced:
            missing += [(one.tool.name, name) for name in lacking]
            continue
        call = Call(one.tool.name, dumped(filled.value))
        if (call.name, call.arguments) not in {(c.name, c.arguments) for c in calls}:
            calls.append(call)
    return tuple(calls), missing


def ask_for(missing: Sequence[Missing]) -> str:
    """The sentence that asks for what is missing."""
    by_tool: dict[str, list[str]] = {}
    for tool, name in missing:
        by_tool.setdefault(tool, []).append(f"`{name}`")
    parts = [f"to call {tool} I need {' and '.join(dict.fromkeys(names))}" for tool, names in by_tool.items()]
    said = "; ".join(parts)
    return f"{said[0].upper()}{said[1:]}, which your message does not say."


def _schema(raw: object, where: str, limits: InferenceLimits, *, strict: bool) -> Node:
    node = read_schema(raw or {"type": "object"}, where, limits, lenient=not strict)
    if "object" not in node.types:
        raise fault(where, "the parameters of a function are of type object")
    return node


def _request(asked: ChatRequest) -> str:
    """What the last user message asks; of a long one, its question."""
    last = next(m.text for m in reversed(asked.messages) if m.role == "user")
    return last if len(last) < 4 * LONG_TEXT else read_prompt([Message("user", last)]).question or last


def _picks(asked: ChatRequest, text: str) -> list[Pick]:
    choice = asked.tool_choice
    if choice.mode == "named":
        return [Pick(next(tool for tool in asked.tools if tool.name == choice.name), text)]
    found = pick(asked.tools, text, several=asked.parallel_tool_calls)
    return found or ([Pick(closest(asked.tools, text), text)] if choice.mode == "required" else [])


def _filled(node: Node, one: Pick, text: str) -> Filled:
    """The arguments from the clause that asks for the tool, or from the whole request where the clause lacks some."""
    filled = fill(node, Told(one.words))
    if not filled.missing or one.words == text:
        return filled
    whole = fill(node, Told(text))
    return whole if len(whole.missing) < len(filled.missing) else filled


def _must_be_said(node: Node, name: str) -> bool:
    """Whether nothing but the user's own words can fill a required argument: a number, a choice, a place, a date."""
    child = node.properties.get(name)
    if child is None or name not in node.required:
        return False
    if child.enum is not None or ({"number", "integer"} & set(child.types) and "string" not in child.types):
        return True
    return bool(CONCRETE & set(roles_of(name, child)))
