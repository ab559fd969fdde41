"""The node's watch over what an implementation uses: whoever takes too much is ended, before others feel it.

The kernel enforces the memory limit where a cgroup can be made; else, as with the number of processes, the tree is
added up four times a second. Between two looks each process is bounded by RLIMIT_DATA, and their number by
RLIMIT_NPROC.
"""

from __future__ import annotations

import asyncio
import contextlib
import os

import psutil

from janus_platform.clock import Clock
from janus_platform.isolation.memory import MemoryGuard
from janus_platform.isolation.process_tree import members, tasks_of
from janus_platform.node.limits import Limits

LOOK_EVERY_SECONDS = 0.25
_IN_MEMORY = ("/tmp", "/dev/shm")
_ENTRY_BYTES = 1_024  # what the kernel takes for a file's inode and name, about


async def until_over_limits(guard: MemoryGuard, limits: Limits, pid: int, clock: Clock) -> str:
    """Return, with the reason, once the tree below `pid` has more than `limits` allow."""
    while True:
        await clock.sleep(LOOK_EVERY_SECONDS)
        if reason := await asyncio.to_thread(_over_limits, guard, limits, pid):
            return reason


def _over_limits(guard: MemoryGuard, limits: Limits, pid: int) -> str | None:
    processes = members(pid, at_most=limits.processes)
    # At the number itself no further process can be made. Counted first: it is what grows fastest.
    if tasks_of(processes) >= limits.processes:
        return f"{limits.processes} processes and threads"
    if guard.exceeded(lambda: processes, _files_bytes(processes)):
        return f"over its {limits.memory_bytes / 1e9:g} GB of memory"
    return None


def _files_bytes(processes: list[psutil.Process]) -> int:
    """What the private file systems of the tree's youngest process hold in memory; 0 where it has none."""
    total = 0
    for path in _IN_MEMORY if processes else ():
        with contextlib.suppress(OSError):
            inside = f"/proc/{processes[-1].pid}/root{path}"
            if os.stat(inside).st_dev != os.stat(path).st_dev:
                filesystem = os.statvfs(inside)
                total += (filesystem.f_blocks - filesystem.f_bfree) * filesystem.f_frsize
                total += (filesystem.f_files - filesystem.f_ffree) * _ENTRY_BYTES
    return total
