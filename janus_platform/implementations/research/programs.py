"""The Python that a question asks to have run: a fenced block, code between backticks, an expression in a sentence.

Nothing is run here. The code goes to the sandbox, which is made for code that nobody has checked.
"""

from __future__ import annotations

import ast
import builtins
import re

MAX_CODE, MAX_EXPRESSION = 8_000, 400
_WANTS_RUN = re.compile(r"\b(?:run|execute|evaluate|compute|calculate|sandbox|print|output|result|value)\b", re.I)
_FENCED = re.compile(r"```(?:python|py)?[ \t]*\n(.*?)```", re.S | re.I)
_TICKED = re.compile(r"`([^`\n]{3,500})`")
_CALL = re.compile(r"\b(?:math\.)?([a-z_]\w*)\(")
_CALLABLE = {name for name in dir(builtins) if name.islower()}


def find_program(text: str) -> str | None:
    """The program that `text` asks to be run, printing what it comes to; None where it holds none."""
    if not _WANTS_RUN.search(text) or len(text) > MAX_CODE:
        return None
    if block := _FENCED.search(text):
        return _printing(block[1].strip())
    for ticked in _TICKED.findall(text):
        if _calls_something(ticked):
            return _printing(ticked)
    found = max(_expressions(text), key=len, default=None)
    return _printing(found) if found else None


def _expressions(text: str) -> list[str]:
    """The expressions in a sentence: from each call of a Python function as far as it can be read as one."""
    found = []
    for call in _CALL.finditer(text):
        if call[1] not in _CALLABLE and not call[0].startswith("math."):
            continue
        rest = text[call.start() :][:MAX_EXPRESSION]
        ends = [place for place, letter in enumerate(rest, 1) if letter in ")]" or letter.isdigit()]
        readable = (rest[:end] for end in reversed(ends))
        found += [expression for expression in readable if _calls_something(expression)][:1]
    return found


def _calls_something(source: str) -> bool:
    tree = _parsed(source, "eval")
    return tree is not None and any(isinstance(node, ast.Call) for node in ast.walk(tree))


def _printing(source: str) -> str | None:
    """The program, its last expression printed as a notebook would. None for what is not Python."""
    tree = _parsed(source, "exec")
    if not isinstance(tree, ast.Module) or not tree.body:
        return None
    last = tree.body[-1]
    prints = isinstance(last, ast.Expr) and isinstance(last.value, ast.Call) and ast.unparse(last.value.func) == "print"
    if isinstance(last, ast.Expr) and not prints:
        tree.body[-1] = ast.parse(f"print({ast.unparse(last.value)})").body[0]
    return "import math\n" + ast.unparse(tree) + "\n"


def _parsed(source: str, mode: str) -> ast.AST | None:
    try:
        return ast.parse(source, mode=mode)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
