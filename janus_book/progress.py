"""Which exercises a reader has solved: kept below `home()`, where `progress.json` maps each name to when, and shown.

Several kernels may write at once: a lock orders them, and the file is replaced whole. Nothing of it leaves the machine.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from janus_bench.home import home
from janus_book.catalogue import load, names
from janus_book.exercise import BookError

if TYPE_CHECKING:
    from rich.table import Table

FILE = "progress.json"
LARGEST = 1024 * 1024  # bytes; some hundred exercises take 10 KB
_CAPTION = "janus solution NOTEBOOK.EXERCISE prints a solution."
_BAR = 24  # characters


class UnreadableProgressError(BookError, ValueError):
    """The file is not what `record` wrote."""


def progress_file() -> Path:
    """Where progress is kept; it need not exist yet."""
    return home() / FILE


def record(name: str, when: datetime | None = None) -> list[str]:
    """Keep that `name` was solved, now or at `when`; a second time changes nothing.

    Returns what the reader should know: that an unreadable file was put aside, or that nothing could be kept.
    """
    moment = (when or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="seconds")
    path = progress_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(path):
            found, problems = _read_or_put_aside(path)
            if name not in found:
                _replace(path, {**found, name: moment})
    except OSError as error:
        return [f"Your progress could not be kept in {path}: {error.strerror or error}"]
    return problems


def solved() -> tuple[dict[str, str], list[str]]:
    """When each exercise was first solved (ISO 8601, UTC), by name; and what the reader should know, as in `record`."""
    path = progress_file()
    try:
        if not path.exists():
            return {}, []
        with _locked(path):
            return _read_or_put_aside(path)
    except OSError as error:
        return {}, [f"Your progress in {path} could not be read: {error.strerror or error}"]


def _read_or_put_aside(path: Path) -> tuple[dict[str, str], list[str]]:
    try:
        return _read(path), []
    except FileNotFoundError:
        return {}, []
    except UnreadableProgressError as error:
        aside = _free_name(path)
        path.rename(aside)
        return {}, [f"Your progress could not be read ({error}) and starts anew. The old file is kept: {aside}"]


def _read(path: Path) -> dict[str, str]:
    if path.stat().st_size > LARGEST:
        raise UnreadableProgressError("it is too large")
    try:
        content = json.loads(path.read_text("utf-8"))
        solved = content["solved"]
        for moment in solved.values():
            datetime.fromisoformat(moment)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise UnreadableProgressError("it is not what this program wrote") from error
    return dict(solved)


def _replace(path: Path, found: dict[str, str]) -> None:
    """Write the file anew, all at once: a process that is killed leaves the old one."""
    temporary = path.with_name(f".{FILE}.{os.getpid()}")
    temporary.write_text(json.dumps({"solved": found}, indent=1) + "\n", encoding="utf-8")
    os.replace(temporary, path)


def _free_name(path: Path) -> Path:
    candidates = (path.with_name(f"progress-unreadable-{number}.json") for number in range(1, 10_000))
    return next(name for name in candidates if not name.exists())


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One process at a time. Where files cannot be locked so (Windows), the last to write wins."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    with open(path.with_name(f".{FILE}.lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@dataclass(frozen=True)
class Row:
    """One exercise; `solved` is when it was first solved (ISO 8601, UTC), or None."""

    name: str
    notebook: str
    title: str
    solved: str | None


@dataclass(frozen=True)
class Report:
    """All exercises, and what the reader should know about the file that progress is kept in."""

    rows: list[Row]
    problems: list[str]

    @property
    def solved(self) -> int:
        """How many of the exercises are solved."""
        return sum(row.solved is not None for row in self.rows)

    @property
    def following(self) -> Row | None:
        """The first exercise in the order of the course that is not solved; None when all are."""
        return next((row for row in self.rows if row.solved is None), None)

    def as_json(self) -> dict[str, Any]:
        """The report for programs: counts, exercises, problems."""
        rows = [asdict(row) for row in self.rows]
        following = self.following.name if self.following else None
        counts = {"solved": self.solved, "total": len(rows), "next": following}
        return {**counts, "exercises": rows, "problems": self.problems}

    def table(self) -> Table:
        """The report for people."""
        from rich.table import Table
        from rich.text import Text

        done = round(_BAR * self.solved / max(1, len(self.rows)))
        bar = "█" * done + "░" * (_BAR - done)
        ahead = f"Next: {self.following.name}. " if self.following else "All of them. "
        table = Table(title=f"{bar} {self.solved} of {len(self.rows)} exercises solved", caption=ahead + _CAPTION)
        table.add_column("exercise", no_wrap=True)
        table.add_column("what to do")
        table.add_column("solved", no_wrap=True)
        for notebook, grouped in groupby(self.rows, key=lambda row: row.notebook):
            rows = list(grouped)
            count = sum(row.solved is not None for row in rows)
            table.add_section()
            table.add_row(notebook, "", f"{count} of {len(rows)}", style="bold")
            for row in rows:
                table.add_row(f"  {row.name.partition('.')[2]}", Text(row.title), _shown(row.solved))
        return table


def report() -> Report:
    """Look up every exercise of this version of the book in the reader's progress."""
    moments, problems = solved()
    exercises = [load(name) for name in names()]
    rows = [Row(one.name, one.notebook, one.title, moments.get(one.name)) for one in exercises]
    return Report(rows, problems)


def _shown(moment: str | None) -> str:
    """A moment in the reader's own time zone."""
    return f"✓ {datetime.fromisoformat(moment).astimezone():%Y-%m-%d %H:%M}" if moment else ""
