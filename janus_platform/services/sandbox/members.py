"""Who belongs to a run, seen from outside, and what they hold that neither their memory nor their files show.

Behind namespaces everything of a run stays below its first process. Without them a daemon leaves the tree, and is found
again by the uid that the run has for itself, or by the session that the filter of system calls does not let it leave.
"""

from __future__ import annotations

import contextlib
import os
import stat

import psutil


def members(root: int, *, uid: int | None = None, session: int | None = None) -> list[psutil.Process]:
    """The process `root` and all below it; also every process of the user `uid`, and of the session `session`."""
    found: dict[int, psutil.Process] = {}
    with contextlib.suppress(psutil.Error):
        first = psutil.Process(root)
        found = {process.pid: process for process in (first, *first.children(recursive=True))}
    if uid is not None or session is not None:
        for process in psutil.process_iter():
            if process.pid not in found and _belongs(process, uid, session):
                found[process.pid] = process
    return list(found.values())


def proportional_bytes(process: psutil.Process) -> int:
    """Memory that a process holds, each shared page divided by the number of its users (proc(5), smaps_rollup)."""
    try:
        return int(process.memory_full_info().pss)
    except (psutil.Error, AttributeError):
        pass
    try:
        return int(process.memory_info().rss)  # macOS has no proportional set size.
    except psutil.Error:
        return 0


def nameless_bytes(processes: list[psutil.Process]) -> int:
    """What open files without a name take: memory files that are not mapped, and files deleted while open.

    A memory file that is mapped as well counts twice, here and in its process. 0 where there is no /proc.
    """
    sizes: dict[tuple[int, int], int] = {}
    for process in processes:
        folder = f"/proc/{process.pid}/fd"
        with contextlib.suppress(OSError):
            for name in os.listdir(folder):
                with contextlib.suppress(OSError):
                    found = os.stat(f"{folder}/{name}")
                    if stat.S_ISREG(found.st_mode) and found.st_nlink == 0:
                        sizes[found.st_dev, found.st_ino] = found.st_blocks * 512
    return sum(sizes.values())


def _belongs(process: psutil.Process, uid: int | None, session: int | None) -> bool:
    try:
        if uid is not None and uid in process.uids():
            return True
        return session is not None and os.getsid(process.pid) == session
    except (psutil.Error, OSError):
        return False
