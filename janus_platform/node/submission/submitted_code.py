"""The platform's own copies of submitted folders: what runs is what was submitted, whatever becomes of the original.

Links, devices and anything over the limits are refused, so that a copy holds nothing but the submitter's own files.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from janus_platform.node.errors import SnapshotError
from janus_platform.node.submission.checks import Check, SubmissionRefusedError

MAX_FILES = 2_000
MAX_BYTES = 100_000_000
# Made by tools, not by the submitter.
IGNORED = {".git", ".hg", ".venv", "venv", "node_modules", "__pycache__", ".ipynb_checkpoints", ".mypy_cache"}


class SubmittedCode:
    """The copies below `home`: a folder a name, and in that one a folder for each content."""

    def __init__(self, home: Path) -> None:
        self._home = home

    async def take(self, path: Path, name: str, checks: list[Check]) -> Path:
        """A copy of the folder `path` for `name`. Raises SubmissionRefusedError; `checks` says why."""
        try:
            folder = await asyncio.to_thread(take_snapshot, path, self._home / name)
        except SnapshotError as error:
            checks.append(Check("folder can be copied", "failed", str(error)))
            raise SubmissionRefusedError(name, checks) from error
        checks.append(Check("folder can be copied", "passed"))
        return folder

    def drop(self, name: str) -> None:
        """Remove every copy of `name`."""
        shutil.rmtree(self._home / name, ignore_errors=True)

    def keep_only(self, name: str, folder: Path | None) -> None:
        """Remove the copies of `name` but `folder`, or all of them."""
        if folder is None:
            self.drop(name)
            return
        for copy in (self._home / name).iterdir():
            if copy != folder:
                shutil.rmtree(copy, ignore_errors=True)


def take_snapshot(folder: Path, into: Path) -> Path:
    """Copy `folder` to `into/<digest of its content>`, readable by every user, and return that path.

    Raises SnapshotError when the folder holds links or special files, or is over 2,000 files or 100 MB.
    """
    files = list(files_in(folder))
    into.mkdir(parents=True, exist_ok=True)
    draft = into / f".draft-{os.getpid()}-{os.urandom(4).hex()}"
    digest = hashlib.sha256()
    try:
        draft.mkdir()
        for path in files:
            name = path.relative_to(folder)
            content = path.read_bytes()
            digest.update(f"{name.as_posix()}\0{len(content)}\0".encode())
            digest.update(content)
            _write(draft / name, content, executable=os.access(path, os.X_OK))
        _open_to_all(draft)
        target = into / digest.hexdigest()[:16]
        if not target.exists():
            draft.rename(target)
        return target
    except OSError as error:
        raise SnapshotError(f"{folder} cannot be copied: {error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def files_in(folder: Path) -> Iterator[Path]:
    """The files of a submission, in order. Raises SnapshotError as `take_snapshot` does."""
    count = size = 0
    for parent, directories, names in os.walk(folder, onerror=_unreadable):
        directories[:] = sorted(d for d in directories if d not in IGNORED)
        for name in sorted([*names, *(d for d in directories if Path(parent, d).is_symlink())]):
            path = Path(parent, name)
            if not is_utf8(path.relative_to(folder)):
                raise SnapshotError(f"The name of {shown(path)} is not UTF-8. Rename it.")
            status = path.lstat()
            if not stat.S_ISREG(status.st_mode):
                raise SnapshotError(f"{path} is a link or a special file. Submit a folder of ordinary files.")
            count, size = count + 1, size + status.st_size
            if count > MAX_FILES or size > MAX_BYTES:
                raise SnapshotError(
                    f"{folder} holds more than {MAX_FILES:,} files or {MAX_BYTES:,} bytes. Submit only what the "
                    "implementation needs to run."
                )
            yield path


def is_utf8(path: Path) -> bool:
    """Whether the path can be written down: names on disk are bytes, and some are no text."""
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def shown(path: Path) -> str:
    """A path as text, what is not UTF-8 in it as `\\xNN`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _unreadable(error: OSError) -> None:
    raise SnapshotError(f"{shown(Path(error.filename))} cannot be read: {error.strerror}")


def _write(path: Path, content: bytes, *, executable: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o755 if executable else 0o644)


def _open_to_all(folder: Path) -> None:
    # An isolated implementation runs under a uid of its own, which must be able to read its code.
    for parent, _, _ in os.walk(folder):
        os.chmod(parent, 0o755)
