"""When is a number out of the ordinary? One robust score, the same for every signal.

score = (value - median) / spread, where median and spread are those of the latest values of the same signal. The spread
is 1.4826 times the median absolute deviation (MAD), which for normally distributed values is their standard deviation;
unlike mean and standard deviation, neither moves until half of the values are odd (Rousseeuw and Croux, 1993). A value
whose score is above the contract's `alarm_score` raises an alarm; there is none before `min_samples` values are known.

Two floors keep a quiet signal from crying wolf. Counts: the spread is at least that of a Poisson count with the same
median, and at least 1. Durations are compared by their logarithm, and the spread is at least 10 %. Only high values
raise alarms. What is flagged still enters the history: a lasting change ends its own alarm once it is the majority.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

NORMAL_MAD = 1.4826
DURATION_SPREAD = 0.1
SHORTEST_SECONDS = 1e-6
Kind = Literal["count", "duration"]


@dataclass(frozen=True)
class Judgement:
    """One value, what is typical, and the score; None while too few values are known."""

    value: float
    typical: float | None
    score: float | None
    alarm: bool


def robust_score(value: float, history: Sequence[float], floor: float) -> float:
    """How many spreads `value` lies above the median of `history`, which must not be empty."""
    centre = median(history)
    spread = NORMAL_MAD * median(abs(one - centre) for one in history)
    return (value - centre) / max(spread, floor)


class Signal:
    """The latest values of one signal: counts in a window, or durations in seconds."""

    def __init__(self, kind: Kind, *, kept: int, min_samples: int, alarm_score: float) -> None:
        self._kind, self._min_samples, self._alarm_score = kind, min_samples, alarm_score
        self._history: deque[float] = deque(maxlen=kept)

    def judge(self, value: float) -> Judgement:
        """Score `value` against the values before it, then remember it."""
        history, scaled = list(self._history), self._scaled(value)
        self._history.append(scaled)
        if len(history) < self._min_samples:
            return Judgement(value, None, None, False)
        centre = median(history)
        floor = DURATION_SPREAD if self._kind == "duration" else max(1.0, math.sqrt(centre))
        score = robust_score(scaled, history, floor)
        typical = math.exp(centre) if self._kind == "duration" else centre
        return Judgement(value, typical, score, score > self._alarm_score)

    def _scaled(self, value: float) -> float:
        return math.log(max(value, SHORTEST_SECONDS)) if self._kind == "duration" else float(value)
