"""What a process tree uses: CPU seconds and memory, read from the kernel's accounts through psutil."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class Usage:
    """CPU seconds so far, memory in bytes, and how many processes."""

    cpu_seconds: float = 0.0
    memory_bytes: int = 0
    processes: int = 0


def usage_of(pids: Iterable[int]) -> Usage:
    """The trees below `pids`, themselves included; what ends meanwhile counts nothing.

    Memory is the proportional set size where the kernel tells it (shared pages are divided among their users), else the
    resident set size.
    """
    usage = Usage()
    for pid in pids:
        try:
            root = psutil.Process(pid)
            tree = [root, *root.children(recursive=True)]
        except psutil.Error:
            continue
        for process in tree:
            usage = _with(usage, process)
    return usage


def _with(sums: Usage, process: psutil.Process) -> Usage:
    try:
        with process.oneshot():
            times = process.cpu_times()
            memory = _memory(process)
    except psutil.Error:
        return sums
    cpu = times.user + times.system
    return Usage(sums.cpu_seconds + cpu, sums.memory_bytes + memory, sums.processes + 1)


def _memory(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except (psutil.AccessDenied, AttributeError):  # Not ours, or not Linux.
        return int(process.memory_info().rss)
