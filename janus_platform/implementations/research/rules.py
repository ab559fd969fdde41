"""Rules that a system message gives for every answer, as far as a program can keep to them.

"If the user says X, reply Y; otherwise reply Z" and "whatever is asked, reply with the word W" are decided here: a rule
that binds wins over the question. "Always answer in capital letters" changes how an answer looks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import short

_QUOTED = r"[\"“„'‘]([^\"”“'’]{1,200})[\"”“'’]"
_ANSWERING = r"(?:reply|replies|respond|answer|say|write|return|output)s?"
_WHAT = (
    r"(?:with|by|using|saying)?\s*(?:the\s+|a\s+)?(?:single\s+)?(?:words?|text|phrase|code|number)?\s*"
    rf"(?:{_QUOTED}|([^\s.,;\"]+))"
)
_IF = short.compile(
    rf"\bif\s+(?:the\s+)?(?:user|someone|somebody|anyone|they|message|he|she)\b([^;.]*?)(?:,|\s+then\b|\s+you\b)\s*(?:then\s+|you\s+)?{_ANSWERING}\s+{_WHAT}",
    re.I,
)
_ELSE = short.compile(
    rf"\b(?:otherwise|else|in\s+(?:all|any|every)\s+other\s+cases?|to\s+(?:everything|anything|all)\s+else|for\s+(?:everything|anything)\s+else)\b,?\s*{_ANSWERING}\s+{_WHAT}",
    re.I,
)
_ALWAYS = short.compile(
    rf"\b{_ANSWERING}\s+to\s+(?:every|each|any|all)\s+\w+\s+with\s+(?:the\s+)?(?:word\s+|text\s+|phrase\s+)?(?:{_QUOTED}|([\w-]+))"
    rf"|\b(?:whatever|no\s+matter\s+what|always|to\s+(?:everything|every\s+(?:message|question))|regardless)\b[^.]*?\b{_ANSWERING}\s+(?:only\s+|just\s+)?"
    rf"with\s+(?:only\s+|just\s+)?(?:the\s+)?(?:single\s+)?(?:word|text|phrase|sentence|code|number)?\s*(?:{_QUOTED}|([\w-]+))\s*(?:and\s+nothing\s+else|only|alone)?\s*\.?$",
    re.I,
)


def ruled(messages: Sequence[dict[str, Any]]) -> str | None:
    """The answer that a rule of the system message decides, whatever was asked; None where none does."""
    rules = " ".join(" ".join(_system_texts(messages)).split())
    said = next((m["content"] for m in reversed(messages) if m.get("role") == "user"), "")
    if not rules or not isinstance(said, str):
        return None
    if condition := _IF.search(rules):
        phrase = short.search(_QUOTED, condition[1]) or short.search(_QUOTED, rules[: condition.start()])
        if phrase and _fulfilled(condition[1], phrase[1], said):
            return condition[2] or condition[3]
        otherwise = _ELSE.search(rules)
        return _answer(otherwise) if phrase and otherwise else None
    always = _ALWAYS.search(rules)
    return _answer(always) if always else None


def _system_texts(messages: Sequence[dict[str, Any]]) -> list[str]:
    roles = ("system", "developer")
    return [m["content"] for m in messages if m.get("role") in roles and isinstance(m.get("content"), str)]


def _answer(match: re.Match[str]) -> str:
    """The last thing that a rule names: what is to be said."""
    return next(group for group in reversed(match.groups()) if group)


def _fulfilled(condition: str, phrase: str, said: str) -> bool:
    """Whether what was said is the phrase, or has it in it where the rule speaks of mentioning it."""
    plain, wanted = _plain(said), _plain(phrase)
    if short.search(r"\b(?:contain|mention|include)", condition, re.I):
        return wanted in plain
    return plain == wanted


def _plain(text: str) -> str:
    return " ".join(short.findall(r"\w+", text.lower()))
