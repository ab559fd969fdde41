"""The sandbox of one implementation's process: the command line, the environment and the files that make it.

The environment is exactly: PATH, HOST, PORT, the implementation's name, its own key, the way to the egress proxy, and
PYTHONPATH where it has packages of its own.
Nothing of the platform's own environment is inherited. Nothing of the host's is writable from inside: the socket by
which the gateway comes in is made out here and handed in open, because one that the program made it could replace, by a
link to any socket that the gateway may open.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from janus_platform.contract import Contract
from janus_platform.gateway.remote_url import Address
from janus_platform.isolation.layers import Isolation, bwrap_command, readable_copy, with_hidden_options
from janus_platform.isolation.memory import MemoryGuard
from janus_platform.isolation.seccomp import filter_program
from janus_platform.isolation.uids import free_uid, release_uid
from janus_platform.node import forwarders
from janus_platform.node.limits import Limits
from janus_platform.node.packages.install import INSIDE as _PACKAGES_INSIDE
from janus_platform.node.programs import Program, find_program

LOOPBACK = forwarders.LOOPBACK
NAME_VARIABLE = "JANUS_IMPLEMENTATION"
_SYSTEM_PATH = ("/usr/local/bin", "/usr/bin", "/bin")
_INSIDE = "/janus"
_CODE_INSIDE = "/implementation"
_SHARED_MEMORY_BYTES = 64_000_000
_BACKLOG = 1_024


class EgressAccess(Protocol):
    """How an implementation reaches the egress proxy."""

    @property
    def socket_path(self) -> Path:
        """The proxy's Unix socket."""

    @property
    def tcp_port(self) -> int:
        """The proxy's loopback port, for implementations without a network namespace."""

    @property
    def ca_file(self) -> Path:
        """The local CA's certificate (PEM)."""

    def environment(self, caller: str, *, host: str, port: int) -> dict[str, str]:
        """The proxy, CA and key variables of `caller`, for a proxy that it reaches at `host:port`."""

    def refused(self, caller: str, since: float) -> list[str]:
        """Where the proxy did not let `caller` go since then, in seconds since the epoch."""


@dataclass(frozen=True)
class Launch:
    """One start: what to run, with exactly which environment, in which folder, and where it will listen.

    `before_exec` sets the limits between fork and exec, `pass_fds` stay open in the process and belong to this launch
    (`release`); bytes sent to `echo`, a Unix socket, come back through the forwarders alone.
    """

    argv: list[str]
    env: dict[str, str]
    cwd: Path
    base: Address
    guard: MemoryGuard
    before_exec: Callable[[], None]
    pass_fds: tuple[int, ...] = ()
    echo: Path | None = None

    def release(self) -> None:
        """Close what only the process should hold open from here on."""
        for descriptor in self.pass_fds:
            os.close(descriptor)


class Sandbox(ABC):
    """The sandbox of one implementation; `launch` may be called again after its process has ended."""

    layer: str
    _found: Program | None = None
    _guard_kind = "none before the first start"

    def __init__(
        self,
        name: str,
        folder: Path,
        command: tuple[str, ...],
        *,
        contract: Contract,
        egress: EgressAccess,
        isolation: Isolation,
        limits: Limits,
        guards: Callable[[], MemoryGuard],
        run_folder: Path,
        packages: Path | None = None,
    ) -> None:
        self.packages = packages
        self.name, self.folder, self.command, self.limits, self._guards = name, folder, command, limits, guards
        self._contract, self._egress, self._isolation, self._run_folder = contract, egress, isolation, run_folder

    @abstractmethod
    def launch(self) -> Launch:
        """Make what a start needs. Raises OSError when it cannot be had."""

    @abstractmethod
    def close(self) -> None:
        """Remove what `launch` made."""

    @abstractmethod
    def guarantees(self) -> dict[str, str]:
        """What holds around the implementation, a word for each of: namespaces, system_calls, user, code."""

    def describe(self) -> dict[str, object]:
        """What holds around it, and its limits, as plain data."""
        reasons = {"reasons": list(self._isolation.reasons), "bubblewrap": self._program()}
        return {**self.guarantees(), "memory_guard": self._guard_kind, **reasons, **self.limits.plain()}

    def evidence(self) -> str:
        """What holds around it in one line, for the evidence: the layer first, and why it is no better one."""
        holds = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in self.guarantees().items())
        reasons = "; ".join(self._isolation.reasons)
        program = f" {program}" if (program := self._program()) else ""
        return f"{self.layer}{program}: {holds}" + (f" ({reasons})" if reasons else "")

    def _program(self) -> str:
        """Which bubblewrap stands around it; "" where none does."""
        return ""

    def _guard(self) -> MemoryGuard:
        guard = self._guards()
        self._guard_kind = guard.kind
        return guard

    def secrets(self) -> list[str]:
        """The implementation's key and proxy password, which must appear in no log."""
        access = self._egress.environment(self.name, host=LOOPBACK, port=self._egress.tcp_port)
        passwords = {urlsplit(value).password for value in access.values() if "://" in value}
        return [access[self._contract.implementation.key_variable], *(p for p in passwords if p)]

    def look_up(self) -> Program:
        """The command with its program found anew: a registration outlives the interpreter that it was made with.

        Raises ProgramMissingError; blocks while a program is asked where it lies.
        """
        self._found = find_program(self.command, self.folder)
        return self._found

    @property
    def program(self) -> Program:
        """The command with its program, as it was last found."""
        return self._found or self.look_up()

    def _environment(self, *, port: int, egress_port: int, packages: str) -> dict[str, str]:
        """`packages` is where the implementation sees those of its own, which come before the platform's."""
        own = [str(Path(sys.executable).parent), *_SYSTEM_PATH]
        brought = {}
        if self.packages is not None:
            own.insert(0, f"{packages}/bin")
            brought = {"PYTHONPATH": packages}
        return {
            **brought,
            **self._egress.environment(self.name, host=LOOPBACK, port=egress_port),
            "PATH": os.pathsep.join(own),
            "HOST": LOOPBACK,
            "PORT": str(port),
            NAME_VARIABLE: self.name,
        }


