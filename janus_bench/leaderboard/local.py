"""The leaderboard: every published run in one SQLite file, and who is #1.

Rules (competition specification): an implementation stands where its best run put it; #1 changes hands only when a
strictly higher composite is published, so a tie leaves the earlier one in front. Days at #1 are the sum of its reigns.

Only like is ranked with like: runs of the same suite hash under the same scoring hash. By default that is the `quick`
suite as this package carries it; when its questions or the scoring change, a new season begins, and older runs stay in
the file as history.

Writes are durable when `publish` returns (WAL, `synchronous=FULL`). `leader()` is meant to be asked on every request:
it re-reads only after another connection has committed (`PRAGMA data_version`).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from janus_bench.constants import scoring_hash
from janus_bench.errors import BenchError
from janus_bench.home import home
from janus_bench.leaderboard import seeds
from janus_bench.leaderboard.rules import SUITE, beats_baseline, columns_of
from janus_bench.leaderboard.standings import SCORES, Published, Row, history_of, rank

FILE = "leaderboard.sqlite3"
_BUSY_SECONDS = 10.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    run TEXT NOT NULL UNIQUE,
    implementation TEXT NOT NULL,
    hotkey TEXT,
    composite REAL NOT NULL,
    low REAL, high REAL, -- its 95 % interval over seeds
    quality REAL, speed REAL, cost REAL, streaming REAL, modality REAL,
    submitted REAL NOT NULL, -- seconds since 1970, UTC
    suite TEXT NOT NULL,
    suite_hash TEXT NOT NULL,
    scoring_hash TEXT NOT NULL,
    report TEXT NOT NULL,
    statement TEXT -- what was signed (publication.py), as JSON
) STRICT;
CREATE INDEX IF NOT EXISTS season ON runs (suite_hash, scoring_hash, number);
"""


