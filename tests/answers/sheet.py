"""The questions by which answers are judged: the sheet of a hundred, and what pages suggest."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from tests.answers.entry import Entry
from tests.answers.facts import facts

HERE = Path(__file__).parent
GOAL = 90
FACTS_ON_THE_SHEET = 16


def sheet() -> list[Entry]:
    """The hundred: the questions of sheet.toml, then some of the facts of the book."""
    known = facts()
    return [*_read("sheet.toml"), *known[:: len(known) // FACTS_ON_THE_SHEET][:FACTS_ON_THE_SHEET]]


def promised() -> list[Entry]:
    """The questions that pages suggest, with what the pages promise."""
    return _read("suggested.toml")


def _read(name: str) -> list[Entry]:
    tables = tomllib.loads((HERE / name).read_text(encoding="utf-8"))
    return [_entry(kind.replace("_", " "), fields) for kind, group in tables.items() for fields in group]


def _entry(kind: str, fields: dict[str, Any]) -> Entry:
    typed: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in fields.items()}
    return Entry(kind, **typed)
