"""The bridge's process, `python -m janus_platform.classroom.bridge_process`; `janus join` and `janus.up()` start it.

It takes the ticket out of its environment, and says on the pipe it was given whether it has joined, as the platform's
own process does.
"""

from __future__ import annotations

import argparse
import logging
import os

from janus_platform.classroom.bridge import Bridge
from janus_platform.classroom.bridge_control import build_bridge_control
from janus_platform.classroom.settings import TICKET_VARIABLE
from janus_platform.classroom.ticket import Ticket
from janus_platform.processes.child import ProcessId
from janus_platform.runtime.background import background_arguments, report, run_in_background
from janus_platform.runtime.state import Runtime, State

log = logging.getLogger("janus.classroom")


async def serve(arguments: argparse.Namespace, files: Runtime) -> None:
    """Join, report on the pipe, hand on until the last user is gone, and leave. Raises PlatformError."""
    ticket = Ticket.parse(os.environ.pop(TICKET_VARIABLE, ""))
    bridge = Bridge(ticket, files, build_bridge_control, port=arguments.port, detached=arguments.detached)
    try:
        await bridge.start()
        process = ProcessId.of(os.getpid())
        State(process, bridge.gateway_port, bridge.egress_port, "contract", room=ticket.shown).write(files)
        log.info("joined classroom=%s as=%s", ticket.address, ticket.learner)
        if report(arguments.ready_fd, {"ready": True}):
            await bridge.leases.run_until_unused(bridge.ending)
    finally:
        await bridge.close()


def main() -> None:
    """Parse the arguments and serve until the end."""
    arguments = background_arguments("janus_platform.classroom.bridge_process").parse_args()
    run_in_background(lambda files: serve(arguments, files), arguments.ready_fd)


if __name__ == "__main__":
    main()
