"""The leaderboard: every published run in one SQLite file or one PostgreSQL database, and who is #1.

Rules (competition specification): an implementation stands where its best run put it; #1 changes hands only when a
strictly higher composite is published, so a tie leaves the earlier one in front. Days at #1 are the sum of its reigns.

Only like is ranked with like: runs of the same suite hash under the same scoring hash. By default that is the `quick`
suite as this package carries it; when its questions or the scoring change, a new season begins, and older runs stay in
the file as history.

Writes are durable when `publish` returns. `leader()` is meant to be asked on every request: it re-reads only after
another connection has committed (database.py).
"""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from janus_bench.constants import scoring_hash
from janus_bench.errors import BenchError
from janus_bench.home import home
from janus_bench.leaderboard import seeds
from janus_bench.leaderboard.database import PostgresDatabase, SqliteDatabase, open_database
from janus_bench.leaderboard.rules import SUITE, beats_baseline, columns_of
from janus_bench.leaderboard.standings import SCORES, Published, Row, history_of, rank

FILE = "leaderboard.sqlite3"


class Leaderboard:
    """One leaderboard. May be shared by threads; open one a process."""

    def __init__(
        self,
        path: Path | str | None = None,
        *,
        suite_hash: str | None = None,
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:
        """Open or make it (default: the file `home()/leaderboard.sqlite3`). Raises BenchError where it cannot.

        `path` is a file's, or an address that begins with postgresql://. `suite_hash` chooses the season that is
        ranked; by default the bundled quick suite's.
        """
        self.path = path if path is not None else home() / FILE
        self._db = open_database(self.path)
        self._now = now
        self._season_hash = suite_hash
        self._lock = threading.RLock()
        self._seen: int | None = None  # the version of the database at which `_rows` were read
        self._rows: list[Row] = []
        # Whose rows the leader below is, and whether the baseline was asked for.
        self._judged: tuple[list[Row] | None, bool] = (None, False)
        self._leader: str | None = None
        if isinstance(self._db, PostgresDatabase):
            self._read_again()
            self._db.listen(self._read_again)

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
        marks = ", ".join("?" * len(values))
        insert = f"INSERT INTO runs ({', '.join(values)}) VALUES ({marks}) ON CONFLICT (run) DO NOTHING"
        with self._lock:
            with self._db.writing():
                self._db.change(insert, list(values.values()))
                query = "SELECT implementation FROM runs WHERE run = ?"
                kept = self._db.rows(query, (values["run"],))[0]["implementation"]
            self._seen = None
        if isinstance(self._db, PostgresDatabase):
            self._read_again()
        if kept != implementation:
            raise BenchError(f"run {values['run']} is already published, as {kept}", "Run the suite again.")
        season = (values["suite_hash"], values["scoring_hash"])
        return next(row for row in self._standings(*season) if row.implementation == implementation)

    def give_seed(self, model: str, owner: str = "") -> seeds.Given:
        """The seed for the next published run of `model` (seeds.py). Raises BenchError."""
        with self._lock, self._db.writing():
            return seeds.give(self._db, owner, model, self._now())

    def take_seed(self, report: dict[str, Any], owner: str = "") -> seeds.Given | None:
        """Use the seed of a run that is published; None where it is not one that this board gave. Raises BenchError."""
        with self._lock, self._db.writing():
            model, seed = report["target"]["model"], report["settings"]["seed"]
            return seeds.take(self._db, owner, model, seed, report["id"], self._now())

    def standings(self) -> list[Row]:
        """The ranked season, best first."""
        return self._standings(self._suite_hash(), scoring_hash())

    def statement(self, run: str) -> dict[str, Any] | None:
        """What was stated of a run when it was published; None where nothing was."""
        rows = self._db.rows("SELECT statement FROM runs WHERE run = ?", (run,))
        return json.loads(rows[0]["statement"]) if rows and rows[0]["statement"] else None

    def history(self) -> list[Published]:
        """Every publication of the ranked season in its order, and who was #1 after it."""
        with self._lock:
            published = self._season(self._suite_hash(), scoring_hash())
        return history_of(published)

    def leader(self, is_baseline: Callable[[str], bool] | None = None) -> str | None:
        """The name of #1 of the ranked season, or None on an empty board. Costs microseconds while nothing changes.

        With `is_baseline`, which says whether a row is the baseline's: None as well while #1 has not beaten that, which
        takes a run of it on the same board and a strictly higher composite. Raises BenchError where the board cannot be
        read.
        """
        rows, judges = self._current(), is_baseline is not None
        if self._judged[0] is not rows or self._judged[1] != judges:
            leads = bool(rows) and (is_baseline is None or beats_baseline(rows, is_baseline))
            self._leader = rows[0].implementation if leads else None
            self._judged = rows, judges
        return self._leader

    def _current(self) -> list[Row]:
        """The standings, read again where something was committed; a server's are read by the one who hears of it."""
        if isinstance(self._db, SqliteDatabase):
            with self._lock:
                version = self._db.version()
                if version != self._seen:
                    self._rows, self._seen = self.standings(), version
        return self._rows

    def _read_again(self) -> None:
        self._rows = self.standings()

    def close(self) -> None:
        """Let go of file or server."""
        self._db.close()

    def _suite_hash(self) -> str:
        if self._season_hash is None:
            from janus_bench.suites.loader import load_suite

            self._season_hash = load_suite(SUITE).hash
        return self._season_hash

    def _standings(self, suite_hash: str, scoring: str) -> list[Row]:
        with self._lock:
            published = self._season(suite_hash, scoring)
        return rank(published, self._now().timestamp())

    def _season(self, suite_hash: str, scoring: str) -> list[Any]:
        columns = f"number, run, implementation, hotkey, composite, low, high, {', '.join(SCORES)}, submitted"
        query = f"SELECT {columns} FROM runs WHERE suite_hash = ? AND scoring_hash = ? ORDER BY number"
        return self._db.rows(query, (suite_hash, scoring))
