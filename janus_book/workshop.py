"""Exercises in files of the reader's own, for an editor and a terminal, each checked in a process of its own.

The same exercises, checks and progress as in the notebooks. A file is the reader's: what stands in it is never
written over.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from janus_book.catalogue import load, names
from janus_book.checking import CHECK_SECONDS
from janus_book.exercise import BookError, Exercise

# What a check may take beside its own limit: Python starts, and maybe a platform with it.
START_SECONDS = 30.0
MOST_OUTPUT = 20_000  # characters of what an answer prints
# Frames named `__main__` are taken for the reader's code (failures.py): this one is not.
_CHECK = "__name__ = 'janus_book'; from janus_book.workshop import main; raise SystemExit(main())"
_IMPORTS_HINT = re.compile(r"^from janus_book\.exercise import Hint\n", re.M)


class WorkshopError(BookError):
    """A file of the reader's cannot be written or read; the message says which and why."""


@dataclass(frozen=True)
class Outcome:
    """What a check of a file found: whether the answer is right, and the lines to show."""

    right: bool
    says: str


@dataclass(frozen=True)
class Workshop:
    """A folder with one file an exercise, named by its place in the course: `07_search.without_host.py`."""

    folder: Path

    def path(self, name: str) -> Path:
        """Where the file of the exercise `name` is, or would be."""
        there = next(iter(sorted(self.folder.glob(f"*_{name}.py"))), None)
        return there or self.folder / f"{names().index(name) + 1:02d}_{name}.py"

    def prepare(self, exercise: Exercise) -> Path:
        """The exercise's file, written with task and stub if it is not there. Raises WorkshopError."""
        path = self.path(exercise.name)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(sheet(exercise))
        except FileExistsError:
            pass
        except OSError as error:
            raise WorkshopError(f"{path} cannot be written: {error.strerror or error}") from None
        return path

    def check(self, name: str) -> Outcome:
        """Check the file of the exercise `name` in a process of its own; a right answer goes into the progress."""
        path = self.path(name)
        command = [sys.executable, "-c", _CHECK, name, str(path)]
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=CHECK_SECONDS + START_SECONDS,
                env={**os.environ, "PYTHONUTF8": "1"},
            )
        except subprocess.TimeoutExpired:
            return Outcome(False, f"Not yet: your answer ran for {CHECK_SECONDS:g} s and more, and was stopped.")
        output = done.stdout.decode("utf-8", "replace")
        shown = output if len(output) <= MOST_OUTPUT else f"{output[:MOST_OUTPUT]}\n… and more"
        return Outcome(done.returncode == 0, shown.strip())


def sheet(exercise: Exercise) -> str:
    """What a reader's file begins as: the task as comments, what is given, and the stub."""
    task = "\n".join(f"# {line}".rstrip() for line in (exercise.title, "", *exercise.task.splitlines()))
    given = _IMPORTS_HINT.sub("", _without_docstring(exercise.given)).strip("\n")
    return "\n\n".join(part for part in (task, given, exercise.stub.strip("\n")) if part) + "\n"


def _without_docstring(given: str) -> str:
    body = ast.parse(given).body
    return "\n".join(given.splitlines()[body[0].end_lineno :]) + "\n" if body else ""


def _answers(exercise: Exercise, path: Path) -> Mapping[str, object]:
    """What the reader's file defines. Raises WorkshopError where it cannot be read or lacks a name."""
    namespace: dict[str, object] = {"__name__": "__main__", "__file__": str(path)}
    try:
        code = compile(path.read_text("utf-8"), str(path), "exec")
    except SyntaxError as error:
        raise WorkshopError(f"line {error.lineno} is no Python yet: {error.msg}.") from None
    except (OSError, ValueError) as error:
        raise WorkshopError(f"the file cannot be read: {error}") from None
    exec(code, namespace)
    if missing := [answer for answer in exercise.answers if answer not in namespace]:
        raise WorkshopError(f"the file no longer defines {', '.join(missing)}.")
    return namespace


def main() -> int:
    """Check the file `sys.argv[2]` of the exercise `sys.argv[1]`; 0 when it is right, 1 when not."""
    from janus_book import progress
    from janus_book.checking import judge
    from janus_book.failures import explain

    exercise, path = load(sys.argv[1]), Path(sys.argv[2])
    try:
        answers = _answers(exercise, path)
    except WorkshopError as error:
        print(f"Not yet: {error}")
        return 1
    except (Exception, SystemExit) as error:
        print(f"Not yet: {explain(error, ())}")
        return 1
    verdict = judge(exercise, *(answers[answer] for answer in exercise.answers))
    print(verdict)
    if verdict.right:
        for problem in progress.record(exercise.name):
            print(problem)
    return 0 if verdict.right else 1
