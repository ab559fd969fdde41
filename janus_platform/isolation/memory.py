"""How much memory a run's whole process tree may hold: a cgroup where one can be made, else a watchdog.

A cgroup (v1 or v2) counts everything, tmpfs pages and shared mappings included, and the kernel enforces it. What TCP
and UDP sockets hold counts as memory in v2 and has a limit of its own in v1 (the kernel's documentation,
cgroup-v1/memory.rst). The watchdog adds up the proportional set size of all members of the run, the files that its file
systems keep in memory and files without a name, ten times a second, and where it is told to each socket as if it were
full; between two looks a program can pass the limit, so each process has RLIMIT_DATA as well.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil

from janus_platform.isolation.process_tree import nameless_bytes, proportional_bytes, resident_bytes, socket_bytes

LOOK_EVERY_SECONDS = 0.1
_PREFIX = "janus-"
_counter = itertools.count()
_in_use: set[Path] = set()


class MemoryGuard(Protocol):
    """Watches one run."""

    kind: str
    counts_sockets: bool  # whether the kernel bounds what sockets hold

    def enter(self) -> None:
        """Called in the child between fork and exec: it must neither import nor lock."""

    def exceeded(self, who: Callable[[], list[psutil.Process]], files_bytes: int) -> bool:
        """Whether the processes that `who` finds, with their `files_bytes` in memory, went over the limit."""

    def struck(self) -> bool:
        """Whether the limit has ended something, as far as the guard can tell afterwards."""

    async def close(self) -> None:
        """Called once nothing of the run is left."""

    def discard(self) -> None:
        """Called instead of `close` when nothing was run."""


@dataclass(frozen=True)
class _CgroupFiles:
    limit: str
    swap_limit: tuple[str, str]
    events: str
    as_group: str | None
    sockets: str | None  # the limit of what sockets hold, where it is not part of the other


_V1 = _CgroupFiles(
    limit="memory.limit_in_bytes",
    swap_limit=("memory.memsw.limit_in_bytes", "{limit}"),
    events="memory.oom_control",
    as_group=None,
    sockets="memory.kmem.tcp.limit_in_bytes",
)
_V2 = _CgroupFiles("memory.max", ("memory.swap.max", "0"), "memory.events", "memory.oom.group", sockets=None)


class Cgroup:
    """A new memory cgroup below `parent`. Raises OSError when it cannot be made or limited."""

    kind = "cgroup"

    def __init__(self, parent: Path, files: _CgroupFiles, limit_bytes: int, socket_bytes: int) -> None:
        sweep(parent)
        self.path = parent / f"{_PREFIX}{os.getpid()}-{next(_counter)}"
        self._events = self.path / files.events
        _in_use.add(self.path)
        try:
            self.path.mkdir()
            (self.path / files.limit).write_text(str(limit_bytes), encoding="ascii")
            swap, value = files.swap_limit
            with contextlib.suppress(OSError):  # Absent where the kernel does not count swap.
                (self.path / swap).write_text(value.format(limit=limit_bytes), encoding="ascii")
            self.counts_sockets = files.sockets is None or self._limit_sockets(files.sockets, socket_bytes)
            if files.as_group:
                (self.path / files.as_group).write_text("1", encoding="ascii")
            self._members = os.open(self.path / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC)
        except OSError:
            _in_use.discard(self.path)
            self.remove()
            raise

    def _limit_sockets(self, name: str, limit: int) -> bool:
        try:
            # Before anybody is in: the kernel counts only sockets that were made under a limit.
            (self.path / name).write_text(str(limit), encoding="ascii")
        except OSError:
            return False
        return True

    def enter(self) -> None:
        os.write(self._members, b"0")  # cgroups(7): 0 is the writing process itself.

    def exceeded(self, who: Callable[[], list[psutil.Process]], files_bytes: int) -> bool:
        return self.struck()

    def struck(self) -> bool:
        words = self._events.read_text(encoding="ascii").split()
        return int(words[words.index("oom_kill") + 1]) > 0 if "oom_kill" in words else False

    async def close(self) -> None:
        self._let_go()
        for _ in range(100):
            if self.remove():
                return
            await asyncio.sleep(0.01)  # The kernel is still taking the last process apart; there is no event for it.

    def discard(self) -> None:
        """As `close`, outside an event loop."""
        self._let_go()
        deadline = time.monotonic() + 1
        while not self.remove() and time.monotonic() < deadline:
            time.sleep(0.002)

    def remove(self) -> bool:
        """Remove the cgroup; False while a process is still in it."""
        return _removed(self.path)

    def _let_go(self) -> None:
        # From here on it is anybody's to sweep, should removing it be cancelled or take the kernel too long.
        os.close(self._members)
        _in_use.discard(self.path)

    def accepts_members(self) -> bool:
        """Whether a process can be moved in: with cgroup v2 that is a permission of its own."""
        child = os.fork()
        if child == 0:
            try:
                self.enter()
                os._exit(0)
            except BaseException:
                os._exit(1)
        return os.waitpid(child, 0)[1] == 0


def sweep(parent: Path) -> None:
    """Remove the cgroups below `parent` that an ended platform, or a run of this one, could not remove in time."""
    for path in parent.glob(f"{_PREFIX}*"):
        owner = path.name.removeprefix(_PREFIX).split("-")[0]
        is_ours = owner == str(os.getpid())
        if path not in _in_use and (is_ours or not (owner.isdigit() and psutil.pid_exists(int(owner)))):
            _removed(path)


def _removed(path: Path) -> bool:
    try:
        path.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


class Watchdog:
    """Adds up what a run holds when asked."""

    kind, counts_sockets = "watchdog", False

    def __init__(self, limit_bytes: int, *, counts_pairs: bool = False) -> None:
        self._limit, self._counts_pairs = limit_bytes, counts_pairs
        self._struck = False

    def enter(self) -> None:
        """Nothing to enter."""

    def exceeded(self, who: Callable[[], list[psutil.Process]], files_bytes: int) -> bool:
        processes = who()
        left = self._limit - files_bytes - nameless_bytes(processes)
        if self._counts_pairs:
            left -= socket_bytes(processes)
        # The exact sum is read only where the upper bound, ten times as cheap, does not do.
        if sum(map(resident_bytes, processes)) > left and sum(map(proportional_bytes, processes)) > left:
            self._struck = True
        return self._struck

    def struck(self) -> bool:
        return self._struck

    async def close(self) -> None:
        """Nothing to close."""

    def discard(self) -> None:
        """Nothing to discard."""


def guard_maker(limit_bytes: int, *, sockets: int | None = None) -> Callable[[], MemoryGuard]:
    """What makes a guard for each run: cgroups where this process may make them (tried once), else watchdogs.

    `sockets` bounds what sockets hold where that is not part of the memory; without it, as much again.
    """
    for_sockets = limit_bytes if sockets is None else sockets
    for parent, files in _cgroup_homes():
        try:
            trial = Cgroup(parent, files, limit_bytes, for_sockets)
        except OSError:
            continue
        usable = trial.path.joinpath(files.events).exists() and trial.accepts_members()
        trial.discard()
        if usable:
            return lambda: Cgroup(parent, files, limit_bytes, for_sockets)
    return lambda: Watchdog(limit_bytes, counts_pairs=sockets is not None)


def _cgroup_homes() -> list[tuple[Path, _CgroupFiles]]:
    """Where a memory cgroup may be made: beside and below our own (cgroups(7), /proc/PID/cgroup)."""
    homes: list[tuple[Path, _CgroupFiles]] = []
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return homes
    for line in lines:
        number, controllers, path = line.split(":", 2)
        if "memory" in controllers.split(","):
            homes.append((Path("/sys/fs/cgroup/memory" + path), _V1))
        elif number == "0" and not controllers:
            own = Path("/sys/fs/cgroup" + path)
            # v2 lets a cgroup with processes have no limited children, so the place is usually the one above ours.
            homes += [(own, _V2), (own.parent, _V2)]
    return [(place, files) for place, files in homes if place.is_dir() and place.is_relative_to("/sys/fs/cgroup")]
