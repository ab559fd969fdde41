"""Who is #1, for how long, and what the file survives."""

from __future__ import annotations

import datetime as dt
import io
import json
import signal
import sqlite3
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest
from rich.console import Console

from janus_bench.constants import scoring_hash
from janus_bench.errors import BenchError
from janus_bench.leaderboard.local import Leaderboard
from janus_bench.leaderboard.tables import standings_cells, standings_table
from janus_bench.suites.loader import load_suite

HOTKEY = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"


class Calendar:
    """A wall clock that moves only when told."""

    def __init__(self) -> None:
        self.today = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        return self.today

    def pass_days(self, days: float) -> None:
        self.today += dt.timedelta(days=days)


def report(run: str, composite: float, suite_hash: str | None = None, complete: bool = True) -> dict:
    return {
        "id": run,
        "composite": composite,
        "scores": {"quality": composite, "speed": 50.0, "cost": 50.0, "streaming": 50.0, "modality": None},
        "suite": {"name": "quick", "hash": suite_hash or load_suite("quick").hash},
        "scoring": {"hash": scoring_hash()},
        "complete": complete,
    }


def names(board: Leaderboard) -> list[str]:
    return [row.implementation for row in board.standings()]


def test_an_empty_board_has_no_leader(tmp_path: Path) -> None:
    board = Leaderboard(tmp_path / "board.sqlite3")
    assert board.leader() is None
    assert board.standings() == []


def test_the_higher_composite_leads_and_every_column_is_there() -> None:
    calendar = Calendar()
    board = Leaderboard(now=calendar)
    board.publish(report("r1", 40), implementation="echo")
    row = board.publish(report("r2", 60.5), implementation="research", hotkey=HOTKEY)
    assert board.leader() == "research"
    assert (row.rank, row.composite, row.quality, row.modality, row.run) == (1, 60.5, 60.5, None, "r2")
    assert row.miner == "5Grwva…utQY"
    assert row.submitted == "2026-11-01T00:00:00+00:00"
    assert names(board) == ["research", "echo"]


def test_a_tie_leaves_the_earlier_submission_in_front() -> None:
    calendar = Calendar()
    board = Leaderboard(now=calendar)
    board.publish(report("r1", 60), implementation="first")
    board.publish(report("r2", 60), implementation="second")
    calendar.pass_days(2)
    assert names(board) == ["first", "second"]
    assert [row.days_at_1 for row in board.standings()] == [2, 0]
    board.publish(report("r3", 60.0001), implementation="second")
    assert board.leader() == "second"


def test_a_later_and_lower_run_takes_no_place_away() -> None:
    board = Leaderboard()
    board.publish(report("r1", 60), implementation="first")
    board.publish(report("r2", 10), implementation="first")
    assert [(row.implementation, row.composite) for row in board.standings()] == [("first", 60)]


def test_days_at_number_one_are_the_sum_of_the_reigns() -> None:
    calendar = Calendar()
    board = Leaderboard(now=calendar)
    for days, run, composite, name in ((0, "r1", 50, "a"), (2, "r2", 60, "b"), (3, "r3", 70, "a"), (1, "r4", 65, "b")):
        calendar.pass_days(days)
        board.publish(report(run, composite), implementation=name)
    calendar.pass_days(4)
    days = {row.implementation: row.days_at_1 for row in board.standings()}
    assert days == {"a": pytest.approx(7), "b": pytest.approx(3)}


def test_a_clock_that_is_set_back_takes_no_days_away() -> None:
    calendar = Calendar()
    board = Leaderboard(now=calendar)
    board.publish(report("r1", 50), implementation="a")
    calendar.pass_days(-5)
    board.publish(report("r2", 60), implementation="b")
    assert all(row.days_at_1 >= 0 for row in board.standings())


def test_publishing_a_run_twice_changes_nothing() -> None:
    board = Leaderboard()
    first = board.publish(report("r1", 50), implementation="a")
    assert board.publish(report("r1", 50), implementation="a").run == first.run
    assert len(board.standings()) == 1


