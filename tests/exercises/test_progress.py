"""Progress: kept in one file below the reader's home, by several kernels at once, and never lost to a broken file."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from rich.console import Console

from janus_book import progress
from janus_book.catalogue import names
from janus_book.progress import report
from tools import book
from tools.environment import ROOT, variables

NAME = names()[0]
MANY = "import sys; from janus_book.progress import record; [record(f'sums.{sys.argv[1]}_{n}') for n in range(20)]"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A reader's home that does not exist yet."""
    monkeypatch.setenv("JANUS_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def janus(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "janus_platform.cli", *words]
    env = variables(JANUS_HOME=str(home), COLUMNS="80")
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)


def test_first_time_counts_and_is_kept_in_utc() -> None:
    summer = datetime(2026, 7, 1, 12, 30, tzinfo=timezone(timedelta(hours=2)))
    assert progress.record(NAME, summer) == []
    assert progress.record(NAME, summer + timedelta(days=1)) == []
    assert progress.solved() == ({NAME: "2026-07-01T10:30:00+00:00"}, [])


def test_reading_makes_no_file(home: Path) -> None:
    assert progress.solved() == ({}, [])
    assert not home.exists()


def test_several_kernels_at_once_lose_nothing(home: Path) -> None:
    command, env = [sys.executable, "-c", MANY], variables(JANUS_HOME=str(home))
    kernels = [subprocess.Popen([*command, str(number)], env=env) for number in range(4)]
    assert [kernel.wait(timeout=60) for kernel in kernels] == [0] * 4
    assert len(progress.solved()[0]) == 80
    assert sorted(path.name for path in home.iterdir()) == [".progress.json.lock", "progress.json"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b'"solved"',
        b'{"solved": [1]}',
        b'{"solved": {"a.b": 1}}',
        b'{"solved": {"a.b": "soon"}}',
        b"[" * 100_000,
        b" " * (progress.LARGEST + 1),
    ],
)
def test_unreadable_file_is_told_of_kept_aside_and_started_anew(home: Path, content: bytes) -> None:
    home.mkdir()
    (home / "progress.json").write_bytes(content)
    (home / "progress-unreadable-1.json").write_text("an older one", encoding="utf-8")
    (problem,) = progress.record(NAME)
    assert "starts anew" in problem
    assert str(home / "progress-unreadable-2.json") in problem
    assert (home / "progress-unreadable-2.json").read_bytes() == content
    assert list(progress.solved()[0]) == [NAME]
    assert progress.record("sums.halve") == []


def test_report_lists_every_exercise_and_counts_only_those_of_the_book() -> None:
    progress.record(NAME, datetime(2026, 7, 1, tzinfo=UTC))
    progress.record("gone.since", datetime(2026, 7, 1, tzinfo=UTC))
    found = report()
    assert [row.name for row in found.rows] == names()
    assert found.solved == 1
    assert found.as_json()["exercises"][0] == {
        "name": NAME,
        "notebook": NAME.partition(".")[0],
        "title": found.rows[0].title,
        "solved": "2026-07-01T00:00:00+00:00",
    }
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(found.table())
    shown = console.export_text()
    assert f"1 of {len(names())} exercises solved" in shown
    assert "✓ 2026-0" in shown
    assert all(row.title in shown for row in found.rows)


def test_janus_progress_prints_the_table_or_json(home: Path) -> None:
    progress.record(NAME)
    table = janus(home, "progress")
    assert table.returncode == 0
    assert f"1 of {len(names())} exercises solved" in table.stdout
    found = json.loads(janus(home, "progress", "--json").stdout)
    assert (found["solved"], found["total"], found["problems"]) == (1, len(names()), [])


def test_exercises_come_in_the_order_of_the_course_and_the_next_one_is_named(home: Path) -> None:
    course = [page.rpartition("/")[2] for page in book.pages(ROOT)]
    places = [course.index(row.notebook) for row in report().rows]
    assert places == sorted(places)
    first, second = names()[:2]
    assert report().as_json()["next"] == first
    progress.record(first)
    assert f"Next: {second}." in " ".join(janus(home, "progress").stdout.split())


def test_when_all_are_solved_nothing_is_next() -> None:
    for name in names():
        progress.record(name)
    assert report().as_json()["next"] is None


def test_janus_progress_says_that_a_file_was_put_aside(home: Path) -> None:
    home.mkdir()
    (home / "progress.json").write_text("{", encoding="utf-8")
    done = janus(home, "progress")
    assert done.returncode == 0
    assert "progress-unreadable-1.json" in done.stderr


def test_janus_solution_prints_one_or_says_what_there_is(home: Path) -> None:
    done = janus(home, "solution", NAME)
    assert done.returncode == 0
    assert done.stdout
    failed = janus(home, "solution", "no.such")
    assert failed.returncode == 1
    assert failed.stderr.startswith("janus: There is no exercise 'no.such'.")
