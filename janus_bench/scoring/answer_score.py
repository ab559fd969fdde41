"""What one graded answer is worth, 0 to 1 each: its speed, its cost, its stream, its pictures.

The numbers in these formulas stand in scoring.toml, each with its reason. They are smooth, with no cliff to sit on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Measured:
    """What one graded record adds to the scores, 0 to 1 each.

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
    """One graded record as the formulas see it."""
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


def log_scale(value: float, best: float, worst: float) -> float:
    """1 at `best` or better, 0 at `worst` or worse, in between by the logarithm. Works in both directions."""
    if value <= 0:
        return 1.0 if best < worst else 0.0
    return clamp(math.log(value / worst) / math.log(best / worst))


def item_speed(record: Record, table: Table) -> float:
    """Waits for the first sign and the first sentence, and the token rate. Too short for a rate: the waits alone."""
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

    It is at least what the tokens make over the whole time since the request: what came at once, or in one read, was
    no slower than that, and who holds an answer back gains nothing by it.
    """
    answer = _answer(record)
    content = [delta for delta in answer.deltas if delta.kind != "reasoning"]
    for shown in (content, own_deltas(answer, record.thinking)):
        tokens = count_tokens("".join(delta.text for delta in shown))
        if tokens >= numbers["min_tokens_for_rate"]:
            seconds = max(shown[-1].at_ns - record.sent_ns, 1) / 1e9
            return max(rate(shown) or 0.0, tokens / seconds)
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
    return clamp((len(words(record.answer.text)) - low) / (high - low))


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
    flow = clamp(1 - waited / (numbers["worst_stall_share"] * reading_seconds(record, numbers)))
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
    return clamp((length / max(1, largest) - 1) / (wanted - 1)) ** 2


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


def clamp(value: float) -> float:
    """`value`, kept within 0 and 1."""
    return min(1.0, max(0.0, value))
