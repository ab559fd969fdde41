"""From raw stamps to figures: waits, gaps, rates, stalls, tokens. No score is given here.

Percentiles interpolate linearly between the closest ranks (Hyndman and Fan 1996, type 7; NumPy's default). Waits count
from the request's last written byte. N tokens span N−1 intervals, so the rate is (N−1) / (t_last − t_first).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from janus_bench.chat import Answer, Delta

_WORD = re.compile(r"\w+(?:['’-]\w+)*")
_PIECE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|\w+|[^\w\s]")
_LETTERS_PER_TOKEN = 8
_LETTERS_PER_WORD = 6  # of English prose, the space included; a delta is often less than a word


@dataclass(frozen=True)
class Timing:
    """Figures of one request. Waits and gaps in milliseconds; None where there was nothing to measure."""

    connect_ms: float
    first_token_ms: float | None
    first_reasoning_ms: float | None
    first_content_ms: float | None
    total_ms: float
    gaps_ms: tuple[float, ...]
    tokens: int
    token_source: str
    tokens_per_second: float | None


def percentile(values: Iterable[float], percent: float) -> float | None:
    """The given percentile, by linear interpolation; None of nothing. Raises ValueError unless 0 ≤ percent ≤ 100."""
    if not 0 <= percent <= 100:
        raise ValueError("a percentile lies between 0 and 100")
    ordered = sorted(values)
    if not ordered:
        return None
    rank = (len(ordered) - 1) * percent / 100
    low = math.floor(rank)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (rank - low)


def words(text: str) -> list[str]:
    """The words of a text, punctuation left out."""
    return _WORD.findall(text)


def count_tokens(text: str) -> int:
    """An estimate without a tokenizer: words, long words in pieces of eight letters, and punctuation marks.

    On English prose it lies within some 15 % of the usual byte-pair tokenizers. It never counts chunks.
    """
    return sum(-(-len(piece) // _LETTERS_PER_TOKEN) for piece in _PIECE.findall(text))


def count_seen(answer: Answer) -> int:
    """An estimate of the tokens that were seen: thinking, text, arguments of tool calls."""
    counted = count_tokens(answer.reasoning) + count_tokens(answer.text)
    return counted + sum(count_tokens(call["arguments"]) for call in answer.tool_calls)


def understated(answer: Answer, limits: dict[str, float]) -> bool:
    """Whether `usage` tells fewer tokens than were seen: it may count invisible ones, but none that is visible less."""
    told = answer.usage.get("completion_tokens")
    least = count_seen(answer) * limits["min_usage_factor"] - limits["usage_least_allowance"]
    return told is not None and told < least


def count_with_usage(answer: Answer, limits: dict[str, float]) -> tuple[int, str]:
    """Completion tokens and where the number comes from: "usage", "counted", or "counted, usage implausible".

    `limits` is the table `[tokens]` of scoring.toml.
    """
    counted = count_seen(answer)
    told = answer.usage.get("completion_tokens")
    if told is None:
        return counted, "counted"
    most = counted * limits["max_usage_factor"] + limits["usage_allowance"]
    if told <= most and not understated(answer, limits):
        return int(told), "usage"
    return counted, "counted, usage implausible"


def measure(answer: Answer, *, started_ns: int, connected_ns: int, sent_ns: int, limits: dict[str, float]) -> Timing:
    """All figures of one answer. Stamps are nanoseconds of the clock that stamped the answer's deltas."""
    tokens, source = count_with_usage(answer, limits)
    stamps = [delta.at_ns for delta in answer.deltas]
    return Timing(
        connect_ms=(connected_ns - started_ns) / 1e6,
        first_token_ms=_first(answer.deltas, sent_ns, None),
        first_reasoning_ms=_first(answer.deltas, sent_ns, "reasoning"),
        first_content_ms=_first(answer.deltas, sent_ns, "content"),
        total_ms=((stamps[-1] if stamps else sent_ns) - sent_ns) / 1e6,
        gaps_ms=gaps_ms(stamps),
        tokens=tokens,
        token_source=source,
        tokens_per_second=rate(tokens, stamps),
    )


def gaps_ms(stamps_ns: Sequence[int]) -> tuple[float, ...]:
    """Milliseconds between one piece of output and the next; pieces that one read brought lie 0 ms apart."""
    return tuple((after - before) / 1e6 for before, after in pairwise(stamps_ns))


def rate(tokens: int, stamps_ns: Sequence[int]) -> float | None:
    """Tokens per second, (N−1) / (t_last − t_first); None where fewer than two reads brought output."""
    if tokens < 2 or len(stamps_ns) < 2 or stamps_ns[-1] <= stamps_ns[0]:
        return None
    return (tokens - 1) / ((stamps_ns[-1] - stamps_ns[0]) / 1e9)


def stall_seconds(deltas: Sequence[Delta], *, sent_ns: int, words_per_second: float, first_wait: float) -> float:
    """How long a reader of this pace sits before an empty screen.

    The wait for the first visible words counts beyond `first_wait` seconds; after that, every moment at which all that
    has arrived is already read and more is still to come.
    """
    shown = [delta for delta in deltas if delta.text]
    if not shown:
        return 0.0
    stall = max(0.0, (shown[0].at_ns - sent_ns) / 1e9 - first_wait)
    read_until = shown[0].at_ns / 1e9
    for delta in shown:
        at = delta.at_ns / 1e9
        stall += max(0.0, at - read_until)
        read_until = max(read_until, at) + len(delta.text) / _LETTERS_PER_WORD / words_per_second
    return stall


def _first(deltas: Sequence[Delta], sent_ns: int, kind: str | None) -> float | None:
    for delta in deltas:
        if kind is None or delta.kind == kind:
            return (delta.at_ns - sent_ns) / 1e6
    return None
