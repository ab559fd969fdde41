"""The figure *What a score is made of*: its settings, its constants, and its still picture.

The script computes as `janus_bench.scoring` does; here the same settings become records, so that the still picture and
the test are the bench's own result.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from html import escape

from janus_bench.constants import Table, load_scoring
from janus_bench.run.records import Record
from janus_bench.scoring.answer_score import measured
from janus_bench.scoring.score import Scores, score_measured
from janus_bench.wire.chat import Answer, Delta

ANSWERS = 100  # of which `right` are right


@dataclass(frozen=True)
class Settings:
    """One way to answer: seconds to the first words, seconds of thinking shown, milliseconds between two words, a pause
    in seconds in the middle, words in an answer, US dollars an answer, and how many answers in a hundred are right."""

    first: float
    thinks: float
    gap: float
    stall: float
    words: int
    usd: float
    right: int


PRESETS = {
    "A hosted model": Settings(first=0.6, thinks=0.0, gap=20.0, stall=0.0, words=120, usd=0.002, right=70),
    "Small and cheap": Settings(first=0.15, thinks=0.0, gap=12.0, stall=0.0, words=60, usd=0.0001, right=35),
    "Thinks aloud": Settings(first=0.6, thinks=6.0, gap=20.0, stall=0.0, words=120, usd=0.004, right=85),
    "Silent, then all at once": Settings(first=12.0, thinks=0.0, gap=5.0, stall=0.0, words=120, usd=0.002, right=85),
    "Stalls in the middle": Settings(first=0.6, thinks=0.0, gap=20.0, stall=8.0, words=120, usd=0.002, right=85),
    "Fast and wrong": Settings(first=0.1, thinks=0.5, gap=8.0, stall=0.0, words=80, usd=0.0001, right=15),
}
# The tables of scoring.toml that the script reads.
TABLES = ("weights", "right_enough", "speed", "cost", "streaming")


def constants() -> Table:
    """The constants of the formulas, from the one scoring file."""
    table = load_scoring()
    return {name: table[name] for name in TABLES}


def score_of(settings: Settings) -> Scores:
    """What the bench gives a target that sends all its right answers like this, from records as a run leaves them."""
    answer, thought = _answer(settings)
    record = Record("item", "chat", 0, answer=answer, thinking=(1.0,) * thought, score=1.0)
    right = replace(measured(record, load_scoring()), picture=1.0)
    wrong = replace(right, score=0.0, right=0.0, speed=0.0, cost=0.0, streaming=0.0, picture=0.0)
    rows = [replace(right if n < settings.right else wrong, item=str(n)) for n in range(ANSWERS)]
    return score_measured(rows, load_scoring())


def _answer(settings: Settings) -> tuple[Answer, int]:
    """The answer as it came, word by word, and how many words of thinking come before it."""
    step, start = settings.gap / 1000, settings.first + settings.thinks
    thought = math.floor(settings.thinks / step)
    deltas = [Delta("reasoning", _ns(settings.first + n * step), "thought ") for n in range(thought)]
    for n in range(settings.words):
        late = settings.stall if n >= settings.words / 2 else 0.0
        deltas.append(Delta("content", _ns(start + n * step + late), "reading "))
    usage = {"prompt_tokens": 10, "completion_tokens": settings.words + thought, "cost_usd": settings.usd}
    return Answer(deltas=deltas, finish_reason="stop", usage=usage), thought


def _ns(seconds: float) -> int:
    return round(seconds * 1e9)


def still() -> str:
    """What a reader without JavaScript, or on paper, sees: the first ways to answer as a table of points."""
    weights = load_scoring()["weights"]
    head = "".join(f'<th scope="col">{name}</th>' for name in ("", *weights, "composite"))
    rows = []
    for name, settings in PRESETS.items():
        scores = score_of(settings)
        points = [weights[part] * (scores.categories[part] or 0.0) for part in weights]
        cells = "".join(f"<td>{value:.1f}</td>" for value in (*points, scores.composite))
        rows.append(f'<tr><th scope="row">{escape(name)}</th>{cells}</tr>')
    return f'<table class="table"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'


def data() -> dict[str, object]:
    """What the script reads from the page."""
    return {
        "table": constants(),
        "presets": [{"name": name, "settings": vars(settings)} for name, settings in PRESETS.items()],
    }
