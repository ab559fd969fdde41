"""A stream copied into a file, within its size, hashed on the way and with progress.

`Progress` is what every download is handed: what is being done, how far it is, and where it ends; bytes for files.
"""

from __future__ import annotations

import hashlib
import urllib.error
from collections.abc import Callable
from pathlib import Path
from typing import IO, Protocol

Progress = Callable[[str, int, int], None]
# What an interruption may lose.
BLOCK = 1 << 18


def copy(stream: Readable, path: Path, size: int, what: str, progress: Progress) -> str:
    """Write at most `size` bytes of `stream` to `path`; returns their SHA-256 in hexadecimal.

    A longer stream is the wrong one, however long it goes on: ValueError.
    """
    with path.open("wb") as out:
        return copy_rest(stream, out, 0, size, what, progress, hashlib.sha256())


class Readable(Protocol):
    """What bytes are read from."""

    def read(self, count: int, /) -> bytes:
        """At most `count` bytes; none at the end."""


def copy_rest(
    stream: Readable, out: IO[bytes], done: int, size: int, what: str, progress: Progress, digest: hashlib._Hash
) -> str:
    """As `copy`, where `done` bytes are in `out` and in `digest` already."""
    while block := stream.read(min(BLOCK, size + 1 - done)):
        done += len(block)
        if done > size:
            raise ValueError(f"{what} is larger than expected")
        out.write(block)
        digest.update(block)
        progress(f"fetching {what}", done, size)
    return digest.hexdigest()


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal; about a second for each gigabyte. Raises OSError."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def checked(path: Path, sha256: str) -> bool:
    """Whether `path` exists and its content has that SHA-256."""
    try:
        return sha256_of(path) == sha256
    except OSError:
        return False


def reason(error: Exception) -> str:
    """Why a download failed, in a few words."""
    if isinstance(error, urllib.error.URLError) and not isinstance(error, urllib.error.HTTPError):
        return str(error.reason)
    return str(error) or type(error).__name__
