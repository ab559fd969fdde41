"""A filter of system calls for sandboxed programs: what a namespace does not cover, and what opens the kernel wider.

Refused are sockets of every family but Unix, IPv4, IPv6 and netlink (a network namespace does not hold AF_VSOCK, which
reaches a virtual machine's host), new namespaces, mounts, tracing, BPF, io_uring, key rings and kernel modules. The
filter lists what is refused, not what is allowed: it narrows the kernel's surface and does not close it.
Source: seccomp(2), linux/filter.h, linux/bpf_common.h; numbers from the kernel's system call tables.
"""

from __future__ import annotations

import errno
import platform
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_KILL, _ERRNO, _ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data; both machines are little-endian
_X32 = 0x40000000
_FAMILIES = (1, 2, 10, 16)  # AF_UNIX, AF_INET, AF_INET6, AF_NETLINK
_NEW_NAMESPACES = 0x7E020000  # every CLONE_NEW* flag that fits into clone(2)


@dataclass(frozen=True)
class _Machine:
    audit: int
    socket: int
    clone: int
    refused: Mapping[str, int]
    # Its flags lie in memory, where a filter cannot look; the C library falls back to clone(2) on ENOSYS.
    absent: Mapping[str, int] = field(default_factory=lambda: {"clone3": 435, "io_uring_setup": 425})


_COMMON = {"open_tree": 428, "move_mount": 429, "fsopen": 430, "mount_setattr": 442}
_MACHINES = {
    "x86_64": _Machine(
        0xC000003E,
        41,
        56,
        _COMMON
        | {"ptrace": 101, "pivot_root": 155, "chroot": 161, "mount": 165, "umount2": 166, "init_module": 175}
        | {"kexec_load": 246, "add_key": 248, "request_key": 249, "keyctl": 250, "unshare": 272}
        | {"perf_event_open": 298, "open_by_handle_at": 304, "setns": 308, "process_vm_readv": 310}
        | {"process_vm_writev": 311, "finit_module": 313, "kexec_file_load": 320, "bpf": 321, "userfaultfd": 323},
    ),
    "aarch64": _Machine(
        0xC00000B7,
        198,
        220,
        _COMMON
        | {"umount2": 39, "mount": 40, "pivot_root": 41, "chroot": 51, "unshare": 97, "kexec_load": 104}
        | {"init_module": 105, "ptrace": 117, "add_key": 217, "request_key": 218, "keyctl": 219}
        | {"perf_event_open": 241, "open_by_handle_at": 265, "setns": 268, "process_vm_readv": 270}
        | {"process_vm_writev": 271, "finit_module": 273, "bpf": 280, "userfaultfd": 282, "kexec_file_load": 294},
    ),
}


def filter_program(machine: str | None = None) -> bytes | None:
    """The filter for a machine (default: this one), an array of struct sock_filter; None where none is known."""
    known = _MACHINES.get(machine or platform.machine())
    if known is None:
        return None
    steps = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        *_when(_EQUAL, known.audit, [], otherwise=_KILL),
        (_LOAD, 0, 0, _NUMBER),
        *_when(_AT_LEAST, _X32, _give(errno.ENOSYS)),
        *_when(_EQUAL, known.socket, _families()),
        *_when(_EQUAL, known.clone, _namespaces()),
    ]
    for number in known.absent.values():
        steps += _when(_EQUAL, number, _give(errno.ENOSYS))
    for number in known.refused.values():
        steps += _when(_EQUAL, number, _give(errno.EPERM))
    steps.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("<HBBI", *step) for step in steps)


_Step = tuple[int, int, int, int]  # code, jump if true, jump if false, operand


def _when(test: int, operand: int, then: list[_Step], *, otherwise: int | None = None) -> list[_Step]:
    """`then` where the loaded value passes the test; else what follows, or the verdict `otherwise`."""
    if otherwise is not None:
        return [(test, 1, 0, operand), (_RETURN, 0, 0, otherwise)]
    return [(test, 0, len(then), operand), *then]


def _give(number: int) -> list[_Step]:
    return [(_RETURN, 0, 0, _ERRNO | number)]


def _families() -> list[_Step]:
    allowed = [step for family in _FAMILIES for step in _when(_EQUAL, family, [(_RETURN, 0, 0, _ALLOW)])]
    return [(_LOAD, 0, 0, _FIRST_ARGUMENT), *allowed, *_give(errno.EAFNOSUPPORT)]


def _namespaces() -> list[_Step]:
    refused = _when(_ANY_BIT, _NEW_NAMESPACES, _give(errno.EPERM))
    return [(_LOAD, 0, 0, _FIRST_ARGUMENT), *refused, (_RETURN, 0, 0, _ALLOW)]
