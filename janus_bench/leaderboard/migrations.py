"""The leaderboard's tables, and how those of an earlier version become today's.

A file of SQLite is told apart by what its tables lack; a PostgreSQL database counts its version in a table, since
several programs may find it old at once: the first brings it up, under a lock, and the others wait.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from janus_bench.errors import BenchError

if TYPE_CHECKING:
    import psycopg

_COLUMNS = """
    run TEXT NOT NULL UNIQUE,
    implementation TEXT NOT NULL,
    hotkey TEXT,
    composite {real} NOT NULL,
    low {real}, high {real}, -- its 95 % interval over seeds
    quality {real}, speed {real}, cost {real}, streaming {real}, modality {real},
    submitted {real} NOT NULL, -- seconds since 1970, UTC
    suite TEXT NOT NULL,
    suite_hash TEXT NOT NULL,
    scoring_hash TEXT NOT NULL,
    report TEXT NOT NULL,
    statement TEXT -- what was signed (publication.py), as JSON
"""
_SEEDS = """
    owner TEXT NOT NULL, -- who asked, where a board knows; else empty
    model TEXT NOT NULL, -- what the run asks for
    seed {whole} NOT NULL,
    given {real} NOT NULL, -- seconds since 1970, UTC
    statement TEXT NOT NULL, -- what the board signed, as JSON
    run TEXT -- what was published under it
"""
_INDEXES = """
CREATE INDEX IF NOT EXISTS season ON runs (suite_hash, scoring_hash, number);
CREATE INDEX IF NOT EXISTS seeds_of ON seeds (owner, model, number);
"""


def _tables(number: str, real: str, whole: str, strict: str = "") -> str:
    runs, seeds = (columns.format(real=real, whole=whole) for columns in (_COLUMNS, _SEEDS))
    return (
        f"CREATE TABLE IF NOT EXISTS runs (number {number}, {runs}){strict};"
        f"CREATE TABLE IF NOT EXISTS seeds (number {number}, {seeds}){strict};{_INDEXES}"
    )


_SQLITE = _tables("INTEGER PRIMARY KEY AUTOINCREMENT", "REAL", "INTEGER", " STRICT")
# Each step is run once, in its order, in one transaction; a new one is added at the end.
_POSTGRES = [_tables("BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "DOUBLE PRECISION", "BIGINT")]


def bring_up_sqlite(db: sqlite3.Connection) -> None:
    """Make the tables that are missing, and give a file of an earlier version the columns that it lacks."""
    db.executescript(_SQLITE)
    there = {column["name"] for column in db.execute("PRAGMA table_info(runs)")}
    for name, kind in (("statement", "TEXT"), ("low", "REAL"), ("high", "REAL")):
        if name not in there:
            db.execute(f"ALTER TABLE runs ADD COLUMN {name} {kind}")


def bring_up_postgres(connection: psycopg.Connection[dict[str, Any]], lock: int) -> None:
    """Run the steps that the database has not seen. Raises BenchError for a database of a later version."""
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (lock,))
        connection.execute("CREATE TABLE IF NOT EXISTS janus_leaderboard_version (version INTEGER NOT NULL)")
        found = connection.execute("SELECT version FROM janus_leaderboard_version").fetchone()
        version = int(found["version"]) if found else 0
        if version > len(_POSTGRES):
            what = f"the leaderboard's database is of version {version}, and this program knows {len(_POSTGRES)}"
            raise BenchError(what, "Install a later janus-bench.")
        for step in _POSTGRES[version:]:
            connection.execute(step.encode())
        if version < len(_POSTGRES):
            connection.execute("DELETE FROM janus_leaderboard_version")
            connection.execute("INSERT INTO janus_leaderboard_version VALUES (%s)", (len(_POSTGRES),))
