"""Every formula of the score. The numbers in them stand in scoring.toml, each with its reason.

A category's score is 0 to 100, smooth, with no cliff to sit on:
- quality: the mean over the quality categories of the mean item score, less what guessing reaches. A failed request
  scores 0 there. Questions that never change count as far as those are right whose answer the seed draws.
- modality: the same over the items that show a picture or want one. None delivered is 0, never full marks.
- speed, cost, streaming: the mean over answers, each weighted by how right it is, shrunk where few are right. Streaming
  weighs long answers more: one word shows nothing of a stream.
The composite is the weighted sum. A category that the suite has no items for is left out, the other weights are scaled
up to 1, and the report says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from janus_bench.constants import Table
from janus_bench.run.records import Record
from janus_bench.scoring.cost import usd
from janus_bench.scoring.metrics import count_tokens, percentile, rate, words
from janus_bench.scoring.reading import (
    Piece,
    as_thinking_allows,
    content_pieces,
    first_sentence,
    gaps,
    own_deltas,
    reading_pieces,
    stalled,
)
from janus_bench.wire.chat import Answer

CATEGORIES = ("quality", "speed", "cost", "streaming", "modality")


@dataclass(frozen=True)
class Scores:
    """Category scores, 0 to 100; None where the suite has no items for a category. `weights` are those used, sum 1."""

    composite: float
    categories: dict[str, float | None]
    quality: dict[str, float | None]
    weights: dict[str, float]


@dataclass(frozen=True)
class Measured:
    """What one judged record adds to the scores, 0 to 1 each.

    `right` is how right the answer is; speed, cost and streaming are weighted by it, and 0 where it is. `picture` is
    None where none was shown or wanted. `length` says how much the answer shows of a stream, `chance` what guessing
    reaches; `drawn`, that the seed decided what is right.
    """

    item: str
    category: str
    score: float
    right: float
    speed: float
    cost: float
    streaming: float
    picture: float | None
    length: float = 1.0
    chance: float = 0.0
    judged: bool = True
    drawn: bool = True


def measured(record: Record, table: Table) -> Measured:
    """One judged record as the formulas see it."""
    right = min(1.0, record.score / table["right_enough"]["item_score"])
    ways = (item_speed, item_cost, item_streaming) if right else ()
    speed, cost, streaming = (way(record, table) for way in ways) if ways else (0.0, 0.0, 0.0)
    return Measured(
        record.item,
        record.category,
        record.score,
        right,
        speed,
        cost,
        streaming,
        picture=_picture_score(record),
        length=stream_length(record, table["streaming"]),
        chance=record.chance,
        judged=not record.unjudged,
        drawn=record.drawn,
    )


def score(records: Iterable[Record], table: Table) -> Scores:
    """The scores of judged records."""
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
    return mean if not guessed else _clamp((mean - guessed) / (1 - guessed))


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
    right = _clamp((sum(row.right for row in rows) / len(rows) - guessed) / (1 - guessed))
    return float(min(1.0, (right / wanted["answered_share"]) ** wanted["steepness"]))


def log_scale(value: float, best: float, worst: float) -> float:
    """1 at `best` or better, 0 at `worst` or worse, in between by the logarithm. Works in both directions."""
    if value <= 0:
        return 1.0 if best < worst else 0.0
    return _clamp(math.log(value / worst) / math.log(best / worst))


def item_speed(record: Record, table: Table) -> float:
    """Waits for the first sign and for the first sentence, and the token rate. Too short for a rate: the waits alone.

    A long answer that came in one read has no rate to measure: it was held back, and gets 0 for it.
    """
    sign, sentence = begins(record, table["streaming"])
    numbers = table["speed"]
    share: dict[str, float] = numbers["share"]
    total = log_scale(sign, **numbers["first_token_seconds"]) * share["first_token"]
    total += log_scale(sentence, **numbers["first_content_seconds"]) * share["first_content"]
    measured_rate = answer_rate(record, numbers)
    if measured_rate is None:
        return float(total / (share["first_token"] + share["first_content"]))
    return float(total + log_scale(measured_rate, **numbers["tokens_per_second"]) * share["tokens_per_second"])


def begins(record: Record, numbers: Table) -> tuple[float, float]:
    """Seconds until there is something to read: with the thinking, as far as it may hide a wait, and without.

    `numbers` is the table `[streaming]` of scoring.toml.
    """
    answer = _answer(record)

    def begun(shown: list[Piece]) -> float:
        return first_sentence(shown, numbers)

    sign = as_thinking_allows(begun, answer, record.sent_ns, record.thinking, numbers)
    content = content_pieces(answer, record.sent_ns)
    return sign, begun(content) if content else sign


def answer_rate(record: Record, numbers: Table) -> float | None:
    """Tokens per second of the answer, or of it and its own thinking where it is short; None where both are.

    What came in one read has no rate that can be seen: 0.
    """
    answer = _answer(record)
    content = [delta for delta in answer.deltas if delta.kind != "reasoning"]
    for shown in (content, own_deltas(answer, record.thinking)):
        if count_tokens("".join(delta.text for delta in shown)) >= numbers["min_tokens_for_rate"]:
            return rate(shown) or 0.0
    return None


def item_cost(record: Record, table: Table) -> float:
    """The answer's cost on a log scale; 0 where it is not known."""
    cost = usd(_answer(record), table)
    return 0.0 if cost is None else log_scale(cost, **table["cost"]["usd"])


