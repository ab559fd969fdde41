"""Slides from a notebook or a page: one HTML file without other files, made of what the page already says.

A heading begins a slide, and so does a second code cell below the same heading. On the slide are the heading, the
sentence that leads to what is shown, diagrams, the code and its output; the prose as a whole is the speaker's note
(key N). Run as `python -m tools.slide_deck FOLDER PAGE…`, which runs each notebook first; `make slides` does that.
"""

from __future__ import annotations

import argparse
import html
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from nbclient import NotebookClient
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

from tools.notebook_runs import AS_SVG, PLOT_STYLE
from tools.slide_figures import formula, plot
from tools.slide_pages import caption, for_slides, read, split_at_diagram

CELL_SECONDS = 120
MOST_OUTPUT_LINES = 18
LEFT_OUT = {"remove-cell", "exercise", "check"}
FOLDED = "hide-input"  # on the page too, code that only draws is not what is shown
LAST_CELL = "platform.down()"
_HEADING = re.compile(r"^(#{1,3}) (.+)$", re.M)
_COLOR = re.compile(r"\x1b\[[0-9;]*m")
_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\([^)]*\)")
_ASKS_ELSEWHERE = re.compile(r"<script|<iframe|@import|url\((?!#)|\b(?:src|href)=\"(?!data:|#)", re.I)
_PAGE = Path(__file__).with_name("slide_deck.html")


@dataclass
class Slide:
    """One slide: heading, parts as HTML, and the speaker's note as Markdown."""

    heading: str
    level: int = 2
    parts: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    has_code: bool = False
    goes_on: bool = False


def slides_of(notebook: Any) -> list[Slide]:
    """The slides of an executed notebook, in order."""
    slides: list[Slide] = []
    for cell in notebook.cells:
        if LEFT_OUT & set(cell.metadata.get("tags", ())) or cell.source.strip() == LAST_CELL:
            continue
        if cell.cell_type == "markdown":
            for heading, level, text in _sections(for_slides(cell.source)):
                if heading:
                    _settle(slides)
                    slides.append(Slide(heading, level))
                elif slides and slides[-1].has_code:
                    text = _go_on(slides, text)
                if slides and text:
                    _say(slides, text)
        elif cell.cell_type == "code" and cell.source.strip() and slides:
            if slides[-1].has_code:
                slides.append(Slide(slides[-1].heading, slides[-1].level))
            slides[-1].has_code = True
            code = [] if FOLDED in cell.metadata.get("tags", ()) else [_code(cell.source)]
            slides[-1].parts += [*code, *_outputs(cell.outputs, cell.metadata.get("mystnb", {}))]
    _settle(slides)
    return slides


def deck(notebook: Any) -> str:
    """The whole page."""
    slides = slides_of(notebook)
    title = slides[0].heading if slides else "Slides"
    style = HtmlFormatter(style="a11y-high-contrast-light", nobackground=True).get_style_defs("pre.code")
    dark = HtmlFormatter(style="a11y-high-contrast-dark", nobackground=True).get_style_defs("pre.code")
    body = "\n".join(_section(number, slide, len(slides)) for number, slide in enumerate(slides, 1))
    page = _PAGE.read_text(encoding="utf-8")
    return (
        page.replace("{{title}}", html.escape(title))
        .replace("/*light*/", style)
        .replace("/*dark*/", dark)
        .replace("{{slides}}", body)
    )


def _sections(text: str) -> Iterator[tuple[str, int, str]]:
    """Heading (empty for what stands before the first one), its level, and the text below it."""
    parts = _HEADING.split(text)
    if parts[0].strip():
        yield "", 0, parts[0].strip()
    for at in range(1, len(parts), 3):
        yield parts[at + 1].strip(), len(parts[at]), parts[at + 2].strip()


def _go_on(slides: list[Slide], text: str) -> str:
    """Begin a slide below the same heading for prose between two cells, and return what belongs there.

    By the book's manner the last paragraph says what comes next; the ones before it say what was just seen.
    """
    seen, _, coming = text.rpartition("\n\n")
    if seen:
        slides[-1].notes.append(_LINK.sub(r"\1", seen))
    slides.append(Slide(slides[-1].heading, slides[-1].level, goes_on=True))
    return coming


