"""Files that the platform keeps: written whole or not at all, and set aside where they are damaged.

Only a file whose content is wrong is moved, and begun anew, so that the platform starts. One that may not be read, is
locked or was written by a newer version stays, and the start fails with what to do.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

from janus_platform.errors import PlatformError

# Takes a sentence for whoever started the platform.
Warn = Callable[[str], None]
_BESIDE = ("-wal", "-shm")  # What SQLite keeps beside a database.


def write_whole(path: Path, content: str | bytes, *, private: bool = False) -> None:
    """Write a file that is at no moment there in part; a `private` one may be read by its owner alone (0600)."""
    draft = path.with_name(f".{path.name}-{os.urandom(4).hex()}")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o666), "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def set_aside(path: Path, lost: str, warn: Warn) -> Path:
    """Rename a damaged file, and warn of what is `lost` by it. Returns the new path. Raises PlatformError."""
    numbers = (path.with_name(f"{path.name}.damaged-{n}") for n in range(1, 10_000))
    kept = next(free for free in numbers if not free.exists())
    try:
        for ending in ("", *_BESIDE):
            with contextlib.suppress(FileNotFoundError):
                Path(f"{path}{ending}").rename(f"{kept}{ending}")
    except OSError as error:
        raise PlatformError(f"{path} is damaged and cannot be moved: {error.strerror}. Move it yourself.") from error
    warn(f"{path} is damaged: {lost}. It is kept as {kept.name}.")
    return kept


def is_damaged(path: Path) -> bool:
    """Whether a SQLite file is there and its content is wrong, which takes reading all of it."""
    if not path.is_file():
        return False
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=5.0)) as connection:
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok")
    except sqlite3.OperationalError:
        return False  # locked, or not ours to read
    except sqlite3.DatabaseError:
        return True
