"""A leaderboard on a real PostgreSQL server: shared by several programs, and away now and then."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from janus_bench.errors import BenchError
from janus_bench.leaderboard import database, migrations
from janus_bench.leaderboard.database import PostgresDatabase
from janus_bench.leaderboard.local import Leaderboard
from janus_bench.leaderboard.remote import open_board
from tests.bench.test_leaderboard import HOTKEY, Calendar, report
from tests.stores.servers import PATIENCE, Postgres, postgres
from tools.environment import ROOT, variables


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    with postgres(tmp_path_factory.mktemp("postgres")) as running:
        yield running


@pytest.fixture
def address(server: Postgres) -> Iterator[str]:
    """The address of an empty database."""
    with psycopg.connect(server.address, autocommit=True) as admin:
        admin.execute("DROP TABLE IF EXISTS runs, seeds, janus_leaderboard_version")
    yield server.address


def until(reached: object, board: Leaderboard) -> None:
    """Wait until the leader is as expected: others' commits are heard, not asked for."""
    deadline = time.monotonic() + PATIENCE
    while board.leader() != reached:
        assert time.monotonic() < deadline, f"{board.leader()} stays, and {reached} is awaited"
        time.sleep(0.01)


def test_it_keeps_the_same_rules_as_a_file(address: str, tmp_path: Path) -> None:
    calendar = Calendar()
    boards = Leaderboard(tmp_path / "board.sqlite3", now=calendar), Leaderboard(address, now=calendar)
    told = []
    for board in boards:
        calendar = Calendar()
        board._now = calendar
        board.publish(report("r1", 50), implementation="a", hotkey=HOTKEY, statement={"said": "50 %, truly?"})
        calendar.pass_days(2)
        board.publish(report("r2", 50), implementation="b")
        calendar.pass_days(1)
        board.publish(report("r3", 60), implementation="b")
        calendar.pass_days(1)
        board.publish(report("r1", 50), implementation="a", hotkey=HOTKEY)
        with pytest.raises(BenchError, match="already published, as a"):
            board.publish(report("r1", 50), implementation="c")
        told.append((board.standings(), board.history(), board.statement("r1"), board.statement("r2"), board.leader()))
    assert told[0] == told[1]
    assert told[1][4] == "b"
    for board in boards:
        board.close()


def test_what_one_program_publishes_the_others_hear(address: str) -> None:
    here, there = Leaderboard(address), Leaderboard(address)
    assert here.leader() is None
    there.publish(report("r1", 50), implementation="a")
    until("a", here)
    there.publish(report("r2", 70), implementation="b")
    until("b", here)
    here.close()
    there.close()


PUBLISHER = """
import sys
from janus_bench.leaderboard.local import Leaderboard
from tests.bench.test_leaderboard import report
board = Leaderboard(sys.argv[1])
for number in range(int(sys.argv[3])):
    run = f"{sys.argv[2]}-{number}"
    board.publish(report(run, 10.0 + number), implementation=sys.argv[2])
    board.give_seed("model")
    print(run, flush=True)
"""


