"""Putting a run on the leaderboard, signed, and checking later that the run is still what was published.

A report is never believed: it is compared with what follows from the run's records (verification.py), and refused where
it says anything else. A shared board is sent the records alone, and works the scores out itself.
"""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from janus_bench.constants import scoring_hash
from janus_bench.errors import BenchError, SuiteError
from janus_bench.home import home
from janus_bench.leaderboard import publication, seeds, verification
from janus_bench.leaderboard.local import FILE as BOARD
from janus_bench.leaderboard.local import Leaderboard
from janus_bench.leaderboard.remote import SharedBoard, open_board
from janus_bench.leaderboard.rules import check_names
from janus_bench.leaderboard.standings import Row
from janus_bench.report.report import Report
from janus_bench.run import store as runs
from janus_bench.run import target_info
from janus_bench.run.runner import DEFAULT_MODEL
from janus_bench.suites.loader import load_suite
from janus_bench.wire.target import parse_target


def publish(
    report: Report, *, name: str | None = None, hotkey: str | None = None, board: Leaderboard | None = None
) -> Row:
    """Put a run on the leaderboard, `$JANUS_LEADERBOARD` where that names one; returns its implementation's row.

    Without `name`, a run of model "janus" is published under the name that all answers give in their `model` field, a
    run of another model under that model's name. Raises BenchError where there is no such name, and where the report
    says anything that the records in its folder do not.
    """
    name = name or implementation_of(report)
    check_names(name, hotkey)
    folder = report.folder
    if folder is None or not (folder / runs.RECORDS).is_file():
        raise BenchError("the run's records are missing", "Publish a run from its own folder.")
    document = report.to_dict()
    if not document.get("complete"):
        raise BenchError("a run that was stopped early cannot be published", "Run the suite again to its end.")
    if "shard" in document:
        raise BenchError("a shard is not a whole run", "Publish what `janus-bench merge` makes of all shards.")
    _verify(document, folder)
    opened = board or open_board()
    try:
        given = None if isinstance(opened, SharedBoard) else opened.take_seed(document)
        statement = _statement(report, folder / runs.RECORDS, name, hotkey, given)
        if isinstance(opened, SharedBoard):
            row = opened.publish(document, (folder / runs.RECORDS).read_bytes(), implementation=name, hotkey=hotkey)
        else:
            row = opened.publish(document, implementation=name, hotkey=hotkey, statement=statement)
        # what counts is what was published first
        _keep_statement(folder, opened.statement(report.id) or statement)
        return row
    finally:
        if board is None:
            opened.close()


def _verify(document: dict[str, Any], folder: Path) -> None:
    """Read the records again, work the report out again, and compare. Raises BenchError."""
    records = runs.read_records(folder, whole=True)
    judgements = folder / runs.JUDGEMENTS
    if judgements.exists():
        verification.bring_judgements(records, judgements.read_text(encoding="utf-8").splitlines())
    verification.check_report(document, records, load_suite(document["suite"]["name"]))


def _statement(
    report: Report, records: Path, name: str, hotkey: str | None, given: seeds.Given | None
) -> publication.Statement:
    """What is signed of a run, with the seed where the board gave it.

    The target's evidence is asked for by the records' own hash, which binds it to them.
    """
    document = report.to_dict()
    nonce = hashlib.sha256(records.read_bytes()).hexdigest()
    where = document["target"].get("url")
    evidence = target_info.evidence_of(parse_target(where), name, nonce) if where else None
    now = runs.utc_now().isoformat(timespec="seconds")
    return publication.state(
        document, records, implementation=name, hotkey=hotkey, published=now, evidence=evidence, seed=given
    )


def check_publication(folder: Path) -> publication.Checked | None:
    """Whether a run is what was published of it; None where it was not. Raises BenchError for a damaged publication.

    The statement is read from the run's folder, else from the leaderboard. Where nothing was changed, the scores are
    worked out again: a signature says who published a report, not that it was true.
    """
    said = publication.read(folder)
    if said is None and (home() / BOARD).is_file():
        board = Leaderboard()
        try:
            said = board.statement(str(runs.read_report(folder)["id"]))
        finally:
            board.close()
    return None if said is None else _with_scores(publication.check(said, folder), folder)


def _with_scores(found: publication.Checked, folder: Path) -> publication.Checked:
    document = runs.read_report(folder)
    try:
        same = document["scoring"]["hash"] == scoring_hash()
        same = same and load_suite(document["suite"]["name"]).hash == document["suite"]["hash"]
    except (SuiteError, LookupError, TypeError):
        same = False
    if found.problems or not same:
        return found
    try:
        _verify(document, folder)
    except BenchError as error:
        return replace(found, problems=(error.what,))
    return replace(found, follows=True)


def _keep_statement(folder: Path, statement: publication.Statement) -> None:
    try:
        (folder / publication.FILE).write_text(json.dumps(statement, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        # the leaderboard has it: what is published stays published
        print(f"janus-bench: {folder / publication.FILE} was not written: {error.strerror}", file=sys.stderr)


def implementation_of(report: Report) -> str:
    """The implementation that answered a run. Raises BenchError where that is not known for certain."""
    target = report.to_dict()["target"]
    if target["model"] != DEFAULT_MODEL:
        return str(target["model"])
    seen = target["models_seen"]
    if len(seen) == 1 and seen[0] != DEFAULT_MODEL:
        return str(seen[0])
    what = (
        f"the answers came from {', '.join(seen)}"
        if len(seen) > 1
        else "the answers do not say which implementation gave them"
    )
    raise BenchError(what, "Bench one implementation with --model NAME, or say which it was with --name NAME.")
