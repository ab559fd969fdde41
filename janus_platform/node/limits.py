"""How much an implementation may use: the contract's memory and cores where this machine has them, else what it has.

Memory and processes are counted over its whole tree by a guard (isolation/memory.py) and by the node's watch;
RLIMIT_DATA and RLIMIT_NPROC bound each process and the uid between two looks. Cores are an affinity, which the filter
of system calls keeps the program from changing; two implementations with fewer cores than the machine has get different
ones where they can. What this does not do: share a core fairly, or bound what reads and writes a disk.
Source: setrlimit(2), sched_setaffinity(2).
"""

from __future__ import annotations

import itertools
import os
import resource
import shutil
from collections.abc import Callable
from dataclasses import dataclass

import psutil

from janus_platform.contract import Contract
from janus_platform.isolation.process_tree import threads_of_this_user

_turns = itertools.count()


@dataclass(frozen=True)
class Limits:
    """Bytes of memory and of /tmp, how many cores and processes; `less` says what this machine has not."""

    memory_bytes: int
    disk_bytes: int
    cores: int
    processes: int
    less: tuple[str, ...] = ()

    @classmethod
    def here(cls, contract: Contract, *, machine_bytes: int | None = None, machine_cores: int | None = None) -> Limits:
        """The limits on this machine, or on one of that size."""
        wanted, rules = contract.implementation, contract.node
        spare = int((machine_bytes or psutil.virtual_memory().total) * rules.memory_share)
        cores = machine_cores or len(_own_cores())
        memory = min(wanted.memory_bytes, spare)
        disk = min(wanted.disk_bytes, memory // 2)  # /tmp lies in memory.
        less = []
        if memory < wanted.memory_bytes:
            less.append(
                f"memory: {_gb(memory)}, not {_gb(wanted.memory_bytes)}: more would take up all of this machine's"
            )
        if cores < wanted.cores:
            less.append(f"cores: {cores}, not {wanted.cores}: this machine has no more")
        if disk < wanted.disk_bytes:
            less.append(f"disk: {_gb(disk)}, not {_gb(wanted.disk_bytes)}: /tmp lies in memory")
        return cls(memory, disk, min(wanted.cores, cores), rules.max_processes, tuple(less))

    def plain(self) -> dict[str, object]:
        """The limits as JSON data, for status."""
        return {**vars(self), "less": list(self.less)}

    def prlimit_command(self) -> list[str]:
        """The head of a command line that sets the limits inside a user namespace, which counts processes anew.

        RLIMIT_AS is left alone: Node and Go reserve far more address space than they use.
        """
        values = {"data": self.memory_bytes, "nproc": self.processes, "core": 0}
        prlimit = shutil.which("prlimit") or "prlimit"
        return [prlimit, *(f"--{name}={value}:{value}" for name, value in values.items()), "--"]

    def setter(self, *, rlimits: bool) -> Callable[[], None]:
        """What sets the cores, and each process's resource limits if wanted, between fork and exec.

        RLIMIT_NPROC counts all that the uid runs, so what is running now comes on top; root it does not bound at all.
        """
        chosen = self._cores()
        values = {resource.RLIMIT_DATA: self.memory_bytes, resource.RLIMIT_CORE: 0} if rlimits else {}
        if rlimits and os.geteuid() != 0:
            values[resource.RLIMIT_NPROC] = self.processes + threads_of_this_user()

        def set_limits() -> None:
            if chosen:
                os.sched_setaffinity(0, chosen)
            for which, value in values.items():
                hard = resource.getrlimit(which)[1]
                value = value if hard == resource.RLIM_INFINITY else min(value, hard)
                resource.setrlimit(which, (value, value))

        return set_limits

    def _cores(self) -> set[int]:
        own = sorted(_own_cores())
        if self.cores >= len(own) or not hasattr(os, "sched_setaffinity"):
            return set()
        first = next(_turns) * self.cores
        return {own[(first + offset) % len(own)] for offset in range(self.cores)}


def _own_cores() -> set[int]:
    if hasattr(os, "sched_getaffinity"):
        return set(os.sched_getaffinity(0))
    return set(range(os.cpu_count() or 1))  # macOS


def _gb(size: int) -> str:
    return f"{size / 1e9:g} GB" if size % 1_000_000_000 == 0 else f"{size / 1e9:.1f} GB"
