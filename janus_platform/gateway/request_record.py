"""What is known of one chat request once it is over, in numbers alone: nothing here could hold any content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# A count that an implementation reports is believed up to here.
MAX_TOKENS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One chat request: `implementation` is `none` where it reached none; `status` is what the client saw.

    Times are in seconds from the request's head; `first_token` and the token counts are None where there was none, or
    the implementation did not say.
    """

    request_id: str
    implementation: str
    status: int
    stream: bool
    seconds: float
    first_token: float | None
    request_bytes: int
    response_bytes: int
    prompt_tokens: int | None
    completion_tokens: int | None


def tokens(usage: object, name: str) -> int | None:
    """The count of that name in an answer's `usage`; None where there is no usable one: implementations send it."""
    value = usage.get(name) if isinstance(usage, Mapping) else None
    usable = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_TOKENS
    return value if usable else None