def test_runs_of_other_questions_or_scorings_are_not_ranked_together() -> None:
    board = Leaderboard()
    board.publish(report("r1", 50), implementation="a")
    board.publish(report("r2", 90, suite_hash="f" * 64), implementation="b")
    other = report("r3", 95)
    other["scoring"]["hash"] = "e" * 64
    board.publish(other, implementation="c")
    assert names(board) == ["a"]
    assert names(Leaderboard(board.path, suite_hash="f" * 64)) == ["b"]


def test_the_leader_is_seen_as_soon_as_another_process_has_published() -> None:
    gateway, bench = Leaderboard(), Leaderboard()
    assert gateway.leader() is None
    bench.publish(report("r1", 50), implementation="a")
    assert gateway.leader() == "a"
    bench.publish(report("r2", 70), implementation="b")
    assert gateway.leader() == "b"
    gateway.publish(report("r3", 80), implementation="c")
    assert gateway.leader() == "c" == bench.leader()


def test_asking_for_the_leader_reads_no_rows_while_nothing_changes() -> None:
    board = Leaderboard()
    board.publish(report("r1", 50), implementation="a")
    board.leader()
    statements: list[str] = []
    board._db._db.set_trace_callback(statements.append)
    assert [board.leader() for _ in range(3)] == ["a", "a", "a"]
    assert set(statements) == {"PRAGMA data_version"}


def test_who_leads_must_have_beaten_the_baseline_on_the_same_board() -> None:
    board = Leaderboard()
    led = []
    for number, (name, composite) in enumerate(
        [("zero", 0), ("good", 60), ("research", 60), ("zero", 59), ("better", 61), ("research", 62), ("research", 30)]
    ):
        board.publish(report(f"r{number}", composite), implementation=name)
        led.append(board.leader("research".__eq__))
    assert led == [None, None, None, None, "better", "research", "research"]
    assert board.leader() == "research" and board.leader("nobody".__eq__) is None


