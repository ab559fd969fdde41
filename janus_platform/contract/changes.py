"""How the contract says what changed: `[[changes]]` entries for what is no longer as it was, `since` for what is new.

This module imports nothing of the contract, which imports it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from typing import Any

from janus_platform.contract.parsing import ContractError, Table

KINDS = ("changed", "deprecated", "removed")
_VERSION = re.compile(r"\d+\.\d+\.\d+")


class Change(Table, frozen=True):
    """One change: in which version and when, of which kind, to which field, and what it was before."""

    version: str
    dated: dt.date
    kind: str
    field: str
    summary: str
    before: str = ""

    def mark(self) -> str:
        """What stands beside the field: "Changed in 1.1.0: was 10 requests/minute." """
        words = {"changed": "Changed in", "deprecated": "Deprecated since", "removed": "Removed in"}[self.kind]
        reason = f"was {self.before}." if self.kind == "changed" and self.before else self.summary
        return f"{words} {self.version}: {reason}"


def check_changes(changes: Iterable[Change], version: str, contract: Any) -> None:
    """Raises ContractError for a change of unknown kind, of a later version, or to a field that is not there."""
    for change in changes:
        where = f"changes, {change.field}"
        if change.kind not in KINDS:
            raise ContractError(f"{where}: kind is one of {', '.join(KINDS)}, not {change.kind}")
        if not _VERSION.fullmatch(change.version) or parts(change.version) > parts(version):
            raise ContractError(f"{where}: version {change.version} is none, or newer than the contract")
        if (change.kind == "removed") == has_field(contract, change.field):
            stands = "still stands in" if change.kind == "removed" else "does not stand in"
            raise ContractError(f"{where}: the field {stands} the contract")


def has_field(contract: Any, path: str) -> bool:
    """Whether a dotted path leads to something in the contract; members of a list go by name or slug."""
    value = contract
    for part in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, tuple):
            value = next((v for v in value if part in (getattr(v, "name", None), getattr(v, "slug", None))), None)
        else:
            value = getattr(value, part, None)
        if value is None:
            return False
    return True


def parts(version: str) -> tuple[int, ...]:
    """A version's numbers, for comparing."""
    return tuple(int(part) for part in version.split("."))
