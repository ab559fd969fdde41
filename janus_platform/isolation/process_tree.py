"""Who belongs to a run, seen from outside, and what they hold that neither their memory nor their files show.

Behind namespaces everything of a run stays below its first process. Without them a daemon leaves the tree, and is found
again by the uid that the run has for itself, or by the session that the filter of system calls does not let it leave.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import psutil


def members(
    root: int, *, uid: int | None = None, session: int | None = None, at_most: int | None = None
) -> list[psutil.Process]:
    """Every process of the user `uid` or, without one, of the session `session`; without either, `root`'s tree.

    A tree that grows as fast as it is looked through is looked through up to `at_most` processes.
    """
    if uid is None and session is None:
        pids = _tree(root, at_most)
    else:
        # psutil would read several files of every process there is, ten times a second.
        pids = [pid for pid in psutil.pids() if _belongs(pid, uid, session)]
    found = []
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            found.append(psutil.Process(pid))
    return found


def proportional_bytes(process: psutil.Process) -> int:
    """Memory that a process holds, each shared page divided by the number of its users (proc(5), smaps_rollup)."""
    try:
        return int(process.memory_full_info().pss)
    except (psutil.Error, AttributeError):
        pass
    return resident_bytes(process)  # macOS has no proportional set size.


def resident_bytes(process: psutil.Process) -> int:
    """Memory that a process has mapped and present: never less than its proportional share, and cheaper to read."""
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def nameless_bytes(processes: list[psutil.Process], *, device: int | None = None) -> int:
    """What open files without a name take, of all devices or of one: memory files, and files deleted while open.

    A memory file that is mapped as well counts twice, here and in its process. 0 where there is no /proc.
    """
    sizes = {
        (found.st_dev, found.st_ino): found.st_blocks * 512
        for found in _open_files(processes)
        if stat.S_ISREG(found.st_mode) and found.st_nlink == 0 and device in (None, found.st_dev)
    }
    return sum(sizes.values())


def socket_bytes(processes: list[psutil.Process]) -> int:
    """What the open Unix sockets of the processes can hold at most: nothing says from outside what they do hold."""
    number = len({found.st_ino for found in _open_files(processes) if stat.S_ISSOCK(found.st_mode)})
    return number * _most_of_a_socket()


@cache
def _most_of_a_socket() -> int:
    # socket(7): the kernel doubles what SO_SNDBUF asks for, at most wmem_max.
    try:
        return 2 * int(Path("/proc/sys/net/core/wmem_max").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 2 * 212_992


def _open_files(processes: list[psutil.Process]) -> Iterator[os.stat_result]:
    for process in processes:
        folder = f"/proc/{process.pid}/fd"
        with contextlib.suppress(OSError):
            for name in os.listdir(folder):
                with contextlib.suppress(OSError):
                    yield os.stat(f"{folder}/{name}")


def threads_of_this_user() -> int:
    """How many threads run under our own uid, which is what RLIMIT_NPROC counts."""
    me = psutil.Process().uids().real
    processes = psutil.process_iter(["uids", "num_threads"])
    return sum(p.info["num_threads"] or 0 for p in processes if p.info["uids"] and p.info["uids"].real == me)


def tasks_of(processes: list[psutil.Process]) -> int:
    """How many threads the processes have together, main threads included."""
    count = 0
    for process in processes:
        with contextlib.suppress(psutil.Error):
            count += process.num_threads()
    return count


def _tree(root: int, at_most: int | None) -> list[int]:
    if Path(f"/proc/{root}/task/{root}/children").exists():
        found = [root]
        for pid in found:  # Grows while it is walked.
            found += _children(pid)
            if at_most is not None and len(found) >= at_most:
                break
        return found
    try:
        return [root, *(process.pid for process in psutil.Process(root).children(recursive=True))]
    except psutil.Error:
        return []


def _children(pid: int) -> list[int]:
    """Those of one process, without a look at every other on the machine (proc(5), task/TID/children)."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError):
                found += map(int, Path(f"/proc/{pid}/task/{task}/children").read_text(encoding="ascii").split())
    return found


def _belongs(pid: int, uid: int | None, session: int | None) -> bool:
    try:
        return os.getsid(pid) == session if uid is None else os.stat(f"/proc/{pid}").st_uid == uid
    except OSError:
        return False
