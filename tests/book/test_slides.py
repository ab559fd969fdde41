"""Slides from a notebook: what stands on them, what stands in the notes, and that they need nothing from elsewhere."""

from __future__ import annotations

import re

import nbformat

from tools.slide_deck import deck, slides_of

TITLE = "# Tides\n\nWhy the sea moves.\n\n**You will**\n\n- see one,\n- name two."


def notebook(*cells: tuple[str, str, tuple[str, ...]]) -> nbformat.NotebookNode:
    made = nbformat.v4.new_notebook()
    for kind, source, tags in cells:
        cell = nbformat.v4.new_code_cell(source) if kind == "code" else nbformat.v4.new_markdown_cell(source)
        cell.metadata["tags"] = list(tags)
        if kind == "code":
            cell.outputs = [nbformat.v4.new_output("stream", text=f"\x1b[31m<{source}>\x1b[0m\n" + "line\n" * 40)]
        made.cells.append(cell)
    return made


PAGE = notebook(
    ("markdown", TITLE, ()),
    ("code", "install()", ("remove-cell",)),
    ("markdown", "## The Moon\n\nIt pulls. More about that [here](x.ipynb).", ()),
    ("code", "pull()", ()),
    ("markdown", "What was seen.\n\nNow the Sun. It pulls too.", ()),
    ("code", "shine()", ()),
    ("markdown", "A last word.", ()),
    ("markdown", "## Exercise\n\nDo it.", ()),
    ("code", "def tide(): ...", ("exercise",)),
    ("code", "check('x', tide)", ("check",)),
)


def test_a_heading_or_a_second_cell_begins_a_slide_with_its_own_first_sentence() -> None:
    slides = slides_of(PAGE)
    assert [slide.heading for slide in slides] == ["Tides", "The Moon", "The Moon", "Exercise"]
    assert "It pulls." in slides[1].parts[0] and "More about" not in slides[1].parts[0]
    assert "Now the Sun." in slides[2].parts[0] and "too" not in slides[2].parts[0]
    assert [note for slide in slides[1:3] for note in slide.notes] == [
        "It pulls. More about that here.",
        "What was seen.",
        "Now the Sun. It pulls too.",
        "A last word.",
    ]


def test_what_is_not_for_a_wall_is_left_out() -> None:
    page = deck(PAGE)
    assert not [word for word in ("install()", "def tide", "check(") if word in page]


def test_output_is_text_bounded_and_without_escape_sequences() -> None:
    page = deck(PAGE)
    assert "&lt;pull()&gt;" in page and "\x1b" not in page and page.count(">line") < 40
    assert "more lines" in page


def test_a_page_of_slides_asks_no_other_place_for_anything() -> None:
    page = deck(PAGE)
    assert not re.search(r"(?:src|href)=\"(?!data:)|url\(|@import|https?://", page)
    assert page.count("<section ") == 4 and page.count("<h1>") == 1 and "{{" not in page


def test_markup_in_a_notebook_stays_text() -> None:
    page = deck(notebook(("markdown", "# <img src=x onerror=alert(1)>\n\n<script>alert(2)</script> Hi.", ())))
    assert "<img src=x" not in page and "<script>alert(2)" not in page


def test_comments_are_not_for_the_audience() -> None:
    page = notebook(("markdown", "# Limits\n\nIt takes <!-- fact a.b -->10 requests/minute<!-- /fact -->.", ()))
    assert "It takes 10 requests/minute." in deck(page)
    assert "fact a.b" not in deck(page)


def shown(html: str) -> str:
    made = notebook(("markdown", "# T\n\n## Drawing\n\nSee.", ()), ("code", "trace", ()))
    data = {"text/html": html, "text/plain": "<Trace>"}
    made.cells[1].outputs = [nbformat.v4.new_output("execute_result", data=data)]
    return deck(made)


def test_a_drawing_is_shown_as_drawn_unless_it_asks_another_place_for_something() -> None:
    drawn = '<svg><path d="M0 0"/></svg>'
    assert f'<div class="drawn">{drawn}</div>' in shown(drawn)
    for asking in ("<script>1</script>", '<img src="https://example.com/x.png">'):
        page = shown(asking)
        assert asking not in page and "&lt;Trace&gt;" in page


def test_a_task_stands_on_its_slide_as_a_whole() -> None:
    task = "## {}\n\nDo it. Thus:\n\n- first\n- then"
    page = notebook(("markdown", task.format("Exercise: Do"), ()), ("markdown", task.format("Doing"), ()))
    exercise, other = slides_of(page)
    assert "<li>then</li>" in exercise.parts[0]
    assert "then" not in other.parts[0]


def test_the_cell_that_takes_the_platform_down_is_no_slide() -> None:
    assert "down()" not in deck(notebook(("markdown", "# T\n\n## End\n\nDone.", ()), ("code", "platform.down()", ())))
