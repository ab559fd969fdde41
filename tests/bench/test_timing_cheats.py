"""Right answers, dressed up: what a target gains by seeming sooner, faster or cheaper than it is.

No trick may earn more than 5 points of 100 above the same answers sent honestly, and the honest ways to send them keep
the scores that they had when waits counted from any byte, tokens were believed and bills too (noted below).
"""

from __future__ import annotations

from functools import cache

import pytest

from janus_bench.constants import load_scoring
from janus_bench.run.records import Record
from janus_bench.scoring import answer_score, reading
from janus_bench.scoring import score as scoring
from janus_bench.scoring.cost import BELOW_LIST, IMPLAUSIBLE, NO_MODEL, REPORTED, UNREPORTED, bill
from janus_bench.scoring.metrics import count_tokens, measure
from janus_bench.suites.loader import load_suite
from janus_bench.suites.model import Item
from janus_bench.wire.chat import Answer, Delta
from tests.bench.cheats import right
from tests.bench.lab import Said, record, scored
from tests.bench.profiles import DRIP, MS, PROFILES, TELLABLE, TRICKS, VARIED, by_words, cost_told

MOST, SEED = 5.0, 1
TABLE = load_scoring()
# The composite of PLAIN answers before a wait meant a reader's wait.
BEFORE = {
    "fast and cheap": 95.6,
    "hosted model": 87.9,
    "slow model": 72.5,
    "thinks for two seconds": 88.0,
    "thinks for four seconds": 85.3,
    "silent for fifteen seconds": 56.3,
    "a small model at home": 82.2,
}
SILENT = [name for name in PROFILES if "thinks" not in name]


@cache
def answers() -> tuple[list[Item], dict[str, Said]]:
    """Without the programs, which take longest to check."""
    items = [item for item in load_suite("quick").items(SEED) if item.category != "coding"]
    return items, {item.id: right(item) for item in items}


@cache
def honest(profile: str) -> float:
    items, known = answers()
    return scored(items, lambda item: PROFILES[profile](item, known[item.id])).composite


@pytest.mark.parametrize("trick", TELLABLE)
@pytest.mark.parametrize("profile", SILENT)
def test_no_trick_earns_more_than_five_points_above_the_same_answers_sent_honestly(profile: str, trick: str) -> None:
    items, known = answers()
    found = scored(items, lambda item: TRICKS[trick](item, PROFILES[profile](item, known[item.id])))
    assert found.composite <= honest(profile) + MOST, found


@pytest.mark.parametrize("trick", TRICKS)
def test_nothing_hides_a_wait_of_fifteen_seconds(trick: str) -> None:
    """Not even thinking that no program can tell from real one: it stands in for the answer for five seconds."""
    items, known = answers()
    profile = PROFILES["silent for fifteen seconds"]
    found = scored(items, lambda item: TRICKS[trick](item, profile(item, known[item.id])))
    assert found.composite <= honest("silent for fifteen seconds") + MOST, found
    assert (found.categories["streaming"] or 0) < 10


PLAIN = [
    "Answer: 42",
    "The tides are caused by the Moon.",
    "It is known that the Moon pulls the water on its side harder than the Earth below it, so that it rises there.",
    "Rising air cools, and cold air holds less water. On the windward side of a mountain it has to rise, so its water "
    "falls there as rain; behind the ridge the air sinks, grows warm again, and what is left of its water stays in it. "
    "That is why one side of a range may be green and the other a desert.",
]  # fmt: skip


def plain(profile: str) -> float:
    """The composite of PLAIN, all right, as a profile sends them."""
    items = [Item(f"p{n}", "chat", ({"role": "user", "content": f"Why, case {n}?"},), ()) for n in range(len(PLAIN))]
    records = []
    for item, text in zip(items, PLAIN, strict=True):
        made = record(item, PROFILES[profile](item, Said(text)))
        assert made.answer is not None
        made.score = 1.0
        made.timing = measure(made.answer, started_ns=0, connected_ns=0, sent_ns=0, limits=TABLE["tokens"])
        records.append(made)
    asked = [reading.Thinking(i.id, i.prompt, r.answer) for i, r in zip(items, records, strict=True) if r.answer]
    for made, shares in zip(records, reading.own_thinking(asked), strict=True):
        made.thinking = shares
    return scoring.score(records, TABLE).composite


@pytest.mark.parametrize("profile", PROFILES)
def test_an_honest_way_to_send_keeps_its_score(profile: str) -> None:
    assert plain(profile) == pytest.approx(BEFORE[profile], abs=2)


def waiting(*deltas: Delta, thinking: tuple[float, ...] | None = None) -> tuple[float, float]:
    made = Record("item", "chat", 0, answer=Answer(list(deltas)), thinking=thinking)
    return answer_score.begins(made, TABLE["streaming"])


def text(at_ms: int, said: str, kind: str = "content") -> Delta:
    return Delta(kind, at_ms * MS, said)


LATE = text(9000, "It is so, and that is really all that there is to say of it here.")


@pytest.mark.parametrize(
    "unseen", ["", " ", "\n\n", "\u200b", "\ufeff", "\u2060\u00ad", "\U000e0041\U000e0042", "\u3164", "…", "***", "> "]
)
def test_a_reader_waits_for_letters_not_for_bytes(unseen: str) -> None:
    assert waiting(text(10, unseen), LATE) == (9, 9)


