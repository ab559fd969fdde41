"""Every exercise that ships with the book, found by its name: `search.without_host`."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

from janus_book.exercise import BookError, Exercise, parse

FOLDER = Path(__file__).with_name("exercises")
# The book's own table of contents; in a wheel a copy of it.
TOC = Path(__file__).with_name("toc.yml")
_NOTEBOOK = re.compile(r"^\s*-\s+file:\s*notebooks/(\w+)\s*$", re.M)
_MOST_ALIKE = 3
_NAME = re.compile(r"[a-z]\w*\.[a-z]\w*", re.ASCII)


class UnknownExerciseError(BookError, LookupError):
    """There is no exercise of that name; the message names those that are alike."""


def names(folder: Path = FOLDER) -> list[str]:
    """The names of all exercises, in the order of the course; within a notebook, and where it has no place, by name."""
    places = {notebook: place for place, notebook in enumerate(_NOTEBOOK.findall(TOC.read_text("utf-8")))}
    found = [(path.parent.name, path.stem) for path in folder.glob("*/*.py")]
    return [".".join(name) for name in sorted(found, key=lambda name: (places.get(name[0], len(places)), name))]


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


def load(name: str, folder: Path = FOLDER) -> Exercise:
    """The exercise of that name. Raises UnknownExerciseError, or ExerciseError when its file breaks the format."""
    # The pattern also keeps a name from leaving the folder.
    path = folder.joinpath(*f"{name}.py".split(".", 1)) if _NAME.fullmatch(name) else None
    if path is None or not path.is_file():
        alike = _alike(name, names(folder))
        advice = f"Did you mean {', '.join(alike)}?" if alike else "`janus progress` lists all of them."
        raise UnknownExerciseError(f"There is no exercise {name!r}. {advice}")
    return parse(path, name)


def solution(name: str) -> None:
    """Print the solution of the exercise `name`, ready to be pasted. Raises UnknownExerciseError."""
    print(load(name).solution, end="")
