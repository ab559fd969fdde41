"""The standings, from publications in their order: each implementation's best run, who was #1, and for how long."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

SCORES = ("quality", "speed", "cost", "streaming", "modality")


@dataclass(frozen=True)
class Row:
    """One line of the standings. Scores are 0 to 100 or None; `miner` is the shortened hotkey; `submitted` ISO, UTC.

    `interval` is the composite's, over seeds; `apart` says whether that tells the run from the one above, and is None
    for the first and where a run has no interval.
    """

    rank: int
    implementation: str
    miner: str
    composite: float
    quality: float | None
    speed: float | None
    cost: float | None
    streaming: float | None
    modality: float | None
    submitted: str
    days_at_1: float
    run: str
    interval: tuple[float, float] | None = None
    apart: bool | None = None


@dataclass(frozen=True)
class Published:
    """One publication: when (ISO, UTC), what, and who was #1 after it."""

    published: str
    run: str
    implementation: str
    composite: float
    leader: str


@dataclass
class _Standing:
    best: Any
    seconds_at_1: float = 0.0


def rank(published: Sequence[Any], now: float) -> list[Row]:
    """Play all publications in order: who was #1 for how long, and each implementation's best run."""
    standings: dict[str, _Standing] = {}
    leader, since = "", 0.0
    for run in published:
        name = run["implementation"]
        if name not in standings:
            standings[name] = _Standing(run)
        elif run["composite"] > standings[name].best["composite"]:
            standings[name].best = run
        if name != leader and (not leader or run["composite"] > standings[leader].best["composite"]):
            if leader:
                standings[leader].seconds_at_1 += max(0.0, run["submitted"] - since)
            leader, since = name, run["submitted"]
    if leader:
        standings[leader].seconds_at_1 += max(0.0, now - since)
    ordered = sorted(standings.values(), key=lambda standing: (-standing.best["composite"], standing.best["number"]))
    rows = [_row(rank, standing) for rank, standing in enumerate(ordered, 1)]
    return [*rows[:1], *(replace(row, apart=_apart(above, row)) for above, row in pairwise(rows))]


def _apart(above: Row, below: Row) -> bool | None:
    """Whether 0 lies outside the 95 % interval of the difference of two runs that drew their questions apart.

    It is made of both intervals (Zou and Donner 2008, doi:10.1002/sim.3095).
    """
    if above.interval is None or below.interval is None:
        return None
    reach = math.hypot(above.composite - above.interval[0], below.interval[1] - below.composite)
    return above.composite - below.composite > reach


def _row(rank: int, standing: _Standing) -> Row:
    best = standing.best
    hotkey = best["hotkey"] or ""
    return Row(
        rank=rank,
        implementation=best["implementation"],
        miner=f"{hotkey[:6]}…{hotkey[-4:]}" if hotkey else "",
        composite=best["composite"],
        **{name: best[name] for name in SCORES},
        submitted=_day(best["submitted"]),
        days_at_1=standing.seconds_at_1 / 86_400,
        run=best["run"],
        interval=None if best["low"] is None or best["high"] is None else (best["low"], best["high"]),
    )


def history_of(published: Sequence[Any]) -> list[Published]:
    """Every publication, and who was #1 after it: a new #1 needs a strictly higher composite."""
    history, leader, best = list[Published](), "", 0.0
    for run in published:
        if not leader or run["composite"] > best:
            leader, best = run["implementation"], run["composite"]
        history.append(Published(_day(run["submitted"]), run["run"], run["implementation"], run["composite"], leader))
    return history


def _day(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="seconds")
