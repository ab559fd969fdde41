"""A client that would like an upgrade reaches every bundled implementation, and the lessons' servers, with its body."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from janus_book.tiny_target import serving
from janus_platform.implementations import bundled

H2C = "Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQ\r\nUpgrade: h2c\r\n"


@contextmanager
def running(name: str) -> Iterator[int]:
    """A bundled implementation as `python main.py` runs it; its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {**os.environ, "PORT": str(port), "HOST": "127.0.0.1", "CHUTES_API_KEY": "none"}
    command = [sys.executable, "main.py"]
    with subprocess.Popen(command, cwd=bundled()[name], env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            yield port
        finally:
            process.kill()


def connected(port: int) -> socket.socket:
    deadline = time.monotonic() + 60
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=60)
        except ConnectionRefusedError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def answer_to(port: int, path: str = "/v1/chat/completions") -> bytes:
    """What comes back for a chat request that a client would rather have sent by HTTP/2."""
    request = {"model": "m", "messages": [{"role": "user", "content": "say hello"}]}
    body = json.dumps(request).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\n{H2C}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with connected(port) as connection:
        connection.sendall(head.encode() + body)
        got = b""
        while b"\r\n\r\n" not in got:
            part = connection.recv(65_536)
            assert part, got
            got += part
        return got


@pytest.mark.parametrize("name", sorted(bundled()))
def test_an_implementation_reads_the_body_of_a_request_that_would_like_an_upgrade(name: str) -> None:
    with running(name) as port:
        status = int(answer_to(port).split(b" ", 2)[1])
    # Without the services behind them, some cannot answer; none takes the body for missing.
    assert status != 101 and not 400 <= status < 500


def test_the_lessons_server_reads_the_body_of_a_request_that_would_like_an_upgrade() -> None:
    with serving(lambda question: [question]) as address:
        assert answer_to(int(address.rsplit(":", 1)[1])).startswith(b"HTTP/1.1 200")
