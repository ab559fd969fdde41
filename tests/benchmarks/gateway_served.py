"""The gateway in a process of its own, put together as the platform does, in front of one server."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import uvloop

from janus_platform.contract import load_contract
from janus_platform.gateway.app import GatewayApp, GatewaySettings
from janus_platform.gateway.directory import Upstream
from janus_platform.http.server import HttpServer, bind_loopback
from janus_platform.runtime import garbage_collection
from janus_platform.runtime.log import log_to
from janus_platform.traces.tracing import Tracing

NAME = "truth"


class One:
    """A directory of one implementation."""

    baseline = NAME

    def __init__(self, port: int) -> None:
        self._upstream = Upstream(NAME, ("127.0.0.1", port))

    def names(self) -> list[str]:
        return [NAME]

    def describe(self) -> list[dict[str, Any]]:
        return [{"name": NAME, "created": 0}]

    async def upstreams(self, name: str) -> Sequence[Upstream]:
        return [self._upstream]


async def serve(upstream_port: int) -> None:
    """Serve on a free port, which is printed, until standard input ends."""
    loop = asyncio.get_running_loop()
    app = GatewayApp(GatewaySettings(load_contract(), One(upstream_port), lambda: None, tracing=Tracing.recording()))
    server = HttpServer(app)
    await server.start()
    sockets = bind_loopback(0)
    await server.listen(sockets)
    garbage_collection.settle()  # As the platform does once it stands.
    idle = asyncio.create_task(garbage_collection.collect_when_idle(server.activity))
    print(sockets[0].getsockname()[1], flush=True)
    ended = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), ended.set)
    await ended.wait()
    idle.cancel()
    await server.close(grace_seconds=0)


def main() -> None:
    """Serve in front of `--upstream PORT`, with a log like the platform's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upstream", type=int, required=True)
    parser.add_argument("--log", type=Path, required=True)
    arguments = parser.parse_args()
    log_to(arguments.log)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(arguments.upstream))


if __name__ == "__main__":
    main()
