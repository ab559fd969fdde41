"""HTML to clean Markdown: the article with its headings, tables, code, links and pictures, without what surrounds it.

`html-to-markdown` converts; this module tells it what to leave out, and has `web_proxy_clean` take away what a reader
must not be handed. It can take minutes on hostile input (nested quotations), so the web proxy calls it in a process
that can be killed: `web_proxy_worker`.
"""

from __future__ import annotations

import html as entities
import re
from dataclasses import dataclass

from html_to_markdown import ConversionOptions, PreprocessingOptions, convert

from janus_platform.services.web_proxy_clean import clean
from janus_platform.services.web_proxy_code import mark_code

# What surrounds an article, beyond the navigation, sidebars and footers that the "aggressive" preset drops by itself.
# Only containers: an article about cookies may carry the word in its own class.
_CLUTTER_WORDS = ("cookie", "consent", "gdpr", "newsletter", "share-buttons", "social-share", "advert")
_CONTAINERS = ("div", "section", "aside", "form", "p")
CLUTTER = [
    *(f"{tag}[{name}*={word}]" for word in _CLUTTER_WORDS for tag in _CONTAINERS for name in ("class", "id")),
    "[role=dialog]",
    "[role=alertdialog]",
    "[role=banner]",
    "[role=navigation]",
    "[role=contentinfo]",
    "[role=complementary]",
    "[role=search]",
    "[aria-modal=true]",
    "[aria-hidden=true]",
    "img[width='1']",
    ".skip",
    ".skip-link",
    ".share",
    ".breadcrumb",
    ".breadcrumbs",
    ".footer",
    ".site-footer",
    ".page-footer",
    "#footer",
    "#site-footer",
    ".navbox",
    ".mw-editsection",
]
# The word without which a page cannot have what a selector looks for: each selector costs 1 ms in a page of 1 MB.
_CLUTTER_BY_WORD = [(re.findall(r"[a-z-]{3,}", selector)[-1], selector) for selector in CLUTTER]
_STRIPPED_TAGS = ["iframe", "object", "embed", "video", "audio", "noscript", "template"]

# What a browser does not show, but what would be taken for tags of the page.
_INERT = re.compile(r"<!--.*?-->|<(script|style)\b[^>]*>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_TITLE = re.compile(r"<title[^<>]*>([^<]{0,1000})", re.IGNORECASE)
_BASE = re.compile(r"<base\s[^<>]{0,2048}>", re.IGNORECASE)
_CORES = [
    (re.compile(rf"<{tag}[\s>]", re.IGNORECASE), re.compile(rf"</{tag}\s*>", re.IGNORECASE))
    for tag in ("article", "main")
]
_FIRST_HEADING = re.compile(r"^# (.+)$", re.MULTILINE)


class NotConvertible(Exception):
    """The page cannot be turned into Markdown completely; the message says why."""


@dataclass(frozen=True)
class Article:
    """A page as Markdown, with its title ("" when it has none)."""

    markdown: str
    title: str


def to_markdown(html: str, base_url: str) -> Article:
    """Convert a page whose address is `base_url`; links and pictures become absolute.

    Raises NotConvertible when the page is nested too deep, is not text, or has no text outside its clutter.
    """
    html = mark_code(_INERT.sub("", html))
    core = _core(html)
    lowered = html.lower()
    clutter = [selector for word, selector in _CLUTTER_BY_WORD if word in lowered]
    attempts = [(core, clutter), (html, clutter), (html, [])] if core else [(html, clutter), (html, [])]
    markdown = next(filter(None, (_convert(part, base_url, exclude) for part, exclude in attempts)), "")
    if not markdown:
        raise NotConvertible("it has no text; pages that are drawn by a script cannot be read")
    return Article(markdown, _title(html, markdown))


def _core(html: str) -> str:
    """The page's only `<article>`, or else its only `<main>`, with its `<base>`; "" when that is not most of it."""
    for opening, closing in _CORES:
        starts = [found.start() for found in opening.finditer(html)]
        if len(starts) == 1:
            ends = [found.end() for found in closing.finditer(html, starts[0])]
            core = html[starts[0] : ends[-1] if ends else len(html)]
            # A lone teaser on a front page is an <article> too.
            if len(core) >= len(html) / 4:
                base = _BASE.search(html)
                return (base[0] if base else "") + core
    return ""


def _title(html: str, markdown: str) -> str:
    """The text of `<title>`, without the site's name where it only continues the first heading; else that heading."""
    found = _TITLE.search(html)
    title = " ".join(entities.unescape(found[1]).split()) if found else ""
    heading = _FIRST_HEADING.search(markdown)
    first = heading[1].strip() if heading else ""
    return first if not title or (first and title.startswith(first)) else title


def _convert(html: str, base_url: str, exclude: list[str]) -> str:
    options = ConversionOptions(
        base_url=base_url,
        preprocessing=PreprocessingOptions(preset="aggressive"),
        exclude_selectors=exclude,
        strip_tags=_STRIPPED_TAGS,
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
        raise NotConvertible(f"it could not be read as HTML ({type(error).__name__})") from error
    if any("depth" in str(warning.kind).lower() for warning in result.warnings):
        raise NotConvertible("its elements are nested too deep")
    return clean(result.content or "").strip()
