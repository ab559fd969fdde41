"""A client that does not read holds up the implementation, not the memory of the gateway."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil

from tests.gateway.rig import PATIENCE, Exchange, ask, chunk, in_loop, upstream

MEGABYTE = 1_000_000
EVENT = chunk(content="x" * 2_000)


@asynccontextmanager
async def own_process(port: int, folder: Path) -> AsyncIterator[tuple[psutil.Process, int]]:
    """The gateway in a process of its own before the server on `port`: the process, and its port."""
    command = [sys.executable, "-m", "tests.benchmarks.gateway_served", "--upstream", str(port)]
    with subprocess.Popen(
        [*command, "--log", str(folder / "gateway.log")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        own_port = int(await asyncio.to_thread(process.stdout.readline))
        yield psutil.Process(process.pid), own_port
        process.stdin.close()


def asks(port: int) -> socket.socket:
    """A client with a small receive buffer that has asked for a stream and reads nothing."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8_192)
    client.connect(("127.0.0.1", port))
    body = json.dumps(ask(model="truth", stream=True)).encode()
    client.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
    return client


@in_loop
async def test_clients_that_do_not_read_make_memory_grow_by_less_than_five_megabytes(tmp_path: Path) -> None:
    blocked = [asyncio.Event() for _ in range(3)]
    streams = iter(blocked)

    async def floods(exchange: Exchange) -> None:
        """Send until it has had to wait for a while, which nothing but back-pressure brings about."""
        mine = next(streams)
        exchange.start_stream()
        for _ in range(100_000):
            exchange.chunk(EVENT)
            try:
                await asyncio.wait_for(exchange.drained(), 0.5)
            except TimeoutError:
                mine.set()
                await exchange.gateway_left()
                return
        raise AssertionError("200 MB went to clients that do not read")

    async with upstream(floods) as up:
        assert isinstance(up.base, tuple)
        async with own_process(up.base[1], tmp_path) as (process, port):
            before = process.memory_info().rss
            clients = [asks(port) for _ in blocked]
            for event in blocked:
                await asyncio.wait_for(event.wait(), PATIENCE)
            grown = process.memory_info().rss - before
            for client in clients:
                client.close()
    assert grown < 5 * MEGABYTE, f"grew by {grown / MEGABYTE:.1f} MB"
