"""The platform's errors, each with a message that says what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class PlatformError(RuntimeError):
    """Something about the local platform did not work; the message says what to do."""


class NotRunningError(PlatformError):
    """No platform runs for this home directory."""

    def __init__(self) -> None:
        super().__init__("No platform is running. Start one: `janus up --detach`, or `janus.up()` in a notebook.")


class RequestRefusedError(PlatformError):
    """The running platform refused what it was asked; `status` is the HTTP status of its answer.

    `checks` is the checklist of a submission that was refused; empty for anything else.
    """

    def __init__(self, status: int, message: str, checks: Sequence[Mapping[str, str]] = ()) -> None:
        super().__init__(message)
        self.status, self.checks = status, list(checks)
