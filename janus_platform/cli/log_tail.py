"""The tail of a log that is renamed to `<name>.1` when it is full, over any number of renames."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import IO

GAP = "[older lines were overwritten before they could be shown]"
POLL_SECONDS = 0.2


class LogTail:
    """The log at `path`, which need not exist yet."""

    def __init__(self, path: Path) -> None:
        self._path, self._older = path, path.with_name(path.name + ".1")
        self._file: IO[bytes] | None = None
        self._rest = b""

    @property
    def gone(self) -> bool:
        """Whether the log was there and has been removed."""
        return self._file is not None and not self._path.exists() and not self._older.exists()

    @property
    def unfinished(self) -> list[str]:
        """The last line, where it has no end yet."""
        return [self._rest.decode("utf-8", "replace")] if self._rest else []

    def last(self, count: int) -> list[str]:
        """The last `count` lines of both files; `more` goes on behind them."""
        self._open()
        older = b""
        if self._older.exists() and not self._is_ours(self._older):
            older = self._older.read_bytes()
        return self._lines(older + self._read())[-count:]

    def more(self) -> list[str]:
        """The lines written since the last call."""
        lines = self._lines(self._read())
        if not self._is_ours(self._path) and self._path.exists():
            renamed_once = self._file is None or self._is_ours(self._older)
            # What came between the read above and the rename.
            lines += self._lines(self._read() + (b"\n" if self._rest else b""))
            if not renamed_once:
                lines += [GAP, *self._lines(self._older.read_bytes())]
            self.close()
            self._open()
            lines += self._lines(self._read())
        return lines

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self) -> None:
        try:
            self._file = self._path.open("rb")
        except FileNotFoundError:
            self._file = None

    def _is_ours(self, path: Path) -> bool:
        try:
            return self._file is not None and os.path.samestat(os.fstat(self._file.fileno()), path.stat())
        except FileNotFoundError:
            return False

    def _read(self) -> bytes:
        return self._file.read() if self._file is not None else b""

    def _lines(self, data: bytes) -> list[str]:
        """Whole lines; the beginning of another one is kept for the next call."""
        *whole, self._rest = (self._rest + data).split(b"\n")
        return [line.decode("utf-8", "replace").removesuffix("\r") for line in whole]


def follow(
    tail: LogTail, count: int, say: Callable[[str], None], *, ended: Callable[[], bool], wait: Callable[[float], None]
) -> None:
    """Say the last `count` lines and then each new one, until `ended` or the log is removed."""
    lines = tail.last(count)
    while True:
        for line in lines:
            say(line)
        over = ended() or tail.gone
        if not over:
            wait(POLL_SECONDS)
        lines = tail.more()
        if over:
            for line in lines:
                say(line)
            tail.close()
            return
