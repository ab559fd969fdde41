"""Hostile learners and strangers: another's secret, floods, huge bodies, clock tricks, control commands."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import socket
import zlib
from pathlib import Path
from typing import Any

import httpx
import pytest

from janus_bench.constants import scoring_hash
from janus_bench.suites.loader import load_suite
from janus_platform.classroom.certificate import client_context, open_certificate
from janus_platform.classroom.client import ClassroomClient, ClassroomUnreachableError, open_channel
from janus_platform.classroom.ticket import Ticket, new_secret
from janus_platform.contract import load_contract
from janus_platform.errors import RequestRefusedError
from tests.platform.classroom_rig import knock
from tests.platform.conftest import Classroom
from tests.platform.test_classroom import pupils, run

RULES = load_contract().classroom
SUITE = "cost"  # which the classroom's board ranks


def client(ticket: Ticket) -> ClassroomClient:
    return ClassroomClient(ticket)


def refused(ticket: Ticket, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, str]:
    """Status and words of a refusal; (200, "") where there was none."""
    try:
        client(ticket).ask(method, path, body)
    except RequestRefusedError as error:
        return error.status, str(error)
    return 200, ""


def raw(ticket: Ticket, data: bytes) -> bytes:
    """What the tunnel server answers to these bytes inside TLS."""
    with socket.create_connection((ticket.host, ticket.port), timeout=20) as plain:
        with client_context().wrap_socket(plain) as secured:
            secured.sendall(data)
            return secured.recv(4096)


def test_another_learners_secret_opens_nothing(classroom: Classroom) -> None:
    one, other = classroom.take(), classroom.take()
    for secret in (other.secret, new_secret(), ""):
        for channel in ("gateway", "control", "egress"):
            assert raw(one, knock(one.learner, secret, channel)).startswith(b"HTTP/1.1 407 ")
    assert raw(one, knock("learner-99", one.secret)).startswith(b"HTTP/1.1 407 ")


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
        b"CONNECT api.chutes.ai:443 HTTP/1.1\r\nHost: api.chutes.ai:443\r\n\r\n",
        b"CONNECT gateway:80 HTTP/1.1\r\nHost: gateway:80\r\n\r\n",
        b"\x00\xff" * 50 + b"\r\n\r\n",
    ],
)
def test_without_a_ticket_nothing_answers(classroom: Classroom, data: bytes) -> None:
    assert raw(classroom.tickets[0], data).startswith(b"HTTP/1.1 400 ")


def test_the_door_says_nothing_outside_tls(classroom: Classroom) -> None:
    ticket = classroom.tickets[0]
    with socket.create_connection((ticket.host, ticket.port), timeout=20) as plain:
        plain.sendall(b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n")
        received = b""
        try:
            while part := plain.recv(4096):
                received += part
        except ConnectionError:
            pass
    assert b"HTTP" not in received


def test_a_machine_that_answers_in_the_rooms_place_learns_no_secret(tmp_path: Path) -> None:
    async def flow() -> None:
        heard: list[bytes] = []

        async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heard.append(await reader.read(4096))
            writer.close()

        context = open_certificate(tmp_path).server_context()
        server = await asyncio.start_server(listen, "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
        ticket = Ticket("learner-01", new_secret(), "127.0.0.1", port, new_secret())
        with pytest.raises(ClassroomUnreachableError, match="not the one on your card"):
            await open_channel(ticket, "control")
        with pytest.raises(ClassroomUnreachableError, match="not the one on your card"):
            await asyncio.to_thread(client(ticket).ask, "GET", "/status")
        server.close()
        assert not any(heard)

    run(flow())


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/down", {}),
        ("POST", "/detach", {}),
        ("POST", "/watch", {"pid": 1}),
        ("POST", "/lease", {"caller": "teacher"}),
        ("GET", "/room", None),
        ("POST", "/room/reload", {}),
        ("GET", "/room/board", None),
        ("GET", "/../status/../room", None),
    ],
)
def test_the_teachers_commands_are_not_there_for_learners(
    classroom: Classroom, method: str, path: str, body: dict[str, Any] | None
) -> None:
    assert refused(classroom.tickets[0], method, path, body)[0] == 404


def test_a_caller_in_a_request_never_means_somebody_else(classroom: Classroom) -> None:
    one, other = classroom.take(), classroom.take()
    for _ in range(3):
        client(one).ask("POST", "/clock", {"caller": other.learner, "seconds": 10.0})
    assert client(other).ask("POST", "/clock", {"seconds": 0})["offset_seconds"] == 0
    assert client(one).ask("POST", "/clock", {"seconds": 0})["offset_seconds"] == 30
    theirs = client(other).ask("GET", "/environment")
    given = client(one).ask("GET", f"/environment?caller={other.learner}")
    assert given["caller"] == one.learner and given["token"] != theirs["token"] and given["key"] != theirs["key"]
    client(one).ask("POST", "/keys", {"caller": other.learner})
    assert client(other).ask("GET", "/environment") == theirs


@pytest.mark.parametrize("seconds", [-1, 86_401, 1e308, True, "60", None, float("nan"), float("inf")])
def test_clock_tricks_are_refused(classroom: Classroom, seconds: object) -> None:
    assert refused(classroom.tickets[0], "POST", "/clock", {"seconds": seconds})[0] in (400, 422)


def test_nothing_of_another_learner_can_be_seen_or_touched(classroom: Classroom) -> None:
    async def flow() -> None:
        async with pupils(classroom, 2) as (victim, thief):
            await victim.submit("secretive")
            answer = await victim.ask("the combination is 8153", "secretive")
            blocked = victim.services()
            with pytest.raises(httpx.ProxyError):
                await blocked.get("https://victims-own.example/")
            await blocked.aclose()
            name, ticket = f"{victim.ticket.learner}-secretive", thief.ticket
            trace = answer.headers["traceparent"].split("-")[1]
            completion = json.loads(answer.text.split("data: ")[1])["id"]
            request = answer.headers["x-request-id"]
            found = {
                path: await asyncio.to_thread(refused, ticket, method, path)
                for method, path in [
                    *(("GET", f"/implementations/{one}/log") for one in (name, "secretive", "research")),
                    *(("DELETE", f"/implementations/{one}") for one in (name, "secretive", "research")),
                    *(("GET", f"/traces/{one}") for one in (trace, completion, request, "latest")),
                ]
            }
            assert not [path for path, (status, _) in found.items() if status < 400]
            span = {"trace_id": trace, "span_id": "ab" * 8, "start_ns": 5, "end_ns": 6}
            assert (await asyncio.to_thread(refused, ticket, "POST", "/traces", span))[0] == 404
            for body in ({"implementation": name}, {"implementation": "secretive"}):
                assert (await asyncio.to_thread(refused, ticket, "POST", "/keys", body))[0] == 422
            ask = client(ticket).ask
            for path in ("/status", "/top", "/requests", "/egress", "/traces?count=1000", "/implementations"):
                seen = json.dumps(await asyncio.to_thread(ask, "GET", path))
                assert not [word for word in (victim.ticket.learner, "secretive", trace, "victims-own") if word in seen]
            own = await asyncio.to_thread(client(victim.ticket).ask, "GET", f"/traces/{request}")
            assert own["trace_id"] == trace

    run(flow())


def test_huge_and_malformed_bodies_are_refused_and_the_room_goes_on(classroom: Classroom) -> None:
    ticket = classroom.take()
    huge = {"seconds": 1, "more": "x" * 200_000}
    assert refused(ticket, "POST", "/clock", huge)[0] == 413
    files = [{"name": "main.py", "data": "A" * (2 * RULES.submission_bytes)}]
    assert refused(ticket, "POST", "/implementations", {"name": "big", "files": files})[0] == 413
    just_over = base64.b64encode(b"x" * (RULES.submission_bytes + 1)).decode()
    files = [{"name": "main.py", "data": just_over}]
    status, said = refused(ticket, "POST", "/implementations", {"name": "big", "files": files})
    assert status == 422 and "at most" in said
    many = [{"name": f"f{n}", "data": ""} for n in range(RULES.submission_files + 1)]
    assert refused(ticket, "POST", "/implementations", {"name": "many", "files": many})[0] == 422
    assert client(ticket).ask("GET", "/status")["running"] is True


def test_a_flood_of_one_learner_is_stopped_and_the_others_go_on(classroom: Classroom) -> None:
    one, other = classroom.take(), classroom.take()

    async def flow() -> None:
        held = [await open_channel(one, "gateway") for _ in range(RULES.connections_per_learner)]
        with pytest.raises(ClassroomUnreachableError, match="429"):
            await open_channel(one, "gateway")
        reader, writer = await open_channel(other, "gateway")
        writer.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        for _, held_writer in [*held, (reader, writer)]:
            held_writer.transport.abort()

    run(flow())


def test_limits_are_off_for_one_learner_alone(classroom: Classroom) -> None:
    async def flow() -> None:
        async with pupils(classroom, 2) as (one, other):
            lease = await asyncio.to_thread(one.control.limits_off)
            for pupil, expected in ((one, 22), (other, 20)):
                statuses = [(await pupil.call("search")).status_code for _ in range(22)]
                assert statuses.count(200) == expected
            lease.close()

    run(flow())


@pytest.mark.parametrize(
    "change",
    [
        {"id": "x" * 200},
        {"id": "<script>"},
        {"id": 7},
        {"suite": "cost"},
        {"suite": {"name": "cost", "hash": "0" * 64}},
        {"suite": {"name": "../../etc/passwd"}},
        {"scoring": {"hash": "0" * 64}},
        {"settings": []},
        {"settings": {"seed": "0", "repeats": 1, "model": "echo"}},
    ],
)
def test_a_run_of_no_proper_form_is_not_published_and_no_score_is_believed(
    classroom: Classroom, change: dict[str, Any]
) -> None:
    suite = load_suite(SUITE)
    good = {
        "id": "20261123T000000Z-cost-abcdef",
        "created": "2026-11-23T00:00:00+00:00",
        "settings": {"seed": 0, "repeats": 1, "model": "echo"},
        "target": {"url": "http://localhost:8000"},
        "suite": {"name": SUITE, "hash": suite.hash},
        "scoring": {"hash": scoring_hash()},
        "runner": {},
        "composite": 99.0,
        "scores": {"quality": 99.0},
        "complete": True,
    }
    none = base64.b64encode(zlib.compress(b"")).decode()

    async def flow() -> None:
        async with pupils(classroom, 1) as (one,):
            async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
                board = f"{one.url}{RULES.board_path}"
                for records in (none, None, base64.b64encode(zlib.compress(b" " * 10**8)).decode()):
                    sent = {"report": good | change, "implementation": "echo", "records": records}
                    assert (await http.post(board, json=sent)).status_code == 422
                for name in ("learner-01-mine", "mine", "../x", 7):
                    sent = {"report": good, "implementation": name, "records": none}
                    answer = await http.post(board, json=sent)
                    assert (answer.status_code, "no implementation of that name" in answer.text) == (422, True)
                assert (await http.post(board, content=b"x" * 3_000_000)).status_code == 413
                assert (await http.delete(board)).status_code == 405
                answer = await http.get(board)
                assert all(row["composite"] < 99 for row in answer.json()["rows"])
                assert "the runner's word" in answer.json()["unverified"]

    run(flow())


def test_a_renewed_card_ends_the_old_one(classroom: Classroom) -> None:
    ticket = classroom.take()

    async def open_then_renew() -> None:
        reader, _ = await open_channel(ticket, "gateway")
        done = await asyncio.to_thread(classroom.teacher.janus, "classroom", "renew", ticket.learner)
        assert done.returncode == 0, done.stderr
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), 60) == b""

    run(open_then_renew())
    with pytest.raises(ClassroomUnreachableError, match="407"):
        client(ticket).ask("GET", "/status")
    cards = json.loads(classroom.teacher.janus("classroom", "cards", "--json").stdout)
    new = next(Ticket.parse(card["ticket"]) for card in cards if card["learner"] == ticket.learner)
    assert client(new).ask("GET", "/status")["running"] is True


def test_no_secret_stands_in_logs_in_status_or_in_files_that_others_may_read(classroom: Classroom) -> None:
    teacher = classroom.teacher
    secrets = [card["ticket"].split(":")[2].split("@")[0] for card in _cards(classroom)]
    said = teacher.janus("status", "--json").stdout + teacher.janus("classroom", "who", "--json").stdout
    said += teacher.janus("top", "--json").stdout + teacher.janus("logs", "--lines", "100000").stdout
    assert not [secret for secret in secrets if secret in said]
    kept = [path for path in teacher.home.rglob("*") if path.is_file() and not path.is_symlink()]
    holding = [path for path in kept if any(secret.encode() in path.read_bytes() for secret in secrets)]
    assert [path.name for path in holding] == ["roster.json"]
    private = [teacher.home / "room" / name for name in ("roster.json", "door.pem")]
    assert [path.stat().st_mode & 0o777 for path in private] == [0o600, 0o600]


def _cards(classroom: Classroom) -> list[dict[str, str]]:
    return list(json.loads(classroom.teacher.janus("classroom", "cards", "--json").stdout))
