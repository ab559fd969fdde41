"""The output of an implementation, kept in a file of bounded size without its secrets, and what to do about it."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Iterable
from pathlib import Path

MAX_FILE_BYTES = 1_000_000
MAX_LINE_BYTES = 16_384
_REDACTED = b"[redacted]"
# Python's and Node's own words.
_MISSING = re.compile(r"No module named '([\w.]{1,100})'|Cannot find (?:module|package) '([^'\n]{1,100})'")


class BoundedLog:
    """Two files at most, `path` and `path.1`, each of at most `max_bytes`; the older one is overwritten."""

    def __init__(self, path: Path, *, secrets: Iterable[str] = (), max_bytes: int = MAX_FILE_BYTES) -> None:
        self.path, self._max_bytes = path, max_bytes
        self._secrets: set[bytes] = set()
        self.hide(secrets)
        path.parent.mkdir(parents=True, exist_ok=True)

    def hide(self, secrets: Iterable[str]) -> None:
        """Take these out of everything that is written from now on."""
        self._secrets |= {secret.encode() for secret in secrets if secret}

    async def follow(self, output: asyncio.StreamReader) -> None:
        """Append every line of `output` until it ends."""
        rest = b""
        while data := await output.read(65_536):
            whole, newline, rest = (rest + data).rpartition(b"\n")
            self.write(whole + newline)
            if len(rest) > MAX_LINE_BYTES:
                self.write(rest)
                rest = b""
        self.write(rest)

    def write(self, data: bytes) -> None:
        """Append `data`, made of whole lines so that no secret is cut in two."""
        if not data:
            return
        for secret in self._secrets:
            data = data.replace(secret, _REDACTED)
        if self.path.exists() and self.path.stat().st_size + len(data) > self._max_bytes:
            self.path.replace(self._older)
        with self.path.open("ab") as file:
            file.write(data[-self._max_bytes :])

    def tail(self, *, max_bytes: int = 2 * MAX_FILE_BYTES) -> str:
        """The latest output, oldest line first; unless told otherwise, all of both files."""
        content = b"".join(path.read_bytes() for path in (self._older, self.path) if path.exists())
        return content[-max_bytes:].decode("utf-8", "replace")

    def last_lines(self, count: int = 12) -> str:
        """The last `count` lines, for an error message."""
        return "\n".join(self.tail(max_bytes=8_192).splitlines()[-count:])

    def remove(self) -> None:
        """Delete both files."""
        self.path.unlink(missing_ok=True)
        self._older.unlink(missing_ok=True)

    @property
    def _older(self) -> Path:
        return self.path.with_name(self.path.name + ".1")


def missing_package_remedy(printed: str) -> str:
    """A sentence on the last missing package that `printed` names; empty where it names none."""
    matches = list(_MISSING.finditer(printed))
    if not matches:
        return ""
    last = matches[-1]
    if module := last[1]:
        top = module.partition(".")[0]
        return (
            f"Name the package that holds {top} in requirements.txt and submit again, install it for the platform's "
            f"Python (`{sys.executable} -m pip install {top}`), or put it into the folder."
        )
    return f"No package.json is installed here. Put the files of {last[2]} into the folder, outside node_modules."
