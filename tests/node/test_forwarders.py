"""The forwarders between an implementation and the rest: nothing of a connection is lost on the way."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from janus_platform.node.forwarders import LOOPBACK, Entrance, Side, serve


async def through_a_slow_connect(sent: bytes) -> bytes:
    """What a server behind an Entrance reads to its end, when it is connected only after all was sent and read."""
    received: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
    arrived = asyncio.Event()

    async def upstream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.set_result(await reader.read())
        writer.close()

    class Watched(Entrance):
        def eof_received(self) -> bool:
            arrived.set()
            return super().eof_received()

    behind = await asyncio.start_server(upstream, LOOPBACK, 0)

    async def connect(protocol: Callable[[], asyncio.Protocol]) -> object:
        await arrived.wait()
        return await asyncio.get_running_loop().create_connection(protocol, *behind.sockets[0].getsockname())

    front = await asyncio.get_running_loop().create_server(lambda: Watched(connect), LOOPBACK, 0)
    async with behind, front:
        _, writer = await asyncio.open_connection(*front.sockets[0].getsockname())
        writer.write(sent)
        writer.write_eof()
        got = await asyncio.wait_for(received, 10)
        writer.close()
    return got


def test_what_arrives_before_the_other_end_is_connected_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    # Python 3.11.2, which Debian 12 has, forgets a pause asked for in connection_made.
    pause = "asyncio.selector_events._SelectorSocketTransport.pause_reading"
    monkeypatch.setattr(pause, lambda transport: None)
    assert asyncio.run(through_a_slow_connect(b"question" * 5_000)) == b"question" * 5_000


async def closed_when_both_ends_have_ended(exchanges: int) -> list[bool]:
    """Whether the two sides of each forwarded connection are closed, once client and server both ended theirs."""
    sides: list[Side] = []

    async def upstream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.read())
        writer.close()

    behind = await asyncio.start_server(upstream, LOOPBACK, 0)
    front = await asyncio.get_running_loop().create_server(lambda: sides[-1], LOOPBACK, 0)

    async def connect(protocol: Callable[[], asyncio.Protocol]) -> object:
        made = await asyncio.get_running_loop().create_connection(protocol, *behind.sockets[0].getsockname())
        sides.append(made[1])  # type: ignore[arg-type]
        return made

    for _ in range(exchanges):
        sides.append(Entrance(connect))
        reader, writer = await asyncio.open_connection(*front.sockets[0].getsockname())
        writer.write(b"question")
        writer.write_eof()
        assert await asyncio.wait_for(reader.read(), 10) == b"question"
        writer.close()
    found = [side.transport is not None and side.transport.is_closing() for side in sides]
    front.close()
    behind.close()
    return found


def test_a_connection_that_both_ends_have_ended_is_closed() -> None:
    assert asyncio.run(closed_when_both_ends_have_ended(5)) == [True] * 10


async def serving_where_a_free_port_is_the_given_one_if_it_can_be(folder: Path) -> list[int]:
    """The ports that `serve` listens on, on a machine that gives out the egress port to whoever asks for a free one."""
    loop, listening = asyncio.get_running_loop(), []
    create = loop.create_server
    with socket.create_server((LOOPBACK, 0)) as once:
        given = once.getsockname()[1]

    async def unlucky(protocol: Callable[[], asyncio.Protocol], host: str, port: int, **options: Any) -> asyncio.Server:
        try:
            server = await create(protocol, host, port or given, **options)
        except OSError:
            if port:
                raise
            server = await create(protocol, host, 0, **options)
        listening.append(server)
        return server

    with (
        pytest.MonkeyPatch.context() as patch,
        socket.socket(socket.AF_UNIX) as gateway,
        socket.socket(socket.AF_UNIX) as echo,
    ):
        gateway.bind(str(folder / "gateway"))
        echo.bind(str(folder / "echo"))
        patch.setattr(loop, "create_server", unlucky)
        await serve(given, str(folder / "egress"), gateway, echo, 1)
        ports = [server.sockets[0].getsockname()[1] for server in listening]
    for server in listening:
        server.close()
    assert given in ports
    return ports


def test_the_egress_port_is_not_lost_to_whoever_takes_a_free_one(tmp_path: Path) -> None:
    ports = asyncio.run(serving_where_a_free_port_is_the_given_one_if_it_can_be(tmp_path))
    assert len(set(ports)) == 2
