"""Expressions in a question, parsed and checked, never evaluated here: sums in words or signs, formulas."""

from __future__ import annotations

import ast
import re

_WORDS = (
    (r"\b(?:the )?remainder (?:when|if|of)\s+(\S+)\s+(?:is )?divided by\s+(\S+)", r"\1 % \2"),
    (r"(\d[\d.]*)\s*(?:%|percent|per cent)\s+of\s+(?=\d)", r"\1 / 100 * "),
    (r"\b(?:the )?(?:sum|total) of\s+(\S+)\s+and\s+(\S+)", r"\1 + \2"),
    (r"\b(?:the )?product of\s+(\S+)\s+and\s+(\S+)", r"\1 * \2"),
    # The difference between 401 and 403 is one of meaning.
    (
        r"\b(?:the )?difference (?:of|between)\s+(?!4\d\d\s+and\s+4\d\d\b|5\d\d\s+and\s+5\d\d\b)(\S+)\s+and\s+(\S+)",
        r"\1 - \2",
    ),
    (r"\bmultiplied by\b|\btimes\b|×|·", "*"),
    (r"\bdivided by\b|\bover\b|÷", "/"),
    (r"\bplus\b", "+"),
    (r"\bminus\b|−", "-"),
    (r"\bmodulo\b|\bmod\b", "%"),
    (r"\bto the power( of)?\b|\^", "**"),
    (r"\bsquared\b", "**2"),
    (r"\bcubed\b", "**3"),
    (r"(?<=\d),(?=\d{3}\b)", ""),
)
_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.USub, ast.UAdd)
_ARITHMETIC = (ast.Expression, ast.BinOp, ast.UnaryOp, *_OPERATORS)
_FUNCTIONS = ("abs", "min", "max", "round")
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
MOST_CHARACTERS = 200


def arithmetic(text: str) -> str | None:
    """The sum that `text` is, in Python; None where it is none, or has anything but numbers in it."""
    for pattern, symbol in _WORDS:
        text = re.sub(pattern, symbol, text[:400], flags=re.I)
    try:
        tree = ast.parse(text.strip(), mode="eval")
        calculates = any(isinstance(node, ast.BinOp) for node in ast.walk(tree))
        return ast.unparse(tree) if calculates and all(_is_arithmetic(node) for node in ast.walk(tree)) else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def one_variable(text: str, name: str) -> str | None:
    """The formula of the variable `name` that `text` is, in Python; None where it is none, or has other names."""
    if len(text) > MOST_CHARACTERS:
        return None
    plain = re.sub(r"([⁰¹²³⁴⁵⁶⁷⁸⁹]{1,4})", lambda power: "**" + power[1].translate(_SUPERSCRIPTS), text)
    plain = plain.replace("·", "*").replace("×", "*").replace("−", "-").replace("^", "**").replace("÷", "/")
    plain = re.sub(r"(?<=\d)(?=[a-z(])", "*", plain)  # 3x
    try:
        tree = ast.parse(plain.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    nodes = list(ast.walk(tree))
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    fits = all(
        _is_arithmetic(node)
        or isinstance(node, ast.Load)
        or (isinstance(node, ast.Name) and node.id in (_FUNCTIONS if id(node) in called else (name,)))
        or (isinstance(node, ast.Call) and id(node.func) in called and not node.keywords)
        for node in nodes
    )
    return ast.unparse(tree) if fits and any(isinstance(node, ast.Name) for node in nodes) else None


def _is_arithmetic(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int | float) and not isinstance(node.value, bool)
    return isinstance(node, _ARITHMETIC)
