"""Landlock: a process gives up the files, and on newer kernels the signals, that it was not granted, for good.

No namespace and no privilege is needed, so it works in containers where bubblewrap does not. What it does not do: hide
that a file exists (stat), keep modes and times of files from being changed by their owner, hold a Unix socket's path,
or bound anything. Sockets and sessions are left to the filter of system calls.
Source: landlock(7), linux/landlock.h; the system calls' numbers are the same on x86-64 and aarch64.
"""

from __future__ import annotations

import ctypes
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION, _PATH_BENEATH = 1, 1
_PR_SET_NO_NEW_PRIVS = 38  # prctl(2)
_MACHINES = ("x86_64", "aarch64")
_PROBE_SECONDS = 10

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE, _IOCTL_DEV = 1 << 14, 1 << 15
_FOR_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_DEVICE = _READ_FILE | _WRITE_FILE | _IOCTL_DEV
# The highest right on files that each version of the interface knows (bits count from 0).
_RIGHTS_BY_ABI = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_NETWORK_ABI, _BIND_AND_CONNECT_TCP = 4, 0b11
SCOPE_ABI = 6  # From here on signals and abstract Unix sockets end at the domain's border.
_SCOPES = 0b11


class _RulesetAttributes(ctypes.Structure):
    _fields_ = (("handled_fs", ctypes.c_uint64), ("handled_net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


@dataclass(frozen=True)
class Grants:
    """What stays open: trees to read and run, trees to do everything in, and devices to read and write.

    Paths that are not there are passed over.
    """

    readable: tuple[Path, ...] = ()
    writable: tuple[Path, ...] = ()
    devices: tuple[Path, ...] = field(
        default=tuple(Path("/dev", n) for n in ("null", "zero", "full", "random", "urandom"))
    )


@cache
def abi_version() -> int:
    """The version of the kernel's interface; 0 where there is none, or this machine's numbers are not known."""
    if not sys.platform.startswith("linux") or platform.machine() not in _MACHINES:
        return 0
    return max(0, int(_libc().syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION)))


class Ruleset:
    """Rules made in this process, for a child to put on itself between fork and exec.

    Raises OSError when the kernel refuses, or has no Landlock.
    """

    def __init__(self, grants: Grants, *, abi: int | None = None) -> None:
        self._abi = abi_version() if abi is None else abi
        if self._abi < 1:
            raise OSError("this kernel has no Landlock")
        attributes, size = attributes_for(self._abi)
        self._descriptor = _checked(_libc().syscall(_CREATE_RULESET, ctypes.byref(attributes), size, 0))
        try:
            self._grant(grants.readable, _READ)
            self._grant(grants.writable, attributes.handled_fs)
            self._grant(grants.devices, _DEVICE & attributes.handled_fs)
        except BaseException:
            self.close()
            raise

    def enforcer(self) -> Callable[[], None]:
        """What puts the rules on the calling process, with no-new-privileges; it neither imports nor locks."""
        libc, descriptor = _libc(), ctypes.c_int(self._descriptor)
        prctl, syscall = libc.prctl, libc.syscall

        def enforce() -> None:
            if prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or syscall(_RESTRICT_SELF, descriptor, 0):
                raise OSError("Landlock could not be put on")

        return enforce

    def close(self) -> None:
        """Let the rules go; processes that put them on keep them."""
        os.close(self._descriptor)

    def _grant(self, paths: Iterable[Path], rights: int) -> None:
        for path in paths:
            try:
                parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
            except FileNotFoundError:
                continue
            try:
                allowed = rights if path.is_dir() else rights & _FOR_FILES
                rule = _PathBeneath(allowed, parent)
                _checked(_libc().syscall(_ADD_RULE, self._descriptor, _PATH_BENEATH, ctypes.byref(rule), 0))
            finally:
                os.close(parent)


def attributes_for(abi: int) -> tuple[_RulesetAttributes, int]:
    """Everything that this version can refuse, and the size in bytes that its kernels accept for saying so."""
    rights = _RIGHTS_BY_ABI.get(abi, _RIGHTS_BY_ABI[max(_RIGHTS_BY_ABI)])
    attributes = _RulesetAttributes(
        (1 << rights) - 1,
        _BIND_AND_CONNECT_TCP if abi >= _NETWORK_ABI else 0,
        _SCOPES if abi >= SCOPE_ABI else 0,
    )
    if abi >= SCOPE_ABI:
        return attributes, 24
    return attributes, 16 if abi >= _NETWORK_ABI else 8


def why_not() -> str | None:
    """Why Landlock cannot be used here, found by trying it (about 5 ms); None when it works."""
    if abi_version() < 1:
        return "Landlock: this kernel has none (it needs Linux 5.13 or newer, with landlock in the list of its lsm=)"
    system = tuple(Path("/", name) for name in ("usr", "bin", "lib", "lib64"))
    command = ["/bin/sh", "-c", "read -r line < /proc/self/status && exit 9; exit 0"]
    try:
        ruleset = Ruleset(Grants(readable=system))
        try:
            done = subprocess.run(
                command, env={}, capture_output=True, timeout=_PROBE_SECONDS, check=False, preexec_fn=ruleset.enforcer()
            )
        finally:
            ruleset.close()
    except (OSError, subprocess.SubprocessError) as error:
        return f"Landlock: {error}"
    return None if done.returncode == 0 else "Landlock: the kernel accepts the rules and does not keep them"


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"Landlock: {os.strerror(number)}")
    return result
