"""A filter of system calls for programs of others: what the layer does not cover, and what opens the kernel wider.

Behind namespaces, sockets of every family but Unix, IPv4, IPv6 and netlink are refused (a network namespace does not
hold AF_VSOCK, which reaches a virtual machine's host), or of netlink too, whose buffers count as nobody's memory, or
all but connected pairs where nothing bounds what sockets hold. Without namespaces only such pairs are left, and a
program cannot leave its session, so that one signal ends all of it. Refused everywhere: new namespaces, mounts,
tracing, BPF, io_uring, key rings, kernel modules, clocks, System V memory and message queues (they outlive their
processes, and no watchdog counts them), and typing into a terminal.

The filter lists what is refused, not what is allowed: it narrows the kernel's surface and does not close it.
Source: seccomp(2), linux/filter.h, linux/bpf_common.h.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
from collections.abc import Callable
from typing import Literal

from janus_platform.isolation.seccomp_numbers import MACHINES, Machine

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_KILL, _ERRNO, _ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
_NUMBER, _ARCHITECTURE = 0, 4  # offsets in struct seccomp_data; both machines are little-endian
_ARGUMENTS = (16, 24, 32)
_X32 = 0x40000000
_UNIX, _INET, _INET6, _NETLINK = 1, 2, 10, 16
_DATAGRAM_BIT = 0b10  # Set in SOCK_DGRAM and SOCK_RAW, not in SOCK_STREAM and SOCK_SEQPACKET.
_NEW_NAMESPACES = 0x7E020000  # every CLONE_NEW* flag that fits into clone(2)
_TERMINAL_INPUT = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX: ioctl_tty(2), ioctl_console(2)
_PR_SET_SECCOMP, _MODE_FILTER = 22, 2  # prctl(2)

Sockets = Literal["network", "loopback", "pairs"]
_FAMILIES = {"network": (_UNIX, _INET, _INET6, _NETLINK), "loopback": (_UNIX, _INET, _INET6)}
_Step = tuple[int, int, int, int]  # code, jump if true, jump if false, operand


def filter_program(
    machine: str | None = None, *, namespaces: bool = True, sockets: Sockets = "network", keeps_cores: bool = False
) -> bytes | None:
    """The filter for a machine (default: this one), an array of struct sock_filter; None where none is known.

    `namespaces` says whether the program has namespaces of its own around it (without them it has `pairs` only),
    `sockets` which it may make, `keeps_cores` whether it has to stay on the cores that it was given.
    """
    known = MACHINES.get(machine or platform.machine())
    if known is None:
        return None
    steps = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        *_when(_EQUAL, known.audit, [], otherwise=_KILL),
        (_LOAD, 0, 0, _NUMBER),
        *_when(_AT_LEAST, _X32, _give(errno.ENOSYS)),
        *_when(_EQUAL, known.clone, _refused_if(_ANY_BIT, (_NEW_NAMESPACES,))),
        *_when(_EQUAL, known.ioctl, _refused_if(_EQUAL, _TERMINAL_INPUT, argument=1)),
        *_sockets(known, sockets if namespaces else "pairs"),
        *([] if namespaces else _one_session(known)),
    ]
    for number in known.absent.values():
        steps += _when(_EQUAL, number, _give(errno.ENOSYS))
    for number in (*known.refused.values(), *((known.affinity,) if keeps_cores else ())):
        steps += _when(_EQUAL, number, _give(errno.EPERM))
    steps.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("<HBBI", *step) for step in steps)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def filter_enforcer(program: bytes) -> Callable[[], None]:
    """What puts a filter on the calling process, which has no-new-privileges; it neither imports nor locks."""
    described = _Program(len(program) // 8, program)
    reference, prctl = ctypes.byref(described), ctypes.CDLL(None, use_errno=True).prctl

    def enforce() -> None:
        if prctl(_PR_SET_SECCOMP, _MODE_FILTER, reference, 0, 0):
            raise OSError("the filter of system calls could not be put on")

    return enforce


def _sockets(known: Machine, which: Sockets) -> list[_Step]:
    if which != "pairs":
        return _when(_EQUAL, known.socket, _allowed_families(*_FAMILIES[which]))
    # A datagram socket of a pair could still be turned to another's address.
    pair = _refused_if(_ANY_BIT, (_DATAGRAM_BIT,), argument=1)
    return [*_when(_EQUAL, known.socket, _give(errno.EACCES)), *_when(_EQUAL, known.socketpair, pair)]


def _one_session(known: Machine) -> list[_Step]:
    # Answered with success and without effect: a program that becomes a daemon goes on, and is ended with the rest.
    return [step for number in known.session.values() for step in _when(_EQUAL, number, _give(0))]


def _when(test: int, operand: int, then: list[_Step], *, otherwise: int | None = None) -> list[_Step]:
    """`then` where the loaded value passes the test; else what follows, or the verdict `otherwise`."""
    if otherwise is not None:
        return [(test, 1, 0, operand), (_RETURN, 0, 0, otherwise)]
    return [(test, 0, len(then), operand), *then]


def _give(number: int) -> list[_Step]:
    return [(_RETURN, 0, 0, _ERRNO | number)]


def _allowed_families(*families: int) -> list[_Step]:
    allowed = [step for family in families for step in _when(_EQUAL, family, [(_RETURN, 0, 0, _ALLOW)])]
    return [(_LOAD, 0, 0, _ARGUMENTS[0]), *allowed, *_give(errno.EAFNOSUPPORT)]


def _refused_if(test: int, operands: tuple[int, ...], *, argument: int = 0) -> list[_Step]:
    refused = [step for operand in operands for step in _when(test, operand, _give(errno.EPERM))]
    return [(_LOAD, 0, 0, _ARGUMENTS[argument]), *refused, (_RETURN, 0, 0, _ALLOW)]
