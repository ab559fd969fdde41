"""The forwarders between an implementation and the rest: nothing of a connection is lost on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from janus_platform.node.forwarders import LOOPBACK, Entrance


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
