"""Exercises of one's own: a file to begin with, and the same examination that the book's exercises pass."""

from __future__ import annotations

import contextlib
import io
import linecache
from pathlib import Path

from janus_book.catalogue import EXERCISE_NAME, FOLDER, names
from janus_book.checking import Verdict, judge
from janus_book.exercise import BookError, Exercise

SHORTEST_HINT = 6  # words
TEMPLATE = '''"""Double a number.

Write `double(number)`, which returns twice `number`.
"""

from janus_book.exercise import Hint


# %% answer
def double(number):
    """Twice `number`."""
    ### BEGIN SOLUTION
    return 2 * number
    ### END SOLUTION


# %% check
def check(double):
    found = double(4)
    if found is None or found is ...:
        raise Hint("Your function returns nothing yet. What is 4 and another 4?")
    if found != 8:
        raise Hint(f"Twice 4 is 8, and yours gives {found!r}.")
    return "Twice 4 is 8."


# %% mistakes
MISTAKES = {
    "def double(number):\\n    return number": "yours gives 4",
    "def double(number):\\n    return number**2": "yours gives 16",
}
'''


class AuthoringError(BookError):
    """An exercise cannot be begun; the message says why."""


def new(name: str, folder: Path) -> Path:
    """Write a small complete exercise to change, as `name` below `folder`. Raises AuthoringError."""
    if not EXERCISE_NAME.fullmatch(name):
        raise AuthoringError(f"{name!r} is no name of an exercise: page and exercise, such as `sums.double`.")
    if name in names(FOLDER):
        raise AuthoringError(f"The book has an exercise {name} already: choose another name.")
    path = folder.joinpath(*f"{name}.py".split(".", 1))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE)
    except FileExistsError:
        raise AuthoringError(f"{path} is there already: edit it, then run `janus exercise check {name}`.") from None
    except OSError as error:
        raise AuthoringError(f"{path} cannot be written: {error.strerror or error}.") from None
    return path


def said_of(exercise: Exercise, code: str, number: int = 0) -> Verdict:
    """The verdict on an answer; what the answer prints goes nowhere. Raises what the file's own parts raise.

    Code runs as `__main__`, as a notebook's does, and its source can be looked up.
    """
    namespace: dict[str, object] = {"__name__": "__main__"}
    name = f"<answer {number}>"
    linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(exercise.given, str(exercise.path), "exec"), namespace)
        exec(compile(code, name, "exec"), namespace)
        return judge(exercise, *(namespace[answer] for answer in exercise.answers))


def faults(exercise: Exercise) -> list[str]:
    """What keeps an exercise from being a good one, a sentence each; none where it is."""
    found = []
    stub = said_of(exercise, exercise.stub)
    if stub.right:
        found.append("The empty stub passes: the check asks for nothing.")
    elif "still holds `...`" in stub.says or "the check ended in" in stub.says or "Your answer raised" in stub.says:
        found.append(f"The empty stub has no hint of its own; it gets: {stub.says}")
    elif len(stub.says.split()) < SHORTEST_HINT:
        found.append(f"The stub's hint says too little of where to begin: {stub.says}")
    solution = said_of(exercise, exercise.solution, 1)
    if not solution.right:
        found.append(f"The solution is refused: {solution.says}")
    for number, (mistake, words) in enumerate(exercise.mistakes.items(), start=2):
        verdict = said_of(exercise, mistake, number)
        if verdict.right:
            found.append(f"A mistake passes as right: {mistake!r}")
        elif words not in verdict.says:
            found.append(f"The mistake {mistake!r} should get {words!r}, and gets: {verdict.says}")
    if not exercise.mistakes:
        found.append("It names no mistakes: write the wrong answers that you expect, with words of their hints.")
    return found
