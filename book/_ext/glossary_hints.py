"""Terms of the glossary, linked where a page first uses them, with the entry as a hint on hover and keyboard focus.

`book/glossary.md` is the one source. The first mention of a term in a page's running text becomes a link to its entry
and carries a tooltip (WAI-ARIA), so notebooks need no markup. Headings, code, links and tables stay as they are. The
hint needs no script to open; a few lines of our own let Escape close it (WCAG 2.2, 1.4.13).
"""

from __future__ import annotations

import html
import re
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

PAGE = "book/glossary"
_ENTRY = re.compile(r"^(?P<term>\S.*)\n(?P<text>(?:  \S.*\n?)+)", re.M)
# Text inside one of these is not touched.
_CLOSED = (
    nodes.reference,
    nodes.literal,
    nodes.literal_block,
    nodes.title,
    nodes.table,
    nodes.raw,
    nodes.caption,
    nodes.term,
    nodes.image,
)
# Phrases and whole pages in which a term's word means something else than its entry says: an event loop is no event of
# a stream, and on the attestation page a token is a signed JSON Web Token.
_OTHER_PHRASES = (r"event loops?", r"Entity Attestation Tokens?", r"(?:access|bearer|web) tokens?")
_OTHER_PAGES = {
    "notebooks/attestation": {"token", "event"},
    "notebooks/egress_control": {"token"},
}
_OTHER = re.compile(r"\b(?:" + "|".join(_OTHER_PHRASES) + r")\b", re.I)
# A verb as well: only after one of these words is it the noun of the glossary.
_VERBS = {"judge"}
_DETERMINER = re.compile(r"\b(?:[Aa]n?|[Tt]he|[Tt]h(?:is|at)|[Nn]o|[Ee]very|[Ee]ach|[Ii]ts|[Oo]ur|[Yy]our|LLM)\s+$")
# What Sphinx or MyST-NB wraps code and its output in.
_CLOSED_CLASSES = {"cell_input", "cell_output", "output", "diagram"}


class term_hint(nodes.General, nodes.Inline, nodes.Element):  # type: ignore[misc]  # docutils has no types
    """A mention of a term: `text` as written, `term`, its `definition`, the address of its entry, a number."""

    def astext(self) -> str:
        """The mention alone, as for a description of the page; the tooltip is not its text."""
        return str(self["text"])


@cache
def entries(path: Path) -> dict[str, str]:
    """Each term of the glossary and its definition as plain text. Raises ValueError when it holds none."""
    text = path.read_text("utf-8")
    body = text.partition("```{glossary}")[2].partition("```")[0] if "```{glossary}" in text else ""
    body = re.sub(r"^:\w+:.*\n", "", body.lstrip("\n"), flags=re.M)
    found = {m["term"].strip(): " ".join(m["text"].replace("`", "").split()) for m in _ENTRY.finditer(body)}
    if not found:
        raise ValueError(f"{path} holds no glossary")
    return found


def pattern(terms: list[str]) -> re.Pattern[str]:
    """Matches any of the terms as a whole word, the longer ones first; singular or plural, capitalised or not."""
    return re.compile("|".join(f"(?P<t{i}>{_written(term)})" for i, term in sorted(enumerate(terms), key=_longest)))


def _longest(item: tuple[int, str]) -> int:
    return -len(item[1])


def _written(term: str) -> str:
    plural = "" if term.endswith("s") else "s?"
    words = r"[\s-]".join(_either_case(word) for word in re.split(r"[\s-]", term))
    return rf"(?<![\w.-]){words}{plural}(?![\w-])(?!\.\w)"


def _either_case(word: str) -> str:
    first, rest = word[0], re.escape(word[1:])
    return f"[{first.upper()}{first}]{rest}" if first.islower() else re.escape(first) + rest


