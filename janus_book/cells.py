"""Which exercise a notebook's check cell looks at."""

from __future__ import annotations

import ast
from dataclasses import dataclass


@dataclass(frozen=True)
class Call:
    """A call of `check` in a cell: the exercise's name, and the answers as they are written there."""

    name: str
    answers: tuple[str, ...]


def call_in(source: str) -> Call:
    """The one call `check("notebook.exercise", answer, ...)` of a cell. Raises ValueError when it has none, or more."""
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise ValueError(f"its source is no Python: {error.msg}") from error
    found = [call for node in ast.walk(tree) if (call := _call(node))]
    if len(found) != 1:
        raise ValueError('it must call check("notebook.exercise", answer) once')
    return found[0]


def _call(node: ast.AST) -> Call | None:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "check" and node.args):
        return None
    name, *answers = node.args
    if not (isinstance(name, ast.Constant) and isinstance(name.value, str)):
        return None
    return Call(name.value, tuple(ast.unparse(answer) for answer in answers))
