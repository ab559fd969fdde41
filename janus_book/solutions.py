"""`solution`: prints an exercise's solution, for a reader who asks for it."""

from __future__ import annotations

from janus_book.catalogue import load


def solution(name: str) -> None:
    """Print the solution of the exercise `name`, ready to be pasted. Raises UnknownExercise."""
    print(load(name).solution, end="")
