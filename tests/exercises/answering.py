"""Answers exercises in every known way, as a program of its own that has joined the platform.

`python -m tests.exercises.answering NAME...` prints, as JSON, what each check said of stub, solution and mistakes.
Code runs as `__main__`, as a notebook's does; what stands before the answer in the exercise file is there.
"""

from __future__ import annotations

import json
import sys
import traceback
from dataclasses import asdict
from typing import Any

from janus_book.authoring import said_of
from janus_book.catalogue import load
from tests.exercises.other_answers import OTHER_ANSWERS


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
        return {key: asdict(said_of(exercise, code, number)) for number, (key, code) in enumerate(codes.items())}
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
