"""Run folders: one a run, with what is run, a line for each request as it ends, and the report, written last.

They are `run.json`, `records.jsonl` and `report.json`. A run that was stopped lacks the last, or has one that says so,
and can be resumed.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from janus_bench.errors import BenchError
from janus_bench.home import home
from janus_bench.run.records import Record
from janus_bench.run.runner import Settings
from janus_bench.run.shard import Shard
from janus_bench.suites.model import Suite
from janus_bench.wire.target import Target

REPORT, RECORDS, BEGUN = "report.json", "records.jsonl", "run.json"
JUDGEMENTS = "judgements.jsonl"
MIN_FREE_BYTES = 64 * 1024 * 1024
_RUN_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z-[a-z0-9_.-]{1,64}-[0-9a-f]{6}")

# What is run, as JSON: equal plans ask the same questions in the same order.
Plan = dict[str, Any]
WallClock = Callable[[], dt.datetime]


def plan(target: Target, suite: Suite, settings: Settings, shard: Shard | None = None) -> Plan:
    """What is run, as JSON, by which a stopped run is found again."""
    described: Plan = {
        "target": target.url,
        "suite": {"name": suite.name, "hash": suite.hash},
        "settings": asdict(settings),
    }
    return described | ({"shard": asdict(shard)} if shard else {})


def utc_now() -> dt.datetime:
    """The current time in UTC."""
    return dt.datetime.now(dt.UTC)


class RunFolder:
    """The folder of a run that is being made. Making it proves that it can be written, before the first request.

    `plan` says what is run: target, suite and settings. `done` are the records of an earlier attempt that is resumed.
    """

    def __init__(self, plan: Plan, *, output: Path | None = None, now: WallClock = utc_now) -> None:
        """Use `output`, or a new folder below `home()/runs`. Raises BenchError where nothing can be written there."""
        self.used = False  # whether a record has been kept
        self.done: list[Record] = []
        self.created = now()
        label = re.sub(r"[^a-z0-9_.-]", "-", Path(plan["suite"]["name"]).name.lower())[:64] or "suite"
        self.id = f"{self.created:%Y%m%dT%H%M%SZ}-{label}-{secrets.token_hex(3)}"
        self.path = (output or runs_folder() / self.id).absolute()
        try:
            if (self.path / REPORT).exists() or (self.path / RECORDS).exists():
                remedy = "Choose another folder with --output, or continue that run with --resume."
                raise BenchError(f"{self.path} already contains a run", remedy)
            self.path.mkdir(parents=True, exist_ok=True)
            self._records = (self.path / RECORDS).open("x", encoding="utf-8")
            begun = {"id": self.id, "created": self.created.isoformat(), "plan": plan}
            (self.path / BEGUN).write_text(json.dumps(begun, indent=2) + "\n", encoding="utf-8")
            free = shutil.disk_usage(self.path).free
        except OSError as error:
            raise _cannot_write(self.path, error) from None
        if free < MIN_FREE_BYTES:
            self.discard()
            remedy = f"Free {MIN_FREE_BYTES // 1024**2} MB, or choose another folder with --output."
            raise BenchError(f"the disk of {self.path} is full", remedy)

    @classmethod
    def resumed(cls, plan: Plan, *, output: Path | None = None) -> RunFolder:
        """Go on with the run in `output`, or with the newest one of the same plan that was stopped.

        Raises BenchError where there is none, where it is complete, or where its plan was another.
        """
        path = (output or _newest_stopped(plan)).absolute()
        begun = _begun(path)
        if begun is None:
            raise BenchError(f"{path} contains no run that was started", "Start it without --resume.")
        if differing := [key for key in plan | begun["plan"] if begun["plan"].get(key) != plan.get(key)]:
            remedy = "Give the same options, or start a new run without --resume."
            raise BenchError(f"the run in {path} had another {' and another '.join(differing)}", remedy)
        if _is_complete(path):
            raise BenchError(f"the run in {path} is complete", "`janus-bench show` shows it.")
        folder = cls.__new__(cls)
        folder.path, folder.id, folder.used = path, begun["id"], True
        folder.created = dt.datetime.fromisoformat(begun["created"])
        folder.done = read_records(path)
        try:
            # Whole lines again: the last one may have been cut off.
            lines = "".join(json.dumps(record.to_json()) + "\n" for record in folder.done)
            _replace(path / RECORDS, lines)
            folder._records = (path / RECORDS).open("a", encoding="utf-8")
        except OSError as error:
            raise _cannot_write(path, error) from None
        return folder

    def keep(self, record: Record) -> None:
        """Append one record; it is on its way to the disk when this returns. Raises BenchError on a full disk."""
        try:
            self._records.write(json.dumps(record.to_json()) + "\n")
            self._records.flush()
            self.used = True
        except OSError as error:
            remedy = f"What is done is in {self.path / RECORDS}."
            raise BenchError(f"cannot write to {self.path}: {error.strerror}", remedy) from None

    def finish(self, document: dict[str, Any], write_files: Callable[[Path], object]) -> None:
        """Write the report beside the records, whole or not at all; `write_files` writes its other forms."""
        self._records.close()
        try:
            _replace(self.path / REPORT, json.dumps(document, indent=2) + "\n")
            write_files(self.path)
        except OSError as error:
            raise BenchError(f"cannot write the report to {self.path}: {error.strerror}", "Free some space.") from None

    def discard(self) -> None:
        """Leave nothing behind of a run that never began. Only an empty folder is removed."""
        self._records.close()
        (self.path / RECORDS).unlink(missing_ok=True)
        (self.path / BEGUN).unlink(missing_ok=True)
        try:
            self.path.rmdir()
        except OSError:  # the user's own folder, with other things in it
            return


def stopped_seed(plan: Plan, *, output: Path | None = None) -> int:
    """The seed of the run that `resumed` would go on with, whatever it is. Raises BenchError where there is none."""
    begun = _begun((output or _newest_stopped(plan, any_seed=True)).absolute())
    if begun is None:
        raise BenchError(f"{output} contains no run that was started", "Start it without --resume.")
    return int(begun["plan"]["settings"]["seed"])


def _without_seed(plan: Plan) -> Plan:
    return {**plan, "settings": {name: value for name, value in plan["settings"].items() if name != "seed"}}


def _newest_stopped(plan: Plan, *, any_seed: bool = False) -> Path:
    same = _without_seed if any_seed else lambda plan: plan
    try:
        folders = sorted((entry for entry in runs_folder().iterdir() if _RUN_ID.fullmatch(entry.name)), reverse=True)
    except OSError:
        folders = []
    for folder in folders:
        begun = _begun(folder)
        if begun is not None and same(begun["plan"]) == same(plan) and not _is_complete(folder):
            return folder
    raise BenchError("no run with these options was stopped before its end", "Start one without --resume.")


def _begun(folder: Path) -> dict[str, Any] | None:
    try:
        begun = json.loads((folder / BEGUN).read_text(encoding="utf-8"))
        return begun if {"id", "created", "plan"} <= begun.keys() else None
    except (OSError, ValueError, AttributeError):
        return None


def _is_complete(folder: Path) -> bool:
    return (folder / REPORT).is_file() and bool(read_report(folder).get("complete"))


def _replace(file: Path, text: str) -> None:
    """Write `text` to `file`, whole or not at all."""
    temporary = file.with_name(f".{file.name}.part")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, file)


def _cannot_write(path: Path, error: OSError) -> BenchError:
    remedy = "Choose a folder that can be written with --output, or set JANUS_HOME."
    return BenchError(f"cannot write to {path}: {error.strerror}", remedy)


def runs_folder() -> Path:
    """The folder of all runs, unless another is given."""
    return home() / "runs"


def find_run(run: str) -> Path:
    """The folder of a run, by id, by a beginning of it that fits only one, "last", or path. Raises BenchError."""
    if (Path(run) / REPORT).is_file():
        return Path(run)
    ids = list_ids()
    if run == "last" and ids:
        return runs_folder() / ids[-1]
    fitting = [entry for entry in ids if entry == run] or [entry for entry in ids if run and entry.startswith(run)]
    if len(fitting) == 1:
        return runs_folder() / fitting[0]
    what = f"{len(fitting)} runs begin with {run!r}" if fitting else f"there is no run {run!r}"
    raise BenchError(what, "`janus-bench list` shows them all; a folder with a report.json will do too.")


def list_ids() -> list[str]:
    """The ids of all runs that have a report, oldest first."""
    try:
        folders = [entry.name for entry in runs_folder().iterdir() if (entry / REPORT).is_file()]
    except OSError:
        return []
    return sorted(name for name in folders if _RUN_ID.fullmatch(name))


def read_report(folder: Path) -> dict[str, Any]:
    """The report of a run. Raises BenchError where it cannot be read."""
    try:
        report = json.loads((folder / REPORT).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BenchError(f"cannot read {folder / REPORT}: {error}", "Run the suite again.") from None
    if not isinstance(report, dict) or "composite" not in report:
        raise BenchError(f"{folder / REPORT} is no bench report", "Run the suite again.")
    return report


def read_records(folder: Path, *, whole: bool = False) -> list[Record]:
    """The raw records of a run; a last line that was cut off is left out, or refused for `whole`. Raises BenchError."""
    try:
        lines = (folder / RECORDS).read_text(encoding="utf-8").splitlines()
        kept = lines if whole or not lines or _is_json(lines[-1]) else lines[:-1]
        return [Record.from_json(json.loads(line)) for line in kept]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BenchError(f"cannot read {folder / RECORDS}: {error}", "Run the suite again.") from None


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True
