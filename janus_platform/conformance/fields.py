"""Every field of the contract by its dotted path, such as `services.search.rate_limit.requests`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from janus_platform.contract import Contract

# Tables that are one value to a reader.
_WHOLE = ("example", "schema", "default", "documented_elsewhere")
# What a list's member is called, and what its type says already.
_IDENTITY = ("name", "slug", "everywhere", "nullable")
_EMPTY = (None, "", (), False)


def leaves(contract: Contract) -> dict[str, Any]:
    """The value at each path. A member of a list is named by its `name`, its path or its place; empty fields are none.

    A list of plain values is one leaf. What only names a member of a list is no leaf of its own.
    """
    return dict(_below("", contract))


def _below(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    name = path.rpartition(".")[2]
    if name in _WHOLE:
        if value not in _EMPTY and value != {}:
            yield path, value
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _below(f"{path}.{name}".lstrip("."), getattr(value, name))
    elif isinstance(value, Mapping):
        for key, entry in value.items():
            yield from _below(f"{path}.{key}", entry)
    elif isinstance(value, tuple) and value and isinstance(value[0], msgspec.Struct):
        for index, entry in enumerate(value):
            member = f"{path}.{member_name(entry, index)}"
            for name in entry.__struct_fields__:
                if name not in _IDENTITY:
                    yield from _below(f"{member}.{name}", getattr(entry, name))
    elif (name, value) == ("type", "any"):
        return  # Then `schema` says which types are right.
    elif value not in _EMPTY or (value == 0 and not isinstance(value, bool)):
        yield path, value


def member_name(entry: Any, index: int) -> str:
    """What a member of a list is called in a path: its name, slug or path, else its place from 0."""
    for attribute in ("name", "slug", "path"):
        if found := getattr(entry, attribute, None):
            return str(found)
    return str(index)