class Leaderboard:
    """One leaderboard file. May be shared by threads; open one a process."""

    def __init__(
        self,
        path: Path | str | None = None,
        *,
        suite_hash: str | None = None,
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:
        """Open or make the file (default `home()/leaderboard.sqlite3`). Raises BenchError where that is impossible.

        `suite_hash` chooses the season that is ranked; by default the bundled quick suite's.
        """
        self.path = Path(path) if path is not None else home() / FILE
        self._now = now
        self._season_hash = suite_hash
        self._lock = threading.RLock()
        self._seen: int | None = None
        self._leader: str | None = None
        self._beaten: bool | None = None
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, check_same_thread=False, isolation_level=None)
            self._db.row_factory = sqlite3.Row
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_SCHEMA + seeds.SCHEMA)
            self._grow()
        except (OSError, sqlite3.Error) as error:
            remedy = "Set JANUS_HOME to a writable folder; move a damaged file away."
            raise BenchError(f"cannot open the leaderboard {self.path}: {error}", remedy) from None

    def _grow(self) -> None:
        """Give a file of an earlier version the columns that it lacks."""
        there = {column["name"] for column in self._db.execute("PRAGMA table_info(runs)")}
        for name, kind in (("statement", "TEXT"), ("low", "REAL"), ("high", "REAL")):
            if name not in there:
                self._db.execute(f"ALTER TABLE runs ADD COLUMN {name} {kind}")

    def publish(
        self,
        report: dict[str, Any],
        *,
        implementation: str,
        hotkey: str | None = None,
        statement: dict[str, Any] | None = None,
    ) -> Row:
        """Add a run; durable on return. Publishing it again changes nothing. Returns its implementation's row.

        `statement` is what is signed of it (publication.py). This is the file alone and believes the report:
        `janus_bench.publish` and a shared board read the records again first.

        Raises BenchError for a run that was stopped early or stands there under another name, for a name or hotkey that
        is none, and for a file that cannot be written.
        """
        values = columns_of(report, implementation, hotkey, self._now().timestamp())
        values["statement"] = json.dumps(statement) if statement else None
        marks = ", ".join(f":{name}" for name in values)
        with self._lock:
            try:
                insert = f"INSERT INTO runs ({', '.join(values)}) VALUES ({marks}) ON CONFLICT (run) DO NOTHING"
                self._db.execute(insert, values)
                kept = self._db.execute("SELECT implementation FROM runs WHERE run = ?", (values["run"],)).fetchone()[0]
            except sqlite3.Error as error:
                raise BenchError(f"cannot write the leaderboard {self.path}: {error}", "Free some space.") from None
            self._seen = None
        if kept != implementation:
            raise BenchError(f"run {values['run']} is already published, as {kept}", "Run the suite again.")
        season = (values["suite_hash"], values["scoring_hash"])
        return next(row for row in self._standings(*season) if row.implementation == implementation)

    def give_seed(self, model: str, owner: str = "") -> seeds.Given:
        """The seed for the next published run of `model` (seeds.py). Raises BenchError."""
        with self._lock, self._writing():
            return seeds.give(self._db, owner, model, self._now())

    def take_seed(self, report: dict[str, Any], owner: str = "") -> seeds.Given | None:
        """Use the seed of a run that is published; None where it is not one that this board gave. Raises BenchError."""
        with self._lock, self._writing():
            model, seed = report["target"]["model"], report["settings"]["seed"]
            return seeds.take(self._db, owner, model, seed, report["id"], self._now())

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction, so that two processes cannot use one seed. Raises BenchError."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
        except (sqlite3.Error, OverflowError) as error:
            raise BenchError(f"cannot write the leaderboard {self.path}: {error}", "Free some space.") from None

    def standings(self) -> list[Row]:
        """The ranked season, best first."""
        return self._standings(self._suite_hash(), scoring_hash())

    def statement(self, run: str) -> dict[str, Any] | None:
        """What was stated of a run when it was published; None where nothing was."""
        with self._lock:
            rows = self._read("SELECT statement FROM runs WHERE run = ?", (run,))
        return json.loads(rows[0]["statement"]) if rows and rows[0]["statement"] else None

    def history(self) -> list[Published]:
        """Every publication of the ranked season in its order, and who was #1 after it."""
        with self._lock:
            published = self._season(self._suite_hash(), scoring_hash())
        return history_of(published)

    def leader(self, is_baseline: Callable[[str], bool] | None = None) -> str | None:
        """The name of #1 of the ranked season, or None on an empty board. Costs microseconds while nothing changes.

        With `is_baseline`, which says whether a row is the baseline's: None as well while #1 has not beaten that, which
        takes a run of it on the same board and a strictly higher composite. Raises BenchError where the file cannot be
        read.
        """
        with self._lock:
            version = self._read("PRAGMA data_version")[0][0]
            if version != self._seen or (self._beaten is None) != (is_baseline is None):
                rows = self.standings()
                self._seen, self._leader = version, rows[0].implementation if rows else None
                self._beaten = None if is_baseline is None else beats_baseline(rows, is_baseline)
            return None if self._beaten is False else self._leader

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def _read(self, query: str, values: tuple[str, ...] = ()) -> list[sqlite3.Row]:
        try:
            return self._db.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise BenchError(f"cannot read the leaderboard {self.path}: {error}", "Open it again.") from None

    def _suite_hash(self) -> str:
        if self._season_hash is None:
            from janus_bench.suites.loader import load_suite

            self._season_hash = load_suite(SUITE).hash
        return self._season_hash

    def _standings(self, suite_hash: str, scoring: str) -> list[Row]:
        with self._lock:
            published = self._season(suite_hash, scoring)
        return rank(published, self._now().timestamp())

    def _season(self, suite_hash: str, scoring: str) -> list[sqlite3.Row]:
        columns = f"number, run, implementation, hotkey, composite, low, high, {', '.join(SCORES)}, submitted"
        query = f"SELECT {columns} FROM runs WHERE suite_hash = ? AND scoring_hash = ? ORDER BY number"
        return self._read(query, (suite_hash, scoring))
