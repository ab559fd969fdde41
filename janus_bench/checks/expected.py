"""What an item with one exact answer expects, in words: a report shows it beside what was given."""

from __future__ import annotations

from collections.abc import Iterable

from janus_bench.checks.registry import Check
from janus_bench.checks.text import Exact
from janus_bench.checks.value import Choice, Members, Number, Quantity

_MOST_LETTERS = 200


def expected(checks: Iterable[Check]) -> str:
    """The expected answer; nothing where no check wants an exact one."""
    return next((said for check in checks if (said := _expected(check))), "")


def given(text: str) -> str:
    """An answer in one line, cut short in its middle: what is exact stands alone, or at the end."""
    line = " ".join(text.split())
    half = _MOST_LETTERS // 2
    return line if len(line) <= _MOST_LETTERS else f"{line[:half]} … {line[-half:]}"


def _expected(check: Check) -> str:
    match check:
        case Exact():
            return " or ".join(check.answers)
        case Number():
            return f"{check.value:g}"
        case Quantity():
            return f"{check.value:g} {check.unit}"
        case Members():
            return ", ".join(check.members)
        case Choice():
            return check.answer
    return ""
