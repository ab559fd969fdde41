"""Starting a run without namespaces: by Landlock and a filter of system calls, or with process limits alone.

The private directory is an ordinary one, watched instead of capped. As root the run has a uid of its own. What only
namespaces give is missing: that other processes and files exist can be seen, /tmp and /dev/shm cannot be written under
Landlock and are shared without it.
"""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from janus_platform.isolation.landlock import Grants, Ruleset
from janus_platform.isolation.layers import Isolation, setpriv_command, system_paths
from janus_platform.isolation.memory import MemoryGuard
from janus_platform.isolation.seccomp import filter_enforcer, filter_program
from janus_platform.services.code_sandbox.limits import Limits
from janus_platform.services.code_sandbox.scratch import Scratch
from janus_platform.services.code_sandbox.start import BARRIER, Running, start_child
from janus_platform.services.code_sandbox.toolchains import SYSTEM_LINKER, Toolchain

_DROP_CAPABILITIES = ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all", "--no-new-privs", "--"]


async def start_bare(
    toolchain: Toolchain, isolation: Isolation, limits: Limits, guard: MemoryGuard, uid: int | None
) -> Running:
    """The program of `toolchain` behind the barrier. Raises OSError when it does not come that far."""
    landlocked = isolation.layer == "landlock"
    head, uid = _user(toolchain, uid, landlocked=landlocked)
    environment = {**toolchain.environment, SYSTEM_LINKER: "1"} if landlocked else toolchain.environment
    toolchain = replace(toolchain, environment=environment)
    scratch, place = Scratch.of_new_directory(owner=uid)
    with contextlib.ExitStack() as on_failure:
        on_failure.callback(scratch.close)
        with contextlib.ExitStack() as on_exit:
            steps = [guard.enter, limits.setter(own_uid=uid is not None)]
            if landlocked:
                steps += _restrictions(toolchain, isolation, place, on_exit)

            def prepare() -> None:
                for step in steps:
                    step()

            command = [*head, *BARRIER, *toolchain.command]
            child = await start_child(command, toolchain, place, prepare, cwd=place, uid=uid)
        on_failure.pop_all()
    return Running(child, scratch, uid=uid, session=child.pid if landlocked else None)


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
    toolchain: Toolchain, isolation: Isolation, place: Path, on_exit: contextlib.ExitStack
) -> list[Callable[[], None]]:
    readable = (*system_paths(), *toolchain.binds)
    ruleset = Ruleset(Grants(readable=readable, writable=(place,)), abi=isolation.landlock_abi)
    on_exit.callback(ruleset.close)
    program = filter_program(namespaces=False)
    if program is None:
        raise OSError("no filter of system calls is known for this machine")
    return [ruleset.enforcer(), filter_enforcer(program)]


def _open_to_all(path: Path) -> bool:
    real = path.resolve()
    return all(p.stat().st_mode & stat.S_IXOTH for p in (real, *real.parents))
