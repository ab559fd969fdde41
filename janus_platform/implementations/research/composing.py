"""A JSON object that a question describes, read key by key; where a key has no value, nothing is written."""

from __future__ import annotations

import json
import re
from typing import Any

import short
from reading import NUMBER

_KEY = short.compile(r"[`\"“]([\w-]+)[`\"”]")
_LIST_OF = short.compile(
    r"^\W*(?:(?:is|as|to|being)\s+)?(?:set\s+to\s+)?(?:the\s+|a\s+)?list\s+(?:of|with)\s+(?:the\s+)?(?:numbers|words|names|values)?\s*(.+)$",
    re.I,
)


def composed(question: str) -> str | None:
    """The object that `question` describes, as JSON; None where it describes none, or not all of it."""
    flat = " ".join(question.split())
    if short.search(r"\bjson\b", flat, re.I) and (found := _object(flat)):
        return json.dumps(found, ensure_ascii=False)
    return None


def _object(text: str) -> dict[str, Any] | None:
    """An object whose keys stand in backticks or quotes, each before what it is to hold."""
    begin = short.search(r"\bobject\b", text, re.I)
    if not begin:
        return None
    text = text[begin.end() :].lstrip()
    outer = short.match(r"[`\"“]([\w-]+)[`\"”]\s+(?:that\s+)?(?:holds?|with|contain(?:s|ing)|having)\s+", text)
    if outer:
        inside = _pairs(text[outer.end() :])
        return {outer[1]: inside} if inside else None
    return _pairs(text)


def _pairs(text: str) -> dict[str, Any] | None:
    keys = [key for key in _KEY.finditer(text) if not _is_value(text, key)]
    found: dict[str, Any] = {}
    ends = [*(key.start() for key in keys[1:]), len(text)][: len(keys)]
    for key, end in zip(keys, ends, strict=True):
        if key.start() < 0 or key[1] in found:
            continue
        described = short.sub(
            r"[\s,;]*(?:\band\b)?\s*(?:\b(?:the|a)\s+(?:key|field)\b)?[\s,;]*$", "", text[key.end() : end]
        )
        nested = short.search(r"\blist\s+with\s+one\s+object\s+(?:of|with)\b", described, re.I)
        if nested:
            inside = _pairs(text[key.end() + nested.end() :])
            return found | {key[1]: [inside]} if inside else None
        value = _value(described)
        if value is None:
            return None
        found[key[1]] = value
    return found or None


def _is_value(text: str, key: re.Match[str]) -> bool:
    """Whether what stands in quotes is a value: after "set to", or directly behind another key."""
    before = text[: key.start()].rstrip()
    return (
        key[0][0] != "`"
        and bool(short.search(r"(?:\b(?:to|as|is|being|equal\s+to|of)|[`:=])$", before))
        and "`" in text
    )


def _value(described: str) -> Any:
    if listed := _LIST_OF.match(described):
        return _list(listed[1])
    said = short.sub(
        r"^\W*?(?:(?:is|as|to|being|set\s+to|equal\s+to|with|the\s+value|:|=)\s*)+", "", described.strip(), flags=re.I
    ).rstrip(".")
    if quoted := short.match(r"[\"“']([^\"”']*)[\"”']", said.strip()):
        return quoted[1]
    word = said.strip().split(" ")[0].strip(",;") if said.strip() else ""
    constants = {"true": True, "false": False}
    if word.lower() in constants:
        return constants[word.lower()]
    if short.fullmatch(NUMBER, word):
        plain = word.replace(",", "")
        return float(plain) if "." in plain else int(plain)
    return word or None


def _list(described: str) -> list[Any] | None:
    """The members of a list, in the order that is wanted."""
    order = short.search(
        r",?\s*(?:sorted\s+)?in\s+(?:\w+\s+)?(rising|ascending|increasing|falling|descending|decreasing|alphabetical)\s+order\b",
        described,
        re.I,
    )
    members: list[Any] = [_value(member) for member in _members(described[: order.start()] if order else described)]
    if any(member is None for member in members):
        return None
    if not order:
        return members
    return sorted(members, reverse=order[1].lower() in ("falling", "descending", "decreasing"))


def _members(said: str) -> list[str]:
    return [part.strip(" .") for part in short.split(r"\s*,\s*(?:and\s+)?|\s+and\s+", said.strip()) if part.strip(" .")]
