"""Where a leaderboard's rows lie: one SQLite file, or a PostgreSQL server that several platforms share.

Both take the same SQL with `?` for values, in the part that they have in common.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from janus_bench.errors import BenchError
from janus_bench.leaderboard import migrations

if TYPE_CHECKING:
    import psycopg

POSTGRES = ("postgresql://", "postgres://")
_BUSY_SECONDS = 10.0
# A server that says nothing is given up: publishing waits so long, and so does the platform's start.
_CONNECT_SECONDS = 5
_AGAIN_SECONDS = 1.0
_CHANNEL = "janus_leaderboard"
# One number for all writers of a database: "janus" as ASCII.
_LOCK = 0x6A616E7573

Row = Any  # A mapping by column: sqlite3.Row is one in all but its type.


class Database(Protocol):
    """Rows by SQL. May be shared by threads; one a process. Everything raises BenchError with what to do."""

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
        """The rows that a query gives."""

    def change(self, statement: str, values: Sequence[Any] = ()) -> int:
        """How many rows a statement inside `writing` changed."""

    def writing(self) -> contextlib.AbstractContextManager[None]:
        """One transaction, alone among all writers; durable when it ends without an error."""

    def close(self) -> None:
        """Let go of it."""


class SqliteDatabase:
    """A file, made where there is none; durable by WAL and `synchronous=FULL`."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, threading.RLock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=_BUSY_SECONDS, check_same_thread=False, isolation_level=None)
            self._db.row_factory = sqlite3.Row
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            migrations.bring_up_sqlite(self._db)
        except (OSError, sqlite3.Error) as error:
            remedy = "Set JANUS_HOME to a writable folder; move a damaged file away."
            raise BenchError(f"cannot open the leaderboard {path}: {error}", remedy) from None

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
        """The rows that a query gives."""
        try:
            with self._lock:
                return list(self._db.execute(query, values))
        except (sqlite3.Error, OverflowError) as error:
            raise BenchError(f"cannot read the leaderboard {self._path}: {error}", "Open it again.") from None

    def change(self, statement: str, values: Sequence[Any] = ()) -> int:
        """How many rows a statement inside `writing` changed."""
        return self._db.execute(statement, values).rowcount

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction, alone among all writers."""
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    yield
                except BaseException:
                    self._db.execute("ROLLBACK")
                    raise
                self._db.execute("COMMIT")
            except (sqlite3.Error, OverflowError) as error:
                raise BenchError(f"cannot write the leaderboard {self._path}: {error}", "Free some space.") from None

    def version(self) -> int:
        """What SQLite counts of other connections' commits."""
        return int(self.rows("PRAGMA data_version")[0]["data_version"])

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()


class PostgresDatabase:
    """A database of a PostgreSQL server, at an address as libpq takes it; its password never shows.

    Writers take turns by an advisory lock, as they do with a file. A second connection listens for commits, in a
    thread: nobody has to ask the server on every request, or to wait for one that is away.
    """

    def __init__(self, address: str) -> None:
        try:
            import psycopg
            from psycopg.conninfo import conninfo_to_dict
            from psycopg.rows import dict_row
        except ModuleNotFoundError:
            raise BenchError("a leaderboard on PostgreSQL needs psycopg", "pip install 'psycopg[binary]'") from None
        self._errors, self._rows = psycopg.Error, dict_row
        try:
            parts = conninfo_to_dict(address)
        except psycopg.Error:
            raise BenchError("the leaderboard's address is none", "postgresql://USER@HOST:5432/DATABASE") from None
        self.where = (
            f"postgresql://{parts.get('host', 'localhost')}:{parts.get('port', 5432)}/{parts.get('dbname', '')}"
        )
        self._address, self._lock = address, threading.RLock()
        self._connection: psycopg.Connection[dict[str, Any]] | None = None
        self._ended = threading.Event()
        with self._lock, self._told("open"):
            migrations.bring_up_postgres(self._open(), _LOCK)

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
        """The rows that a query gives."""
        with self._lock, self._told("read"):
            return list(self._cursor(query, values).fetchall())

    def change(self, statement: str, values: Sequence[Any] = ()) -> int:
        """How many rows a statement inside `writing` changed."""
        return self._cursor(statement, values).rowcount

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction, alone among all writers; the others hear of it."""
        with self._lock, self._told("write"):
            with self._open().transaction():
                self._cursor("SELECT pg_advisory_xact_lock(?)", (_LOCK,))
                yield
                self._cursor(f"NOTIFY {_CHANNEL}", ())

    def listen(self, heard: Callable[[], None]) -> None:
        """Call `heard`, in a thread, after every commit and whenever the server came back."""
        threading.Thread(target=self._listen, args=(heard,), name="leaderboard", daemon=True).start()

    def close(self) -> None:
        """Close both connections."""
        self._ended.set()
        with self._lock:
            if self._connection is not None:
                self._connection.close()

    def _cursor(self, query: str, values: Sequence[Any]) -> psycopg.Cursor[dict[str, Any]]:
        return self._open().execute(query.replace("%", "%%").replace("?", "%s").encode(), values)

    def _open(self) -> psycopg.Connection[dict[str, Any]]:
        """The connection, made anew after the server went away."""
        if self._connection is None or self._connection.closed:
            self._connection = self._connected()
        return self._connection

    def _connected(self) -> psycopg.Connection[dict[str, Any]]:
        import psycopg

        return psycopg.connect(
            self._address,
            autocommit=True,
            row_factory=self._rows,
            connect_timeout=_CONNECT_SECONDS,
            application_name="janus-leaderboard",
            # A host that vanished without a word is noticed, rather than waited for for hours.
            keepalives_idle=10,
            tcp_user_timeout=_CONNECT_SECONDS * 1000,
        )

    @contextlib.contextmanager
    def _told(self, doing: str) -> Iterator[None]:
        try:
            yield
        except self._errors as error:
            said = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            what = f"cannot {doing} the leaderboard at {self.where}: {said}"
            raise BenchError(what, "Is the server up, and are user, password and database right?") from None

    def _listen(self, heard: Callable[[], None]) -> None:
        """Until `close`; connects again where the connection is lost."""
        while not self._ended.is_set():
            with contextlib.suppress(self._errors, BenchError), self._connected() as connection:
                connection.execute(f"LISTEN {_CHANNEL}")
                heard()  # Whatever was committed before this was not heard.
                while not self._ended.is_set():
                    for _ in connection.notifies(timeout=_AGAIN_SECONDS, stop_after=1):
                        heard()
            self._ended.wait(_AGAIN_SECONDS)


def open_database(where: Path | str) -> SqliteDatabase | PostgresDatabase:
    """The database in a file, or at an address that begins with postgresql://. Raises BenchError."""
    if isinstance(where, str) and where.startswith(POSTGRES):
        return PostgresDatabase(where)
    return SqliteDatabase(Path(where))
