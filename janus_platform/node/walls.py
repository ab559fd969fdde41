"""What stands around one implementation's process: the command line, the environment and the files that make its walls.

The environment is exactly: PATH, HOST, PORT, the implementation's name, its own key, and the way to the egress proxy.
Nothing of the platform's own environment is inherited.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import psutil

from janus_platform.contract import Contract
from janus_platform.isolation import Isolation, bwrap_command, free_uid, release_uid
from janus_platform.node import forwarders
from janus_platform.node.probe import Base

LOOPBACK = forwarders.LOOPBACK
NAME_VARIABLE = "JANUS_IMPLEMENTATION"
_SYSTEM_PATH = ("/usr/local/bin", "/usr/bin", "/bin")
_INSIDE = "/janus"
_CODE_INSIDE = "/implementation"
_SHARED_MEMORY_BYTES = 64_000_000


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


@dataclass(frozen=True)
class Launch:
    """One start: what to run, with exactly which environment, in which folder, and where it will listen."""

    argv: list[str]
    env: dict[str, str]
    cwd: Path
    base: Base


class Walls(ABC):
    """The walls around one implementation; `launch` may be called again after its process has ended."""

    layer: str

    def __init__(
        self,
        name: str,
        folder: Path,
        command: tuple[str, ...],
        *,
        contract: Contract,
        egress: EgressAccess,
        isolation: Isolation,
        run_folder: Path,
    ) -> None:
        self.name, self.folder, self.command = name, folder, command
        self._contract, self._egress, self._isolation, self._run_folder = contract, egress, isolation, run_folder

    @abstractmethod
    def launch(self) -> Launch:
        """Make what a start needs. Raises OSError when it cannot be had."""

    @abstractmethod
    def close(self) -> None:
        """Remove what `launch` made."""

    def secrets(self) -> list[str]:
        """The implementation's key and proxy password, which must appear in no log."""
        access = self._egress.environment(self.name, host=LOOPBACK, port=self._egress.tcp_port)
        passwords = {urlsplit(value).password for value in access.values() if "://" in value}
        return [access[self._contract.implementation.key_variable], *(p for p in passwords if p)]

    def _environment(self, *, port: int, egress_port: int) -> dict[str, str]:
        own = [str(Path(sys.executable).parent), *_SYSTEM_PATH]
        return {
            **self._egress.environment(self.name, host=LOOPBACK, port=egress_port),
            "PATH": os.pathsep.join(own),
            "HOST": LOOPBACK,
            "PORT": str(port),
            NAME_VARIABLE: self.name,
        }


class Bare(Walls):
    """No walls: a process of its own whose variables name the proxy. For machines without namespaces."""

    layer = "process"

    def launch(self) -> Launch:
        port = _free_port()
        env = self._environment(port=port, egress_port=self._egress.tcp_port)
        return Launch(list(self.command), env, self.folder, (LOOPBACK, port))

    def close(self) -> None:
        """A bare process leaves nothing but itself."""


class Wrapped(Walls):
    """Namespaces of its own: read-only files, private /tmp, unprivileged uid, and one way out (see forwarders.py)."""

    layer = "bubblewrap"
    _place: Path | None = None
    _uid: int | None = None

    def launch(self) -> Launch:
        if self._place is None:
            self._place = self._furnish()
        port = self._contract.gateway.port
        # The namespace's ports are its own; the number only has to differ from the implementation's.
        egress_port = self._egress.tcp_port if self._egress.tcp_port != port else port + 1
        entrance = self._place / "in" / "gateway.sock"
        entrance.unlink(missing_ok=True)
        doors = [str(egress_port), f"{_INSIDE}/egress.sock", f"{_INSIDE}/in/gateway.sock", str(port)]
        run = [sys.executable, "-I", "-S", f"{_INSIDE}/forwarders.py", *doors, *self.command]
        env = self._environment(port=port, egress_port=egress_port)
        ca_file = str(self._egress.ca_file)
        env = {name: f"{_INSIDE}/ca.pem" if value == ca_file else value for name, value in env.items()}
        return Launch([*self._bwrap(self._place), *run], env, self._place, entrance)

    def close(self) -> None:
        if self._place is not None:
            shutil.rmtree(self._place, ignore_errors=True)
            self._place = None
        if self._uid is not None:
            release_uid(self._uid)
            self._uid = None

    def _furnish(self) -> Path:
        # Unix socket paths are limited to about 100 bytes, so the folder's name is short.
        place = self._run_folder / secrets.token_hex(4)
        (place / "in").mkdir(parents=True)
        (place / "in").chmod(0o700)
        if self._isolation.own_uid:
            self._uid = free_uid()
            os.chown(place / "in", self._uid, self._uid)
            # The folder around the proxy's socket is private; this opens it to those whom we show it.
            self._egress.socket_path.chmod(0o666)
        _write(place / "ca.pem", self._egress.ca_file.read_bytes())
        _write(place / "hosts", b"127.0.0.1 localhost\n")
        _write(place / "forwarders.py", Path(forwarders.__file__).read_bytes())
        return place

    def _bwrap(self, place: Path) -> list[str]:
        half_memory = psutil.virtual_memory().total // 2
        tmpfs = {
            "/tmp": min(self._contract.implementation.disk_bytes, half_memory),
            "/dev/shm": _SHARED_MEMORY_BYTES,
        }
        binds = [
            *((path, str(path)) for path in _python_folders()),
            (self.folder, _CODE_INSIDE),
            (place / "ca.pem", f"{_INSIDE}/ca.pem"),
            (place / "hosts", "/etc/hosts"),
            (place / "forwarders.py", f"{_INSIDE}/forwarders.py"),
            (self._egress.socket_path, f"{_INSIDE}/egress.sock"),
        ]
        return bwrap_command(
            self._isolation,
            binds_ro=binds,
            binds_rw=[(place / "in", f"{_INSIDE}/in")],
            tmpfs=tmpfs,
            uid=self._uid,
            chdir=_CODE_INSIDE,
            hostname=self.name,
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


def describe_layer(isolation: Isolation) -> Mapping[str, object]:
    """What `isolation` means for an implementation, as plain data: the layer, and why it is no better one."""
    walled = isolation.layer == "bubblewrap"
    return {"layer": Wrapped.layer if walled else Bare.layer, "reasons": list(isolation.reasons)}
