"""The exercise format: what a file gives, and what is said of one that breaks it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from janus_book.catalogue import FOLDER, UnknownExerciseError, load, names
from janus_book.exercise import ExerciseError, parse
from tests.exercises.made_up import ANSWER, CHECK, GOOD, HEAD, IMPORT, MISTAKES, exercise, write
from tools.environment import ROOT


def test_one_file_gives_task_stub_solution_and_mistakes(tmp_path: Path) -> None:
    found = parse(write(tmp_path), "sums.double")
    assert found.notebook == "sums"
    assert found.markdown == ("### Exercise: Double a number\n\nWrite `double(number)`, which returns twice `number`.")
    assert found.stub == 'def double(number):\n    """Twice `number`."""\n    ...\n'
    assert found.solution == 'def double(number):\n    """Twice `number`."""\n    return 2 * number\n'
    assert found.answers == ("double",)
    assert found.mistakes == {"def double(number):\n    return number": "not 4"}


def test_names_that_only_a_solution_assigns_are_placeholders_in_the_stub(tmp_path: Path) -> None:
    answer = "# %% answer\nlimit = 3\n### BEGIN SOLUTION\nimport math\nhalf = limit / 2\ndouble = math.floor(half)\n"
    check = CHECK.replace("check(double)", "check(double, limit)")
    found = exercise(tmp_path, answer=f"{answer}### END SOLUTION\nprint(double)\n\n\n", check=check)
    assert found.stub == "limit = 3\ndouble = ...\nprint(double)\n"
    assert found.answers == ("double", "limit")


def test_solutions_in_two_places_leave_two_placeholders(tmp_path: Path) -> None:
    answer = (
        "# %% answer\ndef double(number):\n    for _ in range(1):\n        ### BEGIN SOLUTION\n        number *= 2\n"
        "        ### END SOLUTION\n    ### BEGIN SOLUTION\n    return number\n    ### END SOLUTION\n\n\n"
    )
    found = exercise(tmp_path, answer=answer)
    assert found.stub == "def double(number):\n    for _ in range(1):\n        ...\n    ...\n"


BROKEN = {
    "no docstring": (IMPORT + ANSWER + CHECK + MISTAKES, "docstring must hold the title"),
    "no task": (GOOD.replace("\n\nWrite `double(number)`, which returns twice `number`.\n", ""), "and the task"),
    "no answer": (HEAD + IMPORT + CHECK + MISTAKES, "its parts must be `# %% answer`"),
    "parts in another order": (HEAD + IMPORT + CHECK + ANSWER + MISTAKES, "in this order"),
    "no check function": (GOOD.replace("def check(", "def look("), "define one function `check`"),
    "a check that takes nothing": (GOOD.replace("check(double)", "check()"), "must take the names"),
    "a check with a default": (GOOD.replace("check(double)", "check(double=1)"), "must take the names"),
    "an answer of another name": (GOOD.replace("def double(", "def twice("), "check takes double, which the stub"),
    "no solution": (GOOD.replace("    ### BEGIN SOLUTION\n", "").replace("    ### END SOLUTION\n", ""), "marks no sol"),
    "an empty solution": (GOOD.replace("    return 2 * number\n", ""), "nothing between BEGIN and END"),
    "no end": (GOOD.replace("    ### END SOLUTION\n", ""), "BEGIN SOLUTION` in line 12 has no partner"),
    "no begin": (GOOD.replace("    ### BEGIN SOLUTION\n", ""), "END SOLUTION` in line 13 has no partner"),
    "no mistakes": (GOOD.replace("MISTAKES = {", "SLIPS = {"), "must be MISTAKES"),
    "mistakes that are computed": (GOOD.replace('": "not 4"', '": "not " + "4"'), "of plain strings"),
    "empty mistakes": (HEAD + IMPORT + ANSWER + CHECK + "# %% mistakes\nMISTAKES = {}\n", "must be MISTAKES"),
    "a mistake that is no Python": (GOOD.replace('    return number": ', '    return (": '), "is no Python"),
    "no Python at all": (GOOD.replace("2 * number", "2 *"), r"double\.py:13: invalid syntax"),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_file_that_breaks_the_format_is_named_with_what_it_lacks(tmp_path: Path, broken: str) -> None:
    text, said = BROKEN[broken]
    assert text != GOOD
    with pytest.raises(ExerciseError, match=said) as caught:
        parse(write(tmp_path, text), "sums.double")
    assert str(tmp_path / "sums" / "double.py") in str(caught.value)


def test_failing_line_of_a_check_is_the_files_own(tmp_path: Path) -> None:
    found = exercise(tmp_path, check="# %% check\ndef check(double):\n    return 1 / 0\n\n\n")
    with pytest.raises(ZeroDivisionError) as caught:
        found.checker()(None)
    lines = (tmp_path / "sums" / "double.py").read_text("utf-8").splitlines()
    assert lines[caught.traceback[-1].lineno].strip() == "return 1 / 0"


def test_exercises_are_found_by_notebook_and_name(tmp_path: Path) -> None:
    write(tmp_path)
    write(tmp_path, name="sums.halve")
    assert names(tmp_path) == ["sums.double", "sums.halve"]
    assert load("sums.halve", tmp_path).name == "sums.halve"


@pytest.mark.parametrize("name", ["sums.duoble", "sums", "../sums.double", "sums.../x", "sums/double", "double"])
def test_unknown_name_gets_those_that_are_alike(tmp_path: Path, name: str) -> None:
    write(tmp_path)
    with pytest.raises(UnknownExerciseError, match=r"no exercise '.*Did you mean sums.double"):
        load(name, tmp_path)


@pytest.mark.parametrize("name", ["", "a.b.c", "../../x"])
def test_name_like_no_other_gets_a_way_to_the_list(tmp_path: Path, name: str) -> None:
    write(tmp_path)
    with pytest.raises(UnknownExerciseError, match=r"no exercise '.*`janus progress` lists all of them"):
        load(name, tmp_path)


def test_readme_shows_a_file_of_this_format(tmp_path: Path) -> None:
    (example,) = re.findall(r"^```python\n(.*?)^```$", (FOLDER / "README.md").read_text("utf-8"), re.M | re.S)
    found = parse(write(tmp_path, example, "search.without_host"), "search.without_host")
    namespace: dict[str, object] = {}
    exec(found.solution, namespace)
    assert found.checker()(namespace["without_host"]) == "Your query is 'tides -site:physics.org'."


def test_every_file_of_the_book_keeps_the_format() -> None:
    assert [load(name).name for name in names()] == names()
    strays = [path for path in FOLDER.rglob("*.py") if path.parent.parent != FOLDER]
    assert strays == [], f"an exercise stands in {FOLDER.relative_to(ROOT)}/<notebook>/<exercise>.py"
