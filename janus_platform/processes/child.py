"""Child processes: the platform, every implementation and every sandbox run are started and ended here.

Each child leads a session of its own, so that its whole tree can be ended. On Linux the kernel also kills a child when
its parent dies, whatever killed the parent. What this module does not do: isolate. That is the node's and the sandbox's
work.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

import psutil

from janus_platform.errors import PlatformError

if TYPE_CHECKING:
    import asyncio

    from janus_platform.processes.pipes import Streams

_PR_SET_PDEATHSIG = 1  # prctl(2)
_CLOSE_RANGE, _CLOEXEC = 436, 4  # close_range(2), Linux 5.11; the same number on every machine
# SIGKILL is certain but not instant: the kernel still tears memory and mounts down.
KILL_SECONDS = 5.0
# A version or a path is asked for; what prints more than this is not what it claims to be.
_ANSWER_BYTES = 65_536
_REASON_CHARACTERS = 200


@dataclass(frozen=True)
class ProcessId:
    """A process that a reused number cannot be mistaken for: its pid and when it started (seconds since the epoch)."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> ProcessId:
        """The identity of the running process `pid`. Raises ProcessLookupError when there is none."""
        try:
            return cls(pid, psutil.Process(pid).create_time())
        except psutil.NoSuchProcess:
            raise ProcessLookupError(f"no process {pid}") from None

    def alive(self) -> bool:
        """Whether this very process still runs (a zombie does not)."""
        try:
            process = psutil.Process(self.pid)
            # psutil reads start times with the kernel's 10 ms tick.
            same = abs(process.create_time() - self.started) < 0.05
            return same and bool(process.status() != psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return False


class Child:
    """A process started by this one, with its whole tree."""

    def __init__(self, process: asyncio.subprocess.Process, identity: ProcessId, streams: Streams) -> None:
        self._process, self.identity, self._streams = process, identity, streams
        self.stdin, self.stdout, self.stderr = streams.stdin, streams.stdout, streams.stderr

    @classmethod
    async def start(
        cls,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path | None = None,
        stdin: int | IO[bytes] | None = subprocess.DEVNULL,
        stdout: int | IO[bytes] | None = subprocess.DEVNULL,
        stderr: int | IO[bytes] | None = subprocess.DEVNULL,
        pass_fds: Sequence[int] = (),
        before_exec: Callable[[], None] | None = None,
        owner: int | None = None,
        pipe_bytes: int | None = None,
    ) -> Child:
        """Start `argv` with exactly `env`. Raises OSError when it cannot be started.

        A stream that is `subprocess.PIPE` becomes a pipe, which the child can also open by name when it runs under the
        uid `owner` (default: our own). `pipe_bytes` is how much of its output a pipe takes unread, as far as the kernel
        allows.
        """
        import asyncio  # Not at the top: who only joins a platform starts no child, and would wait 16 ms for it.

        from janus_platform.processes.pipes import Pipes

        pipes = Pipes({"stdin": stdin, "stdout": stdout, "stderr": stderr}, owner=owner, size=pipe_bytes)
        try:
            process = await asyncio.create_subprocess_exec(
                *argv,
                env=dict(env),
                cwd=cwd,
                stdin=pipes.given["stdin"],
                stdout=pipes.given["stdout"],
                stderr=pipes.given["stderr"],
                pass_fds=pass_fds,
                preexec_fn=_before_exec(before_exec, pass_fds),
            )
            pipes.release()
            return cls(process, _identity(process.pid), await pipes.connect())
        finally:
            pipes.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self._process.returncode

    async def wait(self) -> int:
        """Wait for the end and return the exit code. What it wrote can still be read."""
        code = await self._process.wait()
        if self.stdin is not None:
            self.stdin.close()
        return code

    def close_output(self) -> None:
        """Stop reading: for output that a process which outlived this one may hold open for ever."""
        for transport in self._streams.reading:
            transport.close()

    async def end(self, *, grace_seconds: float = 2.0) -> int:
        """End the whole tree: SIGTERM, then SIGKILL for whatever is left after `grace_seconds`."""
        tree = descendants(self.pid)
        if self.exit_code is None:
            _signal_group(self.pid, signal.SIGTERM)
            import asyncio

            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(grace_seconds):
                    await self._process.wait()
        self.kill(also=tree)
        return await self.wait()

    def go_on(self) -> None:
        """Let it run on where somebody has stopped it."""
        if self.exit_code is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(self.pid, signal.SIGCONT)

    def kill(self, *, also: Sequence[ProcessId] = ()) -> None:
        """SIGKILL the whole tree at once, without waiting for it."""
        _signal_group(self.pid, signal.SIGSTOP)  # Or it grows while it is looked through.
        tree = {*descendants(self.pid), *also}
        _signal_group(self.pid, signal.SIGKILL)
        for identity in tree:
            _kill(identity)


class NoAnswerError(PlatformError, OSError):
    """A program could not be started, ended with an error or did not end in time; the message says which."""


def ask(argv: Sequence[str], *, seconds: float, env: Mapping[str, str] | None = None, cwd: Path = Path("/")) -> str:
    """What a program of this machine prints, such as its version. Its whole tree has ended afterwards.

    For programs that may be broken: time and output are bounded. `cwd` is the root by default, since Go and version
    managers look for settings in the working directory. Blocks. Raises NoAnswerError.
    """
    try:
        process = subprocess.Popen(
            list(argv),
            env=None if env is None else dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise NoAnswerError(f"it cannot be started: {getattr(error, 'strerror', None) or error}") from error
    with process:
        try:
            stdout, stderr = _read(process, seconds)
        finally:
            for left in descendants(process.pid):
                _kill(left)
            _signal_group(process.pid, signal.SIGKILL)
    if process.returncode:
        errors = [line for line in stderr.splitlines() if line.strip()] or [f"exit code {process.returncode}"]
        raise NoAnswerError(f"it fails: {errors[0].strip()[:_REASON_CHARACTERS]}")
    return stdout.strip()


def _read(process: subprocess.Popen[bytes], seconds: float) -> tuple[str, str]:
    deadline, received = time.monotonic() + seconds, {"stdout": b"", "stderr": b""}
    with selectors.DefaultSelector() as selector:
        for name in received:
            selector.register(getattr(process, name), selectors.EVENT_READ, name)
        # A pipe may outlive the program: what it left running in the background holds it open. Whether it has ended is
        # asked before looking for more, or what it printed last, between the two, would be lost.
        has_ended = False
        while (ready := selector.select(0.05)) or not has_ended:
            has_ended = process.poll() is not None
            for key, _ in ready:
                if part := os.read(key.fd, _ANSWER_BYTES):
                    received[key.data] += part
                else:
                    selector.unregister(key.fileobj)
            if time.monotonic() > deadline:
                raise NoAnswerError(f"it did not answer within {seconds:g} s")
            if max(map(len, received.values())) > _ANSWER_BYTES:
                raise NoAnswerError("it does not stop printing")
    return received["stdout"].decode(errors="replace"), received["stderr"].decode(errors="replace")


def spawn_background(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    log_file: Path,
    cwd: Path | None = None,
    pass_fds: Sequence[int] = (),
) -> ProcessId:
    """Start a process that outlives this one, its output in `log_file`, in a session of its own.

    Raises OSError when it or the log file cannot be had.
    """
    with log_file.open("ab") as log:
        process = subprocess.Popen(
            list(argv),
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=pass_fds,
        )
    # Somebody must collect the exit status, or the ended process stays a zombie for as long as this one lives.
    threading.Thread(target=process.wait, daemon=True, name=f"reap-{process.pid}").start()
    return _identity(process.pid)


def end_tree(identity: ProcessId, *, grace_seconds: float = 5.0) -> bool:
    """End a process that is not our child, and its tree; True when it was running."""
    if not identity.alive():
        return False
    tree = descendants(identity.pid)
    with contextlib.suppress(ProcessLookupError):
        os.kill(identity.pid, signal.SIGTERM)
    deadline = time.monotonic() + grace_seconds
    while identity.alive() and time.monotonic() < deadline:
        time.sleep(0.02)
    for left in (identity, *tree):
        _kill(left)
    psutil.wait_procs(_running((identity, *tree)), timeout=KILL_SECONDS)
    return True


def descendants(pid: int) -> list[ProcessId]:
    """Every running process below `pid`."""
    try:
        children = psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
    found = []
    for child in children:
        with contextlib.suppress(psutil.NoSuchProcess):
            found.append(ProcessId(child.pid, child.create_time()))
    return found


def _running(identities: Sequence[ProcessId]) -> list[psutil.Process]:
    found = []
    for identity in identities:
        with contextlib.suppress(psutil.NoSuchProcess):
            if identity.alive():
                found.append(psutil.Process(identity.pid))
    return found


def _identity(pid: int) -> ProcessId:
    try:
        return ProcessId.of(pid)
    except ProcessLookupError:
        return ProcessId(pid, 0.0)  # It ended before we looked; no other process matches a start of 0.


def _kill(identity: ProcessId) -> None:
    if identity.alive():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(identity.pid, signal.SIGKILL)


def _signal_group(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def _before_exec(then: Callable[[], None] | None, pass_fds: Sequence[int]) -> Callable[[], None]:
    """What the child runs between fork and exec: it leads a session, keeps `pass_fds`, on Linux dies with its parent.

    uvloop runs this before all that it does itself in the child, asyncio after it. So the session is made here, ahead
    of `then`, which may forbid it; and descriptors are marked rather than closed, for uvloop, which lets a child
    inherit every one that is not marked, has yet to put the standard streams in place.
    """
    libc = ctypes.CDLL(None, use_errno=True)  # Looked up before the fork: the child must not import or lock.
    linux = sys.platform.startswith("linux")

    def prepare() -> None:
        os.setsid()
        if not linux or libc.syscall(_CLOSE_RANGE, 3, ctypes.c_uint(-1), _CLOEXEC) != 0:
            _mark_each("/proc/self/fd" if linux else "/dev/fd")
        for descriptor in pass_fds:
            os.set_inheritable(descriptor, True)
        if linux:
            libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if then is not None:
            then()

    return prepare


def _mark_each(folder: str) -> None:
    for name in os.listdir(folder):
        if int(name) > 2:
            with contextlib.suppress(OSError):  # the one that listed them
                os.set_inheritable(int(name), False)
