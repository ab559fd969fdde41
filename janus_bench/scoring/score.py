"""From graded answers to the scores of a run. The numbers stand in scoring.toml, each with its reason.

A category's score is 0 to 100:
- quality: the mean over the quality categories of the mean item score, less what guessing reaches. A failed request
  scores 0 there. Questions that never change count as far as those are right whose answer the seed draws.
- modality: the same over the items that show a picture or want one. None delivered is 0, never full marks.
- speed, cost, streaming: the mean over answers (answer_score.py), each weighted by how right it is, shrunk where few
  are right. Streaming weighs long answers more: one word shows nothing of a stream.
The composite is the weighted sum. A category that the suite has no items for is left out, the other weights are scaled
up to 1, and the report says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from janus_bench.constants import Table
from janus_bench.run.records import Record
from janus_bench.scoring.answer_score import Measured, clamp, measured

CATEGORIES = ("quality", "speed", "cost", "streaming", "modality")


@dataclass(frozen=True)
class Scores:
    """Category scores, 0 to 100; None where the suite has no items for a category. `weights` are those used, sum 1."""

    composite: float
    categories: dict[str, float | None]
    quality: dict[str, float | None]
    weights: dict[str, float]


def score(records: Iterable[Record], table: Table) -> Scores:
    """The scores of graded records."""
    return score_measured([measured(record, table) for record in records], table)


def score_measured(rows: Sequence[Measured], table: Table) -> Scores:
    """The scores of what was measured. What a judge was to read and did not is left out: nothing stands in for it."""
    rows = as_far_as_trusted([row for row in rows if row.judged], table)
    of: dict[str, list[Measured]] = {name: [] for name in table["quality"]["categories"]}
    for row in rows:
        of.setdefault(row.category, []).append(row)
    quality = {name: _percent(above_guessing(of[name])) for name in table["quality"]["categories"]}
    pictures = [replace(row, score=row.picture) for row in rows if row.picture is not None]
    wanted = table["right_enough"]
    categories = {
        "quality": _mean([value for value in quality.values() if value is not None]),
        "speed": _percent(over_right_answers(rows, [row.speed for row in rows], wanted)),
        "cost": _percent(over_right_answers(rows, [row.cost for row in rows], wanted)),
        "streaming": _percent(over_streams(rows, wanted)),
        "modality": _percent(above_guessing(pictures)),
    }
    return composite(categories, quality, table["weights"])


def trust(rows: Sequence[Measured], table: Table) -> float:
    """How far answers to questions that never change count, 0 to 1: as far as the drawn ones are right.

    Answers learned by heart are right where nothing changes and wrong where the seed draws. A suite with too few drawn
    items cannot tell, and trusts.
    """
    drawn, numbers = [row for row in rows if row.drawn], table["learned_by_heart"]
    if len(drawn) < numbers["least_drawn"]:
        return 1.0
    return float(min(1.0, ((above_guessing(drawn) or 0.0) / numbers["drawn_share"]) ** numbers["steepness"]))


def as_far_as_trusted(rows: Sequence[Measured], table: Table) -> list[Measured]:
    """The rows, those of questions that never change taken as far as `trust` goes."""
    share = trust(rows, table)
    if share == 1:
        return list(rows)
    return [
        row
        if row.drawn or not row.score
        else replace(
            row,
            score=row.score * share,
            right=row.right * share,
            picture=None if row.picture is None else row.picture * share,
        )
        for row in rows
    ]


def above_guessing(rows: Sequence[Measured]) -> float | None:
    """The mean item score, with what guessing reaches taken off and the rest stretched to 1; None of nothing."""
    mean, guessed = _mean([row.score for row in rows]), _mean([row.chance for row in rows])
    if mean is None or guessed is None:
        return None
    return mean if not guessed else clamp((mean - guessed) / (1 - guessed))


def composite(
    categories: dict[str, float | None], quality: dict[str, float | None], weights: dict[str, float]
) -> Scores:
    """The weighted sum over the categories that were measured, their weights scaled to sum 1."""
    measured = {name: weights[name] for name in CATEGORIES if categories[name] is not None}
    whole = sum(measured.values())
    used = {name: weight / whole for name, weight in measured.items()} if whole else {}
    total = sum(weight * (categories[name] or 0.0) for name, weight in used.items())
    return Scores(min(100.0, max(0.0, total)), categories, quality, used)


def over_right_answers(rows: Sequence[Measured], values: Sequence[float], wanted: Table) -> float | None:
    """The mean of `values` weighted by how right each answer is, times how many are right; None of nothing.

    From the wanted share of right answers on (`[right_enough]` of scoring.toml), none is taken off.
    """
    if not rows:
        return None
    right = sum(row.right for row in rows)
    if not right:
        return 0.0
    mean = sum(value * row.right for value, row in zip(values, rows, strict=True)) / right
    return mean * _enough(rows, wanted)


def over_streams(rows: Sequence[Measured], wanted: Table) -> float | None:
    """The same for streaming, each answer weighted by its length too; None where no answer shows a stream."""
    shown = sum(row.right * row.length for row in rows)
    if not shown:
        return 0.0 if any(row.category == "streaming" or not row.right for row in rows) else None
    mean = sum(row.streaming * row.right * row.length for row in rows) / shown
    return mean * _enough(rows, wanted)


def _enough(rows: Sequence[Measured], wanted: Table) -> float:
    """How far the share of right answers reaches the wanted one, at most 1; guessing counts for nothing."""
    guessed = sum(row.chance for row in rows) / len(rows)
    right = clamp((sum(row.right for row in rows) / len(rows) - guessed) / (1 - guessed))
    return float(min(1.0, (right / wanted["answered_share"]) ** wanted["steepness"]))


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _percent(value: float | None) -> float | None:
    return None if value is None else 100 * value
