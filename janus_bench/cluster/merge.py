"""One run out of its shards: what belongs together is checked, all records are graded together, and one report is made.

Scores, intervals and counts follow from all records, as if one process had asked them all. Times follow from each
shard's own clock, of which only differences count; how well each client kept time stays beside its shard.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from janus_bench.api import calibrated_judge
from janus_bench.checks import sandbox
from janus_bench.constants import load_scoring, scoring_hash
from janus_bench.errors import BenchError
from janus_bench.report.document import BUSY_LAG_MS, build_document
from janus_bench.report.files import write_files
from janus_bench.report.report import Report
from janus_bench.run import store
from janus_bench.run.records import Record
from janus_bench.run.runner import DEFAULT_MODEL, Outcome, Settings
from janus_bench.run.shard import Shard
from janus_bench.scoring.grading import grade
from janus_bench.suites.loader import load_suite
from janus_bench.suites.model import Item, Suite
from janus_bench.wire.target import parse_target

# What all shards of a run have in common, by the place in their reports, and what to say where they have not.
_COMMON = (("suite", "name"), ("suite", "hash"), ("settings", "seed"), ("settings", "repeats"), ("settings", "model"),
           ("target", "url"), ("scoring", "hash"))  # fmt: skip
_SPREADS = ("lag_ms", "start_late_ms")


@dataclass(frozen=True)
class Part:
    """One shard that was asked to its end: its report and its raw records."""

    document: dict[str, Any]
    records: list[Record]

    @property
    def shard(self) -> Shard:
        """Which part it is."""
        return Shard(**self.document["shard"])

    def summary(self) -> dict[str, Any]:
        """What the run's report says of it: who asked, how much, and how well that client kept time."""
        kept = {name: self.document[name] for name in ("id", "runner", "requests", *_SPREADS, "stamps")}
        return {"index": self.shard.index, **kept, "busy": self.busy}

    @property
    def busy(self) -> bool:
        """Whether its client was too busy to time well."""
        return any((self.document[name]["p95"] or 0.0) > BUSY_LAG_MS for name in _SPREADS)


def merge(
    runs: Sequence[str],
    *,
    suite: str | None = None,
    output: str | Path | None = None,
    judge_url: str | None = None,
    judge_model: str = "",
    now: store.WallClock = store.utc_now,
) -> Report:
    """Make one run of all its shards, each named as `show` names a run; it is kept in a folder of its own.

    `suite` is the suite's file where it is not a bundled one. Suites with open questions need `judge_url` here.
    Raises BenchError, naming the shard and the difference, for what does not belong together, is missing, doubled or
    was stopped early.
    """
    parts = [_read(run) for run in runs]
    first = _checked(parts)
    loaded = load_suite(suite or first["suite"]["name"])
    if loaded.hash != first["suite"]["hash"]:
        what = f"the shards are of suite {first['suite']['name']} {first['suite']['hash'][:8]}"
        raise BenchError(f"{what}, here it is {loaded.hash[:8]}", "Give that version's file with --suite.")
    return assemble(parts, loaded, output=output, judge_url=judge_url, judge_model=judge_model, now=now)


def assemble(
    parts: Sequence[Part],
    suite: Suite,
    *,
    output: str | Path | None = None,
    judge_url: str | None = None,
    judge_model: str = "",
    now: store.WallClock = store.utc_now,
) -> Report:
    """The run that `parts`, which belong together, are shards of. Raises BenchError."""
    first, table = parts[0].document, load_scoring()
    settings, target = Settings(**first["settings"]), parse_target(first["target"]["url"])
    items = suite.items(settings.seed, settings.repeats)
    records = _in_order([record for part in parts for record in part.records], items)
    judge = calibrated_judge(items, judge_url, judge_model or DEFAULT_MODEL)
    folder = store.RunFolder(store.plan(target, suite, settings), output=Path(output) if output else None, now=now)
    for record in records:
        folder.keep(record)
    judged = judge.read(records, items, folder.path) if judge else None
    grade(records, items, table)
    document = build_document(
        run_id=folder.id,
        created=folder.created,
        target=target,
        suite=suite,
        settings=settings,
        outcome=Outcome(records, len(items), []),
        table=table,
        limits=_limits(parts),
        judge=judged,
        sandbox=sandbox.in_use() if any(item.runs_code for item in items) else None,
    )
    _add_shards(document, parts)
    folder.finish(document, lambda path: write_files(document, records, path))
    return Report(document, records, folder.path)


