"""Garbage collection outside the streams: a full collection takes 0.1 s.

Most of what a request makes goes when its last reference does. Cycles of young objects are still found at once, in
small steps; the others wait until nobody is being answered, or for MOST_SECONDS.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable

# Objects made and not yet gone before the young ones are looked through: some twenty requests, 1 ms.
YOUNG = 5_000
_NEVER = 1_000_000_000
# So many looks at the young ones, each of which leaves some older, are worth a look at everything: some 400 requests.
WORTH = 20
IDLE_SECONDS = 1.0
MOST_SECONDS = 300.0


def settle() -> None:
    """Leave what stands now out of every later collection, and older objects to `collect_when_idle`."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, _NEVER, _NEVER)


async def collect_when_idle(activity: Callable[[], tuple[int, int]]) -> None:
    """Collect everything after a time of work that was worth it, until cancelled.

    `activity` tells how many requests are open, and how many there have been.
    """
    waited, seen = 0.0, activity()[1]
    while True:
        await asyncio.sleep(IDLE_SECONDS)
        waited += IDLE_SECONDS
        still_open, been = activity()
        is_idle, seen = not still_open and been == seen, been
        if gc.get_count()[1] >= WORTH and (is_idle or waited >= MOST_SECONDS):
            gc.collect()
            waited = 0.0