def item_streaming(record: Record, table: Table) -> float:
    """Continuity of one stream, less what its protocol and transparency lack; 0 for an answer that was not streamed.

    They take off and never add: rules kept by a stream that nobody can read along are worth nothing.
    """
    answer, numbers = _answer(record), table["streaming"]
    if not answer.streamed:
        return 0.0
    share: dict[str, float] = numbers["share"]
    kept = share["protocol"] * protocol(answer) + share["transparency"] * transparency(answer, numbers)
    return continuity(record, numbers) * (share["continuity"] + kept)


def stream_length(record: Record, numbers: Table) -> float:
    """How much an answer shows of a stream: 0 up to a few words, then in a straight line to 1."""
    if record.answer is None:
        return 0.0
    low, high = numbers["words_that_show_a_stream"]["none"], numbers["words_that_show_a_stream"]["all"]
    return _clamp((len(words(record.answer.text)) - low) / (high - low))


def protocol(answer: Answer) -> float:
    """1 for a stream that keeps all rules; each broken rule halves it."""
    return 0.5 ** len(answer.violations)


def continuity(record: Record, numbers: Table) -> float:
    """What a reader feels, in absolute terms: no waiting before an empty screen, no long gaps, no lumps."""
    answer = _answer(record)
    if not words(answer.text) and not words(answer.reasoning):
        return 1.0 if answer.tool_calls or answer.artifacts else 0.0

    def stall(shown: list[Piece]) -> float:
        return stalled(shown, numbers)

    waited = as_thinking_allows(stall, answer, record.sent_ns, record.thinking, numbers)
    flow = _clamp(1 - waited / (numbers["worst_stall_share"] * reading_seconds(record, numbers)))
    gap = percentile(gaps(reading_pieces(answer, record.sent_ns, record.thinking)), 99) or 0.0
    return flow * log_scale(gap, **numbers["p99_gap_seconds"]) * pieces(answer, numbers)


def reading_seconds(record: Record, numbers: Table) -> float:
    """How long an answer is read, its own thinking for as long as that may hide a wait.

    A one-word answer is read in no time: a reader forgives the time that a short sentence takes.
    """
    answer, pace = _answer(record), numbers["reading_words_per_second"]
    content = sum(piece.words for piece in content_pieces(answer, record.sent_ns))
    thought = sum(piece.words for piece in reading_pieces(answer, record.sent_ns, record.thinking)) - content
    length = len(words(answer.text)) + min(thought, pace * numbers["own_thinking_hides_seconds"])
    return float(max(length, numbers["min_words_for_pieces"]) / pace)


def pieces(answer: Answer, numbers: Table) -> float:
    """1 for an answer that came word by word, 0 for a long one that came in one piece; halves are worth little."""
    length = len(words(answer.text))
    if length < numbers["min_words_for_pieces"]:
        return 1.0
    largest = max(len(words(delta.text)) for delta in answer.deltas if delta.kind == "content")
    wanted = min(numbers["enough_pieces"], length / numbers["words_per_piece"])
    return _clamp((length / max(1, largest) - 1) / (wanted - 1)) ** 2


def transparency(answer: Answer, numbers: Table) -> float:
    """1 where thinking is shown before the answer, half where it is mixed into it, 0 where there is none."""
    if len(words(answer.reasoning)) < numbers["min_reasoning_words"] or answer.reasoning.strip() == answer.text.strip():
        return 0.0
    return 0.5 if "reasoning_after_content" in answer.violations else 1.0


def _picture_score(record: Record) -> float | None:
    """The item's score where a picture was shown or wanted: what the text says of it has to be right too."""
    if not (record.shows_picture or record.wants_artifact):
        return None
    if not record.wants_artifact:
        return record.score
    came = max((verdict.score for kind, verdict in record.verdicts if kind == "artifact"), default=0.0)
    return min(record.score, came)


def _answer(record: Record) -> Answer:
    assert record.answer is not None, "only right answers are measured"
    return record.answer


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _percent(value: float | None) -> float | None:
    return None if value is None else 100 * value


def _clamp(value: float) -> float:
    return min(1.0, max(0.0, value))
