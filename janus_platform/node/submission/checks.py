"""One line of the checklist that a submission gets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

from janus_platform.node.errors import NodeError

# What nobody tried reads "not checked", what the form leaves out "not given"; neither is a pass.
Result = Literal["passed", "failed", "not checked", "not given"]


@dataclass(frozen=True)
class Check:
    """What was looked at, how it came out, and why, or what to do."""

    check: str
    result: Result
    detail: str = ""

    def plain(self) -> dict[str, str]:
        """The check as plain data."""
        return asdict(self)


def verdict(check: str, good: bool, praise: str, blame: str) -> Check:
    """Passed with `praise` or failed with `blame`."""
    return Check(check, "passed", praise) if good else Check(check, "failed", blame)


class SubmissionRefusedError(NodeError):
    """A check failed and nothing was deployed; `checks` is the checklist up to there, as plain data.

    `output` is what the implementation printed while it was tried.
    """

    def __init__(self, name: str, checks: Iterable[Check], output: str = "") -> None:
        checks = list(checks)
        failed = "; ".join(f"{c.check}: {c.detail}" for c in checks if c.result == "failed")
        last_words = f"\nThe end of its log:\n{output}" if output else ""
        super().__init__(f"{name[:80]} was not deployed. {failed}{last_words}")
        self.checks = [check.plain() for check in checks]


def refuse_if_failed(name: str, checks: Iterable[Check], *, output: str = "") -> None:
    """Raises SubmissionRefusedError when one of `checks` failed."""
    if any(check.result == "failed" for check in checks):
        raise SubmissionRefusedError(name, checks, output)
