"""What the practice pages puzzle over: traces, bills, streams and reports, recorded from runs of the platform.

>>> recorded("read_a_bill")["whole"][0]["prompt_tokens"]

`python -m tests.notebooks.practice` records them anew.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from janus_book.real_model import RECORDINGS

if TYPE_CHECKING:
    from janus_platform.traces.spans import Span
    from janus_platform.traces.view import Trace


def recording(page: str) -> Path:
    """The file of a practice page's recording; `page` is the notebook's name without `practice_`."""
    return RECORDINGS / f"practice_{page}.json"


def recorded(page: str) -> dict[str, Any]:
    """A practice page's recording, read anew each time: what an answer changes in it stays its own."""
    found: dict[str, Any] = json.loads(recording(page).read_text(encoding="utf-8"))
    return found


def calls(trace: Trace) -> list[Span]:
    """The service calls of a trace, in the order they began."""
    return [span for span in trace.spans if span.name in trace.service_ms]


def fixed_window(times: Iterable[float], limit: int, seconds: float) -> list[float]:
    """Which of these requests a limiter lets through that counts those of each whole stretch of `seconds`."""
    counted: Counter[int] = Counter()
    passed = []
    for time in sorted(times):
        window = int(time // seconds)
        if counted[window] < limit:
            counted[window] += 1
            passed.append(time)
    return passed


def overhang(choose: Callable[[list[int], random.Random], int], begin: str, old: int) -> float:
    """By how many requests the fullest of eight nodes lies above the mean, where counts are up to `old` requests old.

    Each node ends eight requests while sixty come. Raises Hint where `choose` names no node.
    """
    from janus_book.exercise import Hint

    rng, load, over = random.Random(0), [0] * 8, []
    for _ in range(20):
        for number in range(60):
            if number % old == 0:
                seen = list(load)
            chosen = choose(list(seen), rng)
            if chosen is None or chosen is ...:
                raise Hint(f"`choose` returns nothing yet. {begin}")
            if isinstance(chosen, bool) or not isinstance(chosen, int):
                raise Hint(f"`choose` gave {chosen!r}. A whole number is wanted: which node, from 0 on?")
            if not 0 <= chosen < len(load):
                raise Hint(f"`choose` gave {chosen}, which is no number of a node: there are 0 to {len(load) - 1}.")
            load[chosen] += 1
        over.append(max(load) - sum(load) / len(load))
        load = [max(0, count - 8) for count in load]
    return sum(over) / len(over)
