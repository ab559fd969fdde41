"""Putting a run on the leaderboard, signed, and checking later that the run is still what was published."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

from janus_bench import publication, runs, surroundings
from janus_bench.errors import BenchError
from janus_bench.home import home
from janus_bench.leaderboard import FILE as BOARD
from janus_bench.leaderboard import Leaderboard, check_names
from janus_bench.report import Report
from janus_bench.runner import ROUTED
from janus_bench.shared_board import open_board
from janus_bench.standings import Row
from janus_bench.target import parse_target


def publish(
    report: Report, *, name: str | None = None, hotkey: str | None = None, board: Leaderboard | None = None
) -> Row:
    """Put a run on the leaderboard, `$JANUS_LEADERBOARD` where that names one; returns its implementation's row.

    Without `name`, a run of model "janus" is published under the name that all answers give in their `model` field, a
    run of another model under that model's name. Raises BenchError where there is no such name.
    """
    name = name or implementation_of(report)
    check_names(name, hotkey)
    opened = board or open_board()
    try:
        statement = _statement(report, name, hotkey)
        row = opened.publish(report.to_dict(), implementation=name, hotkey=hotkey, statement=statement)
        if report.folder is not None:
            # what counts is what was published first
            _keep_statement(report.folder, opened.statement(report.id) or statement)
        return row
    finally:
        if board is None:
            opened.close()


def _statement(report: Report, name: str, hotkey: str | None) -> publication.Statement:
    """What is signed of a run. The target's evidence is asked for by the records' own hash, which binds it to them."""
    document, folder = report.to_dict(), report.folder
    records = folder / runs.RECORDS if folder and (folder / runs.RECORDS).is_file() else None
    nonce = hashlib.sha256(records.read_bytes() if records else b"").hexdigest()
    where = document["target"].get("url")
    evidence = surroundings.evidence_of(parse_target(where), name, nonce) if where else None
    now = runs.utc_now().isoformat(timespec="seconds")
    return publication.state(document, records, implementation=name, hotkey=hotkey, published=now, evidence=evidence)


def check_publication(folder: Path) -> publication.Checked | None:
    """Whether a run is what was published of it; None where it was not. Raises BenchError for a damaged publication.

    The statement is read from the run's folder, else from the leaderboard.
    """
    said = publication.read(folder)
    if said is None and (home() / BOARD).is_file():
        board = Leaderboard()
        try:
            said = board.statement(str(runs.read_report(folder)["id"]))
        finally:
            board.close()
    return None if said is None else publication.check(said, folder)


def _keep_statement(folder: Path, statement: publication.Statement) -> None:
    try:
        (folder / publication.FILE).write_text(json.dumps(statement, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        # the leaderboard has it: what is published stays published
        print(f"janus-bench: {folder / publication.FILE} was not written: {error.strerror}", file=sys.stderr)


def implementation_of(report: Report) -> str:
    """The implementation that answered a run. Raises BenchError where that is not known for certain."""
    target = report.to_dict()["target"]
    if target["model"] != ROUTED:
        return str(target["model"])
    seen = target["models_seen"]
    if len(seen) == 1 and seen[0] != ROUTED:
        return str(seen[0])
    what = f"the answers came from {', '.join(seen)}" if len(seen) > 1 else "the answers do not say who gave them"
    raise BenchError(what, "Bench one implementation with --model NAME, or say which it was with --name NAME.")
