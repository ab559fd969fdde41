"""The launcher of the platform's process, which finds the one that runs. Command line and notebooks use it alike."""

from __future__ import annotations

import contextlib
import json
import os
import select
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from janus_platform.errors import NotRunningError, PlatformError
from janus_platform.gateway.access import AccessRules
from janus_platform.processes.child import ProcessId, end_tree, spawn_background
from janus_platform.runtime.control_client import ControlClient
from janus_platform.runtime.state import Runtime, State

START_SECONDS = 60.0
STOP_SECONDS = 40.0  # more than the 30 s that OpenTelemetry's processor may take to send the last spans
LIMITS = ("contract", "off")
# The bundled corpus, or the real web, for web proxy and search.
WEBS = ("corpus", "live")
WEB_VARIABLE = "JANUS_WEB"
# A model file that answers beside the local engine.
MODEL_VARIABLE = "JANUS_MODEL"
_SHOWN_LOG_LINES = 12
_ATTEMPTS = 2
Taken = TypeVar("Taken")


@dataclass(frozen=True)
class Program:
    """A process that stands in the place of a single user's platform, such as a classroom's or the bridge to one.

    `mark` is what its state says of it, and `mismatch` how a platform with another mark runs. Where somebody else
    decides about limits and web, `refusal` says so to whoever asks for them.
    """

    module: str
    mark: str
    mismatch: str
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    refusal: str = ""


@dataclass(frozen=True)
class Options:
    """How the platform should run; None means whatever runs is fine, else the default (port 8000, contract limits).

    `web` None stands for what `$JANUS_WEB` says, if it says anything, `model` None for `$JANUS_MODEL`; `access` without
    keys and origins fits any platform. `program` is run instead of a single user's platform.
    """

    port: int | None = None
    limits: str | None = None
    web: str | None = None
    model: str | None = None
    detach: bool = False
    access: AccessRules = field(default_factory=AccessRules.of)
    program: Program | None = None

    def __post_init__(self) -> None:
        if self.limits is not None and self.limits not in LIMITS:
            raise PlatformError(f"limits is one of {', '.join(LIMITS)}, not {self.limits!r}.")
        if self.wanted_web not in (None, *WEBS):
            named = "web" if self.web else f"${WEB_VARIABLE}"
            raise PlatformError(f"{named} is one of {', '.join(WEBS)}, not {self.wanted_web!r}.")
        if self.port is not None and not 0 <= self.port <= 65_535:
            raise PlatformError(f"A port must be between 1 and 65535 (0: any free one), not {self.port}.")
        if self.program and self.program.refusal and (self.limits or self.web):
            raise PlatformError(self.program.refusal)

    @property
    def wanted_web(self) -> str | None:
        """The web that was asked for: by `web`, else by the environment; None when by neither."""
        return self.web or os.environ.get(WEB_VARIABLE) or None

    @property
    def wanted_model(self) -> str | None:
        """The model that was asked for in the same way: its name, or the whole path of its file."""
        wanted = self.model or os.environ.get(MODEL_VARIABLE) or None
        is_file = wanted and (wanted.endswith(".gguf") or os.sep in wanted)
        return str(Path(wanted).expanduser().absolute()) if wanted and is_file else wanted


def ensure_running(runtime: Runtime, options: Options) -> State:
    """The state of the running platform, which is started when there is none.

    Raises PlatformError when it cannot start, or runs with another port, other limits or another web than asked for.
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


def join(runtime: Runtime, options: Options, take: Callable[[ControlClient], Taken]) -> Taken:
    """What `take` gets from the running platform, which is started when there is none or when the one found is ending.

    With `options.detach` it is told to stay first. Raises PlatformError as `ensure_running` does.
    """
    client = ControlClient(runtime.control_socket)
    for attempt in range(_ATTEMPTS):
        state = ensure_running(runtime, options)
        try:
            if options.detach:
                client.post("/detach")
            return take(client)
        except NotRunningError:
            if attempt == _ATTEMPTS - 1:
                raise
            # Its last user left, or somebody ended it, just before we came: the next one starts when it is gone.
            end_tree(state.process)
    raise AssertionError("the last attempt returns or raises")


def stop(runtime: Runtime, state: State) -> None:
    """End the platform's process and all below it, and clear what it left.

    It takes a fraction of a second; a busy machine, or a slow collector that the last traces go to, may take longer.
    """
    end_tree(state.process, grace_seconds=STOP_SECONDS)
    runtime.clear()


def _check_same(state: State, options: Options) -> None:
    differs = []
    if options.port not in (None, 0, state.gateway_port):
        differs.append(f"on port {state.gateway_port}")
    if options.limits not in (None, state.limits):
        differs.append(f"with --limits {state.limits}")
    if options.wanted_web not in (None, state.web):
        differs.append(f"with --web {state.web}")
    if options.wanted_model not in (None, state.model):
        differs.append(f"with --model {state.model}" if state.model else "without --model")
    if options.access.mark not in ("", state.access):
        differs.append("with other API keys or origins")
    if options.program and options.program.mark != state.room:
        differs.append(options.program.mismatch)
    if differs:
        raise PlatformError(f"A platform already runs {' and '.join(differs)}. Use it, or end it first: `janus down`.")


def _start(runtime: Runtime, options: Options) -> State:
    argv = [sys.executable, "-m", *_module_and_arguments(options)]
    if options.port is not None:
        argv += ["--port", str(options.port)]
    if options.detach:
        argv.append("--detached")
    # A shell may still carry the variables of a platform that has ended: its CA is not to be trusted alone.
    environment = {name: value for name, value in os.environ.items() if value != str(runtime.ca_file)}
    options.access.hand_to(environment)
    if options.program:
        environment |= options.program.environment
    ready, theirs = os.pipe()
    with open(ready, "rb", buffering=0) as pipe:
        try:
            process = spawn_background(
                [*argv, "--ready-fd", str(theirs)],
                env=environment,
                log_file=runtime.log_file,
                cwd=runtime.folder,
                pass_fds=(theirs,),
            )
        except OSError as error:
            raise PlatformError(f"The platform cannot be started: {error}. Run `janus doctor`.") from error
        finally:
            os.close(theirs)
        try:
            answer = _read_line(pipe.fileno())
        except BaseException:  # Ctrl-C: half a start must not go on behind the user's back.
            _abandon(runtime, process)
            raise
    state = runtime.state()
    if answer.get("ready") and state is not None:
        return state
    _abandon(runtime, process)
    raise PlatformError(
        answer.get("error") or f"The platform stopped while starting. Its log says:\n{_tail(runtime.log_file)}"
    )


def _module_and_arguments(options: Options) -> list[str]:
    program = options.program or Program("janus_platform.runtime.server", "", "")
    wanted = (
        [] if program.refusal else ["--limits", options.limits or LIMITS[0], "--web", options.wanted_web or WEBS[0]]
    )
    if options.wanted_model and not program.refusal:
        wanted += ["--model", options.wanted_model]
    return [program.module, *wanted, *program.arguments]


def _abandon(runtime: Runtime, process: ProcessId) -> None:
    end_tree(process)
    runtime.clear()


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
