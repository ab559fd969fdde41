"""Run folders: one a run, with `records.jsonl` (written as requests end) and `report.json` (written last, at once)."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from janus_bench.errors import BenchError
from janus_bench.home import home
from janus_bench.records import Record

REPORT, RECORDS = "report.json", "records.jsonl"
MIN_FREE_BYTES = 64 * 1024 * 1024
_RUN_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z-[a-z0-9_.-]{1,64}-[0-9a-f]{6}")

WallClock = Callable[[], dt.datetime]


def utc_now() -> dt.datetime:
    """The current time in UTC."""
    return dt.datetime.now(dt.UTC)


class RunFolder:
    """The folder of a run that is being made. Making it proves that it can be written, before the first request."""

    def __init__(self, suite: str, *, output: Path | None = None, now: WallClock = utc_now) -> None:
        """Use `output`, or a new folder below `home()/runs`. Raises BenchError where nothing can be written there."""
        self.used = False  # whether a record has been kept
        self.created = now()
        label = re.sub(r"[^a-z0-9_.-]", "-", Path(suite).name.lower())[:64] or "suite"
        self.id = f"{self.created:%Y%m%dT%H%M%SZ}-{label}-{secrets.token_hex(3)}"
        self.path = (output or runs_folder() / self.id).absolute()
        try:
            if (self.path / REPORT).exists() or (self.path / RECORDS).exists():
                raise BenchError(f"{self.path} already holds a run", "Choose another folder with --output.")
            self.path.mkdir(parents=True, exist_ok=True)
            self._records = (self.path / RECORDS).open("x", encoding="utf-8")
            free = shutil.disk_usage(self.path).free
        except OSError as error:
            remedy = "Choose a folder that can be written with --output, or set JANUS_HOME."
            raise BenchError(f"cannot write to {self.path}: {error.strerror}", remedy) from None
        if free < MIN_FREE_BYTES:
            self.discard()
            remedy = f"Free {MIN_FREE_BYTES // 1024**2} MB, or choose another folder with --output."
            raise BenchError(f"the disk of {self.path} is full", remedy)

    def keep(self, record: Record) -> None:
        """Append one record; it is on its way to the disk when this returns. Raises BenchError on a full disk."""
        try:
            self._records.write(json.dumps(record.to_json()) + "\n")
            self._records.flush()
            self.used = True
        except OSError as error:
            remedy = f"What is done stands in {self.path / RECORDS}."
            raise BenchError(f"cannot write to {self.path}: {error.strerror}", remedy) from None

    def finish(self, report: dict[str, Any]) -> None:
        """Write the report beside the records, whole or not at all."""
        self._records.close()
        temporary = self.path / f".{REPORT}.part"
        try:
            temporary.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
            os.replace(temporary, self.path / REPORT)
        except OSError as error:
            raise BenchError(f"cannot write the report to {self.path}: {error.strerror}", "Free some space.") from None

    def discard(self) -> None:
        """Leave nothing behind of a run that never began. Only an empty folder is removed."""
        self._records.close()
        (self.path / RECORDS).unlink(missing_ok=True)
        try:
            self.path.rmdir()
        except OSError:  # the user's own folder, with other things in it
            return


def runs_folder() -> Path:
    """Where runs are kept unless told otherwise."""
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


def read_records(folder: Path) -> list[Record]:
    """The raw records of a run; a last line that was cut off is left out. Raises BenchError."""
    try:
        lines = (folder / RECORDS).read_text(encoding="utf-8").splitlines()
        whole = lines if not lines or _is_json(lines[-1]) else lines[:-1]
        return [Record.from_json(json.loads(line)) for line in whole]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BenchError(f"cannot read {folder / RECORDS}: {error}", "Run the suite again.") from None


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True
