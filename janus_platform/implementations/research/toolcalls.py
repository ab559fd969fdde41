"""Calls of the caller's tools, planned here where the request says every argument; else it is for the model.

A tool is chosen by the words that its name and description share with the request. An argument is found by its
schema: an `enum` by its words, numbers and times by their shape, names by the words before them ("in Oulu", "labelled
tea"). A call is made only when all required arguments were found, each in a place of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import short
from dates import find_dates, without_dates
from reading import NUMBER, number, spelled_numbers

MOST_CALLS = 8
_NAME = r"(?-i:(?:[A-ZÀ-Þ][\w'’-]*|\d+)(?:\s+(?:[A-ZÀ-Þ][\w'’-]*|\d+(?!\s*(?:%|degrees|minutes|hours|people))))*)"
_LOWER = r"[\w'’-]+"
# Words that stand before a value, by what the parameter's name or description speaks of.
_BEFORE = (
    (r"city|place|town|location|destination|address|where", r"(?:in|at|to|for|of|near)"),
    (r"room", r"in\s+the|of\s+the"),
    (r"restaurant|shop|hotel|company", r"(?:at|in|from)(?:\s+the)?"),
    (r"source|from|origin|start", r"from"),
    (r"target|destination|into|to\b|end", r"(?:to|into|in)"),
    (r"label|title|called|name", r"(?:labelled|labeled|called|named|titled|for)"),
    (r"subject", r"(?:the\s+)?subject(?:\s+line)?(?:\s+is)?"),
    (
        r"body|text|message|content|note",
        r"(?:the\s+)?(?:text|body|message|note|content|saying|to\s+say|that\s+says)(?:\s+is)?|to",
    ),
    (r"query|search|question|topic", r"(?:search\s+for|look\s+up|find|about)"),
    (r"article|product|item|id|code|number", r"(?:article|product|item|id|code|number)"),
    (r"\w", r"(?:of|in|for|about)"),
)
_STOP = frozenset(
    "a an the of to in on at for is are get set returns return gives give current some one and or from with by now "
    "right".split()
)
_LOOSE_END = (
    r"(?=\s+(?:at|in|on|to|for|with|by|and|labelled|labeled|called|from|right|now|today|please|using|as)\b"
    r"|\s*[.,;:?!]|\s*$)"
)


@dataclass
class _Request:
    """What the user asks for; each argument takes its words out of `left`."""

    text: str
    left: str = field(init=False)

    def __post_init__(self) -> None:
        self.left = self.text

    def take(self, pattern: str) -> str | None:
        """The first group of the first match, and take it out."""
        found = short.search(pattern, self.left, re.I)
        if not found:
            return None
        value = next(filter(None, found.groups()), found[0])
        self.left = f"{self.left[: found.start()]} ; {self.left[found.end() :]}"
        return value.strip()


_REFUSES = short.compile(
    r"\banswer\s+(?:it\s+)?yourself\b|\bwithout\s+(?:using\s+)?(?:the|a|any)\s+tools?\b|\b(?:no|do\s+not\s+use|don't\s+use)\s+(?:the\s+|any\s+|a\s+)?tools?\b",
    re.I,
)


def refuses_tools(text: str) -> bool:
    """Whether the user wants an answer without the tools that the program offers."""
    return bool(_REFUSES.search(text))


def plan_calls(offer: dict[str, Any], text: str) -> list[dict[str, Any]]:
    """The calls that `text` asks for, in the wire format; none where a tool or an argument is not plain.

    `offer` is what the request says of tools: `tools`, `tool_choice`, `parallel_tool_calls`.
    """
    tools, choice = offer.get("tools"), offer.get("tool_choice")
    named = (choice.get("function") or {}).get("name") if isinstance(choice, dict) else None
    known = [
        tool["function"]
        for tool in (tools if isinstance(tools, list) else [])
        if isinstance(tool, dict)
        and isinstance(tool.get("function"), dict)
        and named in (None, tool["function"].get("name"))
    ]
    calls: list[tuple[str, dict[str, Any]]] = []
    for part in _parts(" ".join(text.split())):
        tool = _chosen(known, part)
        if tool is None:
            continue
        made = [(str(tool["name"]), arguments) for arguments in _argument_sets(tool, part, text)]
        if not made:
            return []  # half of what was asked is for the model as well
        calls += made
    if not calls or len(calls) > (1 if offer.get("parallel_tool_calls") is False else MOST_CALLS):
        return []
    return [
        {
            "index": place,
            "id": f"call_{place + 1}",
            "type": "function",
            "function": {"name": name, "arguments": json.dumps(arguments, ensure_ascii=False)},
        }
        for place, (name, arguments) in enumerate(calls)
    ]


def _parts(text: str) -> list[str]:
    """The parts of a request that ask for one thing each."""
    return short.split(
        r",?\s+and\s+(?=(?:then\s+)?(?:switch|turn|set|start|send|add|book|show|get|tell|convert|open|close|play|call|order|create)\b)",
        text,
    )


def _chosen(tools: Sequence[dict[str, Any]], part: str) -> dict[str, Any] | None:
    """The tool that shares most with a part of the request; None where it is none, or two are as near."""
    words = _stems(part)
    scores = []
    for tool in tools:
        name, about = _stems(str(tool.get("name", "")).replace("_", " ")), _stems(str(tool.get("description", "")))
        scores.append(3 * len(words & name) + len(words & about))
    best = max(scores, default=0)
    if len(tools) == 1 and short.search(r"\b(?:use|ask|with|call)\s+(?:the|this|your)\s+tool\b", part, re.I):
        return tools[0]
    return tools[scores.index(best)] if best >= 2 and scores.count(best) == 1 else None


def _argument_sets(tool: dict[str, Any], part: str, whole: str) -> Iterator[dict[str, Any]]:
    """The arguments of one call; of several where one argument has several values ("in Oulu and in Split")."""
    parameters = tool.get("parameters")
    schema: dict[str, Any] = parameters if isinstance(parameters, dict) else {}
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return
    required = [name for name in schema.get("required", properties) if name in properties]
    request, found = _Request(spelled_numbers(part)), dict[str, list[Any]]()
    for name in sorted(properties, key=lambda each: _order(each, properties[each])):
        values = _values(name, properties[name], request, whole)
        if values:
            found[name] = values
        elif name in required:
            return
    options = [str(value) for name, values in found.items() if properties[name].get("enum") for value in values]
    left = short.sub(r"^\W*\w+|(?<=[.?!]\s)\w+", " ", request.left)
    if short.search(
        r"\d|\b[A-ZÀ-Þ]\w+", short.sub(rf"\b(?:{'|'.join(map(re.escape, options)) or '$^'})\b", " ", left, flags=re.I)
    ):
        return  # a number or a name is left over: something was asked that no argument took
    several = [name for name, values in found.items() if len(values) > 1]
    if len(several) > 1:
        return
    for place in range(len(found[several[0]]) if several else 1):
        yield {name: found[name][place if name in several else 0] for name in properties if name in found}


def _order(name: str, schema: Any) -> int:
    """Shapes that cannot be mistaken are read first, free text last."""
    described = f"{name} {schema.get('description', '')}" if isinstance(schema, dict) else name
    if not isinstance(schema, dict) or schema.get("enum"):
        return 0
    if short.search(r"YYYY|HH:MM|ISO\s*4217|mail", described) or name in ("to", "recipient"):
        return 1
    return {"integer": 2, "number": 2, "boolean": 1}.get(
        str(schema.get("type")), 3 if short.search(r"body|text|message", described) is None else 4
    )


def _values(name: str, schema: Any, request: _Request, whole: str) -> list[Any]:
    """The values that a request gives to one parameter, mostly one."""
    if not isinstance(schema, dict):
        return []
    described = f"{name.replace('_', ' ')} {schema.get('description', '')}"
    if isinstance(schema.get("enum"), list):
        said = [option for option in schema["enum"] if _stems(str(option)) & _stems(whole)]
        return said[:1] if len(said) == 1 else []
    kind = schema.get("type", "string")
    if kind in ("integer", "number"):
        return _numbers(name, described, request, whole=kind == "integer")
    if kind == "boolean":
        sign = request.take(r"\b(on|off|open|close[d]?|true|false|yes|no|enable|disable)\b")
        return [] if sign is None else [sign.lower() in ("on", "open", "true", "yes", "enable")]
    if kind == "string":
        return _strings(described, request)
    return []


def _numbers(name: str, described: str, request: _Request, *, whole: bool) -> list[Any]:
    """A number: the one beside a word of the parameter's name, else the only one that is left."""
    unit = "|".join(re.escape(stem) for stem in _stems(name.replace("_", " ")) | _stems(described)) or "$^"
    said = request.take(rf"(?<![\w:.-])({NUMBER})(?=\s*-?(?:{unit}))")
    left = short.findall(rf"(?<![\w:.-])({NUMBER})(?![\w:]|-\d|\.\d)", request.left)
    if said is None and len(left) == 1:
        said = request.take(rf"(?<![\w:.-])({re.escape(left[0])})(?![\w:]|-\d|\.\d)")
    if said is None:
        return []
    value = float(number(said))
    return [int(value)] if value == int(value) else [] if whole else [value]


