"""The family of errors that janus-bench raises: each says what went wrong and what to do next."""

from __future__ import annotations


class BenchError(Exception):
    """Something the caller can put right. `str()` is one message: what happened, then the remedy."""

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(f"{what.rstrip('.')}. {remedy}".strip() if remedy else what)
        self.what = what
        self.remedy = remedy


class SuiteError(BenchError):
    """A suite file that cannot be used; the message names the item and the field."""


class TargetError(BenchError):
    """The target cannot be benched at all: down, not OpenAI-compatible, or refusing the request."""


class RequestError(BenchError):
    """One request that brought no usable answer. `kind` is the short name it is counted under in the report."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind
        self.detail = detail
