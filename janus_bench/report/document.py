"""The report of a run as a JSON document with a published schema: bench-report.schema.json.

Nothing in a report is a guess: what was not measured is null, and said.
"""

from __future__ import annotations

import datetime as dt
import platform
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from janus_bench.checks.registry import given
from janus_bench.checks.sandbox import NONE, REMEDY
from janus_bench.constants import Table, scoring_hash
from janus_bench.run.records import Record
from janus_bench.run.runner import Outcome, Settings
from janus_bench.run.shard import Shard
from janus_bench.scoring.answer_score import Measured, measured
from janus_bench.scoring.cost import BELOW_LIST, IMPLAUSIBLE, bill, usd
from janus_bench.scoring.intervals import Bounds, intervals, rerun_intervals
from janus_bench.scoring.metrics import percentile
from janus_bench.scoring.score import Scores, score_measured, trust
from janus_bench.suites.model import Suite
from janus_bench.wire.receiver import KERNEL
from janus_bench.wire.target import Target

SCHEMA_FILE = Path(__file__).with_name("bench-report.schema.json")
SCHEMA_ID = "urn:janus:schema:bench-report:1"
# Stamps this late on the loop mean that the machine, not the target, made some of the gaps.
BUSY_LAG_MS = 20.0
WITHOUT_SANDBOX = (
    f"Code in answers ran without walls and could read this machine's files, the suite among them: {REMEDY}."
)


def build_document(
    *,
    run_id: str,
    created: dt.datetime,
    target: Target,
    suite: Suite,
    settings: Settings,
    outcome: Outcome,
    table: Table,
    limits: str = "not reported",
    judge: dict[str, Any] | None = None,
    sandbox: str | None = None,
    shard: Shard | None = None,
) -> dict[str, Any]:
    """Score a graded run and report it. `limits` says whether the target's rate limits were on, `judge` who judged.

    `sandbox` is what kept answers' code from the suite (checks/sandbox.py), None where none was run; `shard` the part
    of the run that was asked, None for all of it.
    """
    records = outcome.records
    rows = [measured(record, table) for record in records]
    scores = score_measured(rows, table)
    models = sorted({record.answer.model for record in records if record.answer and record.answer.model})
    return ({"shard": asdict(shard)} if shard else {}) | {
        "schema": SCHEMA_ID,
        "id": run_id,
        "created": created.isoformat(timespec="seconds"),
        "composite": round(scores.composite, 4),
        "scores": {name: _rounded(value) for name, value in scores.categories.items()},
        "quality": {name: _rounded(value) for name, value in scores.quality.items()},
        "intervals": _rounded_bounds(intervals(rows, table) if rows else {}),
        "rerun_intervals": _rounded_bounds(rerun_intervals(rows, table)),
        "not_measured": _not_measured(scores),
        "weights": {name: round(weight, 6) for name, weight in scores.weights.items()},
        "complete": outcome.complete,
        "requests": {
            "planned": outcome.planned,
            "done": len(records),
            "answered": sum(record.ok for record in records),
            "asked_again": sum(record.tries - 1 for record in records),
            "right_enough": sum(record.score >= table["right_enough"]["item_score"] for record in records),
        },
        "errors": dict(sorted(Counter(record.error for record in records if record.error).items())),
        "violations": dict(sorted(Counter(_violations(records)).items())),
        "timing": _timing(records),
        "tokens": _tokens(records),
        "cost": _cost(records, table),
        "target": {"url": target.url, "model": settings.model, "models_seen": models, "limits": limits},
        "judge": judge,
        "suite": {"name": suite.name, "hash": suite.hash, "items": suite.size},
        "settings": asdict(settings),
        "scoring": {"name": table["name"], "hash": scoring_hash()},
        "runner": {
            "version": _version(),
            "python": platform.python_version(),
            "system": platform.system(),
            "walls": sandbox,
        },
        "lag_ms": _spread(outcome.lag_ms),
        "start_late_ms": _spread(outcome.start_late_ms),
        "stamps": _stamps(records),
        "notes": [
            *([f"Shard {shard} alone: merge all {shard.count} for the run's scores."] if shard else []),
            *_notes(scores, rows, outcome, table),
            *([WITHOUT_SANDBOX] if sandbox == NONE else []),
        ],
        "items": [_item(record) for record in sorted(records, key=lambda entry: (entry.item, entry.repeat))],
    }


def _rounded_bounds(bounds: Bounds) -> dict[str, list[float]]:
    return {name: [round(low, 4), round(high, 4)] for name, (low, high) in bounds.items()}


def _item(record: Record) -> dict[str, Any]:
    return {
        "id": record.item,
        "category": record.category,
        "repeat": record.repeat,
        "score": round(record.score, 4),
        "error": record.error or None,
        "detail": record.error_detail or None,
        "expected": record.expected or None,
        "given": (given(record.text) or None) if record.expected else None,
        "checks": [{"kind": kind, "score": round(v.score, 4), "why": v.why} for kind, v in record.verdicts],
        "first_token_ms": _rounded(record.first_token_ms, 3),
        "total_ms": _rounded(record.total_ms, 3),
        "violations": list(record.answer.violations) if record.answer else [],
    }


def _stamps(records: Sequence[Record]) -> dict[str, Any]:
    """Who stamped the reads, by requests, and how late they came where the kernel did."""
    return {
        "by": dict(sorted(Counter(record.stamped_by for record in records if record.stamped_by).items())),
        "read_late_ms": _spread(record.late_ns / 1e6 for record in records if record.stamped_by == KERNEL),
    }


