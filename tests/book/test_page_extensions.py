"""What goes into a page's frame: icons, scripts and styles by use, descriptions, text alternatives, executions."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from docutils import nodes
from docutils.frontend import get_default_settings
from docutils.parsers.rst import Parser
from docutils.utils import new_document
from executions import executions_of, lock_hash
from figure_alternatives import alternative_in
from icons import drawing, style_sheet, used_callouts, used_icons
from page_assets import is_needed
from page_head import LONGEST, description_of
from sphinx.errors import ExtensionError

from tools.environment import ROOT
from tools.reading_time import stated

SCRIPT = 'x={github:[496,512,[],"f09b","M1"]};r={sun:[8,8,[],"f1","M2"]};s={"sun":[9,9,[9728],"f1","M3"]}'


def test_icons_are_those_that_pages_and_scripts_name() -> None:
    page = '<i class="fa-solid fa-sun fa-lg"></i><i class="fab fa-github"></i><i class="fas fa-sun"></i>'
    assert used_icons([page, 'e("fa-solid fa-xmark")']) == [
        ("fa-solid", "sun"),
        ("fa-solid", "xmark"),
        ("fab", "github"),
        ("fas", "sun"),
    ]


def test_the_table_of_minutes_says_what_each_page_says(built_book: Path) -> None:
    html = (built_book / "book" / "execution.html").read_text("utf-8")
    rows = [re.findall(r"<td><p>(.*?)</p></td>", row, re.S) for row in re.split("</tr>", html)]
    counted = [cells for cells in rows if len(cells) == 7]
    assert len(counted) > 20
    for cells in counted:
        (page,) = re.findall(r'href="([^"#]*)\.html', cells[0])
        file = (ROOT / "book" / page).resolve()
        source = next(path for end in (".ipynb", ".md") if (path := file.with_name(file.name + end)).is_file())
        assert (int(cells[5]), int(cells[6])) == stated(source.read_text("utf-8")), page


def test_a_description_keeps_the_words_that_the_glossary_explains(built_book: Path) -> None:
    page = (built_book / "notebooks" / "inference.html").read_text("utf-8")
    found = re.search(r'<meta name="description" content="([^"]*)"', page)
    assert found and "wire format" in found[1]
    assert re.search(r" [,.:;]", found[1]) is None


def test_a_drawing_is_taken_from_its_own_set() -> None:
    assert 'viewBox="0 0 9 9"><path d="M3"/>' in drawing(SCRIPT, "fa-solid", "sun")
    assert 'd="M1"' in drawing(SCRIPT, "fab", "github")
    assert ".fa-solid.fa-sun { --icon: url(" in style_sheet(SCRIPT, [("fa-solid", "sun")])


def test_a_callout_has_the_drawing_of_its_kind_and_no_letter_of_a_font_that_is_gone() -> None:
    assert used_callouts(['<div class="admonition note">', '<div class="dropdown admonition tip">']) == ["note"]
    script = 'x={"circle-info":[9,9,["info-circle"],"f1","M5"]}'
    sheet = style_sheet(script, [], ["note"])
    assert '.admonition.note { --icon: url("data:image' in sheet and "M5" in sheet
    assert '.admonition-title::after {\n    content: "";' in sheet


def test_an_icon_that_the_theme_does_not_have_is_named() -> None:
    with pytest.raises(ExtensionError, match="no icon 'unicorn'"):
        drawing(SCRIPT, "fa-solid", "unicorn")


@pytest.mark.parametrize(
    ("asset", "body", "needed"),
    [
        ("togglebutton.js", "<p>", False),
        ("togglebutton.js", '<div class="admonition dropdown">', True),
        ("sphinx-design.min.css", '<div class="sd-card">', True),
        ("sphinx-design.min.css", '<div class="highlight">', False),
        ("copybutton.js", '<div class="highlight-python">', True),
        ("doctools.js", "", True),
    ],
)
def test_a_page_loads_what_acts_on_something_in_it(asset: str, body: str, needed: bool) -> None:
    assert is_needed(SimpleNamespace(filename=asset, attributes={}), body) is needed


def test_an_inline_script_goes_with_what_it_is_for() -> None:
    inline = SimpleNamespace(filename=None, attributes={"body": "let toggleHintShow = 'Click to show';"})
    assert not is_needed(inline, "<p>")
    assert is_needed(inline, '<div class="toggle">')


def test_a_description_is_the_first_paragraph_cut_between_words() -> None:
    assert description_of(document("Title\n=====\n\nAsk the *platform*\na question.\n\nMore.")) == (
        "Ask the platform a question."
    )
    long = description_of(document("word, " * 60))
    assert len(long) <= LONGEST + 1
    assert re.fullmatch(r"(word, )*word…", long)


def test_a_description_is_not_taken_from_a_table_or_a_note() -> None:
    assert description_of(document("=  =\na  b\n=  =\n\n.. note:: Beware.\n\nIts text.")) == "Its text."


@pytest.mark.parametrize(
    ("code", "alternative"),
    [
        ('%matplotlib inline\nImage(data, alt="A sine wave")', "A sine wave"),
        (
            'axes.set(xlabel="ms", title="Waits")\naxes.set_ylabel("share")',
            "Plot: Waits; horizontally ms; vertically share",
        ),
        ('axes.set_title(f"{n} searches by {who}")', "Plot: searches by"),
        ("plt.plot(x)\nplt.show()", ""),
        ("for", ""),
    ],
)
def test_a_picture_is_described_by_what_its_cell_writes_on_it(code: str, alternative: str) -> None:
    assert alternative_in(code) == alternative


def test_executions_are_those_of_pages_that_ran(tmp_path: Path) -> None:
    noted = {"a": {"exec_data": {"mtime": 86400.0, "runtime": 2.5}}, "b": {"exec_data": None}, "c": {}}
    assert executions_of(noted) == [("a", datetime(1970, 1, 2, tzinfo=UTC), 2.5)]
    (tmp_path / "lock").write_bytes(b"numpy==2.2.0\n")
    assert re.fullmatch(r"[0-9a-f]{16}", lock_hash(tmp_path / "lock"))
    assert lock_hash(tmp_path / "missing") == "none"


def document(text: str) -> nodes.document:
    """A page's tree, read from reStructuredText."""
    page = new_document("page", get_default_settings(Parser))
    Parser().parse(text, page)
    return page
