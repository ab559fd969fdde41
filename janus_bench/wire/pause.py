"""429 Too Many Requests: how long a target asks to be left alone, and how often it is asked again.

`Retry-After` is a number of seconds or a date (RFC 9110, 10.2.3); some servers send a decimal, or `retry-after-ms`.
Where none names a wait, it is asked once more, after a second. The limit is one of the caller, so all requests of a run
wait together.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import email.utils
import math
from collections.abc import Mapping

TOO_MANY = 429
MOST_TRIES = 4
DEFAULT_TRIES = 2  # where the target names no wait
MOST_SECONDS = 90.0  # of one wait: limits are counted by the minute, and nobody waits for tomorrow's
DEFAULT_SECONDS = 1.0


class Pause:
    """Until when a target is to be left alone. One for all requests of a run."""

    def __init__(self) -> None:
        self._until = 0.0

    async def over(self) -> None:
        """Return when the wait is over, also where it grew meanwhile."""
        loop = asyncio.get_running_loop()
        while (left := self._until - loop.time()) > 0:
            await asyncio.sleep(left)

    def grants(self, headers: Mapping[str, str], tries: int) -> bool:
        """Whether to ask again after the wait that a 429 asks for; begins that wait."""
        wait = retry_after_seconds(headers)
        seconds = DEFAULT_SECONDS if wait is None else wait
        if tries >= (DEFAULT_TRIES if wait is None else MOST_TRIES) or seconds > MOST_SECONDS:
            return False
        self._until = max(self._until, asyncio.get_running_loop().time() + seconds)
        return True


def retry_after_seconds(headers: Mapping[str, str], now: dt.datetime | None = None) -> float | None:
    """The seconds that a response asks to wait; None where it names none that can be read."""
    for name, unit in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) * unit
        except (KeyError, ValueError):
            continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    try:
        until = email.utils.parsedate_to_datetime(headers.get("retry-after", ""))
    except (TypeError, ValueError, OverflowError):
        return None
    until = until if until.tzinfo else until.replace(tzinfo=dt.UTC)
    return max(0.0, (until - (now or dt.datetime.now(dt.UTC))).total_seconds())