def test_a_first_word_that_silence_follows_is_no_beginning() -> None:
    sign, sentence = waiting(text(10, "Well, "), LATE)
    assert sign == sentence > 8.5


def test_an_answer_without_letters_begins_with_what_can_be_seen() -> None:
    assert waiting(text(10, " "), text(300, "→")) == (0.3, 0.3)


def test_an_early_picture_does_not_shorten_the_wait_for_the_words() -> None:
    assert waiting(Delta("artifact", 10 * MS, ""), LATE)[1] > 8.9


def test_thinking_stands_in_for_the_answer_for_five_seconds_and_filler_for_none() -> None:
    thought = [text(100 + 100 * n, f"step{n} ", "reasoning") for n in range(88)]
    sign, sentence = waiting(*thought, LATE)
    assert sign == pytest.approx(4)
    assert sentence == 9
    assert waiting(*thought, LATE, thinking=(0.0,) * 88) == (9, 9)


def own(reasoning: str, prompt: str = "How far is the Moon?", *others: str) -> float:
    """How far a thinking is its own, beside the thinking about other questions."""
    said = [reasoning, *others]
    asked = [
        reading.Thinking(f"i{n}", prompt, Answer([text(0, one, "reasoning"), text(1, "The Moon is 384,400 km away.")]))
        for n, one in enumerate(said)
    ]
    return reading.own_thinking(asked)[0][0]


REAL = "The Moon goes round the Earth in an ellipse, so I take the mean distance, which I remember as 384,400 km."


def test_real_thinking_is_its_own_also_where_others_begin_alike() -> None:
    assert own(REAL) == 1
    assert own(f"Let me think. {REAL}", "How far is the Moon?", "Let me think. Tides come from the Moon.") > 0.8


@pytest.mark.parametrize(
    ("filler", "others"),
    [(VARIED, (VARIED,)), (DRIP * 9, ()), ("How far is the Moon? " * 9, ()), ("qwk zzpt lorm vrrx splk mnop " * 2, ())],
)
def test_filler_is_nobodys_own(filler: str, others: tuple[str, ...]) -> None:
    assert own(filler, "How far is the Moon?", *others) < 0.35


def test_own_thinking_is_found_letter_by_letter_too() -> None:
    deltas = [text(n, letter, "reasoning") for n, letter in enumerate(REAL)]
    found = reading.own_thinking([reading.Thinking("i", "How far is the Moon?", Answer([*deltas, LATE]))])[0]
    assert len(found) == len(deltas)
    assert min(share for share, letter in zip(found, REAL, strict=True) if letter.isalnum()) > 0.8


def test_looking_at_thinking_takes_time_in_proportion_to_its_length() -> None:
    """Ten megabytes of one word: what lies beyond the limit is not looked at."""
    assert own("word " * 2_000_000) < 0.01


SEEN = "word " * 100


def usage(**told: float) -> str:
    return bill(Answer([text(0, SEEN)], usage=told), TABLE).reading


def test_a_bill_is_read_beside_what_was_seen() -> None:
    assert usage() == UNREPORTED
    assert usage(cost_usd=0.01) == REPORTED
    assert usage(cost_usd=100 * 0.05 / 1e6) == BELOW_LIST
    assert usage(cost_usd=100 * 0.01 / 1e6) == IMPLAUSIBLE
    assert usage(cost_usd=0) == IMPLAUSIBLE
    assert usage(prompt_tokens=9, completion_tokens=0) == IMPLAUSIBLE
    assert usage(prompt_tokens=9, completion_tokens=100) == REPORTED


def test_what_is_told_below_the_list_price_is_not_paid_for() -> None:
    dear = Answer([text(0, "word " * 10_000)], usage={"cost_usd": 0.0005})
    assert bill(dear, TABLE).usd == pytest.approx(10_000 * 0.60 / 1e6)


def test_a_result_that_needed_no_model_may_cost_nothing() -> None:
    short = Answer([text(0, "Answer: 42")], usage={"prompt_tokens": 0, "completion_tokens": 3, "cost_usd": 0.0})
    assert bill(short, TABLE) == (0.0, NO_MODEL)
    short.usage["prompt_tokens"] = 40
    assert bill(short, TABLE).reading == IMPLAUSIBLE


def test_words_told_as_tokens_change_no_rate_and_no_cost() -> None:
    item = answers()[0][0]
    said = PROFILES["hosted model"](item, Said(PLAIN[3]))
    for times in (0.1, 1, 4, 1000):
        told = {**said.usage, "completion_tokens": int(count_tokens(PLAIN[3]) * times)}
        made = record(item, Said(PLAIN[3], gap_ns=said.gap_ns, pieces=by_words, usage=told))
        assert answer_score.answer_rate(made, TABLE["speed"]) == pytest.approx(45.2, abs=0.1)
        assert answer_score.item_cost(made, TABLE) == answer_score.item_cost(record(item, replaced(said)), TABLE)


def replaced(said: Said) -> Said:
    return Said(PLAIN[3], usage=said.usage)


def test_cost_told_at_the_cheapest_price_there_is_pays_the_list_price() -> None:
    item = answers()[0][0]
    long = Said(PLAIN[3] * 10, usage={"prompt_tokens": 60})
    cheap = cost_told(0.021)(item, long)
    assert answer_score.item_cost(record(item, cheap), TABLE) < 0.85
