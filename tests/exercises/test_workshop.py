"""`janus learn`: the exercises in files of one's own, checked at every save, one leading to the next."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from janus_book.authoring import AuthoringError, faults, new
from janus_book.catalogue import FOLDER, load, names
from janus_book.progress import report, solved
from janus_book.workshop import Workshop, sheet
from tests.exercises.made_up import write

COMMAND = [sys.executable, "-m", "janus_platform.cli.main", "learn"]
RIGHT = "def double(number):\n    return 2 * number\n"


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without progress, and two exercises of one's own."""
    monkeypatch.setenv("JANUS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("JANUS_EXERCISES", str(tmp_path / "own"))
    write(tmp_path / "own", name="zz_sums.double")
    write(tmp_path / "own", name="zz_sums.twice")
    return tmp_path / "home"


def test_every_exercise_makes_a_sheet_with_its_task_and_what_its_check_takes() -> None:
    assert len(names()) >= 70
    for name in names():
        exercise = load(name)
        text = sheet(exercise)
        assert text.startswith(f"# {exercise.title}\n")
        assert text.endswith(exercise.stub)
        assert "BEGIN SOLUTION" not in text and exercise.solution not in text
        compile(text, name, "exec")


def test_ones_own_exercises_stand_behind_the_books() -> None:
    assert names()[-2:] == ["zz_sums.double", "zz_sums.twice"]


def test_a_file_is_checked_as_a_notebooks_cell_is(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path / "files")
    path = workshop.prepare(load("zz_sums.double"))
    outcome = workshop.check("zz_sums.double")
    assert not outcome.right and outcome.says == "Not yet: Your function returns nothing yet. What is 4 + 4?"
    path.write_text(RIGHT + "print('seen')\n", encoding="utf-8")
    outcome = workshop.check("zz_sums.double")
    assert outcome.right and outcome.says == "seen\nRight. Twice 4 is 8."
    assert list(solved()[0]) == ["zz_sums.double"]


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("def double(number)\n", "Not yet: line 1 is no Python yet"),
        ("print('hello')\n", "the file no longer defines double"),
        ("\n\n1 / 0\n", "Your answer raised ZeroDivisionError: division by zero in its line 3: `1 / 0`"),
        ("raise SystemExit(0)\n", "Not yet: Your answer raised SystemExit"),
        ("def double(number):\n    return {}[number]\n", "in its line 2: `return {}[number]`"),
        ("x = '\x00'\n", "Not yet:"),
    ],
)
def test_whatever_a_file_does_becomes_a_sentence(tmp_path: Path, code: str, says: str) -> None:
    workshop = Workshop(tmp_path / "files")
    workshop.prepare(load("zz_sums.double")).write_text(code, encoding="utf-8")
    outcome = workshop.check("zz_sums.double")
    assert not outcome.right and says in outcome.says and "Traceback" not in outcome.says


def test_what_stands_in_a_learners_file_is_never_written_over(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path / "files")
    path = workshop.prepare(load("zz_sums.double"))
    path.write_text(RIGHT, encoding="utf-8")
    assert workshop.prepare(load("zz_sums.double")) == path
    assert path.read_text("utf-8") == RIGHT


class Learner:
    """Somebody in front of a terminal."""

    def __init__(self, *words: str) -> None:
        self._terminal, far = pty.openpty()
        environment = {**os.environ, "TERM": "dumb", "COLUMNS": "120"}
        for name in ("JANUS_EDITOR", "VISUAL", "EDITOR"):
            environment.pop(name, None)
        self.program = subprocess.Popen([*COMMAND, *words], stdin=far, stdout=far, stderr=far, env=environment)
        os.close(far)
        self.seen = ""

    def sees(self, words: str, seconds: float = 60) -> None:
        """Wait until the terminal shows `words`, behind what was waited for before."""
        end = time.monotonic() + seconds
        while words not in self.seen:
            assert time.monotonic() < end and self.program.poll() is None, self.seen
            if select.select([self._terminal], [], [], 0.1)[0]:
                # Where a line is broken depends on how long a path is.
                self.seen += os.read(self._terminal, 65536).decode("utf-8", "replace")
                self.seen = " ".join(self.seen.split())
        self.seen = self.seen.partition(words)[2]

    def types(self, key: str) -> None:
        os.write(self._terminal, key.encode())

    def closes(self) -> None:
        os.close(self._terminal)

    def leaves(self) -> int:
        self.types("q")
        code = self.program.wait(20)
        self.closes()
        return code


