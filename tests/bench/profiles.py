"""Honest ways to stream and to bill right answers, and the ways to fake better ones with the same answers.

Each honest profile is a target that somebody could run: how long it waits, how fast it speaks, what it asks. A trick
takes what a profile sends for one item and dresses it up: it does not answer sooner, faster or for less.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace

from janus_bench.scoring.metrics import count_tokens
from janus_bench.suites.model import Item
from tests.bench.lab import Said

SECOND = 1_000_000_000
MS = 1_000_000
Profile = Callable[[Item, Said], Said]
Trick = Callable[[Item, Said], Said]


def spoken(*, wait: float, per_second: float, usd: float, thinks: float = 0.0) -> Profile:
    """A model that thinks aloud for `thinks` of the seconds it waits, then speaks at this many words a second."""

    def say(item: Item, said: Said) -> Said:
        gap = round(SECOND / per_second)
        thought = thinking(item, round(thinks * per_second))
        spent = count_tokens(said.text + thought) + sum(count_tokens(call["arguments"]) for call in said.calls)
        told = {"prompt_tokens": 60, "completion_tokens": spent, "cost_usd": usd}
        return replace(
            said,
            reasoning=thought,
            gap_ns=gap,
            first_ns=round((wait - thinks) * SECOND),
            usage=told,
            pieces=by_words,
        )

    return say


def by_words(text: str) -> list[str]:
    """A text cut behind each word, line breaks included."""
    return re.findall(r"\s*\S+\s*", text)


def thinking(item: Item, count: int) -> str:
    """So many words of thinking about the matter: the question's own words in another order, among others."""
    if not count:
        return ""
    draw = random.Random(item.id)
    asked = re.findall(r"\w{3,}", item.prompt) or ["nothing"]
    own = "first then because therefore maybe compare estimate recall whether instead between given result".split()
    return " ".join(draw.choice(asked if draw.random() < 0.5 else own) for _ in range(count)) + " "


PROFILES: dict[str, Profile] = {
    "fast and cheap": spoken(wait=0.15, per_second=80, usd=0.00008),
    "hosted model": spoken(wait=0.6, per_second=40, usd=0.0004),
    "slow model": spoken(wait=2.0, per_second=12, usd=0.0015),
    "thinks for two seconds": spoken(wait=2.3, per_second=40, usd=0.001, thinks=2.0),
    "thinks for four seconds": spoken(wait=4.5, per_second=50, usd=0.002, thinks=4.0),
    "silent for fifteen seconds": spoken(wait=15.0, per_second=18, usd=0.0027),
    "a small model at home": spoken(wait=1.2, per_second=9, usd=0.0001),
}
DRIP = "Thinking about it . . . "
VARIED = "I consider this carefully , then I check each step once more and go on . "


def blank_first(item: Item, said: Said) -> Said:
    """A piece of content that nobody can see, at once."""
    return replace(_early(said), opener="\u200b \n")


def dots_first(item: Item, said: Said) -> Said:
    """Dots at once."""
    return replace(_early(said), opener="…")


def word_first(item: Item, said: Said) -> Said:
    """The first word of a sentence at once, and then silence."""
    return replace(_early(said), opener="Well, ")


def drips(filler: Callable[[Item, int], str], per_second: float = 9.0) -> Trick:
    """Filler as thinking, at a reader's pace, over the whole wait."""

    def trick(item: Item, said: Said) -> Said:
        count = int(said.first_ns / SECOND * per_second)
        gap = round(SECOND / per_second)
        rest = max(0, said.first_ns - 50 * MS - count * gap)
        return replace(
            said, reasoning=filler(item, count), first_ns=50 * MS, thought_gap_ns=gap, pause_ns=rest, pieces=by_words
        )

    return trick


def _early(said: Said) -> Said:
    return replace(said, first_ns=50 * MS, pause_ns=said.first_ns - 50 * MS)


def _repeated(text: str) -> Callable[[Item, int], str]:
    return lambda item, count: " ".join((text.split() * (1 + count // 4))[:count])


def _echoed(item: Item, count: int) -> str:
    return " ".join((item.prompt.split() * (1 + count))[:count])


def _any_words(item: Item, count: int) -> str:
    draw = random.Random(item.id)
    return " ".join("".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=6)) for _ in range(count))


def _burst(item: Item, said: Said) -> Said:
    """Hundreds of tokens of thinking in a moment, right before the answer."""
    return replace(said, reasoning=VARIED * 40, thought_gap_ns=100_000, pieces=by_words)


def tokens_told(times: float) -> Trick:
    """More tokens, or fewer, than were sent."""
    return lambda item, said: replace(
        said, usage={**said.usage, "completion_tokens": int(said.usage["completion_tokens"] * times)}
    )


def cost_told(per_million: float) -> Trick:
    """A bill made of a price for what is seen, whatever was spent."""
    return lambda item, said: replace(
        said, usage={**said.usage, "cost_usd": count_tokens(said.text + said.reasoning) * per_million / 1e6}
    )


def all_at_once(item: Item, said: Said) -> Said:
    """Drips, tokens at four times, cost at the old floor, and a blank piece."""
    dressed = drips(_repeated(DRIP))(item, said)
    for trick in (tokens_told(4), cost_told(0.01)):
        dressed = trick(item, dressed)
    return replace(dressed, opener="\u200b")


TRICKS: dict[str, Trick] = {
    "a blank first piece": blank_first,
    "dots first": dots_first,
    "a word first": word_first,
    "drips of one filler": drips(_repeated(DRIP)),
    "slow drips": drips(_repeated(DRIP), per_second=2),
    "drips of sentences": drips(_repeated(VARIED)),
    "drips of the question": drips(_echoed),
    "drips of random words": drips(_any_words),
    "drips about the matter": drips(thinking),
    "a burst of thinking": _burst,
    "tokens at four times": tokens_told(4),
    "tokens at a fourth": tokens_told(0.25),
    "cost at the floor": cost_told(0.01),
    "all at once": all_at_once,
}
# Thinking about the matter, invented or not, cannot be told from thinking: test_timing_cheats.py bounds what it hides.
TELLABLE = [name for name in TRICKS if name != "drips about the matter"]
