"""Reads entries of a TOML file into frozen dataclasses, and names the one that is missing, unknown or of a wrong type.

It knows nothing of the platform; `model.py` reads the contract with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


class ContractError(ValueError):
    """`contract.toml` is incomplete or contradicts itself; the message names the entry."""


def build(kind: type[T], raw: Mapping[str, Any], where: str) -> T:
    """A `kind` with the values of `raw`, lists as tuples. Raises ContractError naming `where` and the entry."""
    known(raw, {f.name for f in fields(kind)}, where)  # type: ignore[arg-type]
    values = {key: tuple(v) if isinstance(v, list) else v for key, v in raw.items()}
    for key, value in values.items():
        check_type(kind, key, value, where)
    try:
        return kind(**values)
    except TypeError as error:
        raise ContractError(f"{where}: {error}") from error


def check_type(kind: type, name: str, value: Any, where: str) -> None:
    """Raises ContractError unless `value` is of the type that `kind` declares for its field `name`."""
    hint = _hints(kind)[name]
    if not _fits(value, hint):
        raise ContractError(f"{where}.{name}: {value!r} is not of type {_shown(hint)}")


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _fits(value: Any, hint: Any) -> bool:
    """Whether `value` is of the annotated type; of a tuple or mapping, all its members too."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return True
    if origin in (Union, UnionType):
        return any(_fits(value, option) for option in arguments)
    if origin is tuple:
        return isinstance(value, tuple) and all(_fits(member, arguments[0]) for member in value)
    if origin is Mapping:
        return isinstance(value, Mapping) and all(_fits(member, arguments[1]) for member in value.values())
    if isinstance(value, bool):
        return hint is bool  # In Python a bool is an int; in a contract it is not.
    return isinstance(value, int if hint is float and isinstance(value, int) else hint)


def _shown(hint: Any) -> str:
    return getattr(hint, "__name__", str(hint)) if not get_args(hint) else str(hint).replace("janus_platform.", "")


def known(raw: Mapping[str, Any], names: set[str], where: str) -> None:
    """Raises ContractError when `raw` has an entry that is none of `names`."""
    if unknown := sorted(set(raw) - names):
        raise ContractError(f"{where}: unknown entry {', '.join(unknown)}")


def take(raw: Mapping[str, Any], key: str, where: str) -> Any:
    """The entry `key` of `raw`. Raises ContractError when it is missing."""
    try:
        return raw[key]
    except KeyError:
        raise ContractError(f"{where}: {key} is missing") from None
