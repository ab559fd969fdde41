"""The paths for a class leave each page the time that it takes, and their minutes add up."""

from __future__ import annotations

import re

import pytest

from tools.environment import ROOT
from tools.reading_time import amounts_in

FOLDER = ROOT / "book" / "teach"
TEXT = (FOLDER / "paths.md").read_text("utf-8")
IN_A_CLASS = 1.5  # as paths.md says: people ask
SLACK_MINUTES = 2
# Rows that say that a page is taught in part.
IN_PART = re.compile(r"two of the five|one picture|rather than read|the path above|up to the composite")
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


@pytest.mark.parametrize(("heading", "minutes"), [("Ninety minutes", 90), ("Half a day", 240), ("A day", 170)])
def test_the_parts_of_a_path_add_up(heading: str, minutes: int) -> None:
    assert sum(given for _, given in rows(heading)) == minutes
