"""Which implementations were submitted: a SQLite file that survives whatever happens to the platform.

A submission is acknowledged only after it has been committed and synced to disk.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from janus_platform.node.errors import RegistryError
from janus_platform.stored_files import Warn, is_damaged, set_aside

log = logging.getLogger("janus.node")

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
ENVIRONMENT = re.compile(r"[0-9a-f]{24}")
_SCHEMA_VERSION = 4
_SCHEMA = """
CREATE TABLE IF NOT EXISTS implementations (
    name TEXT PRIMARY KEY,
    folder TEXT NOT NULL,
    submitted_from TEXT NOT NULL,
    command TEXT NOT NULL,
    submitted TEXT NOT NULL,
    hotkey TEXT NOT NULL,
    source TEXT NOT NULL,
    license TEXT NOT NULL,
    description TEXT NOT NULL,
    instances INTEGER NOT NULL DEFAULT 1,
    url TEXT NOT NULL DEFAULT '',
    changelog TEXT NOT NULL DEFAULT '',
    contact TEXT NOT NULL DEFAULT '',
    environment TEXT NOT NULL DEFAULT ''
) STRICT
"""
# What each version has that the one before it had not.
_ADDED = {
    2: ("instances INTEGER NOT NULL DEFAULT 1",),
    3: tuple(f"{name} TEXT NOT NULL DEFAULT ''" for name in ("url", "changelog", "contact")),
    4: ("environment TEXT NOT NULL DEFAULT ''",),
}


@dataclass(frozen=True)
class Registration:
    """One submitted implementation.

    `folder` is the platform's own copy, `submitted_from` where it came from; `command` is run inside the folder.
    One that runs elsewhere has a `url` instead, and neither folder nor command. `submitted` is a UTC time (ISO 8601);
    `instances` says how many nodes run it, `environment` is the key of the packages of its own. The rest is the
    submission form; an empty text means "not given".
    """

    name: str
    folder: Path | None
    submitted_from: Path | None
    command: tuple[str, ...]
    submitted: str
    hotkey: str = ""
    source: str = ""
    license: str = ""
    description: str = ""
    instances: int = 1
    url: str = ""
    changelog: str = ""
    contact: str = ""
    environment: str = ""


class Registry:
    """The submitted implementations in the SQLite file at `path`.

    A damaged file is kept aside and begun anew; a row that cannot be read is skipped. `warn` is told of both.
    """

    def __init__(self, path: Path, warn: Warn = log.warning) -> None:
        self.path, self._warn = path, warn
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._open()
        except RegistryError:
            if not is_damaged(path):
                raise
            set_aside(path, "implementations must be submitted again", warn)
            self._open()

    def _open(self) -> None:
        with self._connection() as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > _SCHEMA_VERSION:
                raise RegistryError(f"{self.path} was written by a newer version. Update, or move the file away.")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(_SCHEMA)
            if version:
                for column in (column for later, added in _ADDED.items() if later > version for column in added):
                    connection.execute(f"ALTER TABLE implementations ADD COLUMN {column}")
            connection.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
            connection.execute("SELECT * FROM implementations").fetchall()  # damage shows where it is read

    def all(self) -> list[Registration]:
        """Every registration, in the order of submission."""
        with self._connection() as connection:
            rows = connection.execute("SELECT * FROM implementations ORDER BY submitted, name").fetchall()
        return [registration for row in rows if (registration := self._read(row))]

    def get(self, name: str) -> Registration | None:
        """The registration of that name, or None."""
        with self._connection() as connection:
            row = connection.execute("SELECT * FROM implementations WHERE name = ?", (name,)).fetchone()
        return self._read(row) if row else None

    def _read(self, row: sqlite3.Row) -> Registration | None:
        """The registration in a row; None, with a warning, for one that is none."""
        try:
            return _registration(row)
        except (TypeError, ValueError, KeyError, RecursionError) as error:
            name = ascii(str(dict(row).get("name", ""))[:80])
            self._warn(
                f"{self.path} has a row that cannot be read, of {name}: {error}. It is skipped; submit it again."
            )
            return None

    def put(self, registration: Registration) -> None:
        """Store `registration`, replacing one of the same name; on return it is on disk. Raises RegistryError."""
        values = {
            **vars(registration),
            "folder": str(registration.folder or ""),
            "submitted_from": str(registration.submitted_from or ""),
            "command": json.dumps(registration.command),
        }
        marks = ", ".join(f":{column}" for column in values)
        with self._connection() as connection:
            connection.execute(f"INSERT OR REPLACE INTO implementations ({', '.join(values)}) VALUES ({marks})", values)

    def delete(self, name: str) -> bool:
        """Forget `name`; True when it was there. Raises RegistryError."""
        with self._connection() as connection:
            return connection.execute("DELETE FROM implementations WHERE name = ?", (name,)).rowcount > 0

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = sqlite3.connect(self.path, timeout=5.0)
            try:
                connection.row_factory = sqlite3.Row
                connection.execute("PRAGMA synchronous = FULL")
                with connection:
                    yield connection
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise RegistryError(
                f"The registry {self.path} cannot be used: {error}. Make it writable, or move a damaged file away."
            ) from error


def _registration(row: sqlite3.Row) -> Registration:
    """Raises TypeError, ValueError or KeyError for what `put` never wrote."""
    values = dict(row)
    for column in ("folder", "submitted_from"):
        values[column] = Path(values[column]) if values[column] else None
    command = json.loads(values["command"])
    if not isinstance(command, list) or not all(isinstance(part, str) for part in command):
        raise ValueError("its command is not a list of strings")
    registration = Registration(**{**values, "command": tuple(command)})
    dt.datetime.fromisoformat(registration.submitted)
    if not NAME.fullmatch(registration.name):
        raise ValueError("its name is not valid")
    if bool(registration.url) == bool(registration.folder and registration.command):
        raise ValueError("it has neither a folder with a command nor an address, or both")
    if registration.url and urlsplit(registration.url).scheme not in ("http", "https"):
        raise ValueError("its address is not valid")
    if registration.environment and not ENVIRONMENT.fullmatch(registration.environment):
        raise ValueError("its environment is not valid")
    if registration.instances < 1:
        raise ValueError("it has no instances")
    return registration
