"""What the platform's process and a bridge's have in common: log, port, the pipe to whoever started them, the end."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import socket
import sys
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from janus_platform.contract import load_contract
from janus_platform.errors import PlatformError
from janus_platform.http.server import bind_loopback
from janus_platform.runtime.log import log_to
from janus_platform.runtime.state import Runtime, runtime

log = logging.getLogger("janus.platform")
LoopFactory = Callable[[], asyncio.AbstractEventLoop]


def background_arguments(module: str) -> argparse.ArgumentParser:
    """A parser of the arguments that the launcher gives to every process."""
    parser = argparse.ArgumentParser(prog=module)
    parser.add_argument("--port", type=int, default=load_contract().gateway.port)
    parser.add_argument("--detached", action="store_true")
    parser.add_argument("--ready-fd", type=int)
    return parser


def run_in_background(
    serve: Callable[[Runtime], Coroutine[Any, Any, None]], ready_fd: int | None, loop_factory: LoopFactory | None = None
) -> None:
    """Run what `serve` makes of the folders until it ends; a PlatformError goes to `ready_fd` and the log."""
    files = runtime().made()
    log_to(files.log_file)
    try:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.run(serve(files))
    except PlatformError as error:
        # By now all that was started has ended again.
        report(ready_fd, {"error": str(error)})
        log.error("%s", error)
        sys.exit(1)


def report(ready_fd: int | None, message: Mapping[str, Any]) -> bool:
    """Write one line of JSON to the pipe `ready_fd`, once. False when nobody reads it any more."""
    if ready_fd is None:
        return True
    try:
        with os.fdopen(ready_fd, "wb", buffering=0) as pipe:
            pipe.write(json.dumps(message).encode() + b"\n")
    except OSError:
        return False
    return True


def bind_gateway(port: int, command: str) -> list[socket.socket]:
    """The gateway's sockets on loopback. Raises PlatformError that says how `command` takes another port."""
    try:
        return bind_loopback(port)
    except PermissionError as error:
        raise PlatformError(
            f"Port {port} needs more privileges. Use one above 1023: `{command} --port 8010`."
        ) from error
    except OSError as error:
        raise PlatformError(
            f"Port {port} is in use by another program. End it, or use another port: `{command} --port 8010`."
        ) from error
