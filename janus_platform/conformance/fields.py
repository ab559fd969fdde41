"""Every field of the contract by its dotted path (`services.search.rate_limit.requests`), and what is not measured.

A field that is neither compared nor covered by REASONS is reported as `unchecked`; a test keeps that empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from janus_platform.conformance.report import STATED, UNCHECKED, Row, unseen
from janus_platform.contract import Contract

_PROSE = "A sentence for readers: no response contains it."
_OUTWARD = "How the platform speaks to another server: not visible from here."
_INSIDE = "Counted inside the platform; the repository's tests check it."
_LONG = "Showing it would take hours or a day; tests check it with a clock of their own."
_OTHERS = "What another public source says: compare it with that source."

# The first pattern that fits a field's path gives the reason.
REASONS: tuple[tuple[str, str], ...] = (
    (r"dated|source|repository|changes\..*", "Where the contract itself comes from."),
    (r".*\.documented_elsewhere", _OTHERS),
    (r"request_flow\..*|security\..*|bench\.flow", _PROSE),
    (r"services\.\w+\.(features|future_features|catalog_url)", _PROSE),
    (r"services\.web_proxy\.user_agent", "Only the fetched sites can see it."),
    (r"services\.search\.live\..*|services\.inference\.upstream\..*", _OUTWARD),
    (r"services\.inference\.limits\.max_(image_bytes|image_pixels|schema_nodes|schema_depth)", _INSIDE),
    (r"wire\.artifacts_field", "Only answers with a picture have it; the repository's tests check it."),
    (r"secrets\.key_rotation_seconds|attestation\.clock_skew_seconds", _LONG),
    (r"attestation\.rate_limit.*", "Trying it would block evidence for others for a minute; tests check it."),
    (r"monitoring\.kept_requests", _INSIDE),
    (r"implementation\.(chat|health|models)_path", "Only the gateway can see it; `janus submit` tests it."),
    (r"submission\..*", "`janus submit` checks the form against it; the repository's tests check the command."),
    (r"node\..*|egress\.(\w+_seconds|max_\w+)", _INSIDE),
    (r"classroom\..*", "It applies to a shared classroom (`janus up --host`); this platform may not be one."),
    (r"packages\..*", "It applies when a submission brings packages; the repository's tests check it."),
    (
        r"services\.inference\.model_engine\..*",
        "Only a platform with `--model` has it; the repository's tests check it.",
    ),
    (r"bench\.suites\..*\.duration_seconds", _LONG),
    (r"[\w.]+\.since", "The version that added it to the contract: no response contains it."),
)
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


def unmeasured(contract: Contract, rows: Iterable[Row]) -> Iterator[Row]:
    """A row for every field that no row is about: `stated` with its reason, or `unchecked`."""
    values = leaves(contract)
    for field in uncovered(values, rows):
        note = next((note for pattern, note in REASONS if re.fullmatch(pattern, field)), None)
        result, reason = (UNCHECKED, "janus check does not know this field yet.") if note is None else (STATED, note)
        yield unseen(field, "none", result, reason, values[field])


def uncovered(fields: Iterable[str], rows: Iterable[Row]) -> Iterator[str]:
    """The fields that no row is about."""
    exact = {row.field for row in rows}
    for field in fields:
        parts = field.split(".")
        above = {".".join(parts[:count]) for count in range(1, len(parts) + 1)}
        if not above & exact and not any(other.startswith(f"{field}.") for other in exact):
            yield field
