"""The minutes on a page are counted from what is on it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tools.reading_time import WORDS_A_MINUTE, Amounts, amounts_in, amounts_of_prose, rewritten, stated

PAGE = "# A page\n\nPromise.\n\n**Minutes:** 40 · **You need:** nothing.\n\n## Body\n\n"


def test_words_are_counted_outside_code_and_code_by_its_lines() -> None:
    found = amounts_of_prose("One two, three.\n\n```python\na = 1\n\nb = 2\n```\n\nFour [five](six/seven.md).")
    assert (found.words, found.code_lines, found.figures) == (5, 2, 0)


@pytest.mark.parametrize("fence", ["{mermaid}", "mermaid", "{image} _static/chat.png"])
def test_a_diagram_is_a_figure_and_no_code(fence: str) -> None:
    found = amounts_of_prose(f"```{fence}\n:alt: words that nobody reads\nA --> B\n```\n")
    assert (found.words, found.code_lines, found.figures) == (0, 0, 1)


def test_what_a_reader_does_not_see_is_not_read() -> None:
    front = "---\nkernelspec:\n  name: python3\n---\n"
    assert amounts_of_prose(f"{front}<!-- no-run: needs a key -->\nOne.\n\n|---|---:|\n").words == 1


def test_a_notebooks_shown_cells_count_and_exercises_apart(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "markdown", "source": ["One two."], "metadata": {}},
        {"cell_type": "code", "source": "%pip install it", "metadata": {"tags": ["remove-cell"]}},
        {"cell_type": "code", "source": ["a\n", "\n", "b"], "metadata": {}},
        {"cell_type": "code", "source": "def f():\n    ...", "metadata": {"tags": ["exercise"]}},
    ]
    file = tmp_path / "page.ipynb"
    file.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    assert amounts_in(file) == Amounts(words=2, code_lines=4, cells=2, exercises=1)
    assert amounts_in(file).line == "**Minutes:** 1, and 5 for the exercise"


def test_a_page_of_ten_minutes_says_ten() -> None:
    assert Amounts(words=10 * WORDS_A_MINUTE).line == "**Minutes:** 10"
    assert Amounts(words=10 * WORDS_A_MINUTE, exercises=2).line == "**Minutes:** 10, and 10 for the exercises"


def test_a_guess_disagrees_is_rewritten_and_then_agrees() -> None:
    page = PAGE + "word " * (12 * WORDS_A_MINUTE)
    amounts = amounts_of_prose(page)
    assert not amounts.agrees_with(page)
    mended = rewritten(page, amounts)
    assert "**Minutes:** 12 · **You need:** nothing." in mended
    assert amounts.agrees_with(mended) and rewritten(mended, amounts) == mended


def test_a_small_edit_leaves_the_line_and_forgotten_exercises_do_not() -> None:
    page = PAGE.replace("40", "12")
    assert Amounts(words=13 * WORDS_A_MINUTE).agrees_with(page)
    assert not Amounts(words=14 * WORDS_A_MINUTE).agrees_with(page)
    assert not Amounts(words=12 * WORDS_A_MINUTE, exercises=1).agrees_with(page)


def test_a_page_without_minutes_disagrees() -> None:
    assert not Amounts().agrees_with("# A page")


def test_the_minutes_that_a_page_states_are_read_off_its_line() -> None:
    assert stated("**Minutes:** 9, and 10 for the exercises\n· **You need:** nothing.") == (9, 10)
    assert stated("**Minutes:** 4 · **You need:** nothing.") == (4, 0)
    assert stated("No such line.") is None
