"""Starts the platform's process, or finds the one that runs. Used by the command line and the notebooks alike."""

from __future__ import annotations

import contextlib
import json
import os
import select
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from janus_platform.errors import PlatformError
from janus_platform.processes import end_tree, spawn_background
from janus_platform.runtime import Runtime, State

START_SECONDS = 60.0
LIMITS = ("contract", "off")
_SHOWN_LOG_LINES = 12


@dataclass(frozen=True)
class Options:
    """How the platform should run; None means whatever runs is fine, else the default (port 8000, contract limits)."""

    port: int | None = None
    limits: str | None = None
    detach: bool = False

    def __post_init__(self) -> None:
        if self.limits is not None and self.limits not in LIMITS:
            raise PlatformError(f"limits is one of {', '.join(LIMITS)}, not {self.limits!r}.")
        if self.port is not None and not 0 <= self.port <= 65_535:
            raise PlatformError(f"A port lies between 1 and 65535 (0: any free one), not {self.port}.")


def ensure_running(runtime: Runtime, options: Options) -> State:
    """The state of the running platform, which is started when there is none.

    Raises PlatformError when it cannot start, or runs with another port or other limits than were asked for.
    """
    state = runtime.state()
    if state is None:
        with runtime.made().starting():
            state = runtime.state()  # Somebody else may have started it while we waited.
            if state is None:
                runtime.clear()
                return _start(runtime.made(), options)
    _check_same(state, options)
    return state


def stop(runtime: Runtime, state: State) -> None:
    """End the platform's process and all below it, and clear what it left."""
    end_tree(state.process)
    runtime.clear()


def _check_same(state: State, options: Options) -> None:
    differs = []
    if options.port not in (None, 0, state.gateway_port):
        differs.append(f"on port {state.gateway_port}")
    if options.limits not in (None, state.limits):
        differs.append(f"with --limits {state.limits}")
    if differs:
        raise PlatformError(f"A platform already runs {' and '.join(differs)}. Use it, or end it first: `janus down`.")


def _start(runtime: Runtime, options: Options) -> State:
    ready, theirs = os.pipe()
    argv = [sys.executable, "-m", "janus_platform.server", "--ready-fd", str(theirs)]
    if options.port is not None:
        argv += ["--port", str(options.port)]
    argv += ["--limits", options.limits or LIMITS[0]]
    if options.detach:
        argv.append("--detached")
    try:
        process = spawn_background(
            argv, env=os.environ, log_file=runtime.log_file, cwd=runtime.folder, pass_fds=(theirs,)
        )
    except OSError as error:
        raise PlatformError(f"The platform cannot be started: {error}. Run `janus doctor`.") from error
    finally:
        os.close(theirs)
    with open(ready, "rb", buffering=0) as pipe:
        answer = _read_line(pipe.fileno())
    state = runtime.state()
    if answer.get("ready") and state is not None:
        return state
    end_tree(process)
    runtime.clear()
    raise PlatformError(
        answer.get("error") or f"The platform ended while it started. Its log says:\n{_tail(runtime.log_file)}"
    )


def _read_line(pipe: int) -> dict[str, str]:
    received, deadline = b"", time.monotonic() + START_SECONDS
    while not received.endswith(b"\n"):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([pipe], [], [], left)[0]:
            return {"error": f"The platform was not healthy after {START_SECONDS:.0f} s. Run `janus doctor`."}
        part = os.read(pipe, 65_536)
        if not part:
            break
        received += part
    with contextlib.suppress(ValueError):
        answer = json.loads(received)
        if isinstance(answer, dict):
            return answer
    return {}


def _tail(path: Path) -> str:
    with contextlib.suppress(OSError):
        return "\n".join(path.read_text("utf-8", "replace").splitlines()[-_SHOWN_LOG_LINES:])
    return "(no log)"
