"""The numbers that scores depend on: scoring.toml, read once, and its hash."""

from __future__ import annotations

import hashlib
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

SCORING_FILE = Path(__file__).parent / "scoring" / "scoring.toml"
Table = dict[str, Any]


@cache
def load_scoring() -> Table:
    """The tables of scoring.toml."""
    return tomllib.loads(SCORING_FILE.read_text(encoding="utf-8"))


@cache
def scoring_hash() -> str:
    """SHA-256 of scoring.toml: scores made with other numbers are not comparable."""
    return hashlib.sha256(SCORING_FILE.read_bytes()).hexdigest()
