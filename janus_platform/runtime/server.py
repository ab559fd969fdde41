"""The platform's process: runs until its last user is gone. `janus up` and `janus.up()` start it.

It says on a pipe whether it became healthy, so that nobody waits by the clock.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
from collections.abc import Callable

from janus_platform.gateway.access import AccessRules
from janus_platform.runtime import garbage_collection
from janus_platform.runtime.background import background_arguments, report, run_in_background
from janus_platform.runtime.control_api import build_control
from janus_platform.runtime.launcher import LIMITS, WEBS
from janus_platform.runtime.platform import LocalPlatform, Settings
from janus_platform.runtime.state import Runtime

log = logging.getLogger("janus.platform")


async def serve(platform: LocalPlatform, ready_fd: int | None) -> None:
    """Start, report on `ready_fd` that it is ready, run and close; end at once when nobody is there to be told.

    Raises PlatformError when it cannot start.
    """
    try:
        await platform.start()
        platform.write_state()
        garbage_collection.settle()
        idle = asyncio.create_task(garbage_collection.collect_when_idle(platform.gateway.activity))
        if report(ready_fd, {"ready": True}):
            await platform.run()
        else:
            log.warning("the program that started this platform ended before it was ready")
        idle.cancel()
    finally:
        await platform.close()


def platform_arguments(module: str) -> argparse.ArgumentParser:
    """A parser of the arguments of a platform's process."""
    parser = background_arguments(module)
    parser.add_argument("--limits", choices=LIMITS, default=LIMITS[0])
    parser.add_argument("--web", choices=WEBS, default=WEBS[0])
    parser.add_argument("--model", default="")
    return parser


def run(arguments: argparse.Namespace, build: Callable[[Settings, Runtime], LocalPlatform]) -> None:
    """Serve the platform that `build` makes until its end."""
    # OpenBLAS waits for its threads before every fork: a sandbox run started while the vector index computes would
    # stand still for ever. With one thread it has none to wait for. To be set before numpy is imported.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    settings = Settings(
        arguments.port, arguments.limits, arguments.detached, arguments.web, AccessRules.handed(), arguments.model
    )

    async def built_and_served(files: Runtime) -> None:
        await serve(build(settings, files), arguments.ready_fd)

    run_in_background(built_and_served, arguments.ready_fd, new_event_loop)


def new_event_loop() -> asyncio.AbstractEventLoop:
    """The loop that the platform runs on: uvloop's, where there is one."""
    try:
        import uvloop
    except ImportError:  # Windows has none
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def main() -> None:
    """Parse the arguments and serve until the end."""
    arguments = platform_arguments("janus_platform.runtime.server").parse_args()
    run(arguments, lambda settings, files: LocalPlatform(settings, files, build_control))


if __name__ == "__main__":
    main()
