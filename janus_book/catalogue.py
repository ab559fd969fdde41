"""Every exercise that ships with the book, found by its name: `search.without_host`; and the reader's own beside them.

The variable JANUS_EXERCISES names the folder of one's own. Where both have an exercise of a name, it is the book's.
"""

from __future__ import annotations

import difflib
import os
import re
from functools import cache
from pathlib import Path

from janus_book.exercise import BookError, Exercise, parse

FOLDER = Path(__file__).with_name("exercises")
# The book's own table of contents; in a wheel a copy of it.
TOC = Path(__file__).with_name("toc.yml")
_NOTEBOOK = re.compile(r"^\s*-\s+file:\s*notebooks/(\w+)\s*$", re.M)
_CHECKED = re.compile(r'check\(\\"(\w+\.\w+)\\"')
_MOST_ALIKE = 3
OWN_VARIABLE = "JANUS_EXERCISES"
EXERCISE_NAME = re.compile(r"[a-z]\w*\.[a-z]\w*", re.ASCII)


class UnknownExerciseError(BookError, LookupError):
    """There is no exercise of that name; the message names those that are alike."""


def folders() -> list[Path]:
    """Where exercises are: the book's folder, and the reader's own where the variable names one."""
    own = os.environ.get(OWN_VARIABLE)
    return [FOLDER, Path(own)] if own else [FOLDER]


def names(folder: Path | None = None) -> list[str]:
    """The names of all exercises, or of those in `folder`, in the order of the course.

    Within a notebook as they stand there; where that is not at hand, or has no place in the course, by name.
    """
    places = {notebook: place for place, notebook in enumerate(_NOTEBOOK.findall(TOC.read_text("utf-8")))}
    searched = folders() if folder is None else [folder]
    found = {(path.parent.name, path.stem) for one in searched for path in one.glob("*/*.py")}
    on_page = {name: place for notebook in places for place, name in enumerate(_on_page(notebook))}
    last = len(found)

    def place(name: tuple[str, str]) -> tuple[int, int, tuple[str, str]]:
        return places.get(name[0], len(places)), on_page.get(".".join(name), last), name

    return [".".join(name) for name in sorted(found, key=place)]


@cache
def _on_page(notebook: str) -> list[str]:
    """The exercises of a notebook in its order; none in a wheel, which holds no notebooks."""
    path = TOC.resolve().with_name("notebooks") / f"{notebook}.ipynb"
    return _CHECKED.findall(path.read_text("utf-8")) if path.is_file() else []


def _alike(name: str, there: list[str]) -> list[str]:
    """The exercises that may be meant: those of a page of that name, else those spelled alike as a whole or in part."""
    wanted = name.casefold().removesuffix(".ipynb")
    if on_page := [one for one in there if one.partition(".")[0] == wanted]:
        return on_page
    parts = {part: one for one in there for part in (one, *one.split("."))}
    close = difflib.get_close_matches(wanted, parts, n=_MOST_ALIKE) or difflib.get_close_matches(
        wanted.rpartition(".")[2], parts, n=_MOST_ALIKE
    )
    return list(dict.fromkeys(parts[part] for part in close))


def load(name: str, folder: Path | None = None) -> Exercise:
    """The exercise of that name. Raises UnknownExerciseError, or ExerciseError when its file breaks the format."""
    # The pattern also keeps a name from leaving the folder.
    searched = folders() if folder is None else [folder]
    parts = f"{name}.py".split(".", 1) if EXERCISE_NAME.fullmatch(name) else []
    path = next((there for one in searched if parts and (there := one.joinpath(*parts)).is_file()), None)
    if path is None:
        alike = _alike(name, names(folder))
        advice = f"Did you mean {', '.join(alike)}?" if alike else "`janus progress` lists all of them."
        raise UnknownExerciseError(f"There is no exercise {name!r}. {advice}")
    return parse(path, name)


def solution(name: str) -> None:
    """Print the solution of the exercise `name`, ready to be pasted. Raises UnknownExerciseError."""
    print(load(name).solution, end="")
