"""What holds on every leaderboard: what may be published and under which names, and what its figures do not prove."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any

from janus_bench.errors import BenchError
from janus_bench.leaderboard.standings import SCORES, Row

# What every place says that shows published scores.
THE_RUNNERS_WORD = (
    "Scores are computed again from the published answers. For where the answers came from, when each piece arrived "
    "and what it cost, there is only the runner's word."
)
NOT_APART = "≈"
NOT_APART_MEANS = f"{NOT_APART}: cannot be told from the row above, by their intervals over seeds"
SUITE = "quick"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HOTKEY = re.compile(r"5[1-9A-HJ-NP-Za-km-z]{46,47}")  # SS58, format 42


def check_names(implementation: str | None, hotkey: str | None) -> None:
    """Raise BenchError for a name or a hotkey that could not be published; None passes."""
    if implementation is not None and (implementation == "janus" or not _NAME.fullmatch(implementation)):
        raise BenchError(
            f"{implementation!r} cannot name an implementation",
            "Use letters, digits, dot, hyphen and underscore, at most 64; janus stands for whoever is #1.",
        )
    if hotkey is not None and not _HOTKEY.fullmatch(hotkey):
        raise BenchError("the hotkey is not an SS58 address", "It starts with 5 and has 47 or 48 characters.")


def columns_of(report: dict[str, Any], implementation: str, hotkey: str | None, submitted: float) -> dict[str, Any]:
    """The columns of a run, everything from outside checked. Raises BenchError."""
    check_names(implementation, hotkey)
    if not report.get("complete"):
        raise BenchError("a run that was stopped early cannot be published", "Run the suite again to its end.")
    composite = report["composite"]
    low, high = report.get("intervals", {}).get("composite", (composite, composite))
    if not all(_is_number(value) for value in (composite, low, high)):
        raise BenchError("the report's composite is not a number", "Run the suite again.")
    known = "composite" in report.get("intervals", {})
    return {
        "run": report["id"],
        "implementation": implementation,
        "hotkey": hotkey,
        "composite": float(composite),
        "low": float(low) if known else None,
        "high": float(high) if known else None,
        **{name: report["scores"].get(name) for name in SCORES},
        "submitted": submitted,
        "suite": report["suite"]["name"],
        "suite_hash": report["suite"]["hash"],
        "scoring_hash": report["scoring"]["hash"],
        "report": json.dumps(report),
    }


def beats_baseline(rows: list[Row], is_baseline: Callable[[str], bool]) -> bool:
    """Whether the first row beats the baseline, or is it."""
    bars = [row.composite for row in rows if is_baseline(row.implementation)]
    return bool(bars) and (is_baseline(rows[0].implementation) or rows[0].composite > max(bars))


def _is_number(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, (int, float)) and math.isfinite(value)
