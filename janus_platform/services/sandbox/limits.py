"""The bounds of one run, and the two ways to set those that the kernel counts per process."""

from __future__ import annotations

import resource
import shutil
from collections.abc import Callable
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class Limits:
    """Bounds of one run, in bytes where not said otherwise; `memory` is the contract's, for the whole tree."""

    memory: int
    processes: int = 64  # Threads count as well (setrlimit(2), RLIMIT_NPROC).
    file: int = 64_000_000
    files: int = 128_000_000  # all of a run's files, where they lie in a tmpfs
    shared: int = 32_000_000  # each of /tmp and /dev/shm, which a cgroup counts as memory and a watchdog does not see
    output: int = 1_000_000  # of each stream, kept
    flood: int = 32_000_000  # A program that says more than this is ended; up to here it may finish unheard.
    artifacts: int = 16  # how many
    artifact_bytes: int = 8_000_000  # all of them together

    def prlimit_command(self) -> list[str]:
        """The head of a command line that sets the limits, for use inside a user namespace, which counts anew.

        RLIMIT_AS is left alone: Node and Go reserve far more address space than they use.
        """
        prlimit = shutil.which("prlimit") or "prlimit"
        bounds = {"data": self.memory, "nproc": self.processes, "fsize": self.file, "core": 0}
        return [prlimit, *(f"--{name}={value}:{value}" for name, value in bounds.items()), "--"]

    def setter(self, *, own_uid: bool) -> Callable[[], None]:
        """What sets the limits between fork and exec, where there is no namespace and perhaps no prlimit(1).

        RLIMIT_NPROC counts all that the uid runs, so a shared uid gets what is running now on top.
        """
        running = 0 if own_uid else _threads_of_this_user()
        bounds = [
            (resource.RLIMIT_DATA, self.memory),
            (resource.RLIMIT_NPROC, self.processes + running),
            (resource.RLIMIT_FSIZE, self.file),
            (resource.RLIMIT_CORE, 0),
        ]

        def set_limits() -> None:
            for which, value in bounds:
                hard = resource.getrlimit(which)[1]
                value = value if hard == resource.RLIM_INFINITY else min(value, hard)
                resource.setrlimit(which, (value, value))

        return set_limits


def _threads_of_this_user() -> int:
    me = psutil.Process().uids().real
    processes = psutil.process_iter(["uids", "num_threads"])
    return sum(p.info["num_threads"] or 0 for p in processes if p.info["uids"] and p.info["uids"].real == me)
