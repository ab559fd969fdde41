"""Answers exercises in every known way, as a program of its own that has joined the platform.

`python -m tests.exercises.answering NAME...` prints, as JSON, what each check said of stub, solution and mistakes.
Code runs as `__main__`, as a notebook's does; what stands before the answer in the exercise file is there.
"""

from __future__ import annotations

import contextlib
import io
import json
import linecache
import sys
import traceback
from typing import Any

from janus_book.catalogue import load
from janus_book.checking import judge
from janus_book.exercise import Exercise
from tests.exercises.other_answers import OTHER_ANSWERS


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


def answered(name: str) -> dict[str, Any]:
    """The verdicts on an exercise's stub, solution and mistakes, given as a caller that has sent nothing before."""
    import janus_platform

    exercise = load(name)
    others = OTHER_ANSWERS.get(name, [])
    codes = {
        "stub": exercise.stub,
        "solution": exercise.solution,
        **{code: code for code in (*exercise.mistakes, *others)},
    }
    platform = janus_platform.up()
    try:
        return {key: said_of(exercise, code, number) for number, (key, code) in enumerate(codes.items())}
    finally:
        platform.down()


def main(names: list[str]) -> int:
    """Answer each exercise on the platform that runs; what cannot be judged has its traceback in `broken`."""
    found: dict[str, Any] = {}
    for name in names:
        try:
            found[name] = answered(name)
        except Exception:
            found[name] = {"broken": traceback.format_exc()}
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
