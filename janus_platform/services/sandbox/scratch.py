"""A run's private directory, held by an open descriptor: files are put in before it starts and taken out after it.

Under bubblewrap the directory is a sized tmpfs that exists in the run's own mount namespace only. The descriptor
reaches it from outside and keeps it alive after the run has been killed, so pictures survive a time-out and nothing
needs to be cleaned up. Without bubblewrap it is an ordinary directory that `close` removes.

Everything found inside was written by a hostile program: names are not trusted, links are not followed, sizes are read
from the open file and counted while reading.
"""

from __future__ import annotations

import base64
import contextlib
import mimetypes
import os
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

WORK, TEMPORARY, CACHE = "work", "tmp", "cache"
MAX_NAMES_LOOKED_AT = 1_000
_NO_LINKS = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


@dataclass(frozen=True)
class Artifact:
    """A file that a run wrote: its name, MIME type by extension, and content."""

    name: str
    type: str
    content: bytes

    def plain(self) -> dict[str, object]:
        """The artifact as it goes over the wire; `data` is base64 (RFC 4648, section 4), `size` is in bytes."""
        data = base64.b64encode(self.content).decode("ascii")
        return {"name": self.name, "type": self.type, "size": len(self.content), "data": data}


class Scratch:
    """`work` (the working directory), `tmp` and `cache` below one open directory."""

    def __init__(self, descriptor: int, *, owner: int | None, remove: Path | None = None) -> None:
        self._root = descriptor
        self._owner = owner
        self._remove = remove
        self._given: set[str] = set()
        for name in (WORK, TEMPORARY, CACHE):
            os.mkdir(name, mode=0o700, dir_fd=descriptor)
            self._own(name)

    @classmethod
    def of_mount(cls, path: str, *, owner: int | None) -> Scratch:
        """The mounted directory at `path`, such as /proc/PID/root/sandbox. Raises OSError when it is gone."""
        return cls(os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC), owner=owner)

    @classmethod
    def of_new_directory(cls, *, owner: int | None) -> tuple[Scratch, Path]:
        """A new directory for `owner` alone, and its path. Raises OSError when it cannot be made."""
        path = Path(tempfile.mkdtemp(prefix="janus-sandbox-"))
        if owner is not None:
            os.chown(path, owner, owner)
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        return cls(descriptor, owner=owner, remove=path), path

    def put(self, name: str, content: bytes, *, folder: str = WORK) -> None:
        """Write one file before the run starts; it is not handed back as an artifact."""
        path = f"{folder}/{name}"
        for depth in range(folder.count("/")):
            self._make_directory("/".join(folder.split("/")[: depth + 2]))
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINKS
        with os.fdopen(os.open(path, flags, mode=0o600, dir_fd=self._root), "wb") as file:
            file.write(content)
        self._own(path)
        if folder == WORK:
            self._given.add(name)

    def used_bytes(self) -> int:
        """What the run's files take of a mounted directory; 0 for an ordinary one, which is not counted."""
        if self._remove is not None:
            return 0
        usage = os.fstatvfs(self._root)
        return (usage.f_blocks - usage.f_bfree) * usage.f_frsize

    def collect(self, *, max_files: int, max_bytes: int) -> tuple[list[Artifact], list[str]]:
        """The regular files at the top of the working directory, by name, and the names that were left out.

        Hidden files and what `put` wrote do not count. Left out is what comes after `max_files` files or does not fit
        into what is left of `max_bytes` bytes.
        """
        kept: list[Artifact] = []
        left_out: list[str] = []
        try:
            work = os.open(WORK, os.O_RDONLY | os.O_DIRECTORY | _NO_LINKS, dir_fd=self._root)
        except OSError:
            return kept, left_out  # The program removed it.
        try:
            for name in self._names(work):
                content = None
                if len(kept) < max_files:
                    content = _read_regular(work, name, max_bytes - sum(len(a.content) for a in kept))
                if content is not None:
                    kept.append(Artifact(name, mimetypes.guess_type(name)[0] or "application/octet-stream", content))
                elif _is_regular(work, name):
                    left_out.append(name)
        finally:
            os.close(work)
        return kept, left_out

    def close(self) -> None:
        """Let go of the directory; a mounted one vanishes with this, an ordinary one is removed."""
        os.close(self._root)
        if self._remove is not None:
            _remove_tree(self._remove)

    def _names(self, work: int) -> list[str]:
        names: list[str] = []
        with os.scandir(work) as entries:
            for entry in entries:
                if len(names) == MAX_NAMES_LOOKED_AT:
                    break
                if _is_presentable(entry.name) and entry.name not in self._given:
                    names.append(entry.name)
        return sorted(names)

    def _make_directory(self, path: str) -> None:
        with contextlib.suppress(FileExistsError):
            os.mkdir(path, mode=0o700, dir_fd=self._root)
            self._own(path)

    def _own(self, path: str) -> None:
        if self._owner is not None:
            os.chown(path, self._owner, self._owner, dir_fd=self._root, follow_symlinks=False)


def _is_presentable(name: str) -> bool:
    return not name.startswith(".") and name.isprintable()  # A lone surrogate (a name that is not UTF-8) is neither.


def _is_regular(folder: int, name: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    except OSError:
        return False


def _read_regular(folder: int, name: str, max_bytes: int) -> bytes | None:
    """The content of a regular file of at most `max_bytes`, or None."""
    if not _is_regular(folder, name):
        return None  # Checked first: opening a device or a FIFO can have effects.
    try:
        descriptor = os.open(name, os.O_RDONLY | _NO_LINKS, dir_fd=folder)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        content = file.read(max_bytes + 1)
    return content if len(content) <= max_bytes else None


def _remove_tree(path: Path) -> None:
    # A program may have taken its own directories' permissions away; give them back, following no link, and go on.
    def permit(_: object, entry: str, __: object) -> None:
        with contextlib.suppress(OSError):
            os.chmod(os.path.dirname(entry), 0o700)
            if not os.path.islink(entry):
                os.chmod(entry, 0o700)

    for _ in range(2):
        shutil.rmtree(path, onerror=permit)
        if not path.exists():
            return
