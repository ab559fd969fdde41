"""How sure a score is, and whether two runs really differ. Both resample items, since items are what a suite chose.

Interval: a percentile bootstrap (Efron 1979) that draws the items of each category anew, all repeats of an item
together; where all are right or none is, Wilson's bound (1927) for a proportion stands in. Difference: the two runs are
paired by item; its interval draws the pairs anew, and its p is the share of random swaps of the two runs, item by item,
that differ as much (a permutation test; Good 2005, chapter 3). Everything is drawn from a seed, so the same records
give the same figures.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from janus_bench.constants import Table
from janus_bench.metrics import percentile
from janus_bench.scoring import Measured, Scores, score_measured

RESAMPLES = 1000
LEVEL = 95.0
_Z = 1.959964  # of the normal distribution at LEVEL
_SAME = 1e-9
# The items of one category, each with all of its rows.
Groups = list[list[Measured]]


@dataclass(frozen=True)
class Difference:
    """One score in two runs, over the items that both asked. `effect` is b − a, in points; `p` is two-sided."""

    name: str
    a: float
    b: float
    effect: float
    low: float
    high: float
    p: float


def intervals(
    rows: Sequence[Measured], table: Table, *, seed: int = 0, resamples: int = RESAMPLES
) -> dict[str, tuple[float, float]]:
    """The 95 % interval of each score that was measured, by name as in `named`."""
    draw = random.Random(seed)
    groups = _by_category(rows)
    seen: dict[str, list[float]] = {}
    for _ in range(resamples):
        again = [row for items in groups for item in draw.choices(items, k=len(items)) for row in item]
        for name, value in named(score_measured(again, table)):
            seen.setdefault(name, []).append(value)
    found = {name: _interval(values) for name, values in seen.items()}
    return {name: _never_certain(low, high, len(_of(name, groups, table))) for name, (low, high) in found.items()}


def _of(name: str, groups: Sequence[Groups], table: Table) -> Groups:
    """The items that a score is made of, each with all of its rows."""
    quality = set(table["quality"]["categories"])
    items = [rows for group in groups for rows in group]
    if name.startswith("quality."):
        return [rows for rows in items if rows[0].category == name.removeprefix("quality.")]
    if name == "quality":
        return [rows for rows in items if rows[0].category in quality]
    if name == "modality":
        return [rows for rows in items if rows[0].picture is not None]
    return items


def _never_certain(low: float, high: float, items: int) -> tuple[float, float]:
    """No certainty of few items: at 0 and 100, where every resample is the same, Wilson's bound for none of so many."""
    if high - low > _SAME or not items:
        return low, high
    open_end = 100 * _Z**2 / (items + _Z**2)
    if low >= 100 - _SAME:
        return 100 - open_end, 100.0
    return (0.0, open_end) if high <= _SAME else (low, high)


def named(scores: Scores) -> Iterator[tuple[str, float]]:
    """Every score that was measured: composite, the categories, and `quality.<category>`."""
    yield "composite", scores.composite
    yield from ((name, value) for name, value in scores.categories.items() if value is not None)
    yield from ((f"quality.{name}", value) for name, value in scores.quality.items() if value is not None)


def compare(
    a: Sequence[Measured], b: Sequence[Measured], table: Table, *, seed: int = 0, resamples: int = RESAMPLES
) -> list[Difference]:
    """How `b` differs from `a`, over the items that both have; nothing where they share none."""
    pairs = _paired(a, b)
    if not pairs:
        return []
    before, after = (dict(named(_scored(pairs, side, table))) for side in (0, 1))
    draw = random.Random(seed)
    drawn = _resampled(pairs, table, resamples, lambda items: draw.choices(items, k=len(items)))
    swapped = _resampled(pairs, table, resamples, lambda items: [_swap(pair, draw) for pair in items])
    return [
        Difference(
            name=name,
            a=before[name],
            b=after[name],
            effect=after[name] - before[name],
            low=_interval(drawn[name])[0],
            high=_interval(drawn[name])[1],
            p=_p(after[name] - before[name], swapped[name]),
        )
        for name in before
        if name in after
    ]


Pair = tuple[list[Measured], list[Measured]]


def _paired(a: Sequence[Measured], b: Sequence[Measured]) -> list[list[Pair]]:
    """The items that both runs asked, by category."""
    other = {rows[0].item: rows for items in _by_category(b) for rows in items}
    groups = [[(rows, other[rows[0].item]) for rows in items if rows[0].item in other] for items in _by_category(a)]
    return [group for group in groups if group]


def _by_category(rows: Sequence[Measured]) -> list[Groups]:
    categories: dict[str, dict[str, list[Measured]]] = {}
    for row in rows:
        categories.setdefault(row.category, {}).setdefault(row.item, []).append(row)
    return [list(items.values()) for items in categories.values()]


def _scored(pairs: Sequence[Sequence[Pair]], side: int, table: Table) -> Scores:
    return score_measured([row for items in pairs for pair in items for row in pair[side]], table)


def _resampled(
    pairs: Sequence[Sequence[Pair]], table: Table, resamples: int, again: Callable[[Sequence[Pair]], Sequence[Pair]]
) -> dict[str, list[float]]:
    """The differences that come out when each category's pairs are drawn anew, by score."""
    seen: dict[str, list[float]] = {}
    for _ in range(resamples):
        drawn = [again(items) for items in pairs]
        before, after = (dict(named(_scored(drawn, side, table))) for side in (0, 1))
        for name in before.keys() & after.keys():
            seen.setdefault(name, []).append(after[name] - before[name])
    return seen


def _swap(pair: Pair, draw: random.Random) -> Pair:
    return pair if draw.random() < 0.5 else (pair[1], pair[0])


def _interval(values: Sequence[float]) -> tuple[float, float]:
    tail = (100 - LEVEL) / 2
    low, high = percentile(values, tail), percentile(values, 100 - tail)
    assert low is not None and high is not None, "there is at least one resample"
    return low, high


def _p(effect: float, under_no_difference: Sequence[float]) -> float:
    # The observed labelling is one of the possible ones, so p is never 0 (Phipson and Smyth 2010).
    as_large = sum(abs(value) >= abs(effect) - 1e-9 for value in under_no_difference)
    return (1 + as_large) / (1 + len(under_no_difference))
