"""Facts of the contract, written as prose, and the prose of a Markdown text.

This module imports nothing of Sphinx: contract_roles.py and the tests both use it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from janus_platform.contract import Contract, RateLimit

_UNITS = ((10**9, "GB"), (10**6, "MB"), (10**3, "kB"))
_TIMES = ((3600, "hour"), (60, "minute"), (1, "second"))
# A fact in a notebook, between the comments that marked_facts.py writes it into.
MARKED = re.compile(r"<!-- fact (?P<path>\S+) -->(?P<value>.*?)<!-- /fact -->", re.S)
_ROLE = re.compile(r"\{\w+\}`[^`]*`")
_CODE_FENCE = re.compile(r"^\s*(`{3,}|~{3,}|:{3,})(.*)$")
# Fences whose body is prose, not code.
_PROSE_FENCE = re.compile(r"^\{(note|tip|warning|important|admonition|dropdown|card|grid|tab-|seealso)")


class FactError(LookupError):
    """A path names nothing in the contract; the message says which part and what stands there."""


def look_up(contract: Contract, path: str) -> Any:
    """The value at a dotted path such as `services.search.rate_limit.requests`.

    A member of a list is named by its `name` (`bench.suites.quick.duration_seconds`) or its index. Raises FactError.
    """
    value: Any = contract
    for done, part in enumerate(path.split(".")):
        try:
            value = _step(value, part)
        except (LookupError, AttributeError):
            where = ".".join(path.split(".")[:done]) or "the contract"
            raise FactError(
                f"{path}: {where} has no {part!r}; it has {', '.join(_choices(value)) or 'no parts'}"
            ) from None
    return value


def as_prose(value: Any, path: str) -> str:
    """The value as a reader wants it: "1 MB", "5 minutes", "40 %", "10 requests/minute", "a, b and c".

    The unit is read from the last part of `path` (`…_bytes`, `…_seconds`, `weights.…`). Raises FactError for a table.
    """
    name = path.rpartition(".")[2]
    if isinstance(value, RateLimit):
        return f"{value.requests} requests/{_time(value.per_seconds, number_of_one=False)}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name.endswith("_bytes") or name == "memory_bytes":
        return _size(value)
    if name.endswith("_seconds"):
        return _time(value)
    if ".weights." in f".{path}":
        return f"{value:.0%}".replace("%", "\N{NO-BREAK SPACE}%")
    if isinstance(value, tuple):
        return _series([str(item) for item in value])
    if isinstance(value, (str, int, float, dt.date)):
        return str(value)
    raise FactError(f"{path} is a table: name one of {', '.join(_choices(value))}")


def prose_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a Markdown text with their numbers from 1, without front matter and code blocks."""
    fences: list[tuple[str, bool]] = []
    lines = text.splitlines()
    start = lines.index("---", 1) + 1 if lines[:1] == ["---"] and "---" in lines[1:] else 0
    for number, line in enumerate(lines[start:], start + 1):
        fence = _CODE_FENCE.match(line)
        if fence and fences and fence[1].startswith(fences[-1][0]) and not fence[2].strip():
            fences.pop()
        elif fence and not (fences and not fences[-1][1]):
            fences.append((fence[1], fence[1].startswith(":") or bool(_PROSE_FENCE.match(fence[2].strip()))))
        elif all(is_prose for _, is_prose in fences):
            yield number, line


@dataclass(frozen=True)
class Paragraph:
    """Prose between empty lines, its lines joined by spaces, since a fact may stand across two; roles are blanked."""

    text: str
    starts: tuple[tuple[int, int], ...]  # where each line begins in `text`, with its number

    def line_at(self, place: int) -> int:
        """The number of the line that holds the character at `place`."""
        return max((start, line) for start, line in self.starts if start <= place)[1]


def prose_paragraphs(text: str) -> Iterator[Paragraph]:
    """The paragraphs of a Markdown text, without front matter, code blocks, roles and marked facts."""
    joined, last = "", 0
    starts: list[tuple[int, int]] = []
    for number, line in prose_lines(text):
        if joined and (not line.strip() or number != last + 1):
            yield Paragraph(_blanked(joined), tuple(starts))
            joined, starts = "", []
        if line.strip():
            starts.append((len(joined), number))
            joined += line + " "
        last = number
    if joined:
        yield Paragraph(_blanked(joined), tuple(starts))


def _blanked(text: str) -> str:
    # As long as before, so that places stay; a letter, so that no number meets a unit across a role.
    for kind in (_ROLE, MARKED):
        text = kind.sub(lambda found: "_" * len(found[0]), text)
    return text


def _step(value: Any, part: str) -> Any:
    if isinstance(value, Mapping):
        return value[part]
    if isinstance(value, tuple):
        return value[int(part)] if part.isdigit() else {member.name: member for member in _named(value)}[part]
    if isinstance(value, msgspec.Struct) and part in value.__struct_fields__:
        return getattr(value, part)
    raise LookupError(part)


def _named(values: tuple[Any, ...]) -> list[Any]:
    return [value for value in values if hasattr(value, "name")]


def _choices(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return sorted(value)
    if isinstance(value, tuple):
        return [str(getattr(item, "name", index)) for index, item in enumerate(value)]
    return list(value.__struct_fields__) if isinstance(value, msgspec.Struct) else []


def _size(count: int) -> str:
    for factor, unit in _UNITS:
        # 8192 is no round number of kilobytes: it reads better as it is.
        if count >= factor and count * 10 % factor == 0:
            return f"{count / factor:g}\N{NO-BREAK SPACE}{unit}"
    return f"{count:,}\N{NO-BREAK SPACE}bytes"


def _time(seconds: float, *, number_of_one: bool = True) -> str:
    factor, unit = next(((f, u) for f, u in _TIMES if seconds % f == 0), (1, "second"))
    count = seconds / factor
    count = round(count) if count == round(count) else count
    if count == 1 and not number_of_one:
        return unit
    return f"{count}\N{NO-BREAK SPACE}{unit}{'' if count == 1 else 's'}"


def _series(items: list[str]) -> str:
    return " and ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)