@pytest.fixture
def learner(tmp_path: Path) -> Iterator[Learner]:
    made = Learner("zz_sums.double", "--folder", str(tmp_path / "files"))
    yield made
    if made.program.poll() is None:
        made.program.kill()
        made.program.wait()


def test_each_save_is_checked_and_a_right_answer_leads_to_the_next(learner: Learner, tmp_path: Path) -> None:
    learner.sees("zz_sums.double")
    learner.sees("each save is checked")
    learner.sees("q quit")
    path = next((tmp_path / "files").glob("*_zz_sums.double.py"))
    path.write_text("def double(number):\n    return number\n", encoding="utf-8")
    learner.sees("Not yet: twice 4 is 8, not 4.")
    learner.types("s")
    learner.sees("return 2 * number")
    # As many editors save: written beside it, then moved into its place.
    path.with_suffix(".tmp").write_text(RIGHT, encoding="utf-8")
    path.with_suffix(".tmp").replace(path)
    learner.sees("Right. Twice 4 is 8.")
    learner.sees("zz_sums.twice")
    assert learner.leaves() == 0
    assert list(solved()[0]) == ["zz_sums.double"]


def test_a_closed_window_ends_it(learner: Learner) -> None:
    learner.sees("q quit")
    learner.closes()
    learner.program.wait(20)


def test_once_says_by_its_exit_code_whether_a_file_is_right(tmp_path: Path) -> None:
    words = [*COMMAND, "zz_sums.double", "--once", "--folder", str(tmp_path / "files")]
    first = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert (first.returncode, first.stdout.startswith("Not yet:")) == (1, True)
    next((tmp_path / "files").glob("*.py")).write_text(RIGHT, encoding="utf-8")
    assert subprocess.run(words, capture_output=True, text=True, timeout=60).returncode == 0
    unknown = subprocess.run([*COMMAND, "zz_sums.dubble"], capture_output=True, text=True, timeout=60)
    assert unknown.returncode == 1 and "Did you mean zz_sums.double" in unknown.stderr


def janus(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "janus_platform.cli.main", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_an_exercise_of_ones_own_is_begun_examined_and_listed() -> None:
    begun = janus("exercise", "new", "mine.double")
    assert begun.returncode == 0, begun.stderr
    examined = janus("exercise", "check")
    assert "mine.double: good\n" in examined.stdout
    # The made-up ones are good too.
    assert examined.returncode == 0, examined.stdout
    assert any(row.name == "mine.double" and row.solved is None for row in report().rows)


@pytest.mark.parametrize(
    ("good", "bad", "fault"),
    [
        ("return 2 * number", "return number", "The solution is refused: Twice 4 is 8"),
        ('raise Hint("Your function returns', 'return ("Your function returns', "stub passes"),
        ("if found is None or found is ...", "if not found + 0", "has no hint of its own"),
        ("yours gives 16", "yours gives 17", "should get 'yours gives 17'"),
        ("return number**2", "return 2 * number", "A mistake passes as right"),
    ],
)
def test_a_fault_of_an_exercise_is_named(tmp_path: Path, good: str, bad: str, fault: str) -> None:
    path = new("mine.double", tmp_path)
    text = path.read_text("utf-8")
    assert faults(load("mine.double", tmp_path)) == [] and good in text
    path.write_text(text.replace(good, bad, 1), encoding="utf-8")
    assert any(fault in found for found in faults(load("mine.double", tmp_path)))


def test_an_exercise_is_not_begun_where_one_is_or_under_no_name(tmp_path: Path) -> None:
    new("mine.double", tmp_path)
    for name, why in [("mine.double", "there already"), ("../mine", "no name"), (names(FOLDER)[0], "The book has")]:
        with pytest.raises(AuthoringError, match=why):
            new(name, tmp_path)
