"""Which exercises a reader has solved, kept below `home()`: `progress.json` maps each name to when.

Several kernels may write at once: a lock orders them, and the file is replaced whole. Nothing of it leaves the machine.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from janus_bench.home import home
from janus_book.exercise import BookError

FILE = "progress.json"
LARGEST = 1024 * 1024  # bytes; some hundred exercises take 10 KB


class ProgressError(BookError):
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
    except ProgressError as error:
        aside = _free_name(path)
        path.rename(aside)
        return {}, [f"Your progress could not be read ({error}) and starts anew. The old file is kept: {aside}"]


def _read(path: Path) -> dict[str, str]:
    if path.stat().st_size > LARGEST:
        raise ProgressError("it is too large")
    try:
        content = json.loads(path.read_text("utf-8"))
        solved = content["solved"]
        for moment in solved.values():
            datetime.fromisoformat(moment)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ProgressError("it is not what this program wrote") from error
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
