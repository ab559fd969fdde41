"""The book's exercises: `check` looks at an answer, `solution` shows one.

>>> from janus_book import check
>>> check("search.without_host", without_host)

Importing this package loads the standard library only; each name is fetched when first used. It does not teach, and it
runs no service: an exercise's own check calls those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from janus_book.catalogue import solution
    from janus_book.checking import check

__all__ = ["check", "solution"]

_HOMES = {"check": "checking", "solution": "catalogue"}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module 'janus_book' has no attribute {name!r}")
    return getattr(import_module(f"janus_book.{_HOMES[name]}"), name)
