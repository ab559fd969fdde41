"""The numbers that scores depend on: scoring.toml, read once, and its hash; and what scores cannot prove."""

from __future__ import annotations

import hashlib
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

# What every place says that shows published scores.
THE_RUNNERS_WORD = (
    "Scores are worked out again from the published answers. That they came from this implementation, when each piece "
    "came, and the bill are the runner's word."
)
NOT_APART = "≈"
NOT_APART_MEANS = f"{NOT_APART}: cannot be told from the row above, by their intervals over seeds"
SCORING_FILE = Path(__file__).with_name("scoring.toml")
Table = dict[str, Any]


@cache
def load_scoring() -> Table:
    """The tables of scoring.toml."""
    return tomllib.loads(SCORING_FILE.read_text(encoding="utf-8"))


@cache
def scoring_hash() -> str:
    """SHA-256 of scoring.toml: scores made with other numbers are not comparable."""
    return hashlib.sha256(SCORING_FILE.read_bytes()).hexdigest()