def link_terms(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Link the first mention of every term on a page; the glossary itself links nothing."""
    if docname == PAGE or app.builder.format != "html" or PAGE not in app.env.all_docs:
        return
    found = entries(Path(app.env.doc2path(PAGE)))
    terms = list(found)
    matcher, seen = pattern(terms), not_hinted(docname)
    target = app.builder.get_relative_uri(docname, PAGE)
    for text in [node for node in doctree.findall(nodes.Text) if _is_open(node)]:
        pieces = first_mentions(str(text), matcher, terms, seen)
        if len(pieces) > 1:
            parts = [_node(piece, term, found, target) for piece, term in pieces]
            text.parent.replace(text, parts)


def not_hinted(docname: str) -> set[str]:
    """The terms whose words mean something else on that page."""
    return set(_OTHER_PAGES.get(docname, ()))


def _is_open(text: nodes.Text) -> bool:
    node = text.parent
    inside_prose = False
    while node is not None:
        if isinstance(node, _CLOSED) or _CLOSED_CLASSES & set(getattr(node, "attributes", {}).get("classes", ())):
            return False
        inside_prose = inside_prose or isinstance(node, nodes.paragraph)
        node = node.parent
    return inside_prose


def first_mentions(
    text: str, matcher: re.Pattern[str], terms: list[str], seen: set[str]
) -> list[tuple[str, str | None]]:
    """The text in pieces, each with the term that it mentions for the first time, or None; adds those to `seen`."""
    pieces: list[tuple[str, str | None]] = []
    end = 0
    for match in matcher.finditer(text):
        term = terms[int(str(match.lastgroup)[1:])]
        if term in seen or _means_otherwise(text, match, term):
            continue
        seen.add(term)
        pieces += [(text[end : match.start()], None), (match[0], term)]
        end = match.end()
    return [*pieces, (text[end:], None)]


def _means_otherwise(text: str, match: re.Match[str], term: str) -> bool:
    """True where the word stands in one of the other phrases, or is a verb."""
    if term in _VERBS and not _DETERMINER.search(text, 0, match.start()):
        return True
    return any(other.start() <= match.start() < other.end() for other in _OTHER.finditer(text))


def _node(piece: str, term: str | None, found: dict[str, str], target: str) -> nodes.Node:
    if term is None:
        return nodes.Text(piece)
    return term_hint(text=piece, term=term, definition=found[term], address=f"{target}#{anchor(term)}")


def anchor(term: str) -> str:
    """The id that Sphinx gives to a glossary's entry."""
    return f"term-{re.sub(r'[^A-Za-z0-9._]+', '-', term).strip('-')}"


def visit_html(self: HTML5Translator, node: term_hint) -> None:
    """The link and its tooltip; the tooltip's id is the term's, which a page mentions once."""
    name = f"hint-{nodes.make_id(node['term'])}"
    self.body.append(
        f'<span class="term-hint"><a class="reference internal" href="{html.escape(node["address"])}" '
        f'aria-describedby="{name}">{html.escape(node["text"])}</a>'
        f'<span role="tooltip" id="{name}">{html.escape(node["definition"])}</span></span>'
    )
    raise nodes.SkipNode


def visit_other(self: Any, node: term_hint) -> None:
    """Elsewhere than in HTML a mention is its text."""
    self.visit_Text(nodes.Text(node["text"]))
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Registers the element, what puts it on the pages, and the lines that let Escape close it."""
    other = (visit_other, None)
    app.add_node(term_hint, html=(visit_html, None), latex=other, text=other, man=other, texinfo=other)
    app.connect("doctree-resolved", link_terms)
    app.add_js_file(None, body=_ESCAPE)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


_ESCAPE = """document.addEventListener("keydown", event => {
  if (event.key !== "Escape") return;
  for (const hint of document.querySelectorAll(".term-hint")) hint.classList.add("closed");
});
for (const kind of ["focusin", "mouseover"]) document.addEventListener(kind, event => {
  const over = event.target.closest && event.target.closest(".term-hint");
  for (const hint of document.querySelectorAll(".term-hint.closed")) if (hint !== over) hint.classList.remove("closed");
});"""
