"""The paths for a class leave each page the time that it takes, and their minutes add up."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tools.environment import ROOT
from tools.reading_time import MINUTES_AN_EXERCISE, amounts_in

FOLDER = ROOT / "book" / "teach"
TEXT = (FOLDER / "paths.md").read_text("utf-8")
IN_A_CLASS = 1.5  # as paths.md says: people ask
SLACK_MINUTES = 2
# Rows that say that a page is taught in part.
IN_PART = re.compile(r"one service page|one picture|rather than read|the path above|is for reading afterwards")
_LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")


def rows(heading: str) -> list[tuple[str, int]]:
    """Each row of the table below a heading, and its minutes."""
    section = re.search(rf"^## {heading}.*?(?=^## |\Z)", TEXT, re.M | re.S)
    assert section, heading
    found = []
    for line in re.findall(r"^\| (?!from|part|-).*\|$", section[0], re.M):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0].startswith("--"):
            continue
        timed = cells[0].isdigit() and cells[1].isdigit() and len(cells) == 4
        found.append((line, int(cells[1]) - int(cells[0]) if timed else int(cells[1])))
    return found


def class_minutes(line: str) -> float:
    """What the pages that a row links to take in a class."""
    pages = [(FOLDER / link).resolve() for link in _LINK.findall(line)]
    return IN_A_CLASS * sum(amounts_in(page).reading_minutes for page in pages)


@pytest.mark.parametrize("heading", ["Ninety minutes", "Half a day", "A day"])
def test_each_page_has_the_time_that_it_takes_in_a_class(heading: str) -> None:
    short = {line: class_minutes(line) for line, given in rows(heading) if given + SLACK_MINUTES < class_minutes(line)}
    assert {line: minutes for line, minutes in short.items() if not IN_PART.search(line)} == {}


@pytest.mark.parametrize(("heading", "minutes"), [("Ninety minutes", 90), ("Half a day", 270), ("A day", 170)])
def test_the_parts_of_a_path_add_up(heading: str, minutes: int) -> None:
    assert sum(given for _, given in rows(heading)) == minutes


def test_every_part_of_the_half_day_has_time_for_exercises_and_the_one_source_says_how_much() -> None:
    table = [line for line, _ in rows("Half a day")]
    assert [re.match(r"\| (\w+)", line)[1] for line in table if "| break" not in line] == [  # type: ignore[index]
        *("1", "exercises", "2", "exercises", "3", "exercises", "4")
    ]
    titles = {task_title(file) for file in (ROOT / "janus_book" / "exercises").glob("*/*.py")}
    for line, minutes in [*rows("Half a day"), *rows("A day")]:
        if line.startswith("| exercises"):
            named = re.findall(r"\*([A-Z][^*]+)\*", line)
            assert set(named) <= titles, line
            assert MINUTES_AN_EXERCISE * len(named) <= minutes, line


def task_title(file: Path) -> str:
    """The first line of an exercise's task, as the page names it: a full stop is left out, a question mark stays."""
    return (ast.get_docstring(ast.parse(file.read_text("utf-8"))) or "").partition("\n")[0].rstrip(".")


def test_the_two_pages_of_the_flow_that_a_class_can_skip_are_named_and_not_in_its_path() -> None:
    flow = ("user_request", "gateway_routing", "tee_execution", "service_calls", "response_streaming", "user_receives")
    taught = "".join(line for line, _ in rows("Half a day"))
    skipped = [page for page in flow if page not in taught]
    half_day = TEXT.partition("## Half a day")[2].partition("## A day")[0]
    assert len(skipped) == 2
    assert all(f"{page}.ipynb" in half_day for page in skipped)


def test_the_sprint_is_as_long_as_its_path_says_without_a_gap() -> None:
    (given,) = [minutes for line, minutes in rows("Half a day") if "minutes.md#the-sprint" in line]
    sprint = (FOLDER / "minutes.md").read_text("utf-8").partition("## The sprint")[2]
    steps = [(int(start), int(end)) for start, end in re.findall(r"^\| (\d+) \| (\d+) \|", sprint, re.M)]
    assert [start for start, _ in steps] == [0, *(end for _, end in steps[:-1])]
    assert steps[-1][1] == given == 45
