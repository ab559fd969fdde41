"""HTML to clean Markdown: the article with its headings, tables, code, links and pictures, without what surrounds it.

The page is read as a browser reads it (`dom`), what is not shown and what is clutter is left out (`tidy`, `clutter`),
`html-to-markdown` converts, and `clean` takes away what a reader must not be handed. A page can be made to take long
(the parser's and the converter's time grow with the depth of nesting), so the web proxy calls this in a process that
can be killed: `worker`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from html_to_markdown import ConversionOptions, PreprocessingOptions, convert

from janus_platform.services import ServiceError
from janus_platform.services.framework.invisible import without_invisible
from janus_platform.services.web_proxy.clean import clean
from janus_platform.services.web_proxy.clutter import Clutter
from janus_platform.services.web_proxy.code import mark_code
from janus_platform.services.web_proxy.dom import Element, NestingError, parse, write
from janus_platform.services.web_proxy.tidy import drop_controls, drop_unshown, restored, tidy

_FIRST_HEADING = re.compile(r"^# (.+)$", re.MULTILINE)
_MAX_TITLE = 1_000


class NotConvertibleError(ServiceError):
    """The page cannot be turned into Markdown completely; the message says why."""


@dataclass(frozen=True)
class Article:
    """A page as Markdown, with its title ("" when it has none)."""

    markdown: str
    title: str


def to_markdown(html: str, base_url: str) -> Article:
    """Convert a page whose address is `base_url`; links and pictures become absolute.

    Raises NotConvertibleError when the page is nested too deep, is not text, or has no text outside its clutter.
    """
    html = without_invisible(html)
    try:
        page = parse(html)
    except NestingError:
        raise NotConvertibleError("its elements are nested too deep") from None
    title, base = _title(page), _base(page)
    markdown = _article(page, base, base_url)
    if not markdown and "<noscript" in html.lower():
        # Drawn by a script: what is there for readers without one is then all that the page says.
        markdown = _article(parse(html), base, base_url, keep_noscript=True)
    if not markdown:
        raise NotConvertibleError("it has no text; pages that are drawn by a script cannot be read")
    return Article(markdown, _best_title(title, markdown))


def _article(page: Element, base: str, base_url: str, *, keep_noscript: bool = False) -> str:
    """The page's text without its clutter; with it, where too little would be left."""
    drop_unshown(page, keep_noscript=keep_noscript)
    mark_code(page)
    clutter = Clutter(page)
    drop_controls(page)
    tidy(page)
    markdown = ""
    if clutter.is_credible:
        parts = [*clutter.above, clutter.core]
        markdown = _convert(base + "".join(write(part, clutter.elements) for part in parts), base_url)
    return markdown or _convert(base + write(page), base_url)


def _title(page: Element) -> str:
    """The text of `<title>`: that of the page, not of a picture in it."""
    for element in page.walk():
        if element.tag == "title" and not any(around.tag == "svg" for around in element.ancestors()):
            return " ".join(element.text()[:_MAX_TITLE].split())
    return ""


def _base(page: Element) -> str:
    base = next((e for e in page.walk() if e.tag == "base" and "href" in e.attrs), None)
    return "" if base is None else write(Element("base", {"href": base.attrs["href"]}))


def _best_title(title: str, markdown: str) -> str:
    """The page's title, without the site's name where it only continues the first heading; else that heading."""
    heading = _FIRST_HEADING.search(markdown)
    first = re.sub(r"\\([*_~])", r"\1", heading[1].strip()) if heading else ""
    return first if not title or (first and title.startswith(first)) else title


def _convert(html: str, base_url: str) -> str:
    options = ConversionOptions(
        base_url=base_url,
        preprocessing=PreprocessingOptions(enabled=False),
        extract_metadata=False,
        compact_tables=True,  # Padded columns let a small page grow a hundredfold.
        include_blockquote_citations=False,
        inline_data_media="alt_text_only",
        sub_symbol="~",
        sup_symbol="^",
    )
    try:
        result = convert(html, options)
    except Exception as error:  # The binding's error classes share no public base.
        raise NotConvertibleError(f"it could not be read as HTML ({type(error).__name__})") from error
    if any("depth" in str(warning.kind).lower() for warning in result.warnings):
        raise NotConvertibleError("its elements are nested too deep")
    return restored(clean(result.content or "")).strip()
