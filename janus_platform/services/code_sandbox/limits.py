"""The bounds of one run, and the two ways to set those that the kernel counts per process."""

from __future__ import annotations

import resource
import shutil
from collections.abc import Callable
from dataclasses import dataclass

from janus_platform.contract import CodeSandboxService
from janus_platform.isolation.process_tree import threads_of_this_user


@dataclass(frozen=True)
class Limits:
    """Bounds of one run, in bytes where not said otherwise; `memory` is for the whole tree."""

    memory: int
    processes: int  # Threads count as well (setrlimit(2), RLIMIT_NPROC).
    file: int
    disk: int  # all of a run's files
    entries: int  # how many files and folders
    sockets: int  # what its sockets hold, where that is not part of the memory
    descriptors: int  # of each process: what is on its way through a socket is seen by nobody, and bounded by this
    shared: int  # each of /tmp and /dev/shm, where they are the run's own
    output: int  # of each stream, kept
    flood: int  # A program that says more than this is ended; up to here it may finish unheard.
    returned: int  # how many files are handed back
    returned_bytes: int  # all of them together

    @classmethod
    def of(cls, service: CodeSandboxService) -> Limits:
        """The bounds that the contract has for the code sandbox."""
        bounds, memory = service.bounds, service.max_memory_bytes
        return cls(
            memory=memory,
            processes=bounds.processes,
            file=bounds.file_bytes,
            disk=bounds.disk_bytes,
            entries=bounds.entries,
            sockets=bounds.socket_bytes,
            descriptors=bounds.descriptors,
            shared=bounds.shared_bytes,
            output=bounds.stream_bytes,
            flood=bounds.flood_bytes,
            returned=bounds.returned_files,
            returned_bytes=bounds.returned_bytes,
        )

    def prlimit_command(self) -> list[str]:
        """The head of a command line that sets the limits, for use inside a user namespace, which counts anew.

        RLIMIT_AS is left alone: Node and Go reserve far more address space than they use.
        """
        prlimit = shutil.which("prlimit") or "prlimit"
        bounds = {"data": self.memory, "nproc": self.processes, "fsize": self.file, "core": 0}
        bounds["nofile"] = self.descriptors
        return [prlimit, *(f"--{name}={value}:{value}" for name, value in bounds.items()), "--"]

    def setter(self, *, own_uid: bool) -> Callable[[], None]:
        """What sets the limits between fork and exec, where there is no namespace and perhaps no prlimit(1).

        RLIMIT_NPROC counts all that the uid runs, so a shared uid gets what is running now on top.
        """
        running = 0 if own_uid else threads_of_this_user()
        bounds = [
            (resource.RLIMIT_DATA, self.memory),
            (resource.RLIMIT_NPROC, self.processes + running),
            (resource.RLIMIT_FSIZE, self.file),
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_NOFILE, self.descriptors),
        ]

        def set_limits() -> None:
            for which, value in bounds:
                hard = resource.getrlimit(which)[1]
                value = value if hard == resource.RLIM_INFINITY else min(value, hard)
                resource.setrlimit(which, (value, value))

        return set_limits
