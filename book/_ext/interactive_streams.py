"""The figure *Five streams to feel*: recorded streams, and what the bench finds of each.

`python -m tests.benchmarks.streams --keep book/streams.json` records them; the scores are worked out when the book is
built, from those stamps, by the bench's own formulas.
"""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

from janus_bench.constants import load_scoring
from janus_bench.run.records import Record
from janus_bench.scoring import answer_score, reading
from janus_bench.scoring.metrics import percentile
from janus_bench.wire.chat import Answer, Delta

RECORDED = Path(__file__).resolve().parents[1] / "streams.json"
# What a reader is to notice of each.
NOTES = {
    "steady": "Thinking after a third of a second, then the answer, word by word: there is always more to read.",
    "slow": "Every word is there as soon as it is made, and still the reader waits for the next one.",
    "buffered": "The steady model again, behind a proxy that hands on nothing before the end.",
    "stalled": "The steady model again, with a silence of seven seconds in the middle of a sentence.",
    "dripping": "Filler that looks like thinking drips while nothing happens. It is read as what it is: a wait.",
}


def data() -> dict[str, Any]:
    """The streams with their pieces, and for each the waits, the gap, and its scores for speed and streaming."""
    recorded = json.loads(RECORDED.read_text("utf-8"))
    records = [_record(one) for one in recorded["streams"]]
    asked = [reading.Thinking("question", recorded["question"], _answer(record)) for record in records]
    for record, shares in zip(records, reading.own_thinking(asked), strict=True):
        record.thinking = shares
    streams = [
        {"name": one["name"], "pieces": one["pieces"], "note": NOTES[one["name"]], **_found(record)}
        for one, record in zip(recorded["streams"], records, strict=True)
    ]
    return {"question": recorded["question"], "streams": streams}


def _record(one: dict[str, Any]) -> Record:
    deltas = [Delta(kind, round(at * 1e6), text) for at, kind, text in one["pieces"]]
    answer = Answer(deltas=deltas, finish_reason="stop", usage=one["usage"])
    return Record(one["name"], "chat", 0, answer=answer, score=1.0)


def _answer(record: Record) -> Answer:
    assert record.answer is not None
    return record.answer


def _found(record: Record) -> dict[str, Any]:
    table, answer = load_scoring(), _answer(record)
    numbers = table["streaming"]
    shown = reading.reading_pieces(answer, record.sent_ns, record.thinking)
    sign, sentence = answer_score.begins(record, numbers)

    def waited(pieces: list[reading.Piece]) -> float:
        return reading.stalled(pieces, numbers)

    stalled = reading.as_thinking_allows(waited, answer, record.sent_ns, record.thinking, numbers)
    return {
        "sign": round(sign, 2),
        "sentence": round(sentence, 2),
        "stalled": round(stalled, 2),
        "gap": round(percentile(reading.gaps(shown), 99) or 0.0, 2),
        "speed": round(100 * answer_score.item_speed(record, table), 1),
        "streaming": round(100 * answer_score.item_streaming(record, table), 1),
    }


def still() -> str:
    """The same as a table, for who does not play it."""
    head = "".join(
        f'<th scope="col">{name}</th>'
        for name in ("", "first sentence", "waited", "longest gaps (p99)", "speed", "streaming")
    )
    rows = "".join(
        f'<tr><th scope="row">{escape(one["name"])}</th><td>{one["sentence"]} s</td><td>{one["stalled"]} s</td>'
        f"<td>{one['gap']} s</td><td>{one['speed']:.0f}</td><td>{one['streaming']:.0f}</td></tr>"
        for one in data()["streams"]
    )
    return f'<table class="table"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
