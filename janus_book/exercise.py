"""An exercise: one file, from which its task, stub, solution, check and hints all come.

`exercises/README.md` describes the format. This module reads such a file and refuses one that breaks it; it runs
nothing but the check part, when asked to.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PARTS = ("answer", "check", "mistakes")
PLACEHOLDER = "..."
_PART = re.compile(r"^# %% *(\w*)[^\n]*$", re.M)
_BEGIN, _END = "### BEGIN SOLUTION", "### END SOLUTION"


class BookError(Exception):
    """What the exercises raise; the message says what to do next."""


class Hint(BookError):
    """Raised by an exercise's check: the answer is not right yet, and the message says what to look at next."""


class ExerciseError(BookError, ValueError):
    """An exercise file breaks the format; the message names the file, the line where known, and what it lacks."""


@dataclass(frozen=True)
class Exercise:
    """A parsed exercise file. Every part of code ends in a newline."""

    name: str  # "search.without_host": notebook and exercise
    path: Path
    title: str  # without its full stop
    task: str  # Markdown
    given: str  # what stands before the answer: imports, for the answer's test and for the check
    stub: str  # what the notebook holds
    solution: str
    answers: tuple[str, ...]  # the names that the answer defines and the check takes
    check: str
    mistakes: Mapping[str, str]  # wrong answers, each with words of the hint that it gets

    @property
    def notebook(self) -> str:
        """The stem of the notebook that the exercise belongs to."""
        return self.name.partition(".")[0]

    @property
    def markdown(self) -> str:
        """What the notebook's Markdown cell says."""
        return f"### Exercise: {self.title}\n\n{self.task}"

    def checker(self) -> Callable[..., Any]:
        """The file's `check` function, made anew. Raises what the file's own imports raise."""
        namespace: dict[str, Any] = {"__name__": f"janus_book.exercises.{self.name}"}
        for code in (self.given, self.check):
            exec(compile(code, str(self.path), "exec"), namespace)
        found: Callable[..., Any] = namespace["check"]
        return found


def parse(path: Path, name: str) -> Exercise:
    """Read an exercise file. Raises ExerciseError, or OSError when it cannot be read."""
    try:
        return _parse(path.read_text("utf-8"), path, name)
    except SyntaxError as error:
        raise ExerciseError(f"{path}:{error.lineno}: {error.msg}") from error
    except ValueError as error:
        raise ExerciseError(f"{path}: {error}") from error


def _parse(text: str, path: Path, name: str) -> Exercise:
    ast.parse(text)
    given, answer, check, mistakes = _split(text)
    title, task = _title_and_task(given)
    answers = _parameters(check)
    stub, solution = _stub(answer, answers), _without_markers(answer)
    for kind, code in (("stub", stub), ("solution", solution)):
        if missing := set(answers) - _defined(ast.parse(code)):
            raise ValueError(f"check takes {', '.join(sorted(missing))}, which the {kind} does not define")
    return Exercise(
        name=name,
        path=path,
        title=title,
        task=task,
        given=given,
        stub=stub.strip("\n") + "\n",
        solution=solution.strip("\n") + "\n",
        answers=answers,
        check=check,
        mistakes=_mistakes(mistakes),
    )


def _split(text: str) -> list[str]:
    """What stands before the first part, and the three parts, each at its own line so that errors name it."""
    marks = list(_PART.finditer(text))
    if tuple(mark[1] for mark in marks) != PARTS:
        wanted = ", ".join(f"`# %% {part}`" for part in PARTS)
        raise ValueError(f"its parts must be {wanted}, in this order; it has {[mark[1] for mark in marks]}")
    starts = [0, *(mark.end() for mark in marks)]
    ends = [*(mark.start() for mark in marks), len(text)]
    return ["\n" * text.count("\n", 0, start) + text[start:end] for start, end in zip(starts, ends, strict=True)]


