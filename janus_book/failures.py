"""What a reader's answer raised, as one sentence: the exception, its message, and the reader's own line."""

from __future__ import annotations

import ast
import inspect
import linecache
import textwrap
import traceback
from types import TracebackType

LONGEST = 200  # characters of an exception's message
# By name: the libraries that raise them are not imported here.
_UNREACHED = {"ConnectError", "APIConnectionError", "ConnectionError", "URLError", "NotRunningError"}
_PLATFORM = "Is the platform up? Run the notebook from its first cell."


def explain(error: BaseException, answers: tuple[object, ...]) -> str:
    """A hint for an answer whose check ended in `error`, instead of a traceback.

    An answer that still holds the stub's `...` gets told so: whatever was raised came of that.
    """
    if any(is_unfilled(answer) for answer in answers):
        return "Your answer still holds `...`. Put your own code in its place."
    said = _shorten(traceback.format_exception_only(error)[-1].strip())
    if any(kind.__name__ in _UNREACHED for kind in type(error).__mro__):
        return f"{said}. {_PLATFORM}"
    line = _readers_line(error.__traceback__)
    if line is None:
        return f"With your answer the check ended in {said}. Does it give what the task asks for?"
    number, text = line
    return f"Your answer raised {said} in its line {number}" + (f": `{text}`" if text else ".")


def is_unfilled(answer: object) -> bool:
    """Whether an answer is the placeholder of a stub, or a function (or a class with one) whose source holds one."""
    if inspect.isclass(answer):  # By its functions: a kernel does not find the source of a class.
        return any(is_unfilled(part) for part in vars(answer).values() if inspect.isfunction(part))
    if not inspect.isfunction(answer):
        return answer is Ellipsis
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(answer)))
    except (OSError, TypeError, SyntaxError, ValueError):  # No source is kept for it, or not by itself readable.
        return False
    return any(_is_placeholder(node) for node in ast.walk(tree))


def _is_placeholder(node: ast.AST) -> bool:
    """`...` as a statement, or as what is assigned or returned; `values[..., 0]` is somebody's code."""
    value = getattr(node, "value", None) if isinstance(node, ast.Expr | ast.Assign | ast.Return) else None
    return isinstance(value, ast.Constant) and value.value is Ellipsis


def _readers_line(trace: TracebackType | None) -> tuple[int, str] | None:
    """The innermost line of the reader's own code: a notebook's code runs as `__main__`."""
    found = None
    for frame, number in traceback.walk_tb(trace):
        if frame.f_globals.get("__name__") == "__main__":
            found = number, linecache.getline(frame.f_code.co_filename, number).strip()
    return found


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
