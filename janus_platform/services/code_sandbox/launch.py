"""Start a run on each layer: in namespaces of its own, by Landlock and seccomp, or with process limits alone.

In bubblewrap a run has sized file systems in memory, no network, and one first process that ends all others. Without
namespaces its directory is an ordinary one, watched instead of capped; as root the run has a uid of its own. That other
processes and files exist can then be seen; /tmp and /dev/shm cannot be written under Landlock and are shared without.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from janus_platform.isolation.landlock import Grants, Ruleset
from janus_platform.isolation.layers import (
    Isolation,
    bwrap_command,
    readable_copy,
    setpriv_command,
    system_paths,
    with_hidden_options,
)
from janus_platform.isolation.memory import MemoryGuard
from janus_platform.isolation.seccomp import filter_enforcer, filter_program
from janus_platform.services.code_sandbox.limits import Limits
from janus_platform.services.code_sandbox.scratch import Scratch
from janus_platform.services.code_sandbox.start import BARRIER, StartedProgram, start_child
from janus_platform.services.code_sandbox.toolchains import SYSTEM_LINKER, Toolchain

INSIDE = "/sandbox"
_SHARED = ("/tmp", "/dev/shm")
_DROP_CAPABILITIES = ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all", "--no-new-privs", "--"]


async def start_in_bubblewrap(
    toolchain: Toolchain, isolation: Isolation, limits: Limits, guard: MemoryGuard, uid: int | None
) -> StartedProgram:
    """The program of `toolchain` behind the barrier. Raises OSError when it does not come that far."""
    with contextlib.ExitStack() as on_exit:
        reader, writer = os.pipe()
        on_exit.callback(os.close, reader)
        on_exit.callback(os.close, writer)
        options, passed = ["--info-fd", str(writer)], [writer]
        if program := filter_program(sockets="loopback" if guard.counts_sockets else "pairs"):
            passed.append(readable_copy(program))
            on_exit.callback(os.close, passed[-1])
            options += ["--seccomp", str(passed[-1])]
        command = bwrap_command(
            isolation,
            binds_ro=toolchain.binds,
            tmpfs={INSIDE: limits.disk, **dict.fromkeys(_SHARED, limits.shared)},
            uid=uid,
            chdir=INSIDE,
            options=options,
        )
        command, hidden = with_hidden_options(command)
        passed.append(hidden)
        on_exit.callback(os.close, hidden)
        command += [*limits.prlimit_command(), *BARRIER, *toolchain.command]
        child = await start_child(command, toolchain, Path(INSIDE), guard.enter, pass_fds=tuple(passed), uid=uid)
        init = -1
        try:
            # Written before the namespace's first process is let on, so it is complete by now.
            pid = json.loads(os.read(reader, 4_096))["child-pid"]
            init = os.pidfd_open(pid)
            scratch = Scratch.of_mounts(f"/proc/{pid}/root", INSIDE, *_SHARED, owner=uid)
            return StartedProgram(child, scratch, uid=uid, init=init)
        except BaseException:
            if init >= 0:
                os.close(init)
            child.kill()
            await child.wait()
            raise


async def start_plain_process(
    toolchain: Toolchain, isolation: Isolation, limits: Limits, guard: MemoryGuard, uid: int | None
) -> StartedProgram:
    """The program of `toolchain` behind the barrier. Raises OSError when it does not come that far."""
    landlocked = isolation.layer == "landlock"
    head, uid = _user(toolchain, uid, landlocked=landlocked)
    environment = {**toolchain.environment, SYSTEM_LINKER: "1"} if landlocked else toolchain.environment
    toolchain = replace(toolchain, environment=environment)
    scratch, directory = Scratch.of_new_directory(owner=uid)
    with contextlib.ExitStack() as on_failure:
        on_failure.callback(scratch.close)
        with contextlib.ExitStack() as on_exit:
            steps = [guard.enter, limits.setter(own_uid=uid is not None)]
            if landlocked:
                steps += _restrictions(toolchain, isolation, directory, on_exit)

            def prepare() -> None:
                for step in steps:
                    step()

            command = [*head, *BARRIER, *toolchain.command]
            child = await start_child(command, toolchain, directory, prepare, cwd=directory, uid=uid)
        on_failure.pop_all()
    return StartedProgram(child, scratch, uid=uid, session=child.pid if landlocked else None)


def _user(toolchain: Toolchain, uid: int | None, *, landlocked: bool) -> tuple[list[str], int | None]:
    """The head of the command that changes the user, and the uid that the run then has for itself."""
    if uid is None:
        return [], None
    everyones = all(map(_open_to_all, (*toolchain.binds, Path(toolchain.command[0]))))
    if everyones or landlocked:
        return setpriv_command(uid, reads_all=not everyones), uid
    # A root whose interpreter lies in a private home cannot give up its uid, only what makes it more than a user.
    return _DROP_CAPABILITIES, None


def _restrictions(
    toolchain: Toolchain, isolation: Isolation, directory: Path, on_exit: contextlib.ExitStack
) -> list[Callable[[], None]]:
    readable = (*system_paths(), *toolchain.binds)
    ruleset = Ruleset(Grants(readable=readable, writable=(directory,)), abi=isolation.landlock_abi)
    on_exit.callback(ruleset.close)
    program = filter_program(namespaces=False)
    if program is None:
        raise OSError("no filter of system calls is known for this machine")
    return [ruleset.enforcer(), filter_enforcer(program)]


def _open_to_all(path: Path) -> bool:
    real = path.resolve()
    return all(p.stat().st_mode & stat.S_IXOTH for p in (real, *real.parents))
