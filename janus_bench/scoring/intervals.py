"""How sure a score is, and whether two runs really differ.

`intervals`: where the score lies over all seeds. Seeds draw anew within each item and change nothing between items, so
an item that was asked in two draws or more is a stratum. With one draw, what lies within an item cannot be told from
what lies between items, and the items of a category are collapsed into one stratum (Cochran, Sampling Techniques, 1977,
5A.12): that interval is an upper bound, and far too wide for a target that can do some items always and others never.
`rerun_intervals`: how far timing alone moves the score when the same questions are answered the same way again.

Both are analytic: each answer's effect on the score is half of what the score changes by between counting it twice and
not at all; the variance is that of the effects within strata; Wilson's interval (1927) with the number of answers that
such a variance stands for (Franco et al. 2019, doi:10.1093/jssam/smy019) bounds it, so that none has zero width.

Difference: the two runs are paired by item; its interval draws the pairs anew (a percentile bootstrap, Efron 1979), and
its p is the share of random swaps of the two runs, item by item, that differ as much (a permutation test; Good 2005,
chapter 3). These are drawn from a seed, so the same records give the same figures.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from janus_bench.constants import Table
from janus_bench.scoring.answer_score import Measured
from janus_bench.scoring.metrics import percentile
from janus_bench.scoring.score import Scores, score_measured

RESAMPLES = 1000
LEVEL = 95.0
_Z = 1.959964  # of the normal distribution at LEVEL
_DRAWS = 10  # an item's draws are taken together beyond these; so many give its variance well enough
_TIMED = ("composite", "speed", "streaming")
# The items of one category, each with all of its rows.
Groups = list[list[Measured]]
Bounds = dict[str, tuple[float, float]]


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


def intervals(rows: Sequence[Measured], table: Table) -> Bounds:
    """The 95 % interval over seeds of each score that was measured, by name as in `named`."""
    groups = _by_category(rows)
    scores = dict(named(score_measured(rows, table)))
    strata = [_effects(stratum, rows, scores, table) for stratum in _strata(groups)]
    bounds = {}
    for name, value in scores.items():
        variance = sum(_within([effects[name] for effects in units]) for units in strata)
        bounds[name] = _wilson(value / 100, variance / 100**2, _units(_of(name, groups, table)))
    return bounds


def rerun_intervals(rows: Sequence[Measured], table: Table) -> Bounds:
    """The 95 % interval of each timed score over runs of the same questions in which the same answers are right.

    Of an item that was asked once, the times are compared with those of other items, which differ for other reasons
    too: that makes it an upper bound.
    """
    scores = {name: value for name, value in named(score_measured(rows, table)) if name in _TIMED}
    right = [row for row in rows if row.right]
    if len(right) < 2:
        return {}
    usual = {name: sum(getattr(row, name) for row in right) / len(right) for name in ("speed", "streaming")}
    variance = dict.fromkeys(scores, 0.0)
    for units in _timed_strata(right):
        effects = [_effect_of_times(unit, rows, usual, table) for unit in units]
        for name in scores:
            variance[name] += _within([scores[name] - again[name] for again in effects])
    reach = {name: _Z * math.sqrt(value) for name, value in variance.items()}
    return {name: (max(0.0, value - reach[name]), min(100.0, value + reach[name])) for name, value in scores.items()}


def _timed_strata(right: Sequence[Measured]) -> Iterator[Groups]:
    """Answers whose times are compared: those to one item, else those of a category."""
    for items in _by_category(right):
        yield from (_batches(rows, _DRAWS) for rows in items if len(rows) > 1)
        if once := [rows for rows in items if len(rows) == 1]:
            yield once


def _effect_of_times(
    unit: Sequence[Measured], rows: Sequence[Measured], usual: dict[str, float], table: Table
) -> dict[str, float]:
    """The scores with the usual times in the place of those of `unit`."""
    mine = {id(row) for row in unit}
    speed, streaming = usual["speed"], usual["streaming"]
    again = [replace(row, speed=speed, streaming=streaming) if id(row) in mine else row for row in rows]
    return dict(named(score_measured(again, table)))


def _strata(groups: Sequence[Groups]) -> Iterator[Groups]:
    """What may vary together, in units that vary each by itself: rows of a drawn item, else items of a category."""
    for items in groups:
        once: dict[bool, Groups] = {True: [], False: []}
        for rows in items:
            if rows[0].drawn and len(rows) > 1:
                yield _batches(rows, _DRAWS)
            else:
                once[rows[0].drawn].append(rows)
        yield from filter(None, once.values())


def _batches(rows: Sequence[Measured], most: int) -> Groups:
    """Rows in at most so many units of nearly the same size: long runs stay quick to work out."""
    return [list(rows[start::most]) for start in range(min(most, len(rows)))]


def _effects(units: Groups, rows: Sequence[Measured], scores: dict[str, float], table: Table) -> list[dict[str, float]]:
    """What each unit, which is one of `rows` or more, adds to each score."""
    return [_effect({id(row) for row in unit}, rows, scores, table) for unit in units]


def _effect(unit: set[int], rows: Sequence[Measured], scores: dict[str, float], table: Table) -> dict[str, float]:
    mine = [row for row in rows if id(row) in unit]
    twice = dict(named(score_measured([*rows, *mine], table)))
    without = dict(named(score_measured([row for row in rows if id(row) not in unit], table)))
    # The only unit of a score takes it away with it.
    return {
        name: (twice[name] - without[name]) / 2 if without.keys() == scores.keys() else twice[name] - value
        for name, value in scores.items()
    }


def _within(effects: Sequence[float]) -> float:
    """The variance of a sum of effects of one stratum."""
    count = len(effects)
    if count < 2:
        return sum(effect**2 for effect in effects)
    mean = sum(effects) / count
    return sum((effect - mean) ** 2 for effect in effects) * count / (count - 1)


def _wilson(share: float, variance: float, units: int) -> tuple[float, float]:
    """Wilson's interval, in percent, of a share with this variance.

    Where the strata show none, half of one pair of answers that disagree is taken to have been missed: no certainty of
    few.
    """
    spread = share * (1 - share)
    variance = max(variance, min(spread / units, 0.5 / units**2))
    count = spread / variance if variance > 0 and spread > 0 else units
    centre = (share + _Z**2 / (2 * count)) / (1 + _Z**2 / count)
    reach = _Z * math.sqrt(spread / count + (_Z / (2 * count)) ** 2) / (1 + _Z**2 / count)
    return 100 * max(0.0, min(share, centre - reach)), 100 * min(1.0, max(share, centre + reach))


def _units(items: Groups) -> int:
    """How many answers there are, those that are no new draw counted once."""
    return max(1, sum(len(rows) if rows[0].drawn else 1 for rows in items))


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
