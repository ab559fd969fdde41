"""`check`: one line for a right answer, one for a wrong one, and never a traceback for what a reader's code does."""

from __future__ import annotations

import linecache
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from janus_book import catalogue, check, checking, progress, solution
from janus_book.checking import Verdict, judge
from tests.exercises.made_up import exercise, write

# Without hints of its own: what is said comes from `check`.
BARE = "# %% check\ndef check(double):\n    if double(4) != 8:\n        raise Hint('No.')\n\n\n"


def defined(code: str, name: str = "double") -> Any:
    """What a reader's cell defines: it runs as `__main__`, and its source can be looked up, as in a kernel."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    linecache.cache["<cell>"] = (len(code), None, code.splitlines(keepends=True), "<cell>")
    exec(compile(code, "<cell>", "exec"), namespace)
    return namespace[name]


def said(folder: Path, code: str, check: str = BARE) -> str:
    return str(judge(exercise(folder, check=check), defined(code)))


def test_right_answer_is_right_and_the_checks_own_remark_follows(tmp_path: Path) -> None:
    found = judge(exercise(tmp_path), lambda number: number * 2)
    assert found == Verdict(True, "Twice 4 is 8.")
    assert str(found) == "Right. Twice 4 is 8."
    assert said(tmp_path, "def double(number):\n    return 2 * number") == "Right."


def test_wrong_answer_gets_the_exercises_hint(tmp_path: Path) -> None:
    assert str(judge(exercise(tmp_path), lambda number: number)) == "Not yet: twice 4 is 8, not 4."


def test_hint_of_several_lines_is_one_line(tmp_path: Path) -> None:
    check = "# %% check\ndef check(double):\n    raise Hint('Look\\n   again.')\n\n\n"
    assert said(tmp_path, "double = 1", check) == "Not yet: Look again."


def test_empty_stub_gets_the_exercises_own_hint_first(tmp_path: Path) -> None:
    found = exercise(tmp_path)
    assert judge(found, defined(found.stub)).says == "Your function returns nothing yet. What is 4 + 4?"


@pytest.mark.parametrize(
    "code",
    [
        "double = ...",
        "def double(number):\n    ...",
        "def double(number):\n    '''Twice.'''\n    return ...",
        "def double(number):\n    half = ...\n    return half",
        "class double:\n    def __init__(self, number):\n        ...\n        raise NotImplementedError",
    ],
)
def test_placeholder_is_named_where_the_check_has_no_hint_for_it(tmp_path: Path, code: str) -> None:
    check = "# %% check\ndef check(double):\n    return double(4) + 1\n\n\n"
    assert said(tmp_path, code, check) == "Not yet: Your answer still holds `...`. Put your own code in its place."


def test_ellipsis_that_is_somebodys_code_is_no_placeholder(tmp_path: Path) -> None:
    code = "def double(number):\n    return {...: 1}[number]"
    assert "KeyError: 4" in said(tmp_path, code)


RAISING = {
    "def double(number):\n    total = number\n    return total['x']": (
        "Your answer raised TypeError: 'int' object is not subscriptable in its line 3: `return total['x']`"
    ),
    "def double(number):\n    raise NotImplementedError": "Your answer raised NotImplementedError in its line 2",
    "def double(number):\n    raise SystemExit(3)": "Your answer raised SystemExit: 3 in its line 2",
    "def double(number):\n    raise BaseException('odd')": "Your answer raised BaseException: odd in its line 2",
    "def double(number):\n    return double(number)": "Your answer raised RecursionError: maximum recursion depth",
    "import json\ndef double(number):\n    return json.loads('{')": "JSONDecodeError: Expecting property name",
    "def helper(n):\n    return n.gone\n\ndef double(number):\n    return helper(number)": "line 2: `return n.gone`",
    "def double():\n    return 8": "With your answer the check ended in TypeError: double() takes 0 positional",
    "double = 8": "With your answer the check ended in TypeError: 'int' object is not callable. Does it give what the",
    "class Odd(Exception):\n    def __str__(self):\n        raise ValueError\n"
    "def double(number):\n    raise Odd": "Your answer raised Odd: <exception str() failed> in its line 5",
    "def double(number):\n    raise ValueError('x' * 10_000)": "xx…",
}


@pytest.mark.parametrize("code", RAISING)
def test_whatever_an_answer_raises_becomes_a_sentence_with_the_readers_line(tmp_path: Path, code: str) -> None:
    line = said(tmp_path, code)
    assert line.startswith("Not yet: ")
    assert RAISING[code] in line
    assert "\n" not in line
    assert len(line) < 400


def test_answer_without_a_platform_is_told_to_start_it(tmp_path: Path) -> None:
    code = (
        "import urllib.request\ndef double(number):\n"
        "    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))\n"
        "    return opener.open('http://127.0.0.1:1/', timeout=5)"
    )
    assert "Is the platform up? Run the notebook from its first cell." in said(tmp_path, code)


@pytest.mark.parametrize("clause", ["Exception", "ValueError"])
def test_answer_that_never_ends_is_stopped_and_told_so(tmp_path: Path, clause: str) -> None:
    # Whoever waits for exceptions does not swallow the end.
    loop = f"    while True:\n        try:\n            number += 1\n        except {clause}:\n            pass"
    code = f"def double(number):\n{loop}"
    before = signal.getsignal(signal.SIGALRM)
    found = judge(exercise(tmp_path), defined(code), seconds=0.2)
    assert found == Verdict(False, "Your answer ran for 0.2 s and was stopped. Is there a loop that never ends?")
    assert signal.getsignal(signal.SIGALRM) == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_interrupt_passes_through(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        judge(exercise(tmp_path), defined("def double(number):\n    raise KeyboardInterrupt"))


def test_check_works_outside_the_main_thread(tmp_path: Path) -> None:
    found: list[Verdict] = []
    made = exercise(tmp_path)
    thread = threading.Thread(target=lambda: found.append(judge(made, lambda number: 2 * number)))
    thread.start()
    thread.join()
    assert found[0].right


def test_answers_must_be_those_that_the_check_takes(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"check\('sums\.double', \.\.\.\) takes double"):
        judge(exercise(tmp_path), 1, 2)


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A book of one exercise, and a reader's home; returns the home."""
    write(tmp_path / "exercises")
    load = catalogue.load
    for module in ("checking", "catalogue"):
        monkeypatch.setattr(f"janus_book.{module}.load", lambda name: load(name, tmp_path / "exercises"))
    monkeypatch.setenv("JANUS_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_check_says_what_is_wrong_and_where_a_solution_is_and_keeps_only_what_is_right(
    book: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check("sums.double", lambda number: number)
    assert capsys.readouterr().out == (
        "Not yet: twice 4 is 8, not 4.\nA solution, when you want one: !janus solution sums.double\n"
    )
    assert progress.solved() == ({}, [])
    check("sums.double", lambda number: 2 * number)
    assert capsys.readouterr().out == "Right. Twice 4 is 8.\n"
    assert list(progress.solved()[0]) == ["sums.double"]


def test_right_answer_is_right_where_progress_cannot_be_kept(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book.write_text("a file in the folder's place", encoding="utf-8")
    check("sums.double", lambda number: 2 * number)
    first, second = capsys.readouterr().out.splitlines()
    assert first == "Right. Twice 4 is 8."
    assert second.startswith("Your progress could not be kept in ")


def test_solution_is_printed_when_asked_for(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    solution("sums.double")
    assert capsys.readouterr().out == 'def double(number):\n    """Twice `number`."""\n    return 2 * number\n'


def test_check_of_an_unknown_exercise_names_those_there_are(book: Path) -> None:
    with pytest.raises(catalogue.UnknownExerciseError, match=r"Did you mean sums\.double"):
        check("sums.treble", 1)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("serch.without_host", ["search.without_host"]),
        ("without_hosts", ["search.without_host", "scoring.without_pictures"]),
        ("search", ["search.without_host", "search.searched_for"]),
        ("../../etc/passwd", []),
        ("nope", []),
        ("", []),
    ],
)
def test_an_unknown_exercise_names_those_alike_and_never_all(asked: str, told: list[str]) -> None:
    with pytest.raises(catalogue.UnknownExerciseError) as caught:
        catalogue.load(asked)
    assert [name for name in catalogue.names() if f" {name}" in str(caught.value)] == told
    assert ("`janus progress` lists all" in str(caught.value)) == (not told)


def test_limit_leaves_a_slow_service_its_time() -> None:
    assert 30 <= checking.CHECK_SECONDS < 120, "nbval gives a cell 120 s"
