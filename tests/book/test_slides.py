"""Slides from a notebook: what stands on them, what stands in the notes, and that they need nothing from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from mermaid_cache import diagrams_in
from playwright.sync_api import Browser

from tools.environment import ROOT
from tools.slide_deck import deck, slides_of
from tools.slide_pages import read

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


DIAGRAM = "```mermaid\n" + diagrams_in((ROOT / "book" / "architecture.md").read_text("utf-8"))[0].source + "\n```"


def test_a_diagram_that_the_text_announces_is_on_the_slide_and_what_follows_on_the_next() -> None:
    page = notebook(
        ("markdown", f"# T\n\n## Order\n\nThis is the diagram:\n\n{DIAGRAM}\n\nAnd these are the calls:", ()),
        ("code", "calls", ()),
    )
    drawn, calls = slides_of(page)[1:]
    assert "This is the diagram:" in drawn.parts[0] and '<img class="diagram"' in drawn.parts[1]
    assert not drawn.has_code and calls.heading == "Order" and "And these are the calls:" in calls.parts[0]
    assert not re.search(r"(?:src|href|srcset)=\"(?!data:)|https?://", deck(page))


def test_the_caption_is_the_sentence_that_leads_to_the_picture() -> None:
    text = "What was seen.\n\nAsked again it makes fewer calls. The waterfall of the same trace shows them in time:"
    page = notebook(
        ("markdown", "# T\n\n## A\n\nIt calls.", ()), ("code", "a", ()), ("markdown", text, ()), ("code", "b", ())
    )
    assert "The waterfall of the same trace" in slides_of(page)[2].parts[0]
    assert "fewer calls" not in slides_of(page)[2].parts[0]


def test_the_architecture_has_slides_with_its_diagrams_and_the_contracts_facts() -> None:
    slides = slides_of(read(ROOT / "book" / "architecture.md"))
    page = deck(read(ROOT / "book" / "architecture.md"))
    assert page.count('class="diagram"') >= 4 and "{fact}" not in page and "10 requests/minute" in page
    assert "proxy.janus.rodeo" in page and len(slides) >= 6


def test_the_animated_request_is_one_slide_a_step_with_the_recorded_times() -> None:
    figures = "```{platform}\nEach box is a part.\n```\n\n```{interactive} request\nPlay it.\n```\n\nThat was all."
    drawn, *steps = slides_of(notebook(("markdown", f"# T\n\n## It runs\n\nThis is it:\n\n{figures}", ())))[1:]
    assert "Each box is a part." in drawn.parts[1]
    said = [re.sub("<[^>]+>", "", step.parts[0]).strip() for step in steps]
    lit = [re.findall(r"; lit: ([^\"]*)", step.parts[1]) for step in steps]
    assert said[0].startswith("A client asks") and lit[0] == ["your client"]
    assert "it asks Search API" in said[3] and lit[3] == ["implementation, egress proxy, Search API"]
    assert all(re.search(r"\d ms", words) for words in said[1:]) and "That was all." in steps[-1].notes


def test_a_folded_plot_is_on_its_slide_with_its_caption_in_the_slides_colours() -> None:
    page = notebook(("markdown", "# T\n\n## Plot\n\nSee $x^2$.", ()), ("code", "plt.show()", ("hide-input",)))
    svg = '<svg viewBox="0 0 72 36"><path d="M0 0" style="fill: #0072b2; stroke: #000000"/></svg>'
    page.cells[1].outputs = [nbformat.v4.new_output("display_data", data={"image/svg+xml": svg})]
    page.cells[1].metadata["mystnb"] = {"image": {"alt": "A line"}, "figure": {"caption": "What *it* shows."}}
    shown = deck(page)
    assert "plt.show" not in shown and "What <em>it</em> shows." in shown and 'aria-label="A line"' in shown
    assert "fill: var(--janus-blue); stroke: currentColor" in shown and "<math" in shown


@pytest.mark.parametrize("size", [(1280, 720), (1024, 768)])
def test_nothing_of_a_slide_lies_below_the_edge_of_the_screen(
    browser: Browser, tmp_path: Path, size: tuple[int, int]
) -> None:
    code = "\n".join(f"value_{number} = compute({number})" for number in range(30))
    cells = [("markdown", f"# T\n\n## Long\n\nThis runs:\n\n{DIAGRAM}\n\nAnd so does this:", ()), ("code", code, ())]
    (tmp_path / "deck.html").write_text(deck(notebook(*cells)), encoding="utf-8")
    tab = browser.new_page(viewport={"width": size[0], "height": size[1]})
    tab.goto((tmp_path / "deck.html").as_uri())
    tall = "all => all.map(one => one.scrollHeight - innerHeight)"
    assert tab.locator("section").evaluate_all(tall) == [0, 0, 0]
    hidden = "all => all.filter(one => one.scrollHeight > one.clientHeight + 2).length"
    assert tab.locator("pre, .output").evaluate_all(hidden) == 0
    tab.close()