class PlainProcess(Sandbox):
    """A process without namespaces, whose variables name the proxy, and whose use is limited all the same."""

    layer = "process"

    def launch(self) -> Launch:
        port = _free_port()
        env = self._environment(port=port, egress_port=self._egress.tcp_port, packages=str(self.packages))
        guard, set_limits = self._guard(), self.limits.setter(rlimits=True)

        def before_exec() -> None:
            guard.enter()
            set_limits()

        return Launch(list(self.program.command), env, self.folder, (LOOPBACK, port), guard, before_exec)

    def close(self) -> None:
        """A bare process leaves nothing but itself."""

    def guarantees(self) -> dict[str, str]:
        return {"namespaces": "none", "system_calls": "all", "user": "the platform's", "code": "writable"}


class BubblewrapSandbox(Sandbox):
    """Namespaces of its own: read-only files, private /tmp, unprivileged uid, and one way out (see forwarders.py)."""

    layer = "bubblewrap"
    _files: Path | None = None
    _uid: int | None = None
    _starts = 0

    def launch(self) -> Launch:
        program = self.program
        if self._files is None:
            self._files = self._make_files()
        self._starts += 1
        port = self._contract.gateway.port
        # The namespace's ports are its own; the number only has to differ from the implementation's.
        egress_port = self._egress.tcp_port if self._egress.tcp_port != port else port + 1
        env = self._environment(port=port, egress_port=egress_port, packages=_PACKAGES_INSIDE)
        ca_file = str(self._egress.ca_file)
        env = {name: f"{_INSIDE}/ca.pem" if value == ca_file else value for name, value in env.items()}
        # A name of its own for each start: who still holds the one before must not reach the one after.
        entrance, echo = (self._files / f"{name}{self._starts}" for name in ("gateway", "echo"))
        with contextlib.ExitStack() as on_failure:
            fds = [_listening(entrance)]
            on_failure.callback(lambda: list(map(os.close, fds)))
            fds.append(_listening(echo))
            ports = [str(egress_port), f"{_INSIDE}/egress.sock", str(fds[0]), str(fds[1]), str(port)]
            options = []
            if walls := filter_program(keeps_cores=True):
                fds.append(readable_copy(walls))
                options = ["--seccomp", str(fds[-1])]
            run = [sys.executable, "-I", "-S", f"{_INSIDE}/forwarders.py", *ports, *program.command]
            argv, hidden = with_hidden_options(self._bwrap(self._files, program.show, options))
            fds.append(hidden)
            argv += [*self.limits.prlimit_command(), *run]
            guard, set_limits = self._guard(), self.limits.setter(rlimits=False)
            on_failure.pop_all()

        def before_exec() -> None:
            guard.enter()
            set_limits()

        return Launch(argv, env, self._files, entrance, guard, before_exec, tuple(fds), echo)

    def close(self) -> None:
        if self._files is not None:
            shutil.rmtree(self._files, ignore_errors=True)
            self._files = None
        if self._uid is not None:
            release_uid(self._uid)
            self._uid = None

    def _program(self) -> str:
        return self._isolation.program()

    def guarantees(self) -> dict[str, str]:
        user = "its own" if self._isolation.own_uid else "mapped in a user namespace"
        calls = "filtered" if filter_program() else "all: no filter is known for this machine"
        return {"namespaces": "its own", "system_calls": calls, "user": user, "code": "read-only"}

    def _make_files(self) -> Path:
        # Unix socket paths are limited to about 100 bytes, so the folder's name is short.
        folder = self._run_folder / secrets.token_hex(4)
        folder.mkdir(parents=True)
        if self._isolation.own_uid:
            self._uid = free_uid()
            # The folder around the proxy's socket is private; this opens it to those whom we show it.
            self._egress.socket_path.chmod(0o666)
        _write(folder / "ca.pem", self._egress.ca_file.read_bytes())
        _write(folder / "hosts", b"127.0.0.1 localhost\n")
        _write(folder / "forwarders.py", Path(forwarders.__file__).read_bytes())
        return folder

    def _bwrap(self, folder: Path, show: tuple[Path, ...], options: list[str]) -> list[str]:
        binds = [
            *((path, str(path)) for path in (*_python_folders(), *show)),
            (folder / "ca.pem", f"{_INSIDE}/ca.pem"),
            (folder / "hosts", "/etc/hosts"),
            (folder / "forwarders.py", f"{_INSIDE}/forwarders.py"),
            (self._egress.socket_path, f"{_INSIDE}/egress.sock"),
        ]
        return bwrap_command(
            self._isolation,
            binds_ro=binds,
            brought={self.folder: _CODE_INSIDE, **({self.packages: _PACKAGES_INSIDE} if self.packages else {})},
            tmpfs={"/tmp": self.limits.disk_bytes, "/dev/shm": _SHARED_MEMORY_BYTES},
            uid=self._uid,
            chdir=_CODE_INSIDE,
            hostname=self.name,
            options=options,
        )


def _python_folders() -> list[Path]:
    """The running interpreter and its packages, without what the system directories hold anyway."""
    folders = {Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve().parent.parent}
    return sorted(f for f in folders if f != Path("/") and not f.is_relative_to("/usr"))


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o644)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _listening(path: Path) -> int:
    """A descriptor of a Unix socket that listens at `path`."""
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))
        made.listen(_BACKLOG)
        return made.detach()
