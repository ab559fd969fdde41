"""A started program on whichever layer: held at a barrier, released, watched and ended.

A shell inside the finished sandbox says that it is there and waits for a line. By then the private directory exists and
can be filled from outside, and only then does the shell become the program. A run can so be made ready before it is
asked for.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import psutil

from janus_platform.isolation.layers import setpriv_command
from janus_platform.isolation.memory import MemoryGuard
from janus_platform.isolation.process_tree import members, nameless_bytes
from janus_platform.processes.child import Child
from janus_platform.services.code_sandbox.limits import Limits
from janus_platform.services.code_sandbox.scratch import CACHE, TEMPORARY, WORK, Scratch
from janus_platform.services.code_sandbox.toolchains import Toolchain

# Says it is there, waits to be let go (or gives up when the platform is gone), and becomes the program.
BARRIER = ["/bin/sh", "-c", f'echo; read -r _ || exit 125; cd {WORK} && exec "$@"', "sh"]
BARRIER_SECONDS = 30.0
_GONE_SECONDS = 2.0
# Node writes to a pipe that is full only when it gets round to it: `process.exit` loses what does not fit.
_PIPE_BYTES = 1 << 20  # the most that a user without privileges gets (pipe(7), pipe-max-size)

Excess = Literal["memory", "disk", "processes"]


class StartedProgram:
    """A program behind the barrier, and afterwards.

    `uid` is a uid that only this run has, `session` one that it cannot leave, `init` an open descriptor of the first
    process of its pid namespace; each is None where the layer has none.
    """

    def __init__(
        self,
        child: Child,
        scratch: Scratch,
        *,
        uid: int | None = None,
        session: int | None = None,
        init: int | None = None,
    ) -> None:
        assert child.stdout is not None and child.stderr is not None
        self.child, self.scratch = child, scratch
        self.stdout, self.stderr = child.stdout, child.stderr
        self._uid, self._session, self._init = uid, session, init
        self._gone = False

    async def release(self, stdin: bytes = b"") -> None:
        """Let the program begin, and give it `stdin` as fast as it reads it, up to where it stops reading."""
        pipe = self.child.stdin
        assert pipe is not None
        with contextlib.suppress(ConnectionError):
            pipe.write(b"\n" + stdin)
            await pipe.drain()
        pipe.close()

    def excess(self, guard: MemoryGuard, limits: Limits) -> Excess | None:
        """What the run has too much of, if anything. Blocks for some milliseconds.

        Processes are counted where RLIMIT_NPROC does not hold: the kernel exempts root, whatever it gave up.
        """
        if guard.exceeded(self._members, self.scratch.memory_bytes()):
            return "memory"
        if self.scratch.overfull(max_bytes=limits.disk, max_entries=limits.entries):
            return "disk"
        if self._init is not None:
            return None
        processes = self._members()
        if len(processes) > limits.processes:
            return "processes"
        return "disk" if nameless_bytes(processes, device=self.scratch.device) > limits.disk else None

    async def ended(self) -> None:
        """Return when the program has ended, whoever still holds its output open."""
        try:
            own = os.pidfd_open(self.child.pid)
        except (AttributeError, OSError):  # macOS has none; a program that was collected has no number any more.
            await self.child.wait()
            return
        try:
            await _readable(own)
        finally:
            os.close(own)

    async def end(self) -> None:
        """Kill whatever is left of the run, and return when it is gone. A second call does nothing."""
        if self._gone:
            return
        if self._init is not None:
            # Pid 1 of a namespace takes every other process of it along, and ends after them (pid_namespaces(7)).
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._init, signal.SIGKILL)
            await _readable(self._init)
            await self._reaped()
        else:
            self.child.kill()
            await self.child.wait()
            if self._uid is not None:
                await _kill_all_of(self._uid)
            if self._session is not None:
                await _session_is_gone(self._session)
        self._gone = True

    async def _reaped(self) -> None:
        """Wait for the process outside, which ends with the one inside; somebody may have stopped it (SIGSTOP)."""
        self.child.go_on()
        try:
            async with asyncio.timeout(_GONE_SECONDS):
                await self.child.wait()
        except TimeoutError:
            self.child.kill()
            await self.child.wait()

    def close(self) -> None:
        """Let its directory go, which may take some milliseconds."""
        if self._init is not None:
            os.close(self._init)
            self._init = None
        self.scratch.close()

    def _members(self) -> list[psutil.Process]:
        uid, session = (None, None) if self._init is not None else (self._uid, self._session)
        return members(self.child.pid, uid=uid, session=session)


async def start_child(
    command: list[str],
    toolchain: Toolchain,
    directory: Path,
    prepare: Callable[[], None],
    *,
    cwd: Path | None = None,
    pass_fds: tuple[int, ...] = (),
    uid: int | None = None,
) -> Child:
    """Start `command`, and wait until it stands at the barrier. Raises OSError, with its words, when it does not.

    `uid` is the one that the program will run under, where that is not our own.
    """
    child = await Child.start(
        command,
        env=_environment(toolchain, directory),
        cwd=cwd,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        pipe_bytes=_PIPE_BYTES,
        pass_fds=pass_fds,
        before_exec=prepare,
        owner=uid,
    )
    try:
        assert child.stdout is not None and child.stderr is not None
        async with asyncio.timeout(BARRIER_SECONDS):
            ready = await child.stdout.read(1)
        if ready != b"\n":
            output = (await child.stderr.read(1_000)).decode(errors="replace").strip()
            raise OSError(f"the sandbox could not be set up: {output or 'no reason given'}")
    except BaseException:
        child.kill()
        await child.wait()
        raise
    return child


def _environment(toolchain: Toolchain, directory: Path) -> Mapping[str, str]:
    """All that a program's environment holds; nothing of the platform's own."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "USER": "sandbox",
        "HOME": f"{directory}/{TEMPORARY}",
        "TMPDIR": f"{directory}/{TEMPORARY}",
        "XDG_CACHE_HOME": f"{directory}/{CACHE}",
        "GOCACHE": f"{directory}/{CACHE}/go",
        "MPLCONFIGDIR": f"{directory}/{CACHE}/matplotlib",
        "OUTPUT_DIR": f"{directory}/{WORK}",
        **{name: value.replace("{place}", str(directory)) for name, value in toolchain.environment.items()},
    }


async def _readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_reader(descriptor, _settle, ready)
    try:
        await ready
    finally:
        loop.remove_reader(descriptor)


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


async def _kill_all_of(uid: int) -> None:
    """End all that still runs under a uid of its own, daemons that left their tree included (kill(2), pid -1)."""
    killer = await Child.start([*setpriv_command(uid), "/bin/sh", "-c", "kill -KILL -1"], env={})
    await killer.wait()


async def _session_is_gone(session: int) -> None:
    """Wait until the killed processes of a session have been taken apart; zombies that nobody collects do not count."""
    deadline = asyncio.get_running_loop().time() + _GONE_SECONDS
    while asyncio.get_running_loop().time() < deadline and await asyncio.to_thread(_is_alive, session):
        await asyncio.sleep(0.005)  # Processes that are not our children tell us nothing when they end.


def _is_alive(session: int) -> bool:
    try:
        os.killpg(session, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    left = members(session, session=session)
    return any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in left)
