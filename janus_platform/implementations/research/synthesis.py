"""Functions found from examples: small expressions are tried, smallest first, until one gives every result.

This is program synthesis by enumeration, bottom up: expressions over the parameter, made of a few operations, and one
of every group that gives the same values on the examples. It finds `[2 * x for x in v][::-1]` and not an algorithm;
with one example it would find a coincidence, so two are asked for, and the shortest expression that fits is taken.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import short

MOST_ROUNDS, MOST_KNOWN, MOST_SIZE = 3, 4_000, 200
_CALL_TEXT = r"{name}\((?P<given>[^()]*(?:\([^()]*\)[^()]*)*)\)\s*(?:gives|returns|is|==|=|->|→|yields|should\s+be)\s*"
Value = Any
Operation = tuple[str, Callable[[Value], Value]]


def find_examples(text: str, name: str) -> Iterator[tuple[str, str]]:
    """Calls of the function `name` with their results, as literals: ("f([1])", "[2]")."""
    for found in short.finditer(_CALL_TEXT.format(name=re.escape(name)), text):
        rest = text[found.end() :]
        for end in _ends(rest):
            try:
                result = ast.literal_eval(rest[:end].strip())
                ast.literal_eval(f"[{found['given']}]")
            except (ValueError, SyntaxError, MemoryError, RecursionError):
                continue
            yield f"{name}({found['given'].strip()})", repr(result)
            break


def synthesise(name: str, given: Sequence[str], examples: Sequence[tuple[str, str]]) -> str | None:
    """The first expression over the one parameter that gives every example's result; None where none is found."""
    if len(given) != 1 or len(examples) < 2:
        return None
    inputs = [ast.literal_eval(call[len(name) + 1 : -1]) for call, _ in examples]
    wanted = [ast.literal_eval(result) for _, result in examples]
    known: dict[str, tuple[str, list[Value]]] = {repr(inputs): (given[0], inputs)}
    newest = list(known.values())
    for _ in range(MOST_ROUNDS):
        found: list[tuple[str, list[Value]]] = []
        for expression, values in newest:
            for shape, operation in _OPERATIONS:
                made = _applied(operation, values)
                if made is None or (key := repr(made)) in known or len(known) > MOST_KNOWN:
                    continue
                known[key] = (shape.format(expression), made)
                if made == wanted and [type(value) for value in made] == [type(value) for value in wanted]:
                    return known[key][0]
                found.append(known[key])
        newest = found
    return None


def _ends(text: str) -> list[int]:
    """Where a literal at the beginning of `text` may end, the longest first."""
    stops = [
        place.start() for place in short.finditer(r"\s+(?:and|or|for)\b|[.;](?:\s|$)|,\s+(?=\w+\()|$", text[:MOST_SIZE])
    ]
    return sorted({*stops, len(text[:MOST_SIZE])}, reverse=True)


def _applied(operation: Callable[[Value], Value], values: list[Value]) -> list[Value] | None:
    try:
        made = [operation(value) for value in values]
    except (TypeError, ValueError, LookupError, ArithmeticError, AttributeError):
        return None
    return made if all(len(repr(value)) <= MOST_SIZE for value in made) else None


def _each(change: Callable[[Value], Value]) -> Callable[[Value], Value]:
    def changed(value: Value) -> Value:
        if not isinstance(value, list):
            raise TypeError
        return [change(member) for member in value]

    return changed


def _only(test: Callable[[Value], bool]) -> Callable[[Value], Value]:
    def kept(value: Value) -> Value:
        if not isinstance(value, list):
            raise TypeError
        return [member for member in value if test(member)]

    return kept


def _number(value: Value) -> Value:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return value


def _operations() -> tuple[Operation, ...]:
    """What expressions are made of, as source and as a function."""
    whole: list[Operation] = [
        ("{}[::-1]", lambda v: v[::-1]),
        ("sorted({})", lambda v: sorted(v)),
        ("sum({})", lambda v: sum(v)),
        ("len({})", lambda v: len(v)),
        ("max({})", lambda v: max(v)),
        ("min({})", lambda v: min(v)),
        ("{}[0]", lambda v: v[0]),
        ("{}[-1]", lambda v: v[-1]),
        ("{}[1:]", lambda v: v[1:]),
        ("{}[:-1]", lambda v: v[:-1]),
        ("{}[::2]", lambda v: v[::2]),
        ("{}[1::2]", lambda v: v[1::2]),
        ("list(dict.fromkeys({}))", lambda v: list(dict.fromkeys(v))),
        ("{}.upper()", lambda v: v.upper()),
        ("{}.lower()", lambda v: v.lower()),
        ("{}.title()", lambda v: v.title()),
        ("{}.split()", lambda v: v.split()),
        ("''.join({})", lambda v: "".join(v)),
        ("' '.join({})", lambda v: " ".join(v)),
        ("list({})", lambda v: list(v) if isinstance(v, str) else 1 // 0),
        ("str({})", lambda v: str(_number(v))),
    ]
    for sign, change in (
        *((f"{k} * {{}}", lambda v, k=k: k * _number(v)) for k in (2, 3, 10, -1)),
        *((f"{{}} + {k}", lambda v, k=k: _number(v) + k) for k in (1, 2, -1)),
        ("{} ** 2", lambda v: _number(v) ** 2),
        ("abs({})", lambda v: abs(_number(v))),
        ("{} // 2", lambda v: _number(v) // 2),
        ("{} % 2", lambda v: _number(v) % 2),
        ("len({})", lambda v: len(v)),
        ("{}.upper()", lambda v: v.upper()),
        ("{}[::-1]", lambda v: v[::-1]),
        ("{}[0]", lambda v: v[0]),
    ):
        whole.append((f"[{sign.format('x')} for x in {{}}]", _each(change)))
        if "len" not in sign and "upper" not in sign and "[" not in sign:
            whole.append((f"({sign})", change))
    for said, test in (
        ("x % 2 == 0", lambda x: _number(x) % 2 == 0),
        ("x % 2 == 1", lambda x: _number(x) % 2 == 1),
        ("x > 0", lambda x: _number(x) > 0),
        ("x < 0", lambda x: _number(x) < 0),
        ("x", bool),
    ):
        whole.append((f"[x for x in {{}} if {said}]", _only(test)))
    return tuple(whole)


_OPERATIONS = _operations()
