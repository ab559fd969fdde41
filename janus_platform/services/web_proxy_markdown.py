"""HTML to clean Markdown: the article with its headings, tables, code, links and pictures, without what surrounds it.

`html-to-markdown` converts; this module tells it what to leave out, and afterwards takes away what a reader must not be
handed: links that run something, and raw HTML. It can take minutes on hostile input (nested quotations), so the web
proxy calls it in a process that can be killed: `web_proxy_worker`.
"""

from __future__ import annotations

import html as entities
import re
from dataclasses import dataclass

from html_to_markdown import ConversionOptions, PreprocessingOptions, convert

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
]
_STRIPPED_TAGS = ["iframe", "object", "embed", "video", "audio", "noscript", "template"]
_SAFE_SCHEMES = {"http", "https", "mailto", "tel"}

_TITLE = re.compile(r"<title[^<>]*>([^<]{0,1000})", re.IGNORECASE)
_BASE = re.compile(r"<base\s[^<>]{0,2048}>", re.IGNORECASE)
_CORES = [
    (re.compile(rf"<{tag}[\s>]", re.IGNORECASE), re.compile(rf"</{tag}\s*>", re.IGNORECASE))
    for tag in ("article", "main")
]
_FIRST_HEADING = re.compile(r"^# (.+)$", re.MULTILINE)
_PERMALINK = re.compile(r"^(#{1,6} .*?)\s*\[[#¶§🔗]\]\([^()\s]*\)$", re.MULTILINE)
_FENCE = re.compile(r"^(`{3,}|~{3,})(?P<info>.*)$")
# In order: an escaped character, inline code, an autolink, the start of raw HTML, and the brackets of links.
_INLINE = re.compile(
    r"(?P<escape>\\.)|(?P<code>(?<!`)(`+)(?!`).+?(?<!`)\3(?!`))|<(?P<auto>[a-zA-Z][a-zA-Z0-9+.-]{1,31}:[^<>\s]*)>"
    r"|(?P<tag><(?=[a-zA-Z/!?]))|(?P<open>!?\[)|(?P<link>\]\()|(?P<close>\])"
)
# The beginning of a destination, enough to see its scheme: longer character references are none (CommonMark 2.5).
_DESTINATION = re.compile(r"\s*(<?[^<>\n]{0,256})")
_MAX_DESTINATION = 2_048
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_INVISIBLE = re.compile(r"[\x00-\x20\x7f\\]")
_REFERENCE = re.compile(r"^\s{0,3}\[[^\]\n]*\]:\s*(?P<to>\S+)")


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
    core = _core(html)
    attempts = [(core, CLUTTER), (html, CLUTTER), (html, [])] if core else [(html, CLUTTER), (html, [])]
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


def clean(markdown: str) -> str:
    """Unlink what does not lead to http, https, mail or telephone, and escape raw HTML, everywhere but in fenced code.

    Inline code loses such a link, too: renderers differ on where it ends, and the stricter reading is the safe one.
    """
    out: list[str] = []
    plain: list[str] = []
    fence = ""
    for line in markdown.split("\n"):
        found = _FENCE.match(line)
        if fence:
            out.append(line)
            if found and found[1].startswith(fence) and not found["info"].strip():
                fence = ""
        elif found and not (line.startswith("`") and "`" in found["info"]):
            out.extend(_clean_lines(plain))
            plain, fence = [], found[1]
            out.append(line)
        else:
            plain.append(line)
    out.extend(_clean_lines(plain))
    return "\n".join(out)


def _clean_lines(lines: list[str]) -> list[str]:
    if not lines:
        return []
    text = "\n".join(line for line in lines if not _is_unsafe_reference(line))
    return _PERMALINK.sub(r"\1", _clean_inline(text)).split("\n")


def _clean_inline(text: str) -> str:
    """One pass with a stack of open brackets, so that nested links cost no more than flat ones."""
    out: list[str] = []
    brackets: list[int] = []
    at = 0
    while found := _INLINE.search(text, at):
        out.append(text[at : found.start()])
        at = found.end()
        kind = found.lastgroup
        if kind == "open":
            brackets.append(len(out))
            out.append(found[0])
        elif kind == "close":
            del brackets[-1:]
            out.append(found[0])
        elif kind == "link":
            at = _close_link(text, at, out, brackets)
        elif kind == "tag":
            out.append("\\<")
        elif kind == "auto":
            out.append(found[0] if _is_safe(found["auto"]) else found["auto"])
        elif kind == "code" and _holds_unsafe_link(found[0]):
            # Not taken as code: go on right behind its first backtick.
            out.append(text[found.start()])
            at = found.start() + 1
        else:
            out.append(found[0])
    out.append(text[at:])
    return "".join(out)


def _close_link(text: str, at: int, out: list[str], brackets: list[int]) -> int:
    """Behind `](`: keep a safe link, or drop brackets and destination. Returns where to go on."""
    opened = brackets.pop() if brackets else None
    destination = _DESTINATION.match(text, at)
    assert destination is not None  # It matches the empty string.
    if _is_safe(destination[1]):
        out.append("](")
        return at
    end = _after_parenthesis(text, at)
    if end is None:
        out.append("] (")  # Not a link as it stands; the blank keeps it from becoming one.
        return at
    if opened is not None:
        out[opened] = ""
    return end


def _after_parenthesis(text: str, at: int) -> int | None:
    """Where the parenthesis ends that was opened before `at`; None when it is not closed on the same line."""
    depth = 1
    for i in range(at, min(at + _MAX_DESTINATION, len(text))):
        if text[i] == "\n":
            return None
        depth += (text[i] == "(") - (text[i] == ")")
        if depth == 0:
            return i + 1
    return None


def _holds_unsafe_link(code: str) -> bool:
    return any(not _is_safe(_destination_at(code, found.end())) for found in re.finditer(r"\]\(", code))


def _destination_at(text: str, at: int) -> str:
    found = _DESTINATION.match(text, at)
    return found[1] if found else ""


def _is_unsafe_reference(line: str) -> bool:
    found = _REFERENCE.match(line)
    return bool(found and not _is_safe(found["to"]))


def _is_safe(destination: str) -> bool:
    """Whether a link's destination has a safe scheme or none, read as browsers do: no entities, no blanks."""
    plain = _INVISIBLE.sub("", entities.unescape(destination.strip().strip("<>")))
    scheme = _SCHEME.match(plain)
    return scheme is None or scheme[1].lower() in _SAFE_SCHEMES