def _timing(records: Iterable[Record]) -> dict[str, Any]:
    timings = [record.timing for record in records if record.timing]
    return {
        "connect_ms": _spread(timing.connect_ms for timing in timings),
        "first_token_ms": _spread(timing.first_token_ms for timing in timings),
        "first_reasoning_ms": _spread(timing.first_reasoning_ms for timing in timings),
        "first_content_ms": _spread(timing.first_content_ms for timing in timings),
        "total_ms": _spread(timing.total_ms for timing in timings),
        "gap_ms": _spread(gap for timing in timings for gap in timing.gaps_ms),
        "token_gap_ms": _spread(gap for timing in timings for gap in timing.token_gaps_ms),
        "tokens_per_second": _spread(timing.tokens_per_second for timing in timings),
    }


def _tokens(records: Iterable[Record]) -> dict[str, Any]:
    """The bench's own count, what `usage` told, and how the two compare, by answers."""
    timings = [record.timing for record in records if record.timing]
    told_tokens = [timing.told_tokens for timing in timings if timing.told_tokens is not None]
    sources = Counter(timing.token_source for timing in timings)
    completion = sum(timing.tokens for timing in timings)
    return {
        "completion": completion,
        "told": sum(told_tokens) if told_tokens else None,
        "sources": dict(sorted(sources.items())),
    }


def _cost(records: Iterable[Record], table: Table) -> dict[str, Any]:
    answers = [record.answer for record in records if record.answer]
    bills = [(answer, bill(answer, table)) for answer in answers]
    costs = [read.usd for _, read in bills if read.usd is not None]
    reported = sum("cost_usd" in answer.usage for answer, read in bills if read.usd is not None)
    readings = Counter(read.reading for _, read in bills)
    return {
        "usd": round(sum(costs), 8) if costs else None,
        "answers_with_cost_usd": reported,
        "answers_priced_from_tokens": len(costs) - reported,
        "answers_not_reported": len(answers) - len(costs),
        "answers_below_list_price": readings[BELOW_LIST],
        "answers_implausible": readings[IMPLAUSIBLE],
        "sandbox_seconds": round(sum(answer.usage.get("sandbox_seconds", 0.0) for answer in answers), 6),
    }


def _not_measured(scores: Scores) -> list[str]:
    categories = [name for name, value in scores.categories.items() if value is None]
    return categories + [f"quality.{name}" for name, value in scores.quality.items() if value is None]


def _notes(scores: Scores, rows: Sequence[Measured], outcome: Outcome, table: Table) -> list[str]:
    notes = []
    if not outcome.complete:
        notes.append(f"Stopped early: {len(outcome.records)} of {outcome.planned} requests were made.")
    missing = [name for name, value in scores.categories.items() if value is None]
    if missing:
        notes.append(f"No items for {', '.join(missing)}: left out of the composite, the other weights scaled up.")
    share = trust(rows, table)
    if share < 1 and scores.categories["quality"]:
        notes.append(
            f"Few of the questions whose answer the seed draws were answered right: the others count by {share:.2f}, "
            "since they may have been learned by heart."
        )
    elif not any(row.drawn for row in rows):
        notes.append("The seed draws no answer in this suite, so memorised answers would not be noticed.")
    answers = [record.answer for record in outcome.records if record.answer]
    silent = sum(usd(answer, table) is None for answer in answers)
    if silent:
        notes.append(
            f"{silent} of {len(answers)} answers report neither cost_usd nor tokens, or less than any model asks for "
            "what was seen: they score 0 for cost."
        )
    cheap = sum(bill(answer, table).reading == BELOW_LIST for answer in answers)
    if cheap:
        notes.append(
            f"{cheap} of {len(answers)} answers report less than the list price of the tokens that were seen: they are "
            "scored by that price."
        )
    again = sum(record.tries - 1 for record in outcome.records)
    if again:
        notes.append(
            f"The target said 429 (too many requests) {again} times; each was retried after the wait it asked for."
        )
    unread = sum(record.unjudged for record in outcome.records)
    if unread:
        notes.append(f"{unread} answers could not be judged: they are left out, and nothing takes their place.")
    late = percentile(outcome.start_late_ms, 95)
    if late is not None and late > BUSY_LAG_MS:
        notes.append(f"Requests were started {late:.0f} ms after they were due (p95): this machine was too busy.")
    lag = percentile(outcome.lag_ms, 95)
    if lag is not None and lag > BUSY_LAG_MS:
        notes.append(f"This machine was too busy to time well: its event loop woke {lag:.0f} ms late (p95).")
    return notes


def _violations(records: Iterable[Record]) -> list[str]:
    return [name for record in records if record.answer for name in record.answer.violations]


def _spread(values: Iterable[float | None]) -> dict[str, Any]:
    """Count and percentiles (linear interpolation); null where there is nothing."""
    known = [value for value in values if value is not None]
    spread = {f"p{percent}": _rounded(percentile(known, percent), 3) for percent in (50, 95, 99)}
    return {"n": len(known), **spread, "max": _rounded(max(known, default=None), 3)}


def _rounded(value: float | None, digits: int = 4) -> float | None:
    return None if value is None else round(value, digits)


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("janus-bench")
    except PackageNotFoundError:
        return "unknown"
