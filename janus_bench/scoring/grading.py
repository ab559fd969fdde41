"""Grade the records of a run: figures from the stamps, a verdict from each check, and the score of each answer.

Two grades need more than one answer. An unanswerable item counts only where its twin was answered: saying "I do not
know" to everything is no skill. And an answer that also answers many other questions of the run has not answered this
one: it lists what any of them may want.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from janus_bench.checks import normalise
from janus_bench.checks.registry import expected
from janus_bench.checks.text import Facts
from janus_bench.checks.verdict import Subject, Verdict
from janus_bench.constants import Table
from janus_bench.run.records import Record
from janus_bench.scoring.metrics import measure
from janus_bench.scoring.reading import Thinking, own_thinking
from janus_bench.suites.model import Item, product

_LEAST_LETTERS = 3  # a figure of one or two digits stands in many a right answer
Synonyms = list[tuple[str, ...]]


def grade(records: Iterable[Record], items: Sequence[Item], table: Table) -> None:
    """Measure and evaluate each record in place: timing, verdicts, score. What needs all answers comes last."""
    known = {(item.id, item.repeat): item for item in items}
    pairs = [(record, known[record.item, record.repeat]) for record in records]
    _measure_thinking(pairs)
    for record, item in pairs:
        _grade_alone(record, item, table)
    facts: dict[int, dict[str, Synonyms]] = {item.repeat: {} for item in items}
    for item in items:
        if required := _required_facts(item):
            facts[item.repeat][item.id] = required
    for record, item in pairs:
        if record.score and item.id in facts[item.repeat]:
            _mark_down_lists(record, item, facts[item.repeat], table["scattered"])
    answered = {(record.item, record.repeat) for record, _ in pairs if record.score > 0}
    for record, item in pairs:
        if item.twin and (item.twin, item.repeat) not in answered:
            record.score = 0.0


def _measure_thinking(pairs: Sequence[tuple[Record, Item]]) -> None:
    """How far each answer's thinking is its own, which only all answers of a run together show."""
    answered = [(record, item.prompt, record.answer) for record, item in pairs if record.answer is not None]
    shares = own_thinking([Thinking(record.item, prompt, answer) for record, prompt, answer in answered])
    for (record, _, _), own in zip(answered, shares, strict=True):
        record.thinking = own


def _grade_alone(record: Record, item: Item, table: Table) -> None:
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


def _required_facts(item: Item) -> Synonyms:
    """The groups of synonyms that an item wants stated."""
    return [group for check in item.checks if isinstance(check, Facts) for group in check.require]


def _mark_down_lists(record: Record, item: Item, facts: dict[str, Synonyms], numbers: dict[str, float]) -> None:
    """Mark an answer down, in a straight line, that answers more of the other questions than a good one may."""
    text = normalise.without_echo(normalise.body(record.text), item.prompt)
    own = normalise.normalise(" ".join(term for group in facts[item.id] for term in group) + " " + item.prompt)
    others = sum(_answers(text, required, own) for name, required in facts.items() if name != item.id)
    free = max(numbers["free"], numbers["free_share"] * (len(facts) - 1))
    if others > free:
        record.verdicts.append(
            ("one answer", Verdict(max(0.0, 2 - others / free), f"answers {others} other questions too"))
        )
        record.score = product(record.verdicts)


def _answers(text: str, required: Synonyms, own: str) -> bool:
    """Whether a text states all facts of another question, and one of them is neither tiny nor its own."""
    terms = [next((term for term in group if normalise.contains(text, term)), "") for group in required]
    return all(terms) and any(len(term) >= _LEAST_LETTERS and not normalise.contains(own, term) for term in terms)
