"""Formulas on known stamps: no clock runs here."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

import janus_bench
from janus_bench import constants
from janus_bench.checks.verdict import Verdict
from janus_bench.run.records import Record
from janus_bench.scoring import answer_score, metrics
from janus_bench.scoring import score as scoring
from janus_bench.scoring.answer_score import Measured
from janus_bench.scoring.cost import usd
from janus_bench.scoring.reading import content_pieces, stalled
from janus_bench.wire.chat import Answer, Delta

TABLE = constants.load_scoring()
MS = 1_000_000


def record(
    words: int = 40, *, first: float = 200, gap: float = 20, score: float = 1.0, per_piece: int = 1, **rest: object
) -> Record:
    """A right answer whose reasoning comes at `first` ms, then a piece of `per_piece` words every `gap` ms."""
    deltas = [Delta("reasoning", int(first * MS), "Looking at what was asked. ")]
    for number in range(words // per_piece):
        deltas.append(Delta("content", int((first + gap * (number + 1)) * MS), "lorem " * per_piece))
    answer = Answer(deltas=deltas, usage={"cost_usd": 0.0001}, finish_reason="stop")
    for name, value in rest.items():
        setattr(answer, name, value)
    made = Record("item", "chat", 0, answer=answer, score=score)
    made.timing = metrics.measure(answer, started_ns=-MS, connected_ns=0, sent_ns=0, limits=TABLE["tokens"])
    return made


def failed() -> Record:
    return Record("item", "chat", 0, error="http_500")


def test_percentiles_interpolate_between_ranks() -> None:
    assert metrics.percentile([1, 2, 3, 4], 50) == 2.5
    assert metrics.percentile([4, 1, 3, 2], 25) == 1.75
    assert metrics.percentile([1, 2], 95) == pytest.approx(1.95)
    assert metrics.percentile([7], 99) == 7
    assert metrics.percentile([], 50) is None
    with pytest.raises(ValueError, match="between 0 and 100"):
        metrics.percentile([1], 101)


def spaced(*chunks: int, gap: float = 20, joined: int = 1) -> list[Delta]:
    """Chunks of so many tokens each, one every `gap` ms; every `joined` of them were read at once."""
    return [Delta("content", int(n // joined * gap * MS), " lorem" * count) for n, count in enumerate(chunks)]


@pytest.mark.parametrize(
    ("chunks", "per_second"),
    [
        ([1] * 40, 50),
        ([4] * 10, 200),
        ([100, 1], 50),  # what the first chunk brought took no time that could be seen
        ([1, 100], 5000),
        ([40], None),
        ([], None),
    ],
)
def test_the_rate_counts_tokens_after_the_first_chunk(chunks: list[int], per_second: float | None) -> None:
    found = metrics.rate(spaced(*chunks))
    assert found == (None if per_second is None else pytest.approx(per_second))


def test_chunks_that_one_read_brought_are_one() -> None:
    assert metrics.rate(spaced(*[1] * 40, joined=2)) == pytest.approx(38 / 0.38)
    assert metrics.rate(spaced(*[1] * 40, joined=40)) is None


def test_a_token_that_was_cut_in_two_chunks_is_one_token() -> None:
    deltas = [Delta("content", n * 10 * MS, piece) for n, piece in enumerate(["one ", "tw", "o", " three"])]
    assert metrics.rate(deltas) == pytest.approx(2 / 0.03)


def test_gaps_between_tokens_come_from_chunks_that_carry_counts() -> None:
    assert metrics.token_gaps_ms([(0, 1), (20 * MS, 3), (50 * MS, 3), (60 * MS, 4)]) == (10, 10, 10)
    assert metrics.token_gaps_ms([(0, 1)]) == metrics.token_gaps_ms([]) == ()
    assert len(metrics.token_gaps_ms([(0, 0), (MS, 10**9)])) == 100_000


def test_waits_count_from_the_last_written_byte_and_kinds_are_kept_apart() -> None:
    timing = record(3, first=200, gap=20).timing
    assert timing is not None
    assert (timing.first_token_ms, timing.first_reasoning_ms, timing.first_content_ms) == (200, 200, 220)
    assert timing.connect_ms == 1
    assert timing.gaps_ms == (20, 20, 20)
    assert timing.total_ms == 260


def test_tokens_are_counted_and_what_is_told_is_only_compared() -> None:
    limits = TABLE["tokens"]
    answer = Answer([Delta("content", 0, "word " * 200)])
    assert metrics.compared(answer, limits) == "not told"
    for told, said in {260: "as counted", 150: "as counted", 100_000: "more than seen", 3: "fewer than seen"}.items():
        answer.usage = {"completion_tokens": told}
        timing = metrics.measure(answer, started_ns=0, connected_ns=0, sent_ns=0, limits=limits)
        assert (timing.tokens, timing.told_tokens, timing.token_source) == (200, told, said)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("one two three", 3), ("1234567", 3), ("12 345", 2), ("3.14", 3), ("internationally", 2), ("潮汐", 2), ("x1", 1)],
)
def test_the_count_is_that_of_a_tokenizer_within_its_tolerance(text: str, tokens: int) -> None:
    assert metrics.count_tokens(text) == tokens


def test_tokens_are_never_chunks() -> None:
    whole, pieces = Answer([Delta("content", 0, "one two three")]), Answer()
    pieces.deltas = [Delta("content", 0, letter) for letter in "one two three"]
    assert metrics.count_seen(whole) == metrics.count_seen(pieces) == 3


def test_the_log_scale_works_in_both_directions_and_has_ends() -> None:
    assert answer_score.log_scale(1, 0.1, 10) == pytest.approx(0.5)
    assert answer_score.log_scale(10, 100, 1) == pytest.approx(0.5)
    assert [answer_score.log_scale(value, 0.1, 10) for value in (0, 0.01, 0.1, 10, 99)] == [1, 1, 1, 0, 0]
    assert answer_score.log_scale(0, 100, 1) == 0


def test_the_composite_is_the_weighted_sum() -> None:
    categories = {"quality": 90.0, "speed": 70.0, "cost": 80.0, "streaming": 60.0, "modality": 50.0}
    assert scoring.composite(categories, {}, TABLE["weights"]).composite == pytest.approx(76)
    assert sum(TABLE["weights"].values()) == pytest.approx(1)


def test_a_category_without_items_is_left_out_and_the_weights_rescaled() -> None:
    categories = {"quality": 80.0, "speed": 50.0, "cost": 50.0, "streaming": 50.0, "modality": None}
    scores = scoring.composite(categories, {}, TABLE["weights"])
    assert scores.composite == pytest.approx((0.4 * 80 + 0.5 * 50) / 0.9)
    assert "modality" not in scores.weights
    assert sum(scores.weights.values()) == pytest.approx(1)


def test_a_picture_that_was_wanted_and_did_not_come_scores_zero() -> None:
    wanted = record()
    wanted.wants_artifact = True
    wanted.verdicts = [("artifact", Verdict(0.0, "no artifact"))]
    assert scoring.score([wanted], TABLE).categories["modality"] == 0
    lost = failed()
    lost.wants_artifact = True
    assert scoring.score([lost], TABLE).categories["modality"] == 0


def test_a_failed_request_scores_zero_in_its_category() -> None:
    assert scoring.score([record(), failed()], TABLE).quality["chat"] == 50
    assert scoring.score([failed()], TABLE).composite == 0


def test_wrong_answers_earn_nothing_however_fast() -> None:
    scores = scoring.score([record(score=0, first=1) for _ in range(10)], TABLE)
    assert (scores.categories["speed"], scores.categories["cost"], scores.categories["streaming"]) == (0, 0, 0)


def test_one_right_answer_in_forty_does_not_carry_the_other_categories() -> None:
    few = scoring.score([record(), *(record(score=0) for _ in range(39))], TABLE)
    half = scoring.score([record(), record(score=0)], TABLE)
    assert few.categories["cost"] == pytest.approx(100 * (1 / 40 / 0.4) ** 2)
    assert half.categories["cost"] == pytest.approx(100)


def test_speed_falls_with_every_wait() -> None:
    speeds = [answer_score.item_speed(record(first=first), TABLE) for first in (100, 400, 1600, 6400)]
    assert speeds == sorted(speeds, reverse=True)
    rates = [answer_score.item_speed(record(gap=gap), TABLE) for gap in (10, 40, 160)]
    assert rates == sorted(rates, reverse=True)


def test_holding_an_answer_back_earns_less_and_sending_it_at_once_is_no_slower() -> None:
    slow = record(gap=50)
    held_back, at_once = record(first=200 + 40 * 50, gap=0), record(gap=0)
    assert held_back.tokens_per_second is None
    assert answer_score.item_speed(held_back, TABLE) < answer_score.item_speed(slow, TABLE)
    assert answer_score.item_speed(at_once, TABLE) >= answer_score.item_speed(record(gap=10), TABLE)


def test_cost_is_as_reported_else_from_tokens_else_not_known() -> None:
    sandbox = TABLE["cost"]["usd_per_sandbox_second"]
    reported = Answer(usage={"cost_usd": 0.01, "sandbox_seconds": 2})
    assert usd(reported, TABLE) == pytest.approx(0.01 + 2 * sandbox)
    tokens = {"prompt_tokens": 1_000_000, "completion_tokens": 1_000_000}  # thinking that nobody saw has its price
    assert usd(Answer(usage=tokens), TABLE) == pytest.approx(0.75)
    assert usd(Answer(), TABLE) is None
    assert answer_score.item_cost(record(usage={}), TABLE) == 0


def test_a_smooth_stream_with_reasoning_gets_full_streaming_marks() -> None:
    assert answer_score.item_streaming(record(), TABLE) == pytest.approx(1)


def test_a_uniformly_slow_stream_does_not_get_full_marks() -> None:
    numbers = TABLE["streaming"]
    flows = [answer_score.continuity(record(gap=gap), numbers) for gap in (20, 200, 400, 1000)]
    assert flows[0] == 1
    assert flows == sorted(flows, reverse=True)
    assert flows[-1] == 0


def test_five_tokens_a_second_are_slower_than_a_reader() -> None:
    assert answer_score.continuity(record(words=100, gap=200), TABLE["streaming"]) < 0.25


def test_an_answer_held_back_loses_by_its_wait_and_by_its_lumps() -> None:
    numbers = TABLE["streaming"]
    assert answer_score.continuity(record(first=8000, gap=1), numbers) < 0.2
    assert answer_score.continuity(record(per_piece=40), numbers) == 0
    assert answer_score.continuity(record(per_piece=20), numbers) < 0.2


def test_a_short_answer_may_come_in_one_piece() -> None:
    assert answer_score.continuity(record(words=1), TABLE["streaming"]) == 1


def test_one_long_stall_costs_more_than_its_share_of_the_mean_gap() -> None:
    stalled = record(words=100)
    assert stalled.answer is not None
    stalled.answer.deltas[50:] = [Delta(d.kind, d.at_ns + 9000 * MS, d.text) for d in stalled.answer.deltas[50:]]
    stalled.timing = metrics.measure(stalled.answer, started_ns=0, connected_ns=0, sent_ns=0, limits=TABLE["tokens"])
    assert answer_score.continuity(stalled, TABLE["streaming"]) < 0.5


def test_a_reader_does_not_wait_for_what_arrives_before_it_is_needed() -> None:
    deltas = [Delta("content", 0, "x" * 60), Delta("content", 1000 * MS, "x" * 60), Delta("content", 4000 * MS, "x")]
    # 60 letters are 10 words, 1.25 s at 8 words a second: read until 2.5 s, then 1.5 s of empty screen
    assert stalled(content_pieces(Answer(deltas), 0), TABLE["streaming"]) == pytest.approx(1.5)
    assert stalled(content_pieces(Answer(deltas), -3000 * MS), TABLE["streaming"]) == pytest.approx(3.5)


def test_hidden_thinking_scores_less_than_shown_thinking() -> None:
    numbers = TABLE["streaming"]
    content = Delta("content", 0, "It is so, and that is all there is to it.")
    assert answer_score.transparency(Answer([content]), numbers) == 0
    assert answer_score.transparency(Answer([Delta("reasoning", 0, "hm"), content]), numbers) == 0
    assert answer_score.transparency(Answer([Delta("reasoning", 0, content.text), content]), numbers) == 0
    shown = Answer([Delta("reasoning", 0, "I look at the sources."), content])
    assert answer_score.transparency(shown, numbers) == 1
    shown.violations = ["reasoning_after_content"]
    assert answer_score.transparency(shown, numbers) == 0.5


def test_every_broken_rule_halves_the_protocol_score() -> None:
    assert [answer_score.protocol(Answer(violations=list(names))) for names in ("", "a", "ab")] == [1, 0.5, 0.25]


def test_a_target_that_does_not_stream_gets_no_streaming_marks() -> None:
    assert answer_score.item_streaming(record(streamed=False), TABLE) == 0


def test_every_constant_has_its_reason_beside_it() -> None:
    lines = constants.SCORING_FILE.read_text().splitlines()
    assert tomllib.loads("\n".join(lines)) == TABLE
    reasons = [line for line in lines if line.startswith("#")]
    numbers = [line for line in lines if "=" in line and line not in reasons]
    assert len(reasons) >= len(numbers) // 2


def test_the_runner_knows_nothing_of_the_platform() -> None:
    for path in Path(janus_bench.__file__).parent.rglob("*.py"):
        assert "janus_platform" not in path.read_text(), path


def row(name: str, score: float, *, drawn: bool = True, chance: float = 0.0, picture: float | None = None) -> Measured:
    return Measured(name, "chat", score, score, 1.0, 1.0, 1.0, picture, chance=chance, drawn=drawn)


@pytest.mark.parametrize(("right", "trusted"), [(0, 0.0), (1, (1 / 16 / 0.25) ** 1.5), (4, 1.0), (16, 1.0)])
def test_questions_that_never_change_count_as_far_as_drawn_ones_are_right(right: int, trusted: float) -> None:
    drawn = [row(f"drawn-{number}", float(number < right)) for number in range(16)]
    fixed = [row(f"fixed-{number}", 1.0, drawn=False) for number in range(8)]
    assert scoring.trust([*drawn, *fixed], TABLE) == pytest.approx(trusted)
    found = scoring.score_measured([*drawn, *fixed], TABLE).quality["chat"]
    assert found == pytest.approx(100 * (right + 8 * trusted) / 24)


def test_a_suite_with_few_drawn_questions_trusts_since_chance_would_decide() -> None:
    rows = [row("drawn", 0.0), *(row(f"fixed-{number}", 1.0, drawn=False) for number in range(8))]
    assert scoring.trust(rows, TABLE) == 1


def test_what_guessing_reaches_is_taken_off_modality_too() -> None:
    rows = [row(f"p{number}", float(number == 0), chance=0.25, picture=float(number == 0)) for number in range(4)]
    assert scoring.score_measured(rows, TABLE).categories["modality"] == 0
    rows = [row(f"p{number}", 1.0, chance=0.25, picture=1.0) for number in range(4)]
    assert scoring.score_measured(rows, TABLE).categories["modality"] == 100
