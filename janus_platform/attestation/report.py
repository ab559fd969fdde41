"""The report of a verifier: one result a check, each with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Result = Literal["passed", "failed", "not checked"]


@dataclass(frozen=True)
class Check:
    """One check: `detail` says what was found, why it failed, or why it could not be made."""

    check: str
    result: Result
    detail: str


@dataclass(frozen=True)
class Report:
    """The checks of one verification, in the order in which they were made."""

    implementation: str
    checks: tuple[Check, ...]
    notice: str

    @property
    def failed(self) -> bool:
        """Whether a check failed. That none did says no more than the checks that passed."""
        return any(check.result == "failed" for check in self.checks)

    def result(self, check: str) -> Result:
        """The result of the check of that name. Raises KeyError when there is none."""
        return {one.check: one.result for one in self.checks}[check]

    def plain(self) -> dict[str, Any]:
        """The report as JSON data."""
        checks = [asdict(check) for check in self.checks]
        shown = {"implementation": self.implementation, "failed": self.failed, "checks": checks}
        return {"simulated": True, "notice": self.notice, **shown}

    def __str__(self) -> str:
        lines = [f"{one.result:>11}  {one.check}: {one.detail}" for one in self.checks]
        return "\n".join([*lines, "", self.notice])


def not_made(names: Sequence[str], because: str) -> list[Check]:
    """Checks that could not be made, all for the same reason."""
    return [Check(name, "not checked", because) for name in names]
