"""The guarantees that each layer gives a caller, in words that a program can compare; a notebook asserts these.

A guarantee that a layer does not give is not left out: its value says how things stand instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from janus_platform.isolation.landlock import SCOPE_ABI
from janus_platform.isolation.layers import Isolation
from janus_platform.isolation.seccomp import filter_program

# Every guarantee, and what each of its values means, the strongest first.
MEANINGS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "network": {"none": "no socket reaches anything outside the run", "host": "the host's network"},
        "sockets": {
            "bounded": "a loopback and Unix sockets of its own; the kernel bounds what they hold",
            "pairs": "connected pairs only, because nothing would bound what others hold",
            "unbounded": "nothing bounds what they hold",
        },
        "host_files": {
            "hidden": "only the system's directories and the toolchain exist, read-only",
            "closed": "others cannot be read, written or made; whether they exist can be seen",
            "user": "all that the program's user may read and write",
        },
        "other_runs": {
            "hidden": "their files and processes do not exist",
            "closed": "their files cannot be opened, nor their processes signalled or looked into",
            "open": "files and processes of runs under the same user are within reach",
        },
        "processes": {
            "hidden": "no process outside the run exists",
            "closed": "others cannot be signalled, traced or read; that they exist can be seen",
            "visible": "others can be seen, and those of the same user signalled",
        },
        "leftovers": {"none": "every process ends with the run", "tree": "what leaves the process tree may live on"},
        "memory": {"tree": "512 MB hold for all of a run's processes, their shared memory and files in memory"},
        "memory_guard": {
            "cgroup": "the kernel enforces the memory limit",
            "watchdog": "the memory is added up ten times a second; each single process is bounded by the kernel",
        },
        "disk": {
            "capped": "the kernel caps the size of the run's file systems",
            "watched": "the sizes are added up ten times a second; each file is bounded by the kernel",
        },
        "system_calls": {"filtered": "the kernel's dangerous calls are refused", "all": "no call is refused"},
        "user": {
            "own": "a user of its own, without privileges",
            "mapped": "the platform's user, in a user namespace of its own",
            "shared": "the platform's user, without privileges",
        },
        "time": {"limited": "the run is ended when its time is up"},
        "environment": {"clean": "no variable of the platform's own environment"},
    }
)


def guarantees(isolation: Isolation, guard_kind: str, *, counts_sockets: bool | None = None) -> dict[str, str]:
    """What a run on this layer, under this memory guard, is guaranteed: a value for each name of MEANINGS.

    `counts_sockets` is that of the guard; by default a cgroup counts them and nothing else does.
    """
    counted = guard_kind == "cgroup" if counts_sockets is None else counts_sockets
    for_all = {"memory": "tree", "memory_guard": guard_kind, "time": "limited", "environment": "clean"}
    if isolation.layer == "bubblewrap":
        filtered = filter_program() is not None
        return {
            "network": "none",
            "sockets": "bounded" if counted else "pairs" if filtered else "unbounded",
            "host_files": "hidden",
            "other_runs": "hidden",
            "processes": "hidden",
            "leftovers": "none",
            "disk": "capped",
            "system_calls": "filtered" if filtered else "all",
            "user": "own" if isolation.own_uid else "mapped",
            **for_all,
        }
    if isolation.layer == "landlock":
        apart = isolation.own_uid or isolation.landlock_abi >= SCOPE_ABI
        return {
            "network": "none",
            "sockets": "pairs",
            "host_files": "closed",
            "other_runs": "closed" if apart else "open",
            "processes": "closed" if apart else "visible",
            "leftovers": "none",
            "disk": "watched",
            "system_calls": "filtered",
            "user": "own" if isolation.own_uid else "shared",
            **for_all,
        }
    return {
        "network": "host",
        "sockets": "bounded" if counted else "unbounded",
        "host_files": "user",
        "other_runs": "open",
        "processes": "visible",
        "leftovers": "tree",
        "disk": "watched",
        "system_calls": "all",
        # A root whose interpreter lies in a private home cannot give its uid up here.
        "user": "shared",
        **for_all,
    }


def meanings(given: Mapping[str, str]) -> dict[str, str]:
    """A sentence for each guarantee."""
    return {name: MEANINGS[name][value] for name, value in given.items()}
