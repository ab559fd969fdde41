"""The bridge's process, `python -m janus_platform.classroom.bridge_process`; `janus join` and `janus.up()` start it.

It takes the ticket out of its environment, and says on the pipe it was given whether it has joined, as the platform's
own process does.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys

from janus_platform.classroom.bridge import Bridge
from janus_platform.classroom.saved_ticket import VARIABLE
from janus_platform.classroom.ticket import Ticket
from janus_platform.contract import load_contract
from janus_platform.errors import PlatformError
from janus_platform.processes.child import ProcessId
from janus_platform.runtime.log import log_to
from janus_platform.runtime.ready_pipe import report
from janus_platform.runtime.state import Runtime, State, runtime

log = logging.getLogger("janus.room")


async def serve(bridge: Bridge, place: Runtime, ready_fd: int | None) -> None:
    """Join, report on `ready_fd`, hand on until the last user is gone, and leave. Raises PlatformError."""
    try:
        await bridge.start()
        State(
            ProcessId.of(os.getpid()), bridge.gateway_port, bridge.egress_port, "contract", room=bridge.ticket.shown
        ).write(place)
        log.info("joined room=%s as=%s", bridge.ticket.address, bridge.ticket.learner)
        if report(ready_fd, {"ready": True}):
            await _until_unused(bridge)
    finally:
        await bridge.close()


async def _until_unused(bridge: Bridge) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, bridge.ending.set)
    gone = asyncio.create_task(bridge.users.wait_until_gone())
    told = asyncio.create_task(bridge.ending.wait())
    await asyncio.wait({gone, told}, return_when=asyncio.FIRST_COMPLETED)
    for task in (gone, told):
        task.cancel()


def main() -> None:
    """Parse the arguments and serve until the end."""
    parser = argparse.ArgumentParser(prog="janus_platform.classroom.bridge_process")
    parser.add_argument("--port", type=int, default=load_contract().gateway.port)
    parser.add_argument("--detached", action="store_true")
    parser.add_argument("--ready-fd", type=int)
    arguments = parser.parse_args()
    place = runtime().made()
    log_to(place.log_file)
    try:
        ticket = Ticket.parse(os.environ.pop(VARIABLE, ""))

        async def run() -> None:
            bridge = Bridge(ticket, place, port=arguments.port, detached=arguments.detached)
            await serve(bridge, place, arguments.ready_fd)

        asyncio.run(run())
    except PlatformError as error:
        report(arguments.ready_fd, {"error": str(error)})
        log.error("%s", error)
        sys.exit(1)


if __name__ == "__main__":
    main()