def _title_and_task(given: str) -> tuple[str, str]:
    title, _, task = inspect.cleandoc(ast.get_docstring(ast.parse(given)) or "").partition("\n")
    if not title.strip() or not task.strip():
        raise ValueError("its docstring must hold the title, an empty line and the task")
    return title.strip().removesuffix("."), task.strip()


def _parameters(check: str) -> tuple[str, ...]:
    """The names that `check` takes: what the answer is to define."""
    functions = [node for node in ast.parse(check).body if isinstance(node, ast.FunctionDef) and node.name == "check"]
    if len(functions) != 1:
        raise ValueError("its check part must define one function `check`")
    arguments = functions[0].args
    names = tuple(argument.arg for argument in (*arguments.posonlyargs, *arguments.args))
    if not names or arguments.vararg or arguments.kwarg or arguments.kwonlyargs or arguments.defaults:
        raise ValueError("`check` must take the names that the answer defines, and nothing else")
    return names


def _without_markers(answer: str) -> str:
    return "".join(line for line in answer.splitlines(True) if line.strip() not in (_BEGIN, _END))


def _stub(answer: str, answers: tuple[str, ...]) -> str:
    """The answer with every solution replaced by `...`, or by `name = ...` for each name that only it assigns."""
    regions = _regions(answer)
    outside = ast.parse("\n".join(_replace(answer, [(*region[:2], ["pass"]) for region in regions])))
    defined, filled = _defined(outside), []
    for begin, end, solution in regions:
        assigned = set() if _indent(answer, begin) else _defined(ast.parse(solution)) - defined
        names = [name for name in answers if name in assigned]
        filled.append((begin, end, [f"{name} = {PLACEHOLDER}" for name in names] or [PLACEHOLDER]))
    return "\n".join(_replace(answer, filled)) + "\n"


def _regions(answer: str) -> list[tuple[int, int, str]]:
    """Each solution: the numbers of its BEGIN and END lines, counted from 0, and what stands between."""
    lines, found, begin = answer.splitlines(), [], None
    for number, line in enumerate(lines):
        if line.strip() == _BEGIN and begin is None:
            begin = number
        elif line.strip() == _END and begin is not None:
            solution = inspect.cleandoc("\n" + "\n".join(lines[begin + 1 : number]))
            if not solution.strip():
                raise ValueError("there is nothing between BEGIN and END SOLUTION")
            found.append((begin, number, solution))
            begin = None
        elif line.strip() in (_BEGIN, _END):
            raise ValueError(f"`{line.strip()}` in line {number + 1} has no partner")
    if begin is not None:
        raise ValueError(f"`{_BEGIN}` in line {begin + 1} has no partner")
    if not found:
        raise ValueError(f"its answer marks no solution with `{_BEGIN}` and `{_END}`")
    return found


def _replace(answer: str, regions: list[tuple[int, int, list[str]]]) -> list[str]:
    lines = answer.splitlines()
    for begin, end, new in reversed(regions):
        indent = _indent(answer, begin)
        lines[begin : end + 1] = [indent + line for line in new]
    return lines


def _indent(text: str, number: int) -> str:
    line = text.splitlines()[number]
    return line[: len(line) - len(line.lstrip())]


def _defined(module: ast.Module) -> set[str]:
    """The names that top-level statements define."""
    names: set[str] = set()
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        else:
            names |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return names


def _mistakes(part: str) -> dict[str, str]:
    for node in ast.parse(part).body:
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["MISTAKES"]:
            try:
                found = ast.literal_eval(node.value)
            except ValueError:
                break
            if not isinstance(found, dict) or not all(isinstance(text, str) for text in (*found, *found.values())):
                break
            for answer in found:
                _parses(answer)
            if found:
                return found
    raise ValueError("its last part must be MISTAKES = {wrong answer: words of its hint, ...}, of plain strings")


def _parses(answer: str) -> None:
    try:
        ast.parse(answer)
    except SyntaxError as error:
        raise ValueError(f"the mistake {answer!r} is no Python: {error.msg}") from error


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
