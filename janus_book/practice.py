"""What the practice pages puzzle over: traces, bills, streams and reports, recorded from runs of the platform.

>>> recorded("read_a_bill")["whole"][0]["prompt_tokens"]

`python -m tests.notebooks.practice` records them anew.
"""

from __future__ import annotations

import copy
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
            chosen: object = choose(list(seen), rng)
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


def touched_up(report: dict[str, Any], claims: Iterable[str]) -> dict[str, Any]:
    """A copy of a bench report with some of its claims changed: `right`, `slowest`, `errors`. The items stay."""
    changed: dict[str, Any] = copy.deepcopy(report)
    for claim in claims:
        if claim == "right":
            changed["requests"]["right_enough"] += 9
        elif claim == "slowest":
            changed["timing"]["first_token_ms"]["max"] = changed["timing"]["first_token_ms"]["p95"]
        else:
            changed["errors"] = {} if changed["errors"] else {"timeout": 1}
    return changed


def by_category(rows: Iterable[dict[str, Any]]) -> dict[str, list[float]]:
    """The scores of each category of a run."""
    groups: dict[str, list[float]] = {}
    for row in rows:
        groups.setdefault(row["category"], []).append(row["score"])
    return groups


def pair(name: str, said: object) -> tuple[float, float]:
    """The two ends of an interval that the answer `name` gave. Raises Hint where they are not two numbers."""
    from janus_book.exercise import Hint

    ends = tuple(said) if isinstance(said, tuple | list) else ()
    if len(ends) != 2 or not all(isinstance(end, int | float) for end in ends):
        raise Hint(f"`{name}` gave {str(said)[:60]}. A pair is wanted: the low end and the high one.")
    return ends
