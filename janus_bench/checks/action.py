"""Checks of what an answer does rather than says: code that is run, tools that are called, pictures that come back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from janus_bench.checks import code_runner, normalise, pictures
from janus_bench.checks.verdict import Subject, Verdict, above_chance


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
            return Verdict(0.0, f"no Python code that defines {self.function}()")
        run = code_runner.call(source, self.function, [case[0] for case in self.cases])
        right = sum(same_value(got, case[1]) for got, case in zip(run.values, self.cases, strict=False))
        why = f"{right} of {len(self.cases)} cases right" + (f" ({run.failure})" if run.failure else "")
        return Verdict(above_chance(right / len(self.cases)), why)


@dataclass(frozen=True)
class Program:
    """The returned Python, alone or as the rest of `prefix`, passes `test`, a program that calls `function`.

    For benchmarks that publish their tests as code, such as HumanEval: `test` defines check(candidate), which raises.
    """

    kind: ClassVar[str] = "program"
    function: str
    test: str
    prefix: str = ""

    def __post_init__(self) -> None:
        if not self.function.isidentifier():
            raise ValueError("function: not a name")

    def evaluate(self, subject: Subject) -> Verdict:
        source = code_runner.find_function(subject.text, self.function)
        if source is None:
            source = code_runner.find_function(self.prefix + code_runner.last_block(subject.text), self.function)
        if source is None:
            return Verdict(0.0, f"no Python code that defines {self.function}()")
        # a run that ends early has said nothing: only the value that comes after the test counts
        passes = f"def passes(token):\n    check({self.function})\n    return token\n"
        tested = "\n".join(
            [self.prefix, "    pass", source, self.test, passes] if self.prefix else [source, self.test, passes]
        )
        token = code_runner.token()
        run = code_runner.call(tested, "passes", [[token]])
        if run.values == [token]:
            return Verdict(1.0, "the test passes")
        return Verdict(0.0, run.failure or f"the test fails ({str(run.values[0])[:80] if run.values else 'no value'})")


@dataclass(frozen=True)
class ToolCall:
    """Exactly one tool call, of `name`, with `arguments` (strings compared normalised, numbers by value)."""

    kind: ClassVar[str] = "tool_call"
    name: str
    arguments: dict[str, Any] = field(default_factory=dict)

    def evaluate(self, subject: Subject) -> Verdict:
        if len(subject.tool_calls) != 1:
            return Verdict(0.0, f"{len(subject.tool_calls)} tool calls instead of one")
        wrong = _call_problem(subject.tool_calls[0], self.name, self.arguments)
        return Verdict(0.0, wrong) if wrong else Verdict(1.0, "the expected call")


@dataclass(frozen=True)
class ToolCalls:
    """Just these `calls`, each a table of `name` and `arguments`, in any order; an empty list wants no call at all.

    Calls that are partly right count by F1 (the harmonic mean of precision and recall), above one half.
    """

    kind: ClassVar[str] = "tool_calls"
    calls: tuple[Any, ...]

    def __post_init__(self) -> None:
        for call in self.calls:
            if not isinstance(call, dict) or call.keys() != {"name", "arguments"}:
                raise ValueError("calls: each needs `name` and `arguments`")
            if not isinstance(call["name"], str) or not isinstance(call["arguments"], dict):
                raise ValueError("calls: `name` must be a text and `arguments` a table")

    def evaluate(self, subject: Subject) -> Verdict:
        made = list(subject.tool_calls)
        if not self.calls:
            if made:
                return Verdict(0.0, f"{len(made)} tool calls made")
            return Verdict(float(bool(subject.text.strip())), "no tool called")
        if len(made) > 4 * len(self.calls):
            return Verdict(0.0, f"{len(made)} tool calls made")
        right = _paired(self.calls, made)
        score = above_chance(2 * right / (len(self.calls) + len(made)))
        return Verdict(score, f"{right} of {len(self.calls)} expected calls, {len(made)} made")


@dataclass(frozen=True)
class Artifact:
    """An artifact of one of `types` is there, really decodes, is at least so large (pixels), and is not blank.

    `width` and `height` want just that size. `colours` are [x, y, red, green, blue]: the colour (0 to 255, within
    `pictures.TOLERANCE`) at a place, as shares of width and height from the upper left corner. They want a PNG.
    """

    kind: ClassVar[str] = "artifact"
    types: tuple[str, ...] = ("image/png", "image/svg+xml")
    min_width: int = 64
    min_height: int = 64
    width: int = 0
    height: int = 0
    colours: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        if not all(isinstance(spot, list) and len(spot) == 5 and all(map(_is_number, spot)) for spot in self.colours):
            raise ValueError("colours: each must be [x, y, red, green, blue]")

    def evaluate(self, subject: Subject) -> Verdict:
        why = "no artifact"
        for artifact in subject.artifacts:
            if artifact["type"] not in self.types:
                why = f"an artifact of type {artifact['type'][:40]!r}"
                continue
            try:
                # two colours that are there prove more than rows that differ
                several = len({tuple(spot[2:]) for spot in self.colours}) > 1
                picture = pictures.decode(artifact["type"], artifact["data"], plain=several)
                wrong = self._wrong_size(picture) or self._wrong_colour(picture)
            except pictures.PictureError as error:
                wrong = str(error)
            if not wrong:
                return Verdict(1.0, f"{picture.width:g} × {picture.height:g} {artifact['type']}")
            why = wrong
        return Verdict(0.0, why)

    def _wrong_size(self, picture: pictures.Picture) -> str:
        size = f"{picture.width:g} × {picture.height:g}"
        if (self.width or picture.width) != picture.width or (self.height or picture.height) != picture.height:
            return f"{size} instead of {self.width} × {self.height}"
        # a size that is asked for may be as small as it likes
        small = picture.width < (self.width or self.min_width) or picture.height < (self.height or self.min_height)
        return f"only {size}" if small else ""

    def _wrong_colour(self, picture: pictures.Picture) -> str:
        wrong = [(x, y) for x, y, *wanted in self.colours if not picture.has_colour(x, y, wanted)]
        return "a different colour at {:g}, {:g}".format(*wrong[0]) if wrong else ""


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


def _call_problem(call: dict[str, str], name: str, arguments: dict[str, Any]) -> str:
    """What is wrong with a call; nothing where it is the one expected."""
    if call["name"] != name:
        return "another tool called"
    try:
        given = json.loads(call["arguments"] or "{}")
    except (ValueError, RecursionError):
        return "arguments are not JSON"
    if not isinstance(given, dict) or set(given) != set(arguments):
        return "not the expected arguments"
    wrong = [key for key, value in arguments.items() if not same_value(_fold(given[key]), _fold(value))]
    return f"wrong: {', '.join(wrong)}" if wrong else ""


def _paired(wanted: Sequence[dict[str, Any]], made: list[dict[str, str]]) -> int:
    """How many of the wanted calls were made, each call counted once."""
    left, right = list(made), 0
    for call in wanted:
        for position, candidate in enumerate(left):
            if not _call_problem(candidate, call["name"], call["arguments"]):
                del left[position]
                right += 1
                break
    return right


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_case(case: Any) -> bool:
    return isinstance(case, list) and len(case) == 2 and isinstance(case[0], list)


def _fold(value: Any) -> Any:
    if isinstance(value, list):
        return [_fold(entry) for entry in value]
    return normalise.normalise(value) if isinstance(value, str) else value
