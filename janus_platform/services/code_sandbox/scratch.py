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
import itertools
import mimetypes
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

WORK, TEMPORARY, CACHE = "work", "tmp", "cache"
MAX_NAMES, MAX_ENTRIES, MAX_DEPTH = 100, 20_000, 8
_ENTRY_BYTES = 1_024  # what the kernel takes for a file's inode and name, about
_NO_LINKS = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


@dataclass(frozen=True)
class WrittenFile:
    """A file that a run wrote: its name, MIME type by extension, and content."""

    name: str
    type: str
    content: bytes

    def plain(self) -> dict[str, object]:
        """The file as it goes over the wire; `data` is base64 (RFC 4648, section 4), `size` is in bytes."""
        data = base64.b64encode(self.content).decode("ascii")
        return {"name": self.name, "type": self.type, "size": len(self.content), "data": data}


class Scratch:
    """`work` (the working directory), `tmp` and `cache` below one open directory."""

    def __init__(
        self, descriptor: int, *, owner: int | None, remove: Path | None = None, beside: tuple[int, ...] = ()
    ) -> None:
        self._root, self._beside = descriptor, beside
        self._owner = owner
        self._remove = remove
        self._given: dict[str, tuple[int, int, int]] = {}
        for name in (WORK, TEMPORARY, CACHE):
            os.mkdir(name, mode=0o700, dir_fd=descriptor)
            self._own(name)

    @classmethod
    def of_mounts(cls, root: str, path: str, *beside: str, owner: int | None) -> Scratch:
        """The directory mounted at `path` below `root`, such as /proc/PID/root; `beside` it are mounts that count too.

        Raises OSError when it is gone.
        """
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
        opened: list[int] = []
        try:
            for place in (path, *beside):
                opened.append(os.open(root + place, flags))
            return cls(opened[0], owner=owner, beside=tuple(opened[1:]))
        except BaseException:
            for descriptor in opened:
                os.close(descriptor)
            raise

    @classmethod
    def of_new_directory(cls, *, owner: int | None) -> tuple[Scratch, Path]:
        """A new directory for `owner` alone, and its path. Raises OSError when it cannot be made."""
        path = Path(tempfile.mkdtemp(prefix=f"janus-sandbox-{os.getpid()}-"))
        if owner is not None:
            os.chown(path, owner, owner)
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        return cls(descriptor, owner=owner, remove=path), path

    def put(self, name: str, content: bytes, *, folder: str = WORK) -> None:
        """Write one file before the run starts; it is handed back only if the run changes it."""
        path = f"{folder}/{name}"
        self._make_directories(folder)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINKS
        with os.fdopen(os.open(path, flags, mode=0o600, dir_fd=self._root), "wb") as file:
            file.write(content)
            file.flush()
            written = os.fstat(file.fileno())
        self._own(path)
        if folder == WORK:
            self._given[name] = _version(written)

    def link_tree(self, tree: Mapping[str, Sequence[str]], source: Path, *, folder: str) -> None:
        """Make `folder` look like `source`: its folders anew and writable, its files as links to those there.

        `tree` names the files of each folder of `source`, one level deep; "" is `source` itself.
        """
        for name, files in tree.items():
            place = f"{folder}/{name}".rstrip("/")
            self._make_directories(place)
            descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY | _NO_LINKS, dir_fd=self._root)
            try:
                for file in files:
                    os.symlink(source / name / file, file, dir_fd=descriptor)
            finally:
                os.close(descriptor)

    @property
    def device(self) -> int:
        """The device that the directory lies on (stat(2), st_dev)."""
        return os.fstat(self._root).st_dev

    def memory_bytes(self) -> int:
        """What the run's mounted directories take of memory, entries without content included; 0 for ordinary ones."""
        return 0 if self._remove is not None else sum(map(_mounted_bytes, (self._root, *self._beside)))

    def overfull(self, *, max_bytes: int, max_entries: int) -> bool:
        """Whether it holds more than it may. The size of a mounted one is held by the kernel, its entries by nobody."""
        if self._remove is not None:
            return _holds_more(self._remove, max_bytes, max_entries)
        usages = map(os.fstatvfs, (self._root, *self._beside))
        return sum(usage.f_files - usage.f_ffree for usage in usages) > max_entries

    def collect(self, *, max_files: int, max_bytes: int) -> tuple[list[WrittenFile], list[str], int]:
        """The regular files at the top of the working directory, by name; the names of what was left out; how many.

        Hidden files, unchanged ones of `put` and other users' (linked from elsewhere) do not count. Left out is what
        comes after `max_files` files or does not fit into what is left of `max_bytes` bytes, what lies in folders, has
        a name that cannot be shown, or is no regular file. Of the names the first MAX_NAMES are given, and at most
        MAX_ENTRIES entries are looked at.
        """
        kept: list[WrittenFile] = []
        left_out: list[str] = []
        left = max_bytes
        try:
            work = os.open(WORK, os.O_RDONLY | os.O_DIRECTORY | _NO_LINKS, dir_fd=self._root)
        except OSError:
            return kept, left_out, 0  # The program removed it.
        try:
            for path in sorted(self._written(work)):
                content = None
                if len(kept) < max_files and "/" not in path and path.isprintable():
                    content = _read_regular(work, path, left)
                if content is None:
                    left_out.append(path)
                    continue
                left -= len(content)
                kept.append(WrittenFile(path, mimetypes.guess_type(path)[0] or "application/octet-stream", content))
        finally:
            os.close(work)
        return kept, list(map(_shown, left_out[:MAX_NAMES])), len(left_out)

    def close(self) -> None:
        """Let go of the directory; a mounted one vanishes with this, an ordinary one is removed."""
        for descriptor in (self._root, *self._beside):
            os.close(descriptor)
        if self._remove is not None:
            _remove_tree(self._remove)

    def _written(self, work: int) -> Iterator[str]:
        """The paths of what the run wrote; below MAX_DEPTH a folder stands for what it holds."""
        looked_at = itertools.count()

        def below(folder: int, path: str, depth: int) -> Iterator[str]:
            with os.scandir(folder) as entries:
                for entry in itertools.takewhile(lambda _: next(looked_at) < MAX_ENTRIES, entries):
                    if entry.name.startswith(".") or not self._is_new(entry):
                        continue
                    if not entry.is_dir(follow_symlinks=False):
                        yield path + entry.name
                    elif depth == MAX_DEPTH:
                        yield f"{path}{entry.name}/"
                    else:
                        yield from inside(folder, path, entry.name, depth + 1)

        def inside(folder: int, path: str, name: str, depth: int) -> Iterator[str]:
            try:
                descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | _NO_LINKS, dir_fd=folder)
            except OSError:
                yield f"{path}{name}/"  # Its owner took its own rights away.
                return
            try:
                yield from below(descriptor, f"{path}{name}/", depth)
            finally:
                os.close(descriptor)

        return below(work, "", 0)

    def _make_directories(self, path: str) -> None:
        parts = path.split("/")
        for depth in range(2, len(parts) + 1):
            place = "/".join(parts[:depth])
            with contextlib.suppress(FileExistsError):
                os.mkdir(place, mode=0o700, dir_fd=self._root)
                self._own(place)

    def _is_new(self, entry: os.DirEntry[str]) -> bool:
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError:
            return False
        return self._given.get(entry.name) != _version(status) and self._owner in (None, status.st_uid)

    def _own(self, path: str) -> None:
        if self._owner is not None:
            os.chown(path, self._owner, self._owner, dir_fd=self._root, follow_symlinks=False)


