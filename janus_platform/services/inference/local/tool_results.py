"""Tool results in words: the answer to a request whose tool calls have been made."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from janus_platform.services.inference.local.extractive import NOT_COVERED, answer
from janus_platform.services.inference.local.prompt import LONG_TEXT, Message
from janus_platform.services.inference.messages import ChatMessage

MAX_FACTS, MAX_QUOTED, MAX_NESTING = 20, 1_000, 8
SHORT = 120


def results_since(messages: Sequence[ChatMessage]) -> list[ChatMessage]:
    """The tool messages after the last user message, in order."""
    last = max(position for position, m in enumerate(messages) if m.role == "user")
    return [m for m in messages[last + 1 :] if m.role == "tool"]


def answer_from(messages: Sequence[ChatMessage], results: Sequence[ChatMessage]) -> str:
    """One paragraph a result: its facts, or the sentences of it that answer the question."""
    names = {call.id: call.name for m in messages for call in m.tool_calls}
    question = next(m.text for m in reversed(messages) if m.role == "user")
    return "\n\n".join(_paragraph(names.get(r.call_id or "", r.name or "the tool"), r.text, question) for r in results)


def _paragraph(name: str, content: str, question: str) -> str:
    content = content.strip()
    if not content:
        return f"{name} returned nothing."
    try:
        parsed = json.loads(content)
    except (ValueError, RecursionError):
        parsed = content
    leaves = list(_leaves(parsed, "", 0)) if isinstance(parsed, dict | list) else [("", content)]
    facts = [f"{path} is {value}" for path, value in leaves if path and len(value) <= SHORT and "\n" not in value]
    long = [value for path, value in leaves if not path or len(value) > SHORT or "\n" in value]
    parts = [f"According to {name}: {'; '.join(facts[:MAX_FACTS])}."] if facts else []
    if long:
        text = "\n\n".join(long)
        parts.append(_quoted(text, question) if len(text) >= LONG_TEXT else f"{name} returned: {text}")
    return "\n\n".join(parts) or f"{name} returned {content[:MAX_QUOTED]}."


def _quoted(text: str, question: str) -> str:
    """The sentences of a longer text that answer, or its beginning where none do."""
    quoted = answer([Message("user", f"Question: {question}\n\nPassages:\n[1] Result — tool:result\n{text}")])
    return text[:MAX_QUOTED] if quoted == " ".join(NOT_COVERED) else quoted.replace(" [1]", "")


def _leaves(value: Any, path: str, depth: int) -> Iterator[tuple[str, str]]:
    if depth > MAX_NESTING:
        return
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _leaves(member, f"{path} {key}".strip(), depth + 1)
    elif isinstance(value, list):
        for position, member in enumerate(value[:MAX_FACTS], 1):
            here = path if not isinstance(member, dict | list) else f"{path} {position}".strip()
            yield from _leaves(member, here or str(position), depth + 1)
    else:
        yield path or "result", value if isinstance(value, str) else json.dumps(value)
