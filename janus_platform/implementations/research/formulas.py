"""Functions that a question asks to plot, found without evaluating what the user wrote.

Only numbers, one variable, pi, e, arithmetic and a few named functions get through; what comes out is Python source
made from the parsed expression.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

FUNCTIONS = ("sin", "cos", "tan", "exp", "log", "sqrt", "abs", "sinh", "cosh", "tanh", "arctan")
_ALIASES = {"ln": "log", "atan": "arctan"}
_VARIABLES = ("x", "t", "theta", "θ")
_CONSTANTS = ("pi", "e")
_NAMES = "|".join(sorted([*FUNCTIONS, *_ALIASES, *_VARIABLES, *_CONSTANTS, "π"], key=len, reverse=True))
_TOKEN = rf"(?:\d+(?:\.\d+)?|\.\d+|(?:{_NAMES})(?![a-zA-Z])|\*\*|[-+*/^()²³])"
_RUN = re.compile(rf"(?<![\w.]){_TOKEN}(?:\s*{_TOKEN})*")
_NUMBER = r"-?\s*(?:\d+(?:\.\d+)?\s*\*?\s*(?:pi|π)?|pi|π)"
_RANGE = re.compile(
    rf"\b(?:from|between|in|over|for)\b[^0-9π\-]{{0,12}}({_NUMBER})\s*(?:to|and|\.\.|…|,|–)\s*({_NUMBER})", re.I
)
_DEGREES = re.compile(r"\d\s*(?:°|degrees?\b)", re.I)
_POINT = re.compile(rf"\bat\s+(?:(?:{_NAMES})\s*=\s*)?({_NUMBER})", re.I)
# Curves that people ask for by name, in their standard form.
_NAMED = (
    (r"exponential(?:ly)?\s+deca", "exp(-x)", 0.0, 5.0),
    (r"exponential(?:ly)?\b", "exp(x)", -1.0, 4.0),
    (r"sine?\s+(?:wave|curve|function)", "sin(x)", -6.283185307179586, 6.283185307179586),
    (r"cosine\b", "cos(x)", -6.283185307179586, 6.283185307179586),
    (r"parabola|quadratic\s+function", "x**2", -3.0, 3.0),
    (r"logarithm", "log(x)", 0.05, 10.0),
    (r"normal\s+distribution|gaussian|bell\s+curve", "exp(-x**2/2)/sqrt(2*pi)", -4.0, 4.0),
    (r"sigmoid|logistic\s+(?:curve|function)", "1/(1+exp(-x))", -6.0, 6.0),
    (r"square\s+root", "sqrt(x)", 0.0, 10.0),
)
_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.USub, ast.UAdd)
_NODES = (ast.Expression, ast.BinOp, ast.UnaryOp, ast.Load, *_OPERATORS)
MAX_EXPRESSION = 200
_PERIODIC = ("sin", "cos", "tan")


@dataclass(frozen=True)
class Formula:
    """A function of x: `source` is Python (names as in numpy), `shown` is for people; drawn from `low` to `high`.

    `point` is a place whose value is asked for. With `degrees`, places are in degrees and the functions take them so.
    """

    source: str
    shown: str
    low: float
    high: float
    point: float | None = None
    degrees: bool = False


def find_formula(text: str) -> Formula | None:
    """The longest expression of one variable in `text`, with the range it is asked for, or None."""
    interval = _RANGE.search(text)
    without = text[: interval.start()] + " " + text[interval.end() :] if interval else text
    parsed = [tree for run in _RUN.findall(without) if (tree := _parse(run))]
    if not parsed:
        return None
    tree = max(parsed, key=lambda t: len(ast.unparse(t)))
    source = ast.unparse(tree)
    low, high = _limits(interval, source)
    point = _POINT.search(without)
    degrees = any(name in source for name in _PERIODIC) and bool(_DEGREES.search(text))
    if degrees and not interval:
        low, high = 0.0, 360.0
    shown = source.replace("**", "^")
    return Formula(source, shown, low, high, _number(point[1]) if point else None, degrees)


def named_curve(text: str) -> Formula | None:
    """The standard form of a curve that `text` asks for by its name, such as a sine wave, or None."""
    for pattern, source, low, high in _NAMED:
        if re.search(pattern, text, re.I):
            return Formula(source, source.replace("**", "^"), low, high)
    return None


def _limits(interval: re.Match[str] | None, source: str) -> tuple[float, float]:
    if interval:
        low, high = _number(interval[1]), _number(interval[2])
        if low < high:
            return low, high
    periodic = any(name in source for name in _PERIODIC)
    return (-6.283185307179586, 6.283185307179586) if periodic else (-10.0, 10.0)


def _number(text: str) -> float:
    compact = re.sub(r"[\s*]", "", text.lower()).replace("π", "pi")
    sign, compact = (-1.0, compact[1:]) if compact.startswith("-") else (1.0, compact)
    factor = 3.141592653589793 if compact.endswith("pi") else 1.0
    return sign * factor * float(compact.removesuffix("pi") or 1)


def _parse(run: str) -> ast.Expression | None:
    if len(run) > MAX_EXPRESSION:
        return None
    source = run.replace("^", "**").replace("π", "pi").replace("²", "**2").replace("³", "**3")
    source = re.sub(r"\b(theta|t)\b|θ", "x", source)
    for alias, name in _ALIASES.items():
        source = re.sub(rf"\b{alias}\b", name, source)
    source = re.sub(r"(\d|\))\s*(?=[a-z(])", r"\1*", source)  # 2x and 3(x + 1)
    source = re.sub(r"\bx\s*(?=[a-z(])", "x*", source)
    try:
        tree = ast.parse(source.strip(" +*/"), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    nodes = list(ast.walk(tree))
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    has_x = any(isinstance(node, ast.Name) and node.id == "x" for node in nodes)
    is_more_than_x = any(isinstance(node, ast.BinOp | ast.Call | ast.UnaryOp) for node in nodes)
    return tree if has_x and is_more_than_x and all(_allowed(node, id(node) in called) for node in nodes) else None


def _allowed(node: ast.AST, is_called: bool) -> bool:
    if isinstance(node, ast.Name):
        return node.id in (FUNCTIONS if is_called else ("x", *_CONSTANTS))
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int | float)
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and len(node.args) == 1 and not node.keywords
    return isinstance(node, _NODES)
