"""All kinds of checks, how a suite's tables become checks, and what an exact one expects, in words.

Each kind is a frozen dataclass whose fields are those of the table; `evaluate` gives 0 to 1 and a reason. What an
answer says is checked in text.py, values in value.py, JSON in json.py, sources in source.py, code, tool calls and
pictures in action.py; what only a reader can weigh goes to a judge (scoring/llm_judge.py). The last word on an item is
the product of its checks: an answer that should name its source and does not is not half right.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import MISSING, fields
from typing import Any, TypeAlias, get_args

from janus_bench.checks.action import Artifact, Code, Program, ToolCall, ToolCalls
from janus_bench.checks.json import Json
from janus_bench.checks.source import Citation, Sources, Unanswerable
from janus_bench.checks.text import Exact, Facts, Form, Judged
from janus_bench.checks.value import Choice, Members, Number, Pattern, Quantity

Check: TypeAlias = (
    Exact
    | Number
    | Quantity
    | Members
    | Choice
    | Pattern
    | Facts
    | Form
    | Json
    | Sources
    | Citation
    | Unanswerable
    | Code
    | Program
    | ToolCall
    | ToolCalls
    | Artifact
    | Judged
)
_MOST_LETTERS = 200
KINDS: dict[str, type[Check]] = {check.kind: check for check in get_args(Check)}


def build_check(table: dict[str, Any]) -> Check:
    """Make a check of a suite's table. Raises ValueError naming the field and what it should be."""
    values = dict(table)
    kind = values.pop("kind", None)
    if kind not in KINDS:
        raise ValueError(f"kind: {kind!r} is not one of {', '.join(sorted(KINDS))}")
    known = {entry.name: entry for entry in fields(KINDS[kind])}
    for name in values.keys() - known.keys():
        raise ValueError(f"{name}: a check of kind {kind!r} has no such field (it has {', '.join(known)})")
    for name, entry in known.items():
        if name not in values and entry.default is MISSING and entry.default_factory is MISSING:
            raise ValueError(f"{name}: missing in a check of kind {kind!r}")
    return KINDS[kind](**{name: _typed(name, str(known[name].type), value) for name, value in values.items()})


_TYPES: dict[str, tuple[type, ...]] = {"str": (str,), "int": (int,), "float": (int, float), "dict[str, Any]": (dict,)}


def _typed(name: str, wanted: str, value: Any) -> Any:
    """`value` as the dataclass field wants it; lists become tuples. Raises ValueError."""
    if wanted == "tuple[tuple[str, ...], ...]":
        groups = _typed(name, "tuple[Any, ...]", value)
        return tuple(_typed(name, "tuple[str, ...]", [group] if isinstance(group, str) else group) for group in groups)
    if wanted.startswith("tuple"):
        if "str" in wanted and isinstance(value, list):
            # the seed may have drawn a number where a text is wanted
            value = [str(entry) if type(entry) is int else entry for entry in value]
        if not isinstance(value, list) or ("str" in wanted and not all(isinstance(entry, str) for entry in value)):
            raise ValueError(f"{name}: must be a list" + (" of strings" if "str" in wanted else ""))
        return tuple(value)
    if not isinstance(value, _TYPES[wanted]) or isinstance(value, bool):
        raise ValueError(f"{name}: must be of type {wanted}")
    return value


def expected(checks: Iterable[Check]) -> str:
    """The expected answer; nothing where no check wants an exact one."""
    return next((words for check in checks if (words := _expected(check))), "")


def given(text: str) -> str:
    """An answer in one line, cut short in its middle: what is exact stands alone, or at the end."""
    line = " ".join(text.split())
    half = _MOST_LETTERS // 2
    return line if len(line) <= _MOST_LETTERS else f"{line[:half]} … {line[-half:]}"


def _expected(check: Check) -> str:
    match check:
        case Exact():
            return " or ".join(check.answers)
        case Number():
            return f"{check.value:g}"
        case Quantity():
            return f"{check.value:g} {check.unit}"
        case Members():
            return ", ".join(check.members)
        case Choice():
            return check.answer
    return ""