def _strings(described: str, request: _Request) -> list[Any]:
    if short.search(r"YYYY-MM-DD|\bdate\b", described):
        dates = find_dates(request.left)
        request.left = without_dates(request.left)
        return [dates[0].isoformat()] if len(dates) == 1 else []
    if short.search(r"HH:MM|\btime\b", described):
        said = request.take(r"\b(\d{1,2}:\d{2})\b")
        return [said.zfill(5)] if said else []
    if short.search(r"ISO\s*4217|\bcurrency\b", described):
        before = (
            "from"
            if short.search(r"source|from", described)
            else "to|into|in"
            if short.search(r"target|to\b", described)
            else ""
        )
        said = request.take(rf"\b(?:{before})\s+((?-i:[A-Z]{{3}}))\b") if before else None
        said = said or request.take(r"\b((?-i:[A-Z]{3}))\b")
        return [said] if said else []
    if short.search(r"mail|\bto\b|recipient", described) and (said := request.take(r"([\w.+-]+@[\w-]+(?:\.[\w-]+)+)")):
        return [said]
    if quoted := request.take(r"[\"“]([^\"”]+)[\"”]"):
        return [quoted]
    for names, before in _BEFORE:
        if short.search(rf"\b(?:{names})", described):
            shapes = [_NAME, rf"{_LOWER}(?:\s+{_LOWER}){{0,4}}?"]
            if "code" in names:
                shapes = [r"[A-Za-z]{0,4}-?\d[\w-]*"]
            if "body" in names and (told := request.take(rf"\b(?:{before})\s+([^;]+)$")):
                return [told.removesuffix(".")]
            for value in shapes:
                if found := _after(before, value, request):
                    return found
    return []


def _after(before: str, value: str, request: _Request) -> list[str]:
    """What stands behind these words: several, where they or an "and" are repeated."""
    first = request.take(rf"\b(?:{before})\s+({value}){_LOOSE_END}")
    if first is None:
        return []
    found = [first]
    while more := request.take(rf"(?:;\s*,?\s*(?:and|,)\s+|;\s*,\s*)(?:(?:{before})\s+|the\s+)?({value}){_LOOSE_END}"):
        found.append(more)
    return found


def _stems(text: str) -> set[str]:
    words = short.findall(r"[a-zà-þ]{2,}", text.lower())
    return {_stem(word) for word in words if word not in _STOP}


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s", "e"):
        if len(word) > len(ending) + 2 and word.endswith(ending) and not word.endswith("ss"):
            return word[: -len(ending)]
    return word
