"""Docstrings of what the standard library has in C: built-in types and functions, `itertools`, `math`, …

They stand in no source file, so the modules are imported; these are parts of the interpreter itself, which does
nothing when they are.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator

COMPILED = frozenset(
    """builtins collections contextvars csv datetime functools io itertools math operator os random re select signal
    socket sqlite3 ssl struct sys time zlib""".split()
)
# Where names of these modules say that they come from.
_HOMES = {"os": {"posix", "nt"}}


def compiled_entries(module: str) -> Iterator[tuple[str, str, str, str]]:
    """Name, signature ("" where C keeps it to itself), docstring and kind of every public thing in `module`.

    The kind is "function", "type" or "exception".
    """
    loaded = importlib.import_module(module)
    homes = {module, f"_{module}", *_HOMES.get(module, ())}
    for attribute, value in sorted(vars(loaded).items()):
        if attribute.startswith("_") or getattr(value, "__module__", None) not in homes:
            continue
        if inspect.isclass(value):
            yield from _of_class(f"{module}.{attribute}", value)
        elif inspect.isbuiltin(value) and value.__doc__:
            yield f"{module}.{attribute}", _signature(value), value.__doc__, "function"


def _of_class(name: str, value: type) -> Iterator[tuple[str, str, str, str]]:
    kind = "exception" if issubclass(value, BaseException) else "type"
    if value.__doc__:
        yield name, _signature(value), value.__doc__, kind
    for attribute, member in sorted(vars(value).items()):
        # Methods in Python were read from the source.
        text = getattr(member, "__doc__", None)
        written_in_c = inspect.ismethoddescriptor(member) or isinstance(member, classmethod | staticmethod)
        if not attribute.startswith("_") and written_in_c and isinstance(text, str):
            yield f"{name}.{attribute}", _signature(member), text, kind


def _signature(value: object) -> str:
    text = getattr(value, "__text_signature__", None) or ""
    for own in ("($self, /, ", "($self, /", "($self, ", "($self", "($module, /, ", "($module, /", "($module, "):
        if text.startswith(own):
            return "(" + text.removeprefix(own)
    return text
