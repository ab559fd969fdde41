"""Answers one exercise in every known way, as a program of its own that has joined the platform.

`python -m tests.exercises.answering NAME` prints, as JSON, what the check said of the stub, the solution and each
mistake. Code runs as `__main__`, as a notebook's does; what stands before the answer in the exercise file is there.
"""

from __future__ import annotations

import contextlib
import io
import json
import linecache
import sys
from typing import Any

from janus_book.catalogue import load
from janus_book.checking import judge
from janus_book.exercise import Exercise


def said_of(exercise: Exercise, code: str, number: int = 0) -> dict[str, Any]:
    """The verdict on an answer: `{"right": bool, "says": str}`; what the answer prints goes nowhere."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    name = f"<answer {number}>"
    # As in a notebook, where the source of a cell can be looked up.
    linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(exercise.given, str(exercise.path), "exec"), namespace)
        exec(compile(code, name, "exec"), namespace)
        verdict = judge(exercise, *(namespace[answer] for answer in exercise.answers))
    return {"right": verdict.right, "says": verdict.says}


def main(name: str) -> int:
    """Answer the exercise of that name on the platform that runs; 0 when every answer could be judged."""
    import janus_platform

    exercise = load(name)
    codes = {"stub": exercise.stub, "solution": exercise.solution, **{code: code for code in exercise.mistakes}}
    platform = janus_platform.up()
    try:
        found = {key: said_of(exercise, code, number) for number, (key, code) in enumerate(codes.items())}
    finally:
        platform.down()
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
