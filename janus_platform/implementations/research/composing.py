"""Small documents that a question describes: a JSON object, a line of CSV, a row of a table.

For JSON the description is read key by key; for CSV and rows the values are either listed, or found in a sentence by
what kind of thing each column holds. A key or column without a value means that nothing is written.
"""

from __future__ import annotations

import json
import re
from typing import Any

import short
from dates import find_dates
from reading import NUMBER

_KEY = short.compile(r"[`\"“]([\w-]+)[`\"”]")
_ROW = short.compile(r"\bcells?\s+([^.]+?)(?:,?\s+in\s+this\s+order|,?\s+with\b|,?\s+and\s+nothing|[.]|$)", re.I)
_ORDER = short.compile(
    r"\b(?:in\s+the\s+order|columns?|fields?|values?|order)\s*:?\s+(?:of\s+)?(\w+(?:\s*,\s*(?!with|and\b|separated|no\b|in\b)\w+)+(?:,?\s+and\s+(?!no|with)\w+)?)",
    re.I,
)
_LIST_OF = short.compile(
    r"^\W*(?:(?:is|as|to|being)\s+)?(?:set\s+to\s+)?(?:the\s+|a\s+)?list\s+(?:of|with)\s+(?:the\s+)?(?:numbers|words|names|values)?\s*(.+)$",
    re.I,
)


def composed(question: str) -> str | None:
    """The document that `question` describes; None where it describes none, or not all of it."""
    flat = " ".join(question.split())
    if short.search(r"\bjson\b", flat, re.I) and (found := _object(flat)):
        return json.dumps(found, ensure_ascii=False)
    if short.search(r"\bcsv\b|\bcomma[- ]separated\s+(?:line|values)\b", flat, re.I):
        return _csv(flat)
    if short.search(r"\btable\s+row\b|\brow\s+of\s+a\s+(?:markdown\s+)?table\b", flat, re.I) and (
        cells := _ROW.search(flat)
    ):
        return "| " + " | ".join(_members(cells[1])) + " |"
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


def _csv(text: str) -> str | None:
    """One line: the columns that are named, each found in the sentence behind the colon by its kind."""
    order = _ORDER.search(text)
    _, colon, sentence = text.rpartition(": ")
    if not order or not colon:
        return None
    left, cells = sentence, []
    for column in _members(order[1]):
        cell = _cell(column.lower(), left)
        if cell is None:
            return None
        left = left.replace(cell, " ", 1)
        cells.append(cell)
    sign = ";" if short.search(r"\bsemicolons?\b", text, re.I) else ","
    return (f"{sign} " if short.search(r"\bwith\s+(?:a\s+)?spaces?\b", text, re.I) else sign).join(cells)


def _cell(column: str, sentence: str) -> str | None:
    """What a sentence says for a column of this name, by the shape that such things have."""
    name = r"(?:[A-ZÀ-Þ][\w'’-]*)(?:\s+[A-ZÀ-Þ][\w'’-]*)*"
    shapes = {
        ("name", "person", "who", "author", "customer"): rf"^\W*({name})",
        ("city", "place", "town", "country", "where", "location"): rf"\b(?:in|from|at|of|to)\s+({name})",
        ("year",): r"\b([12]\d{3})\b",
        ("age",): r"\b(\d{1,3})\s*(?:years?|-year)",
        ("price", "cost", "amount"): rf"({NUMBER})\s*(?:€|\$|euros?|dollars?|cents?)",
        ("email", "mail", "e-mail"): r"([\w.+-]+@[\w-]+(?:\.[\w-]+)+)",
        ("number", "count", "quantity"): rf"({NUMBER})",
    }
    if column == "date":
        return next((day.isoformat() for day in find_dates(sentence)), None)
    for columns, shape in shapes.items():
        if column in columns:
            found = short.search(shape, sentence)
            return found[1] if found else None
    beside = short.search(rf"\b{re.escape(column)}\b\s*(?:is|:|=|of)?\s*([\w.@-]+)", sentence, re.I)
    return beside[1] if beside else None
