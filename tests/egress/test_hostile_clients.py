"""Clients of the egress proxy that stay silent, never shake hands, forge log lines or crowd out the record."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from janus_platform.contract import Egress, load_contract
from janus_platform.egress import proxy as proxy_module
from janus_platform.egress.ca import LocalCA
from janus_platform.egress.callers import Callers
from janus_platform.egress.proxy import KEPT_EVENTS, KEPT_OF_A_CALLER, EgressProxy
from janus_platform.http_server import bind_loopback
from tests.egress.conftest import mirror

EGRESS = load_contract().egress
HOST = EGRESS.allowed_hosts[0]


def with_proxy(
    folder: Path, scenario: Callable[[EgressProxy, int, bytes], Awaitable[Any]], rules: Egress | None = None
) -> Any:
    """Run `scenario(proxy, port, a valid Proxy-Authorization header)` against a proxy of its own."""

    async def run() -> Any:
        callers = Callers()
        made = EgressProxy({HOST: mirror(HOST)}, rules or EGRESS, callers, LocalCA([HOST]))
        sockets = bind_loopback(0)[:1]
        port = sockets[0].getsockname()[1]
        await made.start(sockets, folder / "e.sock")
        proof = base64.b64encode(f"tester:{callers.token('tester')}".encode())
        try:
            return await scenario(made, port, b"Proxy-Authorization: Basic " + proof + b"\r\n")
        finally:
            await made.close()

    return asyncio.run(run())


@pytest.mark.parametrize("sent", [b"", b"CONNECT ", b"CONNECT x:443 HTTP/1.1\r\n"])
def test_a_client_that_stays_silent_is_cut_off_and_logged(tmp_path: Path, sent: bytes) -> None:
    async def scenario(made: EgressProxy, port: int, __: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        try:
            return await asyncio.wait_for(reader.read(), 10)
        finally:
            writer.close()
            assert made.events[-1].reason == "head took too long" and not made.unfinished

    assert with_proxy(tmp_path, scenario, replace(EGRESS, head_seconds=0.05)).startswith(b"HTTP/1.1 408 ")


def test_a_tunnel_whose_handshake_never_comes_is_cut_off_and_forgotten(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(proxy_module, "HANDSHAKE_SECONDS", 0.05)

    async def scenario(made: EgressProxy, port: int, proof: bytes) -> str | None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"CONNECT %s:443 HTTP/1.1\r\n%s\r\n" % (HOST.encode(), proof))
        await reader.readuntil(b"\r\n\r\n")
        with contextlib.suppress(ConnectionResetError):
            assert await asyncio.wait_for(reader.read(), 10) == b""
        writer.close()
        while made._tunnels:
            await asyncio.sleep(0)
        return made.events[-1].reason

    assert with_proxy(tmp_path, scenario) == "TLS handshake failed or asked for another name"


def test_a_request_line_cannot_forge_a_log_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(made: EgressProxy, port: int, _: bytes) -> str:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /\nblocked\x1b[2J\xff\x00 HTTP/1.1\r\n\r\n")
        await reader.read()
        writer.close()
        return made.events[-1].target

    with caplog.at_level(logging.WARNING, "janus.egress"):
        target = with_proxy(tmp_path, scenario)
    assert target == "/?blocked?[2J??"
    assert "\n" not in caplog.records[0].getMessage()


def test_allowed_tunnels_do_not_push_blocked_attempts_out_of_the_record(tmp_path: Path) -> None:
    async def scenario(made: EgressProxy, port: int, proof: bytes) -> list[dict[str, Any]]:
        made._record("tester", "evil.example:443", "host is not on the allow-list")
        for _ in range(2 * KEPT_EVENTS):
            made._record("tester", HOST, None)
        assert made.counts == {"blocked": 1, "allowed": 2 * KEPT_EVENTS}
        return made.blocked("tester")

    assert [event["target"] for event in with_proxy(tmp_path, scenario)] == ["evil.example:443"]


def test_one_callers_flood_does_not_push_anothers_attempt_out_of_the_record(tmp_path: Path) -> None:
    async def scenario(made: EgressProxy, _: int, __: bytes) -> list[dict[str, Any]]:
        made._record("quiet", "evil.example:443", "host is not on the allow-list")
        for _ in range(2 * KEPT_EVENTS):
            made._record("loud", "loud.example:443", "host is not on the allow-list")
        assert len(made.blocked("loud")) == KEPT_OF_A_CALLER
        return made.blocked("quiet")

    assert [event["target"] for event in with_proxy(tmp_path, scenario)] == ["evil.example:443"]
