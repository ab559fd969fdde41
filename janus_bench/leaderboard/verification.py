"""Whether a report follows from its records: what does is worked out again, and the rest is named as the runner's word.

A record holds what came back and when. Scores, intervals, counts and verdicts follow from that, the suite, the seed and
scoring.toml, so they are never believed. That the answers came from the implementation, and how fast, does not follow
from anything: no reader of a file can know it.

`python -m janus_bench.leaderboard.verification SUITE` does the same for a board of that suite, in a process that the
board can bound: one JSON object on standard input (`compact` makes it), the report that follows on standard output.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
import math
import sys
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from janus_bench.constants import load_scoring, scoring_hash
from janus_bench.errors import BenchError
from janus_bench.report.document import build_document
from janus_bench.run.records import Record
from janus_bench.run.runner import Outcome, Settings
from janus_bench.scoring import llm_judge
from janus_bench.scoring.grading import grade
from janus_bench.suites.loader import load_suite
from janus_bench.suites.model import Suite
from janus_bench.wire.target import Target

# What of a report does not follow from its records.
OF_THE_RUN = frozenset(
    {"schema", "id", "created", "runner", "judge", "settings", "lag_ms", "start_late_ms", "notes", "shards"}
)
MAX_RECORDS_BYTES = 64 * 1024 * 1024  # inflated; a quick run has 0.3 to 2 MB
MAX_PACKED_BYTES = 1_400_000
MEMORY_BYTES = 2 * 1024**3
KERNEL_CLOCK_NS = 1_000_000  # the kernel's stamps come from another clock and are brought over to the runner's
_PARTS = ("id", "created", "settings", "target", "suite", "scoring", "runner")
_REMEDY = "Run the suite again, and publish that run as it is."


def recomputed(report: dict[str, Any], records: Sequence[Record], suite: Suite) -> dict[str, Any]:
    """The report that follows from `records`; what does not follow is taken from `report`.

    Raises BenchError where the records are not those of one whole run of `suite` under today's scoring.
    """
    try:
        return _recomputed(report, records, suite)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as error:
        raise BenchError(f"that is not a run of the bench: {type(error).__name__}: {error}"[:300], _REMEDY) from None


def _recomputed(report: dict[str, Any], records: Sequence[Record], suite: Suite) -> dict[str, Any]:
    table = load_scoring()
    if suite.hash != report["suite"]["hash"]:
        raise BenchError(f"the run used another version of suite {suite.name}", "Run the suite again.")
    if report["scoring"]["hash"] != scoring_hash():
        raise BenchError("the run was scored with different constants from today's", "Run the suite again.")
    settings = _settings(report["settings"])
    items = suite.items(settings.seed, settings.repeats)
    wanted = Counter((item.id, item.repeat) for item in items)
    _check_whole(records, wanted)
    known = {item.id: item.category for item in items}
    for record in records:
        _check_record(record, known[record.item])
    grade(records, items, table)
    document = build_document(
        run_id=str(report["id"]),
        created=dt.datetime.fromisoformat(report["created"]),
        target=Target("", 0, tls=False, path=""),
        suite=suite,
        settings=settings,
        outcome=Outcome(list(records), wanted.total(), []),
        table=table,
        judge=report.get("judge"),
    )
    reported_target = report.get("target") or {}
    document["target"] |= {name: reported_target.get(name) for name in ("url", "limits")}
    return document


def check_report(report: dict[str, Any], records: Sequence[Record], suite: Suite) -> None:
    """Raise BenchError, naming the fields, where the report says anything that its records do not."""
    # A report is compared as JSON: it may come from a file.
    expected = json.loads(json.dumps(recomputed(report, records, suite)))
    differing = [
        name for name in (expected.keys() | report.keys()) - OF_THE_RUN if expected.get(name) != report.get(name)
    ]
    if missing := [note for note in expected["notes"] if note not in report.get("notes", ())]:
        differing.append(f"notes (without {missing[0]!r})")
    if not differing:
        return
    what = f"the report does not follow from its records: {', '.join(sorted(differing))}"
    if report["composite"] != expected["composite"]:
        what += f"; the composite is {expected['composite']:.4f}, and the report says {report['composite']}"
    raise BenchError(what, _REMEDY)


def compact(report: dict[str, Any], lines: bytes) -> dict[str, Any]:
    """What a board needs to work a run out again: no score, and the records compressed. Raises BenchError."""
    packed = zlib.compress(lines, 9)
    if len(packed) > MAX_PACKED_BYTES or len(lines) > MAX_RECORDS_BYTES:
        raise BenchError(f"the records have {len(packed):,} bytes when compressed", "A board takes shorter runs.")
    return {"report": {name: report[name] for name in _PARTS}, "records": base64.b64encode(packed).decode()}


def unpacked(packed: Any) -> list[Record]:
    """The records of `compact`'s text. Raises BenchError for what is none, or inflates beyond the bound."""
    try:
        raw = base64.b64decode(packed, validate=True)
        inflater = zlib.decompressobj()
        lines = inflater.decompress(raw, MAX_RECORDS_BYTES)
        if not inflater.eof or inflater.unused_data:
            raise ValueError("larger than allowed, or cut off")
        return [Record.from_json(json.loads(line, parse_constant=_refuse)) for line in lines.splitlines()]
    except (zlib.error, binascii.Error, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise BenchError(f"the records cannot be read: {type(error).__name__}: {error}"[:300], _REMEDY) from None


def received(body: dict[str, Any], suite: Suite) -> dict[str, Any]:
    """The report that follows from what a board of `suite` was sent. Raises BenchError where nothing does.

    An open question's judge is the runner's too, so a suite that needs one is not taken.
    """
    if any(item.wants_judge for item in suite.items(0)):
        raise BenchError("a board cannot verify what a judge said", "Publish a suite without open questions.")
    try:
        report = {name: body["report"][name] for name in _PARTS}
    except (LookupError, TypeError) as error:
        raise BenchError(f"that is not a run of the bench: it lacks {error}"[:300], _REMEDY) from None
    return recomputed(report, unpacked(body.get("records")), suite)


def bring_judgements(records: Sequence[Record], lines: Sequence[str]) -> None:
    """Put kept judgements back. Raises BenchError for lines that are none."""
    try:
        llm_judge.read_judgements(records, lines)
    except (ValueError, LookupError, TypeError) as error:
        raise BenchError(f"the judgements cannot be read: {error}", _REMEDY) from None


def _settings(reported: Any) -> Settings:
    seed, repeats, model = reported["seed"], reported["repeats"], reported["model"]
    if type(seed) is not int or type(repeats) is not int or not isinstance(model, str) or seed.bit_length() > 64:
        raise BenchError("the settings of the run are not valid", _REMEDY)
    known = {field.name for field in fields(Settings)}
    return Settings(**{name: value for name, value in reported.items() if name in known})


def _check_whole(records: Sequence[Record], wanted: Counter[tuple[str, int]]) -> None:
    """Every planned request once, and no other. Raises BenchError."""
    made = Counter((record.item, record.repeat) for record in records)
    if missing := wanted - made:
        raise BenchError(
            f"{missing.total()} answers are missing, the first of item {next(iter(missing))[0]!r}", _REMEDY
        )
    if extra := made - wanted:
        raise BenchError(f"{extra.total()} records are there twice or were not asked for: {next(iter(extra))}", _REMEDY)


def _check_record(record: Record, category: str) -> None:
    """A record is of the form that the runner writes, and its stamps are in their order. Raises BenchError."""
    stamps = [record.started_ns, record.connected_ns, record.sent_ns]
    answer = record.answer
    usage: dict[str, Any] = {}
    if answer is not None:
        stamps += [delta.at_ns for delta in answer.deltas]
        usage = answer.usage
        texts = [answer.model, answer.finish_reason, *answer.violations, *(delta.text for delta in answer.deltas)]
        texts += [value for part in (*answer.tool_calls, *answer.artifacts) for value in part.values()]
        if not all(isinstance(one, str) for one in texts) or type(answer.streamed) is not bool:
            raise BenchError(f"the answer to item {record.item!r} is malformed", _REMEDY)
    if record.category != category or bool(record.error) == (answer is not None):
        raise BenchError(f"the record of item {record.item!r} is malformed", _REMEDY)
    if not all(type(stamp) is int and 0 <= stamp < 1 << 63 for stamp in stamps) or _disordered(stamps, answer):
        raise BenchError(f"the times of item {record.item!r} are out of order", _REMEDY)
    if not all(_is_amount(value) for value in usage.values()):
        raise BenchError(f"the usage of item {record.item!r} is not an amount", _REMEDY)


def _disordered(stamps: list[int], answer: Any) -> bool:
    """Whether one stamp lies before the one it follows; of a request that failed, some were never taken."""
    started, connected, sent, *reads = stamps
    if answer is None:
        return False
    early = bool(reads) and reads[0] < started - KERNEL_CLOCK_NS
    return early or not (started <= connected <= sent and reads == sorted(reads))


def _is_amount(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and 0 <= value <= 1e9


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def main() -> None:
    """Read a board's job, and say what follows from it."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    except (ImportError, ValueError, OSError):  # not on Windows; macOS refuses some
        pass
    try:
        result: dict[str, Any] = {"report": received(json.loads(sys.stdin.buffer.read()), load_suite(sys.argv[1]))}
    except BenchError as error:
        result = {"refused": [error.what, error.remedy]}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
