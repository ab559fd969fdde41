"""The bridge on a learner's machine: it stands where the platform would, and hands everything on to the classroom.

Like the platform, it listens as gateway and as egress proxy, both on loopback, and at the control socket. The first two
are handed on byte by byte; the control API needs to know local things (folders, ports, this machine's users) and has a
module of its own. Nobody but this machine's user reaches any of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import Callable
from typing import Any, Self

from starlette.types import ASGIApp

from janus_bench.leaderboard.remote import BOARD_VARIABLE
from janus_platform.classroom.client import ClassroomClient, ClassroomUnreachableError, open_channel
from janus_platform.classroom.ticket import Ticket
from janus_platform.clock import SystemClock
from janus_platform.egress.environment import egress_variables
from janus_platform.http.server import HttpServer, bind_loopback
from janus_platform.runtime.background import bind_gateway
from janus_platform.runtime.leases import Leases
from janus_platform.runtime.state import Runtime

CHUNK_BYTES = 65_536


class Bridge:
    """The classroom as it appears on this machine, with its files at `files`; `control` makes the control API's app."""

    def __init__(
        self,
        ticket: Ticket,
        files: Runtime,
        control: Callable[[Self], ASGIApp],
        *,
        port: int,
        detached: bool = False,
    ) -> None:
        self.ticket, self.files, self._wanted_port = ticket, files, port
        self.leases = Leases(SystemClock(), detached=detached)
        self.ending = asyncio.Event()
        self.gateway_port = self.egress_port = 0
        self._control = HttpServer(control(self))
        self._listeners: list[asyncio.Server] = []
        self._relays: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """Join the classroom and listen. Raises PlatformError, ClassroomUnreachableError among them."""
        await asyncio.to_thread(self.environment)
        gateway_sockets = bind_gateway(self._wanted_port, "janus join")
        self.gateway_port = gateway_sockets[0].getsockname()[1]
        egress_sockets = bind_loopback(0)[:1]
        self.egress_port = egress_sockets[0].getsockname()[1]
        for channel, sockets in (("gateway", gateway_sockets), ("egress", egress_sockets)):
            for bound in sockets:
                self._listeners.append(await asyncio.start_server(self._relaying(channel), sock=bound))
        await self._control.start()
        await self._control.listen_unix(self.files.control_socket)

    async def close(self) -> None:
        """End every connection and clear the runtime folder."""
        self.ending.set()
        for listener in self._listeners:
            listener.close()
        for relay in list(self._relays):
            relay.cancel()
        await asyncio.gather(*self._relays, return_exceptions=True)
        await self._control.close()
        self.files.clear()

    def environment(self) -> dict[str, str]:
        """The variables that send a process's requests through this bridge. Blocks. Raises PlatformError."""
        given = ClassroomClient(self.ticket).ask("GET", "/join")
        self.files.ca_file.write_text(given["ca"], encoding="ascii")
        variables = egress_variables(
            proxy_url=f"http://{given['caller']}:{given['token']}@127.0.0.1:{self.egress_port}",
            ca_file=self.files.ca_file,
            key_variable=given["key_variable"],
            key=given["key"],
        )
        return {**variables, BOARD_VARIABLE: f"http://localhost:{self.gateway_port}{given['board_path']}"}

    def status(self) -> dict[str, Any]:
        """The learner's view of the classroom's status, with this machine's addresses. Blocks. Raises PlatformError."""
        status = dict(ClassroomClient(self.ticket).ask("GET", "/status"))
        return {
            **status,
            "pid": os.getpid(),
            "users": self.leases.count,
            "detached": self.leases.detached,
            "gateway": {**status["gateway"], "url": f"http://localhost:{self.gateway_port}"},
            "egress": {**status["egress"], "address": f"127.0.0.1:{self.egress_port}"},
            "room": {"address": self.ticket.address, "learner": self.ticket.learner},
        }

    def _relaying(self, channel: str) -> Any:
        async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._relays.add(task)
            try:
                await self._relay(channel, reader, writer)
            except (OSError, asyncio.CancelledError):
                pass
            finally:
                self._relays.discard(task)
                writer.transport.abort()

        return relay

    async def _relay(self, channel: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Not before the client has something to say: browsers open connections that they never use.
        first = await reader.read(CHUNK_BYTES)
        if not first:
            return
        try:
            far_reader, far_writer = await open_channel(self.ticket, channel)
        except ClassroomUnreachableError as error:
            writer.write(_unreachable(str(error)))
            await writer.drain()
            writer.close()
            return
        try:
            far_writer.write(first)
            there = asyncio.create_task(_pump(reader, far_writer))
            back = asyncio.create_task(_pump(far_reader, writer))
            await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
            # Once one side has left, nobody reads what the other still sends, unless it was the classroom that left.
            if back.done():
                with contextlib.suppress(OSError):
                    await writer.drain()
                    writer.close()
                    await writer.wait_closed()
            for task in (there, back):
                task.cancel()
            await asyncio.gather(there, back, return_exceptions=True)
        finally:
            far_writer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(CHUNK_BYTES):
            writer.write(data)
            await writer.drain()


def _unreachable(message: str) -> bytes:
    body = json.dumps(
        {"error": {"message": message, "type": "server_error", "param": None, "code": "room_unreachable"}}
    )
    head = [
        "HTTP/1.1 503 The classroom cannot be entered",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    return "\r\n".join([*head, "", body]).encode("latin-1", "replace")
