"""The parts that hostile learners meet, one by one: uploaded files, the tunnel server's places, the guard's count."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from janus_platform.classroom import tunnel_server as tunnel_module
from janus_platform.classroom.addresses import bind_tunnel
from janus_platform.classroom.certificate import client_context, open_certificate
from janus_platform.classroom.gateway_guard import GatewayGuard, LearnerTraces
from janus_platform.classroom.roster import open_roster
from janus_platform.classroom.submissions import unpacked, write_files
from janus_platform.classroom.tunnel_server import TunnelServer
from janus_platform.contract import load_contract
from janus_platform.errors import PlatformError
from tests.platform.classroom_rig import knock
from tests.platform.test_classroom import run

RULES = load_contract().classroom


@pytest.mark.parametrize(
    "name",
    [
        "../up.py",
        "/etc/passwd",
        "a/../../b",
        "a//b",
        "",
        ".",
        "..",
        "a/./b",
        "a\\b",
        "a\0b",
        "x" * 400,
        7,
        "a/" * 20 + "b",
    ],
)
def test_a_file_outside_the_submission_cannot_be_named(name: object) -> None:
    with pytest.raises(PlatformError):
        unpacked([{"name": name, "data": ""}], RULES)


@given(st.lists(st.dictionaries(st.sampled_from(["name", "data"]), st.text(max_size=30) | st.integers()), max_size=4))
def test_whatever_is_sent_as_files_stays_below_its_folder(files: list[dict[str, Any]]) -> None:
    try:
        found = unpacked(files, RULES)
    except PlatformError:
        return
    top = Path("/top")
    assert all(Path(os.path.normpath(top / path)).is_relative_to(top) and path.parts for path in found)


def test_what_was_built_can_be_run_after_the_way_through_the_room(tmp_path: Path) -> None:
    write_files(tmp_path, {PurePosixPath("bin/server"): b"\x7fELF", PurePosixPath("main.py"): b"print()"})
    assert os.access(tmp_path / "bin" / "server", os.X_OK) and not os.access(tmp_path / "main.py", os.X_OK)


def test_two_files_cannot_share_a_place() -> None:
    for names in (["a", "a"], ["a", "a/b"], ["a/b", "a"]):
        with pytest.raises(PlatformError, match="same name"):
            unpacked([{"name": name, "data": ""} for name in names], RULES)


def test_those_who_knock_and_say_nothing_fill_the_places_of_their_own_address_only(tmp_path: Path) -> None:
    async def flow() -> None:
        roster, certificate = open_roster(tmp_path, 1), open_certificate(tmp_path)
        tunnel = TunnelServer(roster, {"control": lambda _: _Greeting()}, certificate.server_context(), connections=3)
        sockets = bind_tunnel("127.0.0.1", 0)
        tunnel.listen(sockets)
        port = sockets[0].getsockname()[1]
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(tunnel_module.PENDING_PER_ADDRESS)]
        late = await asyncio.open_connection("127.0.0.1", port)
        assert await late[0].read() == b""  # Closed at once.
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=client_context(), local_addr=("127.0.0.2", 0)
        )
        writer.write(knock("learner-01", roster.learners["learner-01"].secret))
        assert b"hello" in await reader.readuntil(b"hello")
        for _, one in [*silent, late, (reader, writer)]:
            one.transport.abort()
        await tunnel.close()

    run(flow())


class _Greeting(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.write(b"hello")  # type: ignore[attr-defined]


def test_a_learner_has_so_many_requests_open_and_then_is_told_to_wait() -> None:
    async def flow() -> None:
        entered, release = asyncio.Semaphore(0), asyncio.Event()

        async def slow(scope: Any, receive: Any, send: Any) -> None:
            entered.release()
            await release.wait()

        guard = GatewayGuard(slow, slow, LearnerTraces(1), leaderboard_path="/b", closed={"/metrics"}, at_once=2)  # type: ignore[arg-type]

        async def ask(learner: str, path: str = "/v1/models") -> int:
            seen: list[int] = []

            async def send(message: Any) -> None:
                seen.append(message.get("status", 0))

            scope = {"type": "http", "path": path, "state": {"learner": learner}, "method": "GET", "headers": []}
            await guard(scope, None, send)  # type: ignore[arg-type]
            return seen[0] if seen else 0

        waiting = [asyncio.create_task(ask("learner-01")) for _ in range(2)]
        for _ in range(2):
            await entered.acquire()
        assert await ask("learner-01") == 429
        third = asyncio.create_task(ask("learner-02"))
        await entered.acquire()
        release.set()
        await asyncio.gather(*waiting, third)
        for path in ("/metrics", "/metrics/", "/metrics//"):  # To the gateway they are one.
            assert await ask("learner-01", path) == 403
        assert await ask("learner-01") == 0

    run(flow())


def test_a_trace_stays_with_the_learner_who_began_it() -> None:
    traces = LearnerTraces(2)
    assert traces.claim("t", "learner-01") and not traces.claim("t", "learner-02") and traces.owner("t") == "learner-01"