@pytest.mark.parametrize("name", ["", "janus", "../etc", "a b", "x" * 65, "<b>"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(BenchError, match="cannot name"):
        Leaderboard().publish(report("r1", 50), implementation=name)


@pytest.mark.parametrize("hotkey", ["", "5abc", "1" + HOTKEY[1:], HOTKEY[:-1] + "0"])
def test_a_hotkey_that_is_none_is_refused(hotkey: str) -> None:
    with pytest.raises(BenchError, match="SS58"):
        Leaderboard().publish(report("r1", 50), implementation="a", hotkey=hotkey)


def test_a_run_that_was_stopped_early_is_refused() -> None:
    with pytest.raises(BenchError, match="stopped early"):
        Leaderboard().publish(report("r1", 50, complete=False), implementation="a")


def test_a_composite_that_is_no_number_is_refused() -> None:
    for value in (float("nan"), float("inf"), "90", True):
        with pytest.raises(BenchError, match="composite"):
            Leaderboard().publish(report("r1", value), implementation="a")


def test_a_damaged_file_is_told_with_a_remedy(tmp_path: Path) -> None:
    path = tmp_path / "board.sqlite3"
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(BenchError, match="move a damaged file away"):
        Leaderboard(path)


def test_a_closed_board_is_told_and_no_crash_of_the_database() -> None:
    board = Leaderboard()
    board.close()
    with pytest.raises(BenchError, match="cannot read"):
        board.leader()


def test_no_acknowledged_publication_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    """1,000 publications by real processes, each killed (`kill -9`) in the middle: what was acknowledged is there."""
    writer = """
import json, sys
from janus_bench.leaderboard import Leaderboard
board, report, first = Leaderboard(sys.argv[1]), json.loads(sys.argv[2]), int(sys.argv[3])
for number in range(first, 1000):
    board.publish({**report, "id": f"r{number}", "composite": number / 1000}, implementation="a")
    print(number, flush=True)
"""
    path, acknowledged, killed = tmp_path / "board.sqlite3", list[int](), 0
    while not acknowledged or acknowledged[-1] < 999:
        command = [sys.executable, "-c", writer, str(path), json.dumps(report("r", 1)), str(len(acknowledged))]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            told = [int(line) for line in islice(child.stdout, 260)]
            if told[-1] < 999:
                child.send_signal(signal.SIGKILL)
                killed += 1
            # what it acknowledged before the signal reached it still stands in the pipe
            acknowledged += told + [int(line) for line in child.stdout if line.endswith("\n")]
    assert killed >= 3
    with sqlite3.connect(path) as db:
        kept = [row[0] for row in db.execute("SELECT run FROM runs ORDER BY number")]
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert acknowledged == list(range(1000))
    assert kept == [f"r{number}" for number in range(1000)]
    assert Leaderboard(path).leader() == "a"


def test_the_history_tells_every_publication_and_who_led_after_it() -> None:
    board = Leaderboard(now=Calendar())
    for run, composite, name in (("r1", 40, "a"), ("r2", 40, "b"), ("r3", 41, "b"), ("r4", 10, "c")):
        board.publish(report(run, composite), implementation=name)
    told = [(one.run, one.implementation, one.composite, one.leader) for one in board.history()]
    assert told == [("r1", "a", 40, "a"), ("r2", "b", 40, "a"), ("r3", "b", 41, "b"), ("r4", "c", 10, "b")]


def test_a_file_of_an_earlier_version_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "board.sqlite3"
    Leaderboard(path).publish(report("r1", 50), implementation="a")
    with sqlite3.connect(path) as db:
        db.execute("ALTER TABLE runs DROP COLUMN statement")
    board = Leaderboard(path)
    board.publish(report("r2", 60), implementation="b", statement={"run": "r2"})
    assert names(board) == ["b", "a"]
    assert (board.statement("r1"), board.statement("r2")) == (None, {"run": "r2"})


def with_interval(run: str, composite: float, low: float, high: float) -> dict:
    made = report(run, composite)
    made["intervals"] = {"composite": [low, high]}
    return made


def test_neighbours_that_cannot_be_told_apart_are_marked() -> None:
    """60 and 57, each within 4 points, differ by less than the 5.7 that both intervals make; 57 and 40 do not."""
    board = Leaderboard()
    board.publish(with_interval("r1", 60, 56, 64), implementation="a")
    board.publish(with_interval("r2", 57, 53, 61), implementation="b")
    board.publish(with_interval("r3", 40, 36, 44), implementation="c")
    board.publish(report("r4", 39), implementation="without-an-interval")
    rows = board.standings()
    assert [row.apart for row in rows] == [None, False, True, None]
    assert [row.interval for row in rows] == [(56, 64), (53, 61), (36, 44), None]
    shown = io.StringIO()
    Console(file=shown, width=140).print(standings_table(rows))
    assert "≈2" in shown.getvalue() and "≈3" not in shown.getvalue() and "≈: cannot be told" in shown.getvalue()
    assert [cells[0] for cells in standings_cells(rows)] == ["1", "≈2", "3", "4"]


def test_what_is_apart_is_not_marked_and_needs_no_words() -> None:
    board = Leaderboard()
    board.publish(with_interval("r1", 60, 57, 63), implementation="a")
    board.publish(with_interval("r2", 50, 47, 53), implementation="b")
    assert [cells[0] for cells in standings_cells(board.standings())] == ["1", "2"]
    assert standings_table(board.standings()).caption is None


def test_an_interval_that_is_none_is_refused() -> None:
    with pytest.raises(BenchError, match="not a number"):
        Leaderboard().publish(with_interval("r1", 60, float("nan"), 61), implementation="a")


def test_a_leaderboard_of_an_earlier_version_has_no_intervals(tmp_path: Path) -> None:
    file = tmp_path / "old.sqlite3"
    board = Leaderboard(file)
    board.publish(report("r1", 50), implementation="a")
    board.close()
    with sqlite3.connect(file) as db:
        for column in ("low", "high"):
            db.execute(f"ALTER TABLE runs DROP COLUMN {column}")
    board = Leaderboard(file)
    board.publish(with_interval("r2", 60, 50, 70), implementation="b")
    assert [row.interval for row in board.standings()] == [(50, 70), None]
