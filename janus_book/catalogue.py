"""Every exercise that ships with the book, found by its name: `search.without_host`."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

from janus_book.exercise import Exercise, parse

FOLDER = Path(__file__).with_name("exercises")
# The book's own table of contents; in a wheel a copy of it.
TOC = Path(__file__).with_name("toc.yml")
_NOTEBOOK = re.compile(r"^\s*-\s+file:\s*notebooks/(\w+)\s*$", re.M)
_NAME = re.compile(r"[a-z]\w*\.[a-z]\w*", re.ASCII)


class UnknownExercise(LookupError):
    """There is no exercise of that name; the message names those that are alike."""


def names(folder: Path = FOLDER) -> list[str]:
    """The names of all exercises, in the order of the course; within a notebook, and where it has no place, by name."""
    places = {notebook: place for place, notebook in enumerate(_NOTEBOOK.findall(TOC.read_text("utf-8")))}
    found = [(path.parent.name, path.stem) for path in folder.glob("*/*.py")]
    return [".".join(name) for name in sorted(found, key=lambda name: (places.get(name[0], len(places)), name))]


def load(name: str, folder: Path = FOLDER) -> Exercise:
    """The exercise of that name. Raises UnknownExercise, or ExerciseError when its file breaks the format."""
    # The pattern also keeps a name from leaving the folder.
    path = folder.joinpath(*f"{name}.py".split(".", 1)) if _NAME.fullmatch(name) else None
    if path is None or not path.is_file():
        there = names(folder)
        alike = difflib.get_close_matches(name, there, n=3) or there
        raise UnknownExercise(f"There is no exercise {name!r}. Did you mean {', '.join(alike)}?")
    return parse(path, name)
