"""Typed tables of a TOML file: read-only structs, and errors that name the entry by its path and say what to do.

It knows nothing of the platform; `model.py` reads the contract with it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from janus_platform.errors import PlatformError

T = TypeVar("T")
# As the file has it: 10 stays 10, and is shown so.
Number = int | float
_MISSING = re.compile(r"Object missing required field `(.+)`")
_UNKNOWN = re.compile(r"Object contains unknown field `(.+)`")


class ContractError(PlatformError, ValueError):
    """`contract.toml` is incomplete or contradicts itself; the message names the entry."""


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the contract: its fields are read-only, and an entry that is no field is refused."""


def convert(raw: Any, kind: type[T], path: str) -> T:
    """`raw` as a `kind`, lists as tuples. `path` leads to it from the file's top, `$`. Raises ContractError."""
    try:
        return msgspec.convert(raw, kind, builtin_types=(dt.date,))
    except msgspec.ValidationError as error:
        raise ContractError(_explained(str(error), path)) from error


def entry(raw: Mapping[str, Any], key: str, path: str) -> Any:
    """The entry `key` of the table at `path`. Raises ContractError when it is missing."""
    if key not in raw:
        raise ContractError(f"`{path}.{key}` is missing in contract.toml. Add it.")
    return raw[key]


def _explained(message: str, path: str) -> str:
    """msgspec's message, such as "Expected `int`, got `str` - at `$.port`", as a sentence that says what to do."""
    reason, _, inner = message.partition(" - at `")
    place = path + inner.rstrip("`").removeprefix("$")
    if missing := _MISSING.fullmatch(reason):
        return f"`{place}.{missing[1]}` is missing in contract.toml. Add it."
    if unknown := _UNKNOWN.fullmatch(reason):
        return f"`{place}.{unknown[1]}` in contract.toml is an unknown entry. Correct its name or remove it."
    return f"`{place}` in contract.toml is wrong: {reason[0].lower()}{reason[1:]}. Correct its value."
