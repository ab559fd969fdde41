"""Clients of the egress proxy that stay silent, never shake hands, forge log lines or crowd out the record."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from janus_platform.contract import Egress, load_contract
from janus_platform.egress import proxy as proxy_module
from janus_platform.egress.ca import LocalCA
from janus_platform.egress.callers import Callers
from janus_platform.egress.proxy import KEPT_EVENTS, KEPT_OF_A_CALLER, EgressProxy
from janus_platform.http.server import bind_loopback
from tests.egress.conftest import mirror

EGRESS = load_contract().egress
HOST = EGRESS.allowed_hosts[0]
AUTHORITY = LocalCA([HOST])


def with_proxy(
    folder: Path, scenario: Callable[[EgressProxy, int, bytes], Awaitable[Any]], rules: Egress | None = None
) -> Any:
    """Run `scenario(proxy, port, a valid Proxy-Authorization header)` against a proxy of its own."""

    async def run() -> Any:
        callers = Callers()
        made = EgressProxy({HOST: mirror(HOST)}, rules or EGRESS, callers, AUTHORITY)
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
        while made._serving:
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


async def opened(port: int, *sent: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in sent:
        writer.write(part)
    return reader, writer


async def status_from(reader: asyncio.StreamReader) -> int:
    return int((await asyncio.wait_for(reader.readline(), 10)).split(b" ")[1])


CONNECT = b"CONNECT %s:443 HTTP/1.1\r\n" % HOST.encode()


def test_silent_connections_do_not_keep_a_client_of_the_same_address_out(tmp_path: Path) -> None:
    async def scenario(made: EgressProxy, port: int, proof: bytes) -> list[int]:
        silent = [await opened(port, b"CONNECT ") for _ in range(EGRESS.max_unfinished_heads + 50)]
        statuses = []
        for _ in range(20):
            reader, writer = await opened(port, CONNECT, proof, b"\r\n")
            statuses.append(await status_from(reader))
            writer.close()
        assert len(made.unfinished) <= EGRESS.max_unfinished_heads
        assert [await status_from(reader) for reader, _ in silent[:50]] == [429] * 50  # the oldest made way
        for _, writer in silent:
            writer.close()
        return statuses

    assert with_proxy(tmp_path, scenario) == [200] * 20


def test_unfinished_heads_count_for_the_caller_that_they_prove(tmp_path: Path) -> None:
    async def scenario(made: EgressProxy, port: int, proof: bytes) -> None:
        stranger, _ = await opened(port, b"CONNECT ")
        while len(made.unfinished) < 1:
            await asyncio.sleep(0)
        held = [await opened(port, CONNECT, proof) for _ in range(4)]
        assert await status_from(held[0][0]) == 429  # the caller's own oldest
        assert made.events[-1].caller == "tester"
        assert not stranger.at_eof() and len(made.unfinished) == 4
        for _, writer in held:
            writer.close()

    with_proxy(tmp_path, scenario, replace(EGRESS, max_unfinished_heads=3))


def test_a_burst_beyond_a_callers_tunnels_waits_its_turn_and_a_longer_one_is_refused(tmp_path: Path) -> None:
    rules = replace(EGRESS, max_tunnels_per_caller=2, max_waiting_tunnels_per_caller=3)

    async def scenario(made: EgressProxy, port: int, proof: bytes) -> None:
        clients = []
        for number in range(6):
            clients.append(await opened(port, CONNECT, proof, b"\r\n"))
            while made.counts.total() + len(made.tunnels._queues.get("tester", ())) < number + 1:
                await asyncio.sleep(0)
        assert [await status_from(clients[n][0]) for n in (0, 1, 5)] == [200, 200, 429]
        clients[3][1].close()  # left while it waited
        for gone, served in ((0, 2), (1, 4)):
            clients[gone][1].close()
            assert await status_from(clients[served][0]) == 200
        for number in (2, 4):
            clients[number][1].close()
        while made.tunnels.open:
            await asyncio.sleep(0)
        assert not made.tunnels._queues

    with_proxy(tmp_path, scenario, rules)


def test_whoever_waits_too_long_is_told_so_and_one_that_speaks_too_early_is_refused(tmp_path: Path) -> None:
    rules = replace(EGRESS, max_tunnels_per_caller=1, tunnel_wait_seconds=0.05)

    async def scenario(made: EgressProxy, port: int, proof: bytes) -> None:
        first, kept = await opened(port, CONNECT, proof, b"\r\n")
        assert await status_from(first) == 200
        late, late_writer = await opened(port, CONNECT, proof, b"\r\n")
        assert await status_from(late) == 429
        made.rules = replace(rules, tunnel_wait_seconds=60)
        early, writer = await opened(port, CONNECT, proof, b"\r\n")
        while "tester" not in made.tunnels._queues:
            await asyncio.sleep(0)
        writer.write(b"hello")
        assert await status_from(early) == 400 and made.events[-1].reason == "bytes after CONNECT"
        assert made.tunnels.open == {"tester": 1} and not made.tunnels._queues
        for one in (kept, late_writer, writer):
            one.close()

    with_proxy(tmp_path, scenario, rules)


def test_a_client_that_keeps_its_connections_gets_through_a_burst_larger_than_its_tunnels(tmp_path: Path) -> None:
    async def scenario(made: EgressProxy, port: int, proof: bytes) -> list[int]:
        user = base64.b64decode(proof.split()[2]).decode()
        tls = ssl.create_default_context(cadata=AUTHORITY.pem.decode())
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
        client = httpx.AsyncClient(proxy=f"http://{user}@127.0.0.1:{port}", verify=tls, limits=limits, timeout=60)
        async with client:
            answers = await asyncio.gather(*(client.get(f"https://{HOST}/") for _ in range(30)))
        assert max(made.tunnels.open.values(), default=0) <= 3
        return [answer.status_code for answer in answers]

    rules = replace(EGRESS, max_tunnels_per_caller=3, tunnel_wait_seconds=50)
    assert with_proxy(tmp_path, scenario, rules) == [200] * 30
