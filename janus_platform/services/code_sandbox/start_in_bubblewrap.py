"""Starting a run in namespaces of its own: sized file systems in memory, no network, one first process to end it by."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from janus_platform.isolation.layers import Isolation, bwrap_command, readable_copy, with_hidden_options
from janus_platform.isolation.memory import MemoryGuard
from janus_platform.isolation.seccomp import filter_program
from janus_platform.services.code_sandbox.limits import Limits
from janus_platform.services.code_sandbox.scratch import Scratch
from janus_platform.services.code_sandbox.start import BARRIER, Running, start_child
from janus_platform.services.code_sandbox.toolchains import Toolchain

INSIDE = "/sandbox"
_SHARED = ("/tmp", "/dev/shm")


async def start_in_bubblewrap(
    toolchain: Toolchain, isolation: Isolation, limits: Limits, guard: MemoryGuard, uid: int | None
) -> Running:
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
            return Running(child, scratch, uid=uid, init=init)
        except BaseException:
            if init >= 0:
                os.close(init)
            child.kill()
            await child.wait()
            raise
