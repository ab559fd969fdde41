"""Small expressions in suite files: how the right answer follows from what the seed drew.

`a * b - c`, `sum([n for n in range(1, k) if n % 3 == 0])`, `clock(start + 745)`: Python's notation, walked node by
node. Nothing is handed to Python itself, so a suite from anywhere can neither reach a file nor run for ever: only the
names that it is given, the functions below, and so many steps.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import product as cartesian
from typing import Any

MAX_STEPS = 200_000
MAX_CHARACTERS = 500
MAX_LENGTH = 100_000  # of a list or a text
MAX_BITS = 20_000
Names = dict[str, Any]

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda one, many: one in many,
    ast.NotIn: lambda one, many: one not in many,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.not_,
}


def evaluate(expression: str, names: Names) -> Any:
    """The value of an expression. Raises ValueError for whatever is not allowed, or has no value."""
    if len(expression) > MAX_CHARACTERS:
        raise ValueError(f"longer than {MAX_CHARACTERS} characters")
    try:
        return _Walk().value(_parsed(expression), names)
    except ValueError:
        raise
    except (SyntaxError, RecursionError, MemoryError, ArithmeticError, TypeError, LookupError) as error:
        raise ValueError(f"{expression!r}: {type(error).__name__}: {error}") from None


@lru_cache(maxsize=2048)  # each seed works the same expressions out with other values
def _parsed(expression: str) -> ast.expr:
    return ast.parse(expression, mode="eval").body


class _Walk:
    """Walks one expression, and counts its steps."""

    def __init__(self) -> None:
        self._left = MAX_STEPS

    def value(self, node: ast.expr, names: Names) -> Any:
        self._left -= 1
        if self._left < 0:
            raise ValueError(f"takes more than {MAX_STEPS} steps")
        way = _WAYS.get(type(node))
        if way is None:
            raise ValueError(f"{type(node).__name__} is not allowed in an expression")
        value = way(self, node, names)
        return value if value is True or value is False else _bounded(value)

    def _constant(self, node: ast.Constant, names: Names) -> Any:
        if not isinstance(node.value, (int, float, str)):
            raise ValueError(f"{node.value!r} is not a number or a text")
        return node.value

    def _name(self, node: ast.Name, names: Names) -> Any:
        if node.id not in names:
            raise ValueError(f"{node.id!r} is neither drawn nor worked out before")
        return names[node.id]

    def _binop(self, node: ast.BinOp, names: Names) -> Any:
        left, right = self.value(node.left, names), self.value(node.right, names)
        if isinstance(node.op, ast.Pow) and isinstance(left, int) and abs(right) * left.bit_length() > MAX_BITS:
            raise ValueError("a power too large")
        if isinstance(node.op, ast.Mult):
            for many, times in ((left, right), (right, left)):
                if isinstance(many, (str, list)) and isinstance(times, int) and len(many) * times > MAX_LENGTH:
                    raise ValueError("a text or list too long")
        return _operator(_BINARY, node.op)(left, right)

    def _unaryop(self, node: ast.UnaryOp, names: Names) -> Any:
        return _operator(_UNARY, node.op)(self.value(node.operand, names))

    def _compare(self, node: ast.Compare, names: Names) -> bool:
        left = self.value(node.left, names)
        for op, other in zip(node.ops, node.comparators, strict=True):
            right = self.value(other, names)
            if not _operator(_COMPARE, op)(left, right):
                return False
            left = right
        return True

    def _boolop(self, node: ast.BoolOp, names: Names) -> bool:
        values = (bool(self.value(part, names)) for part in node.values)
        return all(values) if isinstance(node.op, ast.And) else any(values)

    def _ifexp(self, node: ast.IfExp, names: Names) -> Any:
        return self.value(node.body if self.value(node.test, names) else node.orelse, names)

    def _list(self, node: ast.List, names: Names) -> list[Any]:
        return [self.value(entry, names) for entry in node.elts]

    def _tuple(self, node: ast.Tuple, names: Names) -> list[Any]:
        return [self.value(entry, names) for entry in node.elts]

    def _subscript(self, node: ast.Subscript, names: Names) -> Any:
        value = self.value(node.value, names)
        if isinstance(node.slice, ast.Slice):
            ends = (node.slice.lower, node.slice.upper, node.slice.step)
            return value[slice(*(None if end is None else self.value(end, names) for end in ends))]
        return value[self.value(node.slice, names)]

    def _call(self, node: ast.Call, names: Names) -> Any:
        if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS or node.keywords:
            raise ValueError(f"may only call {', '.join(sorted(FUNCTIONS))}")
        return FUNCTIONS[node.func.id](*(self.value(argument, names) for argument in node.args))

    def _listcomp(self, node: ast.ListComp, names: Names) -> list[Any]:
        return [self.value(node.elt, inner) for inner in self._each(node.generators, names)]

    def _each(self, loops: list[ast.comprehension], names: Names) -> Iterator[Names]:
        loop, *rest = loops
        if not isinstance(loop.target, ast.Name):
            raise ValueError("a loop needs one plain name")
        inner = dict(names)  # one for all entries: each is used before the next is asked for
        for entry in self.value(loop.iter, names):
            inner[loop.target.id] = entry
            if all(self.value(test, inner) for test in loop.ifs):
                if rest:
                    yield from self._each(rest, inner)
                else:
                    yield inner


_WAYS: dict[type[ast.expr], Callable[[_Walk, Any, Names], Any]] = {
    ast.Constant: _Walk._constant,
    ast.Name: _Walk._name,
    ast.BinOp: _Walk._binop,
    ast.UnaryOp: _Walk._unaryop,
    ast.Compare: _Walk._compare,
    ast.BoolOp: _Walk._boolop,
    ast.IfExp: _Walk._ifexp,
    ast.List: _Walk._list,
    ast.Tuple: _Walk._tuple,
    ast.Subscript: _Walk._subscript,
    ast.Call: _Walk._call,
    ast.ListComp: _Walk._listcomp,
}


def _operator(known: dict[Any, Callable[..., Any]], op: ast.AST) -> Callable[..., Any]:
    if type(op) not in known:
        raise ValueError(f"{type(op).__name__} is not allowed in an expression")
    return known[type(op)]


def _bounded(value: Any) -> Any:
    if isinstance(value, (str, list)) and len(value) > MAX_LENGTH:
        raise ValueError("a text or list too long")
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        raise ValueError("a number too large")
    if isinstance(value, complex) or (isinstance(value, float) and not math.isfinite(value)):
        raise ValueError("no finite number")
    return value


def _range(*ends: int) -> list[int]:
    if len(range(*ends)) > MAX_LENGTH:
        raise ValueError("a range too long")
    return list(range(*ends))


def _factorial(number: int) -> int:
    if number > 1000:
        raise ValueError("a factorial too large")
    return math.factorial(number)


def _comb(many: int, some: int) -> int:
    if many > 1000:
        raise ValueError("a binomial coefficient too large")
    return math.comb(many, some)


def _is_prime(number: int) -> bool:
    if number > 10**9:
        raise ValueError("a number too large to test")
    return number > 1 and all(number % divisor for divisor in range(2, math.isqrt(number) + 1))


def _product(numbers: list[Any]) -> Any:
    whole: Any = 1
    for number in numbers:
        whole = _bounded(whole * number)
    return whole


def _pairs(one: list[Any], other: list[Any]) -> list[list[Any]]:
    if len(one) * len(other) > MAX_LENGTH:
        raise ValueError("too many pairs")
    return [list(pair) for pair in cartesian(one, other)]


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{each.__name__: each for each in (abs, min, max, sum, len, round, sorted, str, int, float, ord, chr, any, all)},
    **{each.__name__: each for each in (math.gcd, math.sqrt, math.log, math.exp, math.sin, math.cos, math.isqrt)},
    "range": _range,
    "factorial": _factorial,
    "comb": _comb,
    "is_prime": _is_prime,
    "pairs": _pairs,
    "product": _product,
    "power_mod": lambda base, exponent, modulus: pow(base, exponent, modulus),
    "reverse": lambda many: many[::-1],
    "letters": lambda text: list(text),
    "words": lambda text: text.split(),
    "join": lambda pieces, between="": between.join(map(str, pieces)),
    "upper": lambda text: text.upper(),
    "lower": lambda text: text.lower(),
    "unique": lambda many: list(dict.fromkeys(many)),
    "comma": lambda number: f"{number:,}",
    "fixed": lambda number, digits: f"{number:.{min(digits, 30)}f}",
    "base": lambda number, to: {2: f"{number:b}", 8: f"{number:o}", 16: f"{number:x}"}[to],
    "clock": lambda minutes: f"{minutes // 60 % 24:02d}:{minutes % 60:02d}",
}
