"""Exercise files that are made up for the tests of the machinery."""

from __future__ import annotations

from pathlib import Path

from janus_book.exercise import Exercise, parse

HEAD = '"""Double a number.\n\nWrite `double(number)`, which returns twice `number`.\n"""\n\n'
IMPORT = "from janus_book.exercise import Hint\n\n\n"
ANSWER = """# %% answer
def double(number):
    \"\"\"Twice `number`.\"\"\"
    ### BEGIN SOLUTION
    return 2 * number
    ### END SOLUTION


"""
CHECK = """# %% check
def check(double):
    got = double(4)
    if got is None:
        raise Hint("Your function returns nothing yet. What is 4 + 4?")
    if got != 8:
        raise Hint(f"twice 4 is 8, not {got}.")
    return "Twice 4 is 8."


"""
MISTAKES = """# %% mistakes
MISTAKES = {"def double(number):\\n    return number": "not 4"}
"""
GOOD = HEAD + IMPORT + ANSWER + CHECK + MISTAKES


def write(folder: Path, text: str = GOOD, name: str = "sums.double") -> Path:
    """The exercise file of that name below `folder`, as `catalogue.load` finds it."""
    notebook, _, stem = name.partition(".")
    path = folder / notebook / f"{stem}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def exercise(folder: Path, *, answer: str = ANSWER, check: str = CHECK) -> Exercise:
    """A parsed exercise with one part changed."""
    return parse(write(folder, HEAD + IMPORT + answer + check + MISTAKES), "sums.double")
