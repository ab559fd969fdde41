"""A check cell of the rendered book is followed by its folded solution, which opens by keyboard and can be read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from janus_book.catalogue import load
from tests.book.test_build import build, failure_of, make_small_book
from tools.environment import ROOT

EXERCISE = load("first_request.wire_text")
FOLDED = "details.exercise-solution"
# A page that was split keeps its exercises' names, so the pages are asked, not the names.
WITH_EXERCISES = sorted(
    path.stem
    for path in (ROOT / "notebooks").glob("*.ipynb")
    if "from janus_book import check" in path.read_text("utf-8")
)
# WCAG 2.2, 1.4.3: of text to its ground.
_CONTRAST = """element => {
    const channels = colour => colour.match(/[\\d.]+/g).map(Number);
    const luminance = ([r, g, b]) => [r, g, b].map(v => v / 255)
        .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    let ground = element;
    while (channels(getComputedStyle(ground).backgroundColor)[3] === 0) ground = ground.parentElement;
    const [one, other] = [getComputedStyle(element).color, getComputedStyle(ground).backgroundColor]
        .map(colour => luminance(channels(colour)) + 0.05);
    return Math.max(one, other) / Math.min(one, other);
}"""


def notebook(*checks: str) -> str:
    """A notebook of one exercise, as `make.py exercises` leaves it, with one check cell or more."""
    cells: list[dict[str, Any]] = [
        {"cell_type": "markdown", "id": "title", "metadata": {}, "source": "# One\n\n" + EXERCISE.markdown[1:]},
        {"cell_type": "code", "id": "answer", "metadata": {"tags": ["exercise"]}, "source": EXERCISE.stub},
    ]
    for number, check in enumerate(checks):
        cells.append({"cell_type": "code", "id": f"check-{number}", "metadata": {"tags": ["check"]}, "source": check})
    for cell in cells[1:]:
        cell.update(outputs=[], execution_count=None)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return json.dumps({"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture(scope="module")
def page_with_exercise(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built page with one exercise."""
    root = make_small_book(tmp_path_factory.mktemp("book"))
    check = f'from janus_book import check\n\ncheck("{EXERCISE.name}", text_of)'
    (root / "notebooks" / "one.ipynb").write_text(notebook(check), encoding="utf-8")
    build(root)
    return root / "_build" / "html" / "notebooks" / "one.html"


@pytest.fixture(params=["light", "dark"])
def opened(browser: Browser, page_with_exercise: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    """That page in a browser, from its file."""
    context = browser.new_context(color_scheme=request.param, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(page_with_exercise.as_uri())
    yield page
    context.close()


def test_solution_is_folded_in_behind_its_check_and_the_hint_it_printed(page_with_exercise: Path) -> None:
    html = page_with_exercise.read_text("utf-8")
    hint = html.index("Not yet: text_of returns nothing yet.")
    solution = html.index('<details class="exercise-solution">')
    assert hint < solution
    assert html.count('class="exercise-solution"') == 1
    assert "BEGIN SOLUTION" not in html
    # Its code is coloured as every other cell's.
    assert re.search(r'<span class="k">return</span>', html[solution:])


def test_solution_is_closed_until_a_key_opens_it(opened: Page) -> None:
    code = opened.locator(f"{FOLDED} pre")
    assert not code.is_visible()
    opened.locator(f"{FOLDED} > summary").focus()
    opened.keyboard.press("Enter")
    code.wait_for(state="visible")
    assert code.inner_text().strip() == EXERCISE.solution.strip()
    assert opened.evaluate("document.documentElement.scrollWidth") <= 390


def test_code_that_is_wider_than_a_phone_scrolls_by_keyboard(opened: Page) -> None:
    opened.locator(f"{FOLDED} > summary").focus()
    opened.keyboard.press("Enter")
    opened.keyboard.press("Tab")
    opened.wait_for_function("document.activeElement.matches('.exercise-solution-code')")
    opened.keyboard.press("ArrowRight")
    opened.wait_for_function("document.activeElement.scrollLeft > 0")


def test_solution_says_which_exercise_it_belongs_to(opened: Page) -> None:
    assert opened.locator(f"{FOLDED} > summary").text_content() == f"Solution to the exercise: {EXERCISE.title}"


def test_solution_can_be_read_in_light_and_dark(opened: Page) -> None:
    assert opened.locator(f"{FOLDED} > summary").evaluate(_CONTRAST) >= 4.5
    opened.locator(f"{FOLDED} > summary").click()
    for word in opened.locator(f"{FOLDED} pre span").all():
        assert word.evaluate(_CONTRAST) >= 4.5, word.inner_text()


def test_check_cells_without_an_exercise_turn_the_build_red(tmp_path: Path) -> None:
    root = make_small_book(tmp_path)
    content = notebook("check = print", 'check("search.nothing", 1)')
    (root / "notebooks" / "one.ipynb").write_text(content, encoding="utf-8")
    said = failure_of(root)
    assert "This cell is tagged `check`: it must call check(" in said
    assert "This cell is tagged `check`: There is no exercise 'search.nothing'" in said


@pytest.mark.parametrize("stem", WITH_EXERCISES)
def test_every_exercise_of_the_book_has_its_solution_on_its_page(built_book: Path, stem: str) -> None:
    html = (built_book / "notebooks" / f"{stem}.html").read_text("utf-8")
    titles = re.findall(r'<details class="exercise-solution"><summary>Solution<[^>]*> to the exercise: ([^<]*)<', html)
    there = json.loads((ROOT / "notebooks" / f"{stem}.ipynb").read_text("utf-8"))["cells"]
    checks = [cell for cell in there if "check" in cell["metadata"].get("tags", [])]
    assert len(titles) == len(set(titles)) == len(checks) > 0
