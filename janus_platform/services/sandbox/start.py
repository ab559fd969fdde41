"""Starting a program in the sandbox, and ending it with its whole tree.

A program starts behind a barrier: a shell inside the finished sandbox says that it is there and waits for a line. By
then the private directory exists and can be filled from outside, and only then does the shell become the program.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import stat
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from janus_platform.isolation import Isolation, bwrap_command, setpriv_command
from janus_platform.processes import Child, descendants
from janus_platform.services.sandbox.limits import Limits
from janus_platform.services.sandbox.memory import MemoryGuard
from janus_platform.services.sandbox.scratch import CACHE, TEMPORARY, WORK, Scratch
from janus_platform.services.sandbox.system_calls import filter_program
from janus_platform.services.sandbox.toolchains import Toolchain

INSIDE = "/sandbox"
# Says it is there, waits to be let go (or gives up when the platform is gone), and becomes the program.
_BARRIER = ["/bin/sh", "-c", f'echo; read -r _ || exit 125; cd {WORK} && exec "$@"', "sh"]
_DROP_CAPABILITIES = ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all", "--no-new-privs", "--"]


class Running:
    """A program behind the barrier: its streams, its private directory, how to let it go and how to end it."""

    def __init__(self, child: Child, scratch: Scratch, *, uid: int | None, init: int | None) -> None:
        assert child.process.stdout is not None and child.process.stderr is not None
        self.child, self.scratch = child, scratch
        self.stdout, self.stderr = child.process.stdout, child.process.stderr
        self._uid, self._init = uid, init

    def let_go(self) -> None:
        """Let the program begin; its standard input is at its end."""
        assert self.child.process.stdin is not None
        self.child.process.stdin.write(b"\n")
        self.child.process.stdin.close()

    def over_a_limit(self, guard: MemoryGuard, limits: Limits) -> bool:
        """Whether the tree holds too much memory, or has more processes than RLIMIT_NPROC should have let it have.

        Blocks for some milliseconds. The kernel exempts root from RLIMIT_NPROC, whatever capabilities it gave up.
        """
        if guard.exceeded(self.child.pid, self.scratch.used_bytes()):
            return True
        shares_root = self._init is None and self._uid is None and os.geteuid() == 0
        return shares_root and len(descendants(self.child.pid)) > limits.processes

    async def end(self) -> None:
        """Kill whatever is left of the tree, and return when it is gone."""
        if self.child.exit_code is None or self._init is None:
            self.child.kill()
        await self.child.wait()
        if self._init is not None:
            # Pid 1 of a namespace ends only after every other process of it (pid_namespaces(7)).
            await _readable(self._init)
            os.close(self._init)
            self._init = None
        elif self._uid is not None:
            await _kill_all_of(self._uid)


@asynccontextmanager
async def started(
    toolchain: Toolchain, isolation: Isolation, limits: Limits, guard: MemoryGuard, uid: int | None
) -> AsyncIterator[Running]:
    """The program of `toolchain` behind the barrier; at the block's end nothing of it is left.

    Raises OSError when it does not come up to the barrier.
    """
    start = _start_in_bubblewrap if isolation.layer == "bubblewrap" else _start_bare
    running = await start(toolchain, isolation, limits, guard, uid)
    try:
        yield running
    finally:
        try:
            await running.end()
        finally:
            running.scratch.close()


async def _start_in_bubblewrap(
    toolchain: Toolchain, isolation: Isolation, limits: Limits, guard: MemoryGuard, uid: int | None
) -> Running:
    with contextlib.ExitStack() as on_exit:
        reader, writer = os.pipe()
        on_exit.callback(os.close, reader)
        on_exit.callback(os.close, writer)
        options, passed = ["--info-fd", str(writer)], [writer]
        if program := filter_program():
            passed.append(_readable_copy(program))
            on_exit.callback(os.close, passed[-1])
            options += ["--seccomp", str(passed[-1])]
        command = bwrap_command(
            isolation,
            binds_ro=toolchain.binds,
            tmpfs={INSIDE: limits.files, "/tmp": limits.shared, "/dev/shm": limits.shared},
            uid=uid,
            chdir=INSIDE,
            options=options,
        )
        command += [*limits.prlimit_command(), *_BARRIER, *toolchain.command]
        child = await _start(command, toolchain, Path(INSIDE), guard.enter, pass_fds=tuple(passed))
        init = -1
        try:
            # Written before the namespace's first process is let on, so it is complete by now.
            pid = json.loads(os.read(reader, 4_096))["child-pid"]
            init = os.pidfd_open(pid)
            return Running(child, Scratch.of_mount(f"/proc/{pid}/root{INSIDE}", owner=uid), uid=uid, init=init)
        except BaseException:
            if init >= 0:
                os.close(init)
            child.kill()
            await child.wait()
            raise


async def _start_bare(
    toolchain: Toolchain, isolation: Isolation, limits: Limits, guard: MemoryGuard, uid: int | None
) -> Running:
    head: list[str] = []
    if uid is not None:
        # A root whose interpreter lies in a private home cannot give up its uid, only what makes it more than a user.
        uid = uid if all(map(_open_to_all, (*toolchain.binds, Path(toolchain.command[0])))) else None
        head = setpriv_command(uid) if uid is not None else _DROP_CAPABILITIES
    scratch, place = Scratch.of_new_directory(owner=uid)
    set_limits = limits.setter(own_uid=uid is not None)

    def prepare() -> None:
        guard.enter()
        set_limits()

    try:
        child = await _start([*head, *_BARRIER, *toolchain.command], toolchain, place, prepare, cwd=place)
    except BaseException:
        scratch.close()
        raise
    return Running(child, scratch, uid=uid, init=None)


async def _start(
    command: list[str],
    toolchain: Toolchain,
    place: Path,
    prepare: Callable[[], None],
    *,
    cwd: Path | None = None,
    pass_fds: tuple[int, ...] = (),
) -> Child:
    child = await Child.start(
        command,
        env=_environment(toolchain, place),
        cwd=cwd,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        pass_fds=pass_fds,
        before_exec=prepare,
    )
    try:
        assert child.process.stdout is not None and child.process.stderr is not None
        if await child.process.stdout.read(1) != b"\n":
            said = (await child.process.stderr.read(1_000)).decode(errors="replace").strip()
            raise OSError(f"the sandbox could not be set up: {said or 'no reason given'}")
    except BaseException:
        child.kill()
        await child.wait()
        raise
    return child


def _environment(toolchain: Toolchain, place: Path) -> Mapping[str, str]:
    """All that a program's environment holds; nothing of the platform's own."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "USER": "sandbox",
        "HOME": f"{place}/{TEMPORARY}",
        "TMPDIR": f"{place}/{TEMPORARY}",
        "XDG_CACHE_HOME": f"{place}/{CACHE}",
        "GOCACHE": f"{place}/{CACHE}/go",
        "MPLCONFIGDIR": f"{place}/{CACHE}/matplotlib",
        "OUTPUT_DIR": f"{place}/{WORK}",
        **toolchain.environment,
    }


def _readable_copy(content: bytes) -> int:
    """A descriptor from which `content`, less than a pipe holds, can be read to its end."""
    reader, writer = os.pipe()
    os.write(writer, content)
    os.close(writer)
    return reader


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


def _open_to_all(path: Path) -> bool:
    real = path.resolve()
    return all(p.stat().st_mode & stat.S_IXOTH for p in (real, *real.parents))