def _settle(slides: list[Slide]) -> None:
    """Give a slide that was begun for a cell that never came back to the one before it, as a note."""
    if len(slides) > 1 and slides[-1].goes_on and not slides[-1].has_code:
        slides[-2].notes += slides.pop().notes


def _say(slides: list[Slide], text: str) -> None:
    """Add prose: of most text the caption; lists, tasks and the title's slide as they are; all of it to the note.

    A diagram fills a slide: what is said after it begins another one below the same heading.
    """
    text, diagram, after = split_at_diagram(text)
    slide = slides[-1]
    plain = _LINK.sub(r"\1", text)
    slide.notes.append(plain)
    whole = (
        slide.level == 1 or slide.heading.startswith("Exercise") or plain.lstrip().startswith(("- ", "1. ", "|", ">"))
    )
    shown = plain if whole else caption(plain, goes_on=slide.goes_on)
    slide.parts.append(_rendered(shown))
    if diagram:
        slide.parts.append(diagram)
        slides.append(Slide(slide.heading, slide.level, goes_on=True))
        if after:
            _say(slides, after)


def _rendered(markdown: str) -> str:
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    reader.use(dollarmath_plugin, allow_space=False, allow_digits=False, renderer=formula)
    return str(reader.render(markdown))


def _code(source: str) -> str:
    shown = highlight(source, get_lexer_by_name("python"), HtmlFormatter(nowrap=True))
    return f'<pre class="code" tabindex="0"><code>{shown}</code></pre>'


def _outputs(outputs: list[Any], about: Any) -> Iterator[str]:
    """Each output; `about` has the text alternative and the caption of its pictures, as MyST-NB knows them."""
    alternative = about.get("image", {}).get("alt", "")
    for output in outputs:
        if output.output_type == "stream":
            yield _text(output.text)
        elif output.output_type in ("execute_result", "display_data"):
            yield _shown(output.data, alternative)
            if caption := about.get("figure", {}).get("caption", ""):
                yield f'<div class="caption">{_rendered(caption)}</div>'


def _shown(data: Any, alternative: str) -> str:
    if "image/svg+xml" in data:
        return plot(data["image/svg+xml"], alternative or "The drawing that this cell makes")
    if "image/png" in data:
        png = data["image/png"].replace("\n", "")
        said = html.escape(alternative or "The picture that this cell makes")
        return f'<img alt="{said}" src="data:image/png;base64,{png}">'
    if "text/html" in data and not _ASKS_ELSEWHERE.search(data["text/html"]):
        return f'<div class="drawn">{data["text/html"]}</div>'
    if "text/markdown" in data:
        return f'<div class="output" tabindex="0">{_rendered(data["text/markdown"])}</div>'
    return _text(data.get("text/plain", ""))


def _text(text: str) -> str:
    lines = _COLOR.sub("", text).rstrip().splitlines()
    if len(lines) > MOST_OUTPUT_LINES:
        lines = [*lines[:MOST_OUTPUT_LINES], f"… {len(lines) - MOST_OUTPUT_LINES} more lines"]
    return f'<pre class="output" tabindex="0">{html.escape(chr(10).join(lines))}</pre>' if lines else ""


def _section(number: int, slide: Slide, count: int) -> str:
    heading = _rendered(slide.heading).strip().removeprefix("<p>").removesuffix("</p>")
    note = "".join(_rendered(text) for text in slide.notes)
    tag = "h1" if number == 1 else "h2"
    return (
        f'<section id="s{number}" aria-label="Slide {number} of {count}"><{tag}>{heading}</{tag}>\n'
        + "\n".join(slide.parts)
        + (f'\n<aside class="note" aria-label="Note">{note}</aside>' if note else "")
        + f'\n<p class="number">{number} / {count}</p></section>'
    )


def main() -> None:
    """Run each notebook and write the slides of each page into the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("pages", type=Path, nargs="+")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for path in arguments.pages:
        notebook = read(path)
        os.environ["MATPLOTLIBRC"] = str(PLOT_STYLE)
        NotebookClient(
            notebook,
            timeout=CELL_SECONDS,
            resources={"metadata": {"path": str(path.parent)}},
            extra_arguments=[AS_SVG],
        ).execute()
        target = arguments.folder / f"{path.stem}.html"
        target.write_text(deck(notebook), encoding="utf-8")
        print(target, flush=True)


if __name__ == "__main__":
    main()
