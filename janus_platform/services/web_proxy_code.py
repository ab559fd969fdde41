"""Code in a page: where its language is written, and which of its columns is only line numbers.

`html-to-markdown` reads `class="language-python"` on `<pre>` or `<code>`, as HTML recommends (4.5.15); the tools that
many sites are made with write it elsewhere.
"""

from __future__ import annotations

import re

_LANGUAGE = r"(?P<language>[A-Za-z][\w+#.-]{0,30})"
_ATTRIBUTES = r"[^<>]{0,500}?"
_WRITTEN = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # Sphinx, GitHub, Jekyll: on the box around it.
        rf"<(?:div|figure|td)\b{_ATTRIBUTES}\b(?:highlight-source-|highlight-|language-){_LANGUAGE}{_ATTRIBUTES}>"
        rf"(?:\s*<(?:div|figure|button)\b{_ATTRIBUTES}>(?:[^<]{{0,40}}</button>)?){{0,3}}\s*<pre(?P<rest>\b{_ATTRIBUTES})>",
        # GitLab, Hugo, WordPress: an attribute of its own.
        rf"<pre(?P<rest>\b{_ATTRIBUTES}\s(?:lang|data-lang|data-language)=[\"']?{_LANGUAGE}{_ATTRIBUTES})>",
        rf"<pre(?P<rest>\b{_ATTRIBUTES}\bbrush:\s?{_LANGUAGE}{_ATTRIBUTES})>",
        rf"<pre(?P<rest>\b{_ATTRIBUTES})>\s*<code\b{_ATTRIBUTES}\s(?:lang|data-lang|data-language)=[\"']?{_LANGUAGE}"
        rf"{_ATTRIBUTES}>",
    )
]
_SAYS_SO = re.compile(r"\blang(uage)?-\w", re.IGNORECASE)
# Sphinx calls it so when it was told no language.
_NO_LANGUAGE = frozenset({"default", "none", "text", "notranslate", "highlight"})
_CELL = r"<td\b[^<>]{0,200}?\b"
_NUMBERED = re.compile(
    r"<table\b[^<>]{0,200}>\s*(?:<tbody>\s*)?<tr[^<>]{0,200}>\s*"
    rf"{_CELL}(?:gutter|linenos|lineno|gl|rouge-gutter)\b[^<>]{{0,200}}>.*?</td>\s*"
    r"<td\b[^<>]{0,200}>(?P<code>.*?)</td>\s*</tr>\s*(?:</tbody>\s*)?</table>",
    re.IGNORECASE | re.DOTALL,
)


def mark_code(html: str) -> str:
    """`html` with the language of each code block where the converter looks for it, and without its line numbers."""
    html = _NUMBERED.sub(lambda found: found["code"], html)
    for pattern in _WRITTEN:
        html = pattern.sub(_with_class, html)
    return html


def _with_class(found: re.Match[str]) -> str:
    language = found["language"].lower()
    # What is written on the code itself is nearer to the truth.
    if language in _NO_LANGUAGE or _SAYS_SO.search(found["rest"]):
        return found[0]
    start, end = found.span("rest")
    before, after = found.string[found.start() : start], found.string[end : found.end()]
    # The first attribute of a name counts (HTML, 13.2.5.33).
    return f'{before} class="language-{language}"{found["rest"]}{after}'
