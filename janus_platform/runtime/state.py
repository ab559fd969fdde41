"""The files of a running platform: sockets, CA certificate, state; and the lock around its start.

Nothing of this outlives the platform. The folder is private to the user (0700).
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from janus_bench.home import home
from janus_platform.errors import PlatformError
from janus_platform.processes.child import ProcessId
from janus_platform.stored_files import write_whole

# A Unix socket's path may have 103 bytes (macOS) or 107 (Linux); our longest socket name takes 40 below the folder.
_MAX_FOLDER_BYTES = 60


@dataclass(frozen=True)
class State:
    """What a running platform writes down for those who join it."""

    process: ProcessId
    gateway_port: int
    egress_port: int
    limits: str
    web: str = "corpus"
    access: str = ""
    room: str = ""
    model: str = ""

    def write(self, runtime: Runtime) -> None:
        """Store the state, at once and whole."""
        write_whole(runtime.state_file, json.dumps(asdict(self)))


@dataclass(frozen=True)
class Runtime:
    """The files of one running platform."""

    folder: Path
    log_file: Path

    @property
    def state_file(self) -> Path:
        return self.folder / "state.json"

    @property
    def control_socket(self) -> Path:
        return self.folder / "control.sock"

    @property
    def egress_socket(self) -> Path:
        return self.folder / "egress.sock"

    @property
    def model_socket(self) -> Path:
        return self.folder / "model.sock"

    @property
    def ca_file(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def nodes(self) -> Path:
        return self.folder / "nodes"

    def state(self) -> State | None:
        """The state of the platform that runs here; None when there is none or it is gone."""
        try:
            raw = json.loads(self.state_file.read_text(encoding="utf-8"))
            state = State(**{**raw, "process": ProcessId(**raw["process"])})
            return state if state.process.alive() else None
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def made(self) -> Runtime:
        """This runtime, its folders made and checked. Raises PlatformError when they cannot be written."""
        try:
            self.log_file.parent.mkdir(parents=True, exist_ok=True)
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _check_private(self.folder)
        except OSError as error:
            raise PlatformError(
                f"Cannot write below {home()}: {error.strerror}. "
                "Make it writable, or set JANUS_HOME to a folder that is."
            ) from error
        return self

    def clear(self) -> None:
        """Remove the folder with everything that a platform left in it."""
        shutil.rmtree(self.folder, ignore_errors=True)

    @contextlib.contextmanager
    def starting(self) -> Iterator[None]:
        """Hold the lock under which one process at a time starts the platform; it is freed when its holder dies."""
        path = self.folder.with_name(self.folder.name + ".lock")
        lock = _locked(path)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
            lock.close()


def cache_folder(name: str) -> Path:
    """Where `janus prepare` leaves what `name` needs; it need not exist."""
    return home() / "cache" / name


def runtime() -> Runtime:
    """The runtime of this user's home. Nothing is made or written yet; `made` does that."""
    root = home()
    folder = root / "run"
    if len(os.fsencode(folder)) > _MAX_FOLDER_BYTES:
        mark = hashlib.sha256(os.fsencode(root)).hexdigest()[:8]
        folder = Path(tempfile.gettempdir()) / f"janus-{os.getuid()}-{mark}"
    return Runtime(folder, root / "logs" / "platform.log")


def _check_private(folder: Path) -> None:
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        raise PlatformError(f"{folder} belongs to somebody else. Remove it, or set JANUS_HOME to a shorter path.")
    if not os.access(folder, os.W_OK):
        raise PermissionError(13, "Permission denied", str(folder))
    folder.chmod(0o700)


def _locked(path: Path) -> IO[str]:
    while True:
        lock = path.open("a")
        fcntl.flock(lock, fcntl.LOCK_EX)
        # The holder before us removed the file while we waited for it: whoever comes next would lock another one.
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(lock.fileno()), path.stat()):
                return lock
        lock.close()
