"""Answers without a wire: records as the fastest, cheapest and steadiest target would leave them, scored as any others.

A cheat that earns nothing here earns nothing anywhere: no network, no model and no bill takes anything off.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from janus_bench.constants import load_scoring
from janus_bench.run.records import Record
from janus_bench.scoring.grading import grade
from janus_bench.scoring.score import Scores, score
from janus_bench.suites.model import Item
from janus_bench.wire.chat import Answer, Delta

FIRST_NS, GAP_NS = 5_000_000, 8_000_000  # a word every 8 ms: faster than full marks for speed want
CHEAP = {"prompt_tokens": 50, "completion_tokens": 100, "cost_usd": 0.00005}


@dataclass(frozen=True)
class Said:
    """What a target answers: text, thinking before it, tool calls, pictures; and how it streams and bills it.

    `first_ns` is when it begins, `pause_ns` the silence between thinking and answer, `thought_gap_ns` the gap between
    pieces of the thinking where it is another than `gap_ns`, `opener` what is sent as content with the first of it.
    """

    text: str = ""
    reasoning: str = "First I look at what was asked, then I answer it."
    calls: Sequence[dict[str, str]] = ()
    artifacts: Sequence[dict[str, str]] = ()
    pieces: Callable[[str], list[str]] = field(default=lambda text: text.replace(" ", " \0").split("\0"))
    gap_ns: int = GAP_NS
    thought_gap_ns: int | None = None
    first_ns: int = FIRST_NS
    pause_ns: int = 0
    opener: str = ""
    usage: dict[str, Any] = field(default_factory=lambda: dict(CHEAP))


def record(item: Item, said: Said) -> Record:
    """The record of one answer."""
    at, deltas = said.first_ns, []
    if said.opener:
        deltas.append(Delta("content", at, said.opener))
    for piece in filter(None, said.pieces(said.reasoning)):
        deltas.append(Delta("reasoning", at, piece))
        at += said.gap_ns if said.thought_gap_ns is None else said.thought_gap_ns
    at += said.pause_ns
    for piece in filter(None, said.pieces(said.text)):
        deltas.append(Delta("content", at, piece))
        at += said.gap_ns
    end = at
    deltas += [Delta("tool_call", end, "") for _ in said.calls] + [Delta("artifact", end, "") for _ in said.artifacts]
    answer = Answer(
        deltas=deltas,
        tool_calls=[dict(call) for call in said.calls],
        artifacts=[dict(artifact) for artifact in said.artifacts],
        finish_reason="tool_calls" if said.calls else "stop",
        usage=said.usage,
    )
    return Record(item.id, item.category, 0, answer=answer)


def scored(items: Sequence[Item], answer: Callable[[Item], Said]) -> Scores:
    """The scores of a target that gives `answer` to every item."""
    table = load_scoring()
    records = [record(item, answer(item)) for item in items]
    grade(records, items, table)
    return score(records, table)
