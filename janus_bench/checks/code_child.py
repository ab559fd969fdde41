"""The process in which returned code runs: fences itself in, then calls the function. Standard library only.

Reads one JSON job from standard input, writes one JSON value a call to standard output. Imported by nobody: it is run
by path with `python -I -S`, in a sandbox where there is one (sandbox.py). See code_runner.py for what this does and
does not protect against.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any, TextIO

_NOBODY = 65534
_NEW_USER, _NEW_PID, _NEW_NET = 0x10000000, 0x20000000, 0x40000000  # <sched.h>
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36  # <sys/prctl.h>
_ROUNDS = 200  # of ending what was started; whoever starts more meanwhile is met in the next


def main() -> None:
    """Run the job on standard input."""
    job = json.load(sys.stdin)
    results = os.fdopen(os.dup(1), "w", encoding="utf-8")
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    fence(job["limits"], sandboxed=job["sandboxed"])
    call_all(job, results)


def fence(limits: dict[str, int], *, sandboxed: bool) -> None:
    """Give up network, other processes, user and resources, as far as this system lets a process do so."""
    if not sandboxed:
        _own_namespaces()
    _leave_root()
    try:
        import resource
    except ImportError:  # not on Windows
        return
    bounds = {
        resource.RLIMIT_CPU: limits["cpu"],
        resource.RLIMIT_DATA: limits["memory"],
        resource.RLIMIT_FSIZE: limits["output"],
        resource.RLIMIT_NOFILE: 32,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NPROC: 0,
    }
    for kind, bound in bounds.items():
        hard = resource.getrlimit(kind)[1]
        bound = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        try:
            resource.setrlimit(kind, (bound, bound))
        except (ValueError, OSError):  # macOS refuses some of them
            continue


def call_all(job: dict[str, Any], results: TextIO) -> None:
    """Define the code, call its function with each list of arguments, and write each value as it comes."""
    space: dict[str, Any] = {"__name__": "answer"}
    try:
        exec(compile(job["source"], "answer.py", "exec"), space)
        function = space[job["function"]]
    except BaseException as error:  # SystemExit and the like are answers too
        results.write(json.dumps(f"error: {type(error).__name__}") + "\n")
        results.flush()
        return
    for arguments in job["calls"]:
        try:
            line = json.dumps(function(*arguments))
        except BaseException as error:
            line = json.dumps(f"error: {type(error).__name__}")
        results.write(line + "\n")
        results.flush()


def _own_namespaces() -> None:
    """Go on in a child that sees no network and no process of ours, and whose end is the end of all it started.

    Linux only; the namespaces only where the kernel allows them: as root, or with user namespaces. Without them,
    orphans come to this process, which ends them. os.unshare needs Python 3.12.
    """
    if sys.platform != "linux":
        return
    import ctypes

    libc = ctypes.CDLL(None)
    flags = _NEW_NET | _NEW_PID if os.geteuid() == 0 else _NEW_NET | _NEW_PID | _NEW_USER
    libc.unshare(flags)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGTERM, _end_all)
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        return
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    _end_children()
    if code < 0:
        os.kill(os.getpid(), -code)
    os._exit(code)


def _end_all(*_: object) -> None:
    _end_children()
    os._exit(1)


def _end_children() -> None:
    """Kill every process below this one. Orphans become its children, and are met in the next round."""
    me = os.getpid()
    for _ in range(_ROUNDS):
        try:
            with open(f"/proc/{me}/task/{me}/children", encoding="ascii") as file:
                children = [int(pid) for pid in file.read().split()]
        except OSError:
            return
        if not children:
            return
        for pid in children:
            try:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            except OSError:
                continue


def _leave_root() -> None:
    """Become nobody, unless Python's own library could then no longer be read."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return
    os.seteuid(_NOBODY)
    try:
        with open(os.__file__, "rb"):
            pass
    except OSError:
        os.seteuid(0)
        return
    os.seteuid(0)
    os.setgroups([])
    os.setgid(_NOBODY)
    os.setuid(_NOBODY)


if __name__ == "__main__":
    main()
