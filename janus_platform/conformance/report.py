"""One comparison of the contract with what was found, and the report that all of them make.

Whatever a host says is hostile: what goes into a row is bounded, and keys are taken out of it first.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

SAME, DIFFERS, KNOWN = "same", "differs", "known"
UNREACHABLE, SKIPPED, STATED, UNCHECKED = "unreachable", "skipped", "stated", "unchecked"
MEANINGS = {
    SAME: "the value found is what the contract says",
    DIFFERS: "the value found is not what the contract says",
    KNOWN: "it differs, as the contract (documented_elsewhere) or the node says; see the note",
    UNREACHABLE: "nothing answered, so nothing was compared",
    SKIPPED: "not tried this time; see the note",
    STATED: "it cannot be measured from outside; see the note",
    UNCHECKED: "not compared: janus check does not know this field yet",
}
MAX_SHOWN = 200
MAX_ROWS = 5_000
HIDDEN = "[key]"
# The shortest text that is taken for a key: a shorter one would blank out ordinary words.
_MIN_KEY = 6


@dataclass(frozen=True)
class Row:
    """`field` of the contract, `how` it was looked at, what was expected and found, and the result (MEANINGS)."""

    field: str
    how: str
    expected: str
    found: str
    result: str
    note: str = ""


def compare(field: str, how: str, expected: Any, found: Any, note: str = "") -> Row:
    """A row that is `same` where both are equal, and else `differs`."""
    result = SAME if expected == found and type(expected) is type(found) else DIFFERS
    return Row(field, how, shown(expected), shown(found), result, note if result == DIFFERS else "")


def unseen(field: str, how: str, result: str, note: str, expected: Any = "") -> Row:
    """A row of which nothing was found, with the reason."""
    return Row(field, how, shown(expected), "", result, note)


def shown(value: Any) -> str:
    """A value as a cell shows it: text as it is, everything else as JSON."""
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, default=_plain, sort_keys=True)
    except (TypeError, ValueError):
        return repr(value)


def _plain(value: Any) -> Any:
    return dict(value) if hasattr(value, "keys") else str(value)


@dataclass(frozen=True)
class Report:
    """The rows of one check. `mode` is local or live; `contract` is the version that was compared."""

    mode: str
    contract: str
    rows: tuple[Row, ...]

    @classmethod
    def of(cls, mode: str, contract: str, rows: Iterable[Row], secrets: Iterable[str] = ()) -> Report:
        """The report of `rows`, without any of the `secrets`, in the order of their fields."""
        hide = hider(secrets)
        clean = [_bounded(row, hide) for row, _ in zip(rows, range(MAX_ROWS), strict=False)]
        return cls(mode, contract, tuple(sorted(clean, key=lambda row: row.field)))

    @property
    def counts(self) -> dict[str, int]:
        """How many rows of each result; a result without rows is not named."""
        found = Counter(row.result for row in self.rows)
        return {result: found[result] for result in MEANINGS if found[result]}

    @property
    def drifted(self) -> bool:
        """Whether something differs that the contract does not know of."""
        return DIFFERS in self.counts

    @property
    def compared(self) -> int:
        """How many fields were really compared."""
        return sum(self.counts.get(result, 0) for result in (SAME, DIFFERS, KNOWN))

    def as_json(self) -> dict[str, Any]:
        """The whole report, as `check.schema.json` describes it."""
        return {
            "mode": self.mode,
            "contract_version": self.contract,
            "drifted": self.drifted,
            "compared": self.compared,
            "counts": self.counts,
            "rows": [asdict(row) for row in self.rows],
        }


def hider(secrets: Iterable[str]) -> Callable[[str], str]:
    """What takes every one of `secrets` out of a text, whatever its case."""
    found = sorted({secret for secret in secrets if len(secret) >= _MIN_KEY}, key=len, reverse=True)
    if not found:
        return lambda text: text
    pattern = re.compile("|".join(map(re.escape, found)), re.I)
    return lambda text: pattern.sub(HIDDEN, text)


def _bounded(row: Row, hide: Callable[[str], str]) -> Row:
    cells = {name: _short(hide(value)) for name, value in asdict(row).items()}
    return replace(row, **cells)


def _short(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"
