"""All kinds of checks, and how a suite's tables become checks.

Each kind is a frozen dataclass whose fields are those of the table; `evaluate` gives 0 to 1 and a reason. What an
answer says is checked in text_checks.py; here stand code, tool calls and pictures. The last word on an item is the
product of its checks: an answer that should name its source and does not is not half right.
"""

from __future__ import annotations

import json
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar

from janus_bench import code_runner, pictures, text
from janus_bench.text_checks import Exact, Facts, Form, Number, Pattern, Sources, Unanswerable
from janus_bench.verdicts import Subject, Verdict, above_chance


@dataclass(frozen=True)
class Code:
    """The returned Python defines `function`, and calls with each case's arguments give the case's value.

    `cases` are pairs [arguments, value]. The values never reach the process that runs the code.
    """

    kind: ClassVar[str] = "code"
    function: str
    cases: tuple[Any, ...]

    def __post_init__(self) -> None:
        if not self.function.isidentifier():
            raise ValueError("function: not a name")
        if not self.cases or not all(map(_is_case, self.cases)):
            raise ValueError("cases: needs pairs [[arguments], value]")

    def evaluate(self, subject: Subject) -> Verdict:
        source = code_runner.find_function(subject.text, self.function)
        if source is None:
            return Verdict(0.0, f"no Python that defines {self.function}()")
        run = code_runner.call(source, self.function, [case[0] for case in self.cases])
        right = sum(same_value(got, case[1]) for got, case in zip(run.values, self.cases, strict=False))
        why = f"{right} of {len(self.cases)} cases right" + (f" ({run.failure})" if run.failure else "")
        return Verdict(above_chance(right / len(self.cases)), why)


@dataclass(frozen=True)
class ToolCall:
    """Exactly one tool call, of `name`, with `arguments` (strings compared normalised, numbers by value)."""

    kind: ClassVar[str] = "tool_call"
    name: str
    arguments: dict[str, Any] = field(default_factory=dict)

    def evaluate(self, subject: Subject) -> Verdict:
        if len(subject.tool_calls) != 1:
            return Verdict(0.0, f"{len(subject.tool_calls)} tool calls instead of one")
        call = subject.tool_calls[0]
        if call["name"] != self.name:
            return Verdict(0.0, "another tool called")
        try:
            given = json.loads(call["arguments"] or "{}")
        except (ValueError, RecursionError):
            return Verdict(0.0, "arguments are not JSON")
        if not isinstance(given, dict) or set(given) != set(self.arguments):
            return Verdict(0.0, "other arguments than expected")
        wrong = [name for name, value in self.arguments.items() if not same_value(_fold(given[name]), _fold(value))]
        return Verdict(0.0, f"wrong: {', '.join(wrong)}") if wrong else Verdict(1.0, "the expected call")


@dataclass(frozen=True)
class Artifact:
    """An artifact of one of `types` is there, really decodes, is at least so large (pixels), and is not blank."""

    kind: ClassVar[str] = "artifact"
    types: tuple[str, ...] = ("image/png", "image/svg+xml")
    min_width: int = 64
    min_height: int = 64

    def evaluate(self, subject: Subject) -> Verdict:
        why = "no artifact"
        for artifact in subject.artifacts:
            if artifact["type"] not in self.types:
                why = f"an artifact of type {artifact['type'][:40]!r}"
                continue
            try:
                picture = pictures.decode(artifact["type"], artifact["data"])
            except pictures.BadPicture as error:
                why = str(error)
                continue
            if picture.width >= self.min_width and picture.height >= self.min_height:
                return Verdict(1.0, f"{picture.width:g} × {picture.height:g} {artifact['type']}")
            why = f"only {picture.width:g} × {picture.height:g}"
        return Verdict(0.0, why)


Check = Exact | Number | Pattern | Facts | Sources | Unanswerable | Form | Code | ToolCall | Artifact
KINDS: dict[str, type[Check]] = {
    check.kind: check
    for check in (Exact, Number, Pattern, Facts, Sources, Unanswerable, Form, Code, ToolCall, Artifact)
}


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


def same_value(got: Any, wanted: Any) -> bool:
    """Equality of JSON values: numbers within 1e-9, true is not 1, tuples came over as lists."""
    if isinstance(wanted, bool) or isinstance(got, bool):
        return got is wanted
    if isinstance(wanted, (int, float)) and isinstance(got, (int, float)):
        return abs(got - wanted) <= 1e-9 * max(1.0, abs(wanted))
    if isinstance(wanted, list) and isinstance(got, list):
        return len(got) == len(wanted) and all(map(same_value, got, wanted))
    if isinstance(wanted, dict) and isinstance(got, dict):
        return got.keys() == wanted.keys() and all(same_value(got[key], wanted[key]) for key in wanted)
    return type(got) is type(wanted) and bool(got == wanted)


_TYPES: dict[str, tuple[type, ...]] = {"str": (str,), "int": (int,), "float": (int, float), "dict[str, Any]": (dict,)}


def _typed(name: str, wanted: str, value: Any) -> Any:
    """`value` as the dataclass field wants it; lists become tuples. Raises ValueError."""
    if wanted == "tuple[tuple[str, ...], ...]":
        groups = _typed(name, "tuple[Any, ...]", value)
        return tuple(_typed(name, "tuple[str, ...]", [group] if isinstance(group, str) else group) for group in groups)
    if wanted.startswith("tuple"):
        if not isinstance(value, list) or ("str" in wanted and not all(isinstance(entry, str) for entry in value)):
            raise ValueError(f"{name}: must be a list" + (" of strings" if "str" in wanted else ""))
        return tuple(value)
    if not isinstance(value, _TYPES[wanted]) or isinstance(value, bool):
        raise ValueError(f"{name}: must be of type {wanted}")
    return value


def _is_case(case: Any) -> bool:
    return isinstance(case, list) and len(case) == 2 and isinstance(case[0], list)


def _fold(value: Any) -> Any:
    return text.normalise(value) if isinstance(value, str) else value