def _read(run: str) -> Part:
    """A shard from its folder. Raises BenchError."""
    folder = store.find_run(run)
    document = store.read_report(folder)
    if "shard" not in document:
        raise BenchError(f"{run} is not a shard", "Merge runs of `janus-bench run --shard i/n`.")
    if not document["complete"]:
        remedy = "Continue it: run the same command with --resume."
        raise BenchError(f"shard {Shard(**document['shard'])} was stopped early", remedy)
    return Part(document, store.read_records(folder, whole=True))


def _checked(parts: Sequence[Part]) -> dict[str, Any]:
    """The first shard's report, where all belong together and none is missing or there twice. Raises BenchError."""
    if not parts:
        raise BenchError("there is nothing to merge", "Name the shards of one run.")
    first = parts[0]
    for part in parts[1:]:
        for section, key in _COMMON:
            here, there = first.document[section][key], part.document[section][key]
            if here != there:
                what = f"shard {part.shard} has another {section} {key} than shard {first.shard}: {there}, not {here}"
                raise BenchError(what, "Merge shards of one suite, seed and target.")
    if first.document["scoring"]["hash"] != scoring_hash():
        raise BenchError(
            "the shards were scored with different constants from today's", "Merge with the version that ran."
        )
    counts = {part.shard.count for part in parts}
    if len(counts) > 1:
        raise BenchError(f"the shards are parts of {' and of '.join(map(str, sorted(counts)))}", "Merge one split.")
    count, seen = counts.pop(), Counter(part.shard.index for part in parts)
    if doubled := [index for index, times in seen.items() if times > 1]:
        raise BenchError(f"shard {doubled[0]}/{count} is there twice", "Name each shard once.")
    if missing := [str(index) for index in range(1, count + 1) if index not in seen]:
        raise BenchError(f"of {count} shards these are missing: {', '.join(missing)}", "Run them, then merge all.")
    return first.document


def _in_order(records: list[Record], items: Sequence[Item]) -> list[Record]:
    """The records in the order of the items. Raises BenchError where they are not those of the items, each once."""
    places = {(item.id, item.repeat): place for place, item in enumerate(items)}
    if Counter((record.item, record.repeat) for record in records) != Counter(places.keys()):
        raise BenchError("the shards' records are not those of one whole run", "Run the shards again.")
    return sorted(records, key=lambda record: places[record.item, record.repeat])


def _limits(parts: Sequence[Part]) -> str:
    """Whether the target's rate limits were on, where all shards say the same."""
    said = {part.document["target"]["limits"] for part in parts}
    return said.pop() if len(said) == 1 else "not reported"


def _add_shards(document: dict[str, Any], parts: Sequence[Part]) -> None:
    """Say of each shard who asked it and how well it was timed; the run is timed no better than the worst of them."""
    in_order = sorted(parts, key=lambda part: part.shard.index)
    document["shards"] = [part.summary() for part in in_order]
    for name in _SPREADS:
        document[name] = max((part.document[name] for part in in_order), key=lambda spread: spread["p95"] or 0.0)
    document["notes"] += [
        f"The client of shard {part.shard} was too busy to time well: it woke {part.document['lag_ms']['p95']:.0f} ms "
        "late (p95)."
        for part in in_order
        if part.busy
    ]