def _version(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_ino, status.st_size, status.st_mtime_ns


def _mounted_bytes(descriptor: int) -> int:
    usage = os.fstatvfs(descriptor)
    return (usage.f_blocks - usage.f_bfree) * usage.f_frsize + (usage.f_files - usage.f_ffree) * _ENTRY_BYTES


def _holds_more(place: Path, max_bytes: int, max_entries: int) -> bool:
    """Counts the blocks and entries below `place` until there are too many; what vanishes meanwhile does not count."""
    blocks = entries = 0
    folders = [os.fspath(place)]
    while folders:
        with contextlib.suppress(OSError), os.scandir(folders.pop()) as listing:
            for entry in listing:
                entries += 1
                with contextlib.suppress(OSError):
                    blocks += entry.stat(follow_symlinks=False).st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                if blocks > max_bytes or entries > max_entries:
                    return True
    return False


def _shown(path: str) -> str:
    # A name that is not UTF-8 arrives with lone surrogates, which are not printable either.
    return "".join(char if char.isprintable() else "\ufffd" for char in path)


def _is_regular(folder: int, name: str, max_bytes: int) -> bool:
    try:
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size <= max_bytes


def _read_regular(folder: int, name: str, max_bytes: int) -> bytes | None:
    """The content of a regular file of at most `max_bytes`, or None."""
    if not _is_regular(folder, name, max_bytes):
        return None  # Checked first: opening a device or a FIFO can have effects, and reading a sparse file costs.
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
