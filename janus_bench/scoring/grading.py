"""Marks the records of a run: figures from the stamps, a verdict from each check, and the score of each answer.

Two marks need more than one answer. An unanswerable item counts only where its twin was answered: saying "I do not
know" to everything is no skill. And an answer that also answers many other questions of the run has not answered this
one: it lists what any of them may want.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from janus_bench.checks import normalise
from janus_bench.checks.registry import expected
from janus_bench.checks.text import Facts
from janus_bench.checks.verdict import Subject, Verdict
from janus_bench.run.records import Record
from janus_bench.scoring.constants import Table
from janus_bench.scoring.metrics import measure
from janus_bench.scoring.reading import Thinking, own_thinking
from janus_bench.suites.loader import Item, product

_LEAST_LETTERS = 3  # a figure of one or two digits stands in many a right answer


def judge(records: Iterable[Record], items: Sequence[Item], table: Table) -> None:
    """Measure and evaluate each record in place: timing, verdicts, score. What needs all answers comes last."""
    known = {(item.id, item.repeat): item for item in items}
    judged = [(record, known[record.item, record.repeat]) for record in records]
    _look_at_thinking(judged)
    for record, item in judged:
        _mark(record, item, table)
    stated: dict[int, dict[str, list[tuple[str, ...]]]] = {item.repeat: {} for item in items}
    for item in items:
        if facts := _facts(item):
            stated[item.repeat][item.id] = facts
    for record, item in judged:
        if record.score and item.id in stated[item.repeat]:
            _look_for_a_list(record, item, stated[item.repeat], table["scattered"])
    answered = {(record.item, record.repeat) for record, _ in judged if record.score > 0}
    for record, item in judged:
        if item.twin and (item.twin, item.repeat) not in answered:
            record.score = 0.0


def _look_at_thinking(judged: Sequence[tuple[Record, Item]]) -> None:
    """Tell how far each answer's thinking is its own, which only all answers of a run together show."""
    answered = [(record, item.prompt, record.answer) for record, item in judged if record.answer is not None]
    found = own_thinking([Thinking(record.item, prompt, answer) for record, prompt, answer in answered])
    for (record, _, _), shares in zip(answered, found, strict=True):
        record.thinking = shares


def _mark(record: Record, item: Item, table: Table) -> None:
    record.wants_artifact, record.shows_picture = item.wants_artifact, item.shows_picture
    record.chance, record.drawn = item.chance, item.drawn
    record.expected = expected(item.checks)
    if record.answer is None:
        return
    answer = record.answer
    record.timing = measure(
        answer,
        started_ns=record.started_ns,
        connected_ns=record.connected_ns,
        sent_ns=record.sent_ns,
        limits=table["tokens"],
    )
    subject = Subject(item.prompt, answer.text, answer.tool_calls, answer.artifacts, record.judgement)
    record.verdicts = item.evaluate(subject)
    record.unjudged = item.wants_judge and (record.judgement is None or bool(record.judgement.failure))
    record.score = product(record.verdicts)


def _facts(item: Item) -> list[tuple[str, ...]]:
    """The groups of synonyms that an item wants stated."""
    return [group for check in item.checks if isinstance(check, Facts) for group in check.require]


def _look_for_a_list(
    record: Record, item: Item, stated: dict[str, list[tuple[str, ...]]], numbers: dict[str, float]
) -> None:
    """Mark an answer down, in a straight line, that answers more of the other questions than a good one may."""
    said = normalise.without_echo(normalise.body(record.text), item.prompt)
    own = normalise.normalise(" ".join(term for group in stated[item.id] for term in group) + " " + item.prompt)
    others = sum(_answers(said, facts, own) for name, facts in stated.items() if name != item.id)
    free = max(numbers["free"], numbers["free_share"] * (len(stated) - 1))
    if others > free:
        record.verdicts.append(
            ("one answer", Verdict(max(0.0, 2 - others / free), f"answers {others} other questions too"))
        )
        record.score = product(record.verdicts)


def _answers(said: str, facts: list[tuple[str, ...]], own: str) -> bool:
    """Whether an answer states all facts of another question, and one of them is neither tiny nor its own."""
    found = [next((term for term in group if normalise.contains(said, term)), "") for group in facts]
    return all(found) and any(len(term) >= _LEAST_LETTERS and not normalise.contains(own, term) for term in found)
