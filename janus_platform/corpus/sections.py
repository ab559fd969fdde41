"""The plain text of an article, one section a heading: what full-text search and the vector index read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from html.parser import HTMLParser

from janus_platform.corpus.pages import Page

_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_BLOCKS = frozenset(
    """p li tr dt dd ul ol dl table figure figcaption caption blockquote div section
    thead tbody br""".split()
)
_CELLS = frozenset({"td", "th"})
_SILENT = frozenset({"script", "style", "template"})
_WHITESPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class Section:
    """The text below one heading, up to the next heading of any level.

    One line a paragraph, list item or table row (cells joined by " | "), with whitespace folded; code keeps its lines.
    """

    heading: str
    text: str


class _SectionParser(HTMLParser):
    """Collects sections while it reads; `close()` completes the last one."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.sections: list[Section] = []
        self._heading = ""
        self._lines: list[str] = []
        self._buffer: list[str] = []
        self._code_depth = 0
        self._silent_depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HEADINGS:
            self._end_section()
        elif tag == "pre":
            self._end_line()
            self._code_depth += 1
        elif tag in _CELLS:
            if "".join(self._buffer).strip():
                self._buffer.append(" | ")
        elif tag in _BLOCKS:
            self._end_line()
        elif tag in _SILENT:
            self._silent_depth += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in _HEADINGS:
            self._heading = self._take_line()
        elif tag == "pre":
            self._end_code()
        elif tag in _BLOCKS:
            self._end_line()
        elif tag in _SILENT:
            self._silent_depth = max(0, self._silent_depth - 1)

    def handle_data(self, data: str) -> None:
        if not self._silent_depth:
            self._buffer.append(data)

    def close(self) -> None:
        super().close()
        self._end_section()

    def _take_line(self) -> str:
        line = _WHITESPACE.sub(" ", "".join(self._buffer)).strip()
        self._buffer.clear()
        return line

    def _end_line(self) -> None:
        if not self._code_depth and (line := self._take_line()):
            self._lines.append(line)

    def _end_code(self) -> None:
        self._code_depth = max(0, self._code_depth - 1)
        if code := "".join(self._buffer).strip("\n"):
            self._lines.append(code)
        self._buffer.clear()

    def _end_section(self) -> None:
        self._end_line()
        if self._lines:
            self.sections.append(Section(self._heading, "\n".join(self._lines)))
        self._lines.clear()


def article_text(page: Page) -> list[Section]:
    """The article of `page` as plain text, in reading order; headings with nothing below them are left out."""
    return list(_sections_of(page.article))


# Search and vector index ask for the same pages, one after the other, while the platform starts.
@lru_cache(maxsize=256)
def _sections_of(article: str) -> tuple[Section, ...]:
    parser = _SectionParser()
    parser.feed(article)
    parser.close()
    return tuple(parser.sections)