def publisher(address: str, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PUBLISHER, address, name, str(count)]
    return subprocess.Popen(
        command, cwd=ROOT, env=variables(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_four_programs_publish_at_once_on_a_database_that_none_has_made(address: str) -> None:
    count = 15
    writers = [publisher(address, f"writer-{number}", count) for number in range(4)]
    said = [writer.communicate(timeout=PATIENCE) for writer in writers]
    assert all(writer.returncode == 0 for writer in writers), said
    board = Leaderboard(address)
    rows = board._db.rows("SELECT run, number FROM runs ORDER BY number")
    assert len(rows) == 4 * count and {row["run"] for row in rows} == {line for out, _ in said for line in out.split()}
    # One owner's open seed of a model is given again, whoever asks: a second one could be chosen.
    assert len(board._db.rows("SELECT 1 FROM seeds")) == 1
    board.close()


def test_a_seed_carries_one_publication_though_two_take_it_at_once(address: str) -> None:
    first, second = Leaderboard(address), Leaderboard(address)
    seed = first.give_seed("m")["seed"]

    def run(name: str) -> dict:
        return {**report(name, 50), "target": {"model": "m"}, "settings": {"seed": seed}}

    assert first.take_seed(run("r1")) == first.take_seed(run("r1"))
    with pytest.raises(BenchError, match="another run was published under this seed"):
        second.take_seed(run("r2"))
    first.close()
    second.close()


def test_nothing_that_was_acknowledged_is_lost_when_the_server_is_killed(tmp_path: Path) -> None:
    with postgres(tmp_path) as server:
        writer = publisher(server.address, "writer", 100_000)
        reader = Leaderboard(server.address)
        assert writer.stdout is not None
        acknowledged = [writer.stdout.readline().strip() for _ in range(20)]
        until("writer", reader)
        server.kill()
        out, err = writer.communicate(timeout=PATIENCE)
        acknowledged += out.split()
        assert "the leaderboard at postgresql://127.0.0.1" in err and "Is the server up" in err
        assert "s3cret" not in err
        # The last known leader still leads, and what needs the server says so.
        assert reader.leader() == "writer"
        with pytest.raises(BenchError, match="cannot read the leaderboard at postgresql"):
            reader.standings()
        server.start()
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                rows = reader._db.rows("SELECT run FROM runs")
                break
            except BenchError:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        assert {row["run"] for row in rows} >= set(acknowledged)
        other = Leaderboard(server.address)
        other.publish(report("after", 100_001), implementation="new")
        until("new", reader)
        reader.close()
        other.close()


def test_a_server_that_says_nothing_does_not_hold_up_whoever_asks_for_the_leader(tmp_path: Path) -> None:
    with postgres(tmp_path) as server:
        board = Leaderboard(server.address)
        board.publish(report("r1", 50), implementation="a")
        until("a", board)
        server.freeze()
        try:
            assert [board.leader() for _ in range(1000)] == ["a"] * 1000
        finally:
            server.thaw()
        board.close()


def test_a_database_of_a_later_version_is_left_alone(address: str) -> None:
    Leaderboard(address).close()
    with psycopg.connect(address, autocommit=True) as admin:
        admin.execute("UPDATE janus_leaderboard_version SET version = 99")
    with pytest.raises(BenchError, match=r"of version 99, and this program knows .* Install a later"):
        Leaderboard(address)


def test_an_older_database_is_brought_up_once(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    board = Leaderboard(address)
    board.publish(report("r1", 50), implementation="a")
    board.close()
    monkeypatch.setattr(migrations, "_POSTGRES", [*migrations._POSTGRES, "ALTER TABLE runs ADD COLUMN note TEXT"])
    for _ in range(2):
        board = Leaderboard(address)
        assert board.leader() == "a" and board._db.rows("SELECT note FROM runs")[0]["note"] is None
        board.close()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda server: server.address.replace("s3cret", "other"), "password authentication failed"),
        (lambda server: server.address.replace("/board", "/nothing"), "does not exist"),
        (lambda server: server.address.replace(str(server.port), "1"), "[Cc]onnection refused"),
        (lambda server: "postgresql://[", "address is none"),
    ],
)
def test_what_is_wrong_with_the_address_is_said_without_its_password(server: Postgres, wrong, said: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(BenchError, match=said) as caught:
        Leaderboard(wrong(server))
    assert "s3cret" not in str(caught.value) and "other" not in str(caught.value)
    assert "user, password and database" in str(caught.value) or "postgresql://USER@HOST" in str(caught.value)


def test_the_variable_names_it_for_every_program(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JANUS_LEADERBOARD", address)
    board = open_board()
    assert isinstance(board, Leaderboard) and isinstance(board._db, PostgresDatabase)
    board.publish(report("r1", 50), implementation="a")
    board.close()
    command = [sys.executable, "-m", "janus_bench.cli", "leaderboard", "--json"]
    environment = {**variables(), "JANUS_LEADERBOARD": address}
    shown = subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    assert [row["implementation"] for row in json.loads(shown.stdout)] == ["a"]


def test_without_psycopg_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(BenchError, match="pip install"):
        database.open_database("postgresql://localhost/x")


PLATFORM = """
import httpx, sys
import janus_platform as janus
platform = janus.up(port=0)
body = {"model": "janus", "messages": [{"role": "user", "content": "hello"}]}
print(httpx.post(f"{platform.url}/v1/chat/completions", json=body, timeout=60).headers["x-janus-implementation"])
"""


@pytest.mark.parametrize(("leads", "answers"), [("echo", "echo"), ("research", "research")])
def test_the_platform_answers_as_whoever_leads_on_the_server(
    address: str, tmp_path: Path, leads: str, answers: str
) -> None:
    board = Leaderboard(address)
    for name in ("research", "echo"):
        board.publish(report(name, 60 if name == leads else 20), implementation=name)
    board.close()
    environment = {**variables(), "JANUS_LEADERBOARD": address, "JANUS_HOME": str(tmp_path)}
    asked = subprocess.run(
        [sys.executable, "-c", PLATFORM], env=environment, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE,
        check=False,
    )  # fmt: skip
    assert asked.stdout.strip() == answers, asked.stderr


def test_a_platform_whose_leaderboard_is_away_says_so_and_does_not_start(server: Postgres, tmp_path: Path) -> None:
    away = server.address.replace(str(server.port), "1")
    environment = {**variables(), "JANUS_LEADERBOARD": away, "JANUS_HOME": str(tmp_path)}
    asked = subprocess.run(
        [sys.executable, "-c", PLATFORM], env=environment, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE,
        check=False,
    )  # fmt: skip
    assert asked.returncode and "cannot open the leaderboard at postgresql://127.0.0.1:1/board" in asked.stderr
    assert "s3cret" not in asked.stderr
