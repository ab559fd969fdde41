"""Find the clutter around an article: navigation, banners, consent notices, share bars. It is known by what it is and
how much text it holds; a word in a class is a hint and never enough.

"Prose" is text that is not part of a link. A part is never clutter when it holds the page's heading, its `<main>` or
`<article>`, or a substantial share of its prose.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from janus_platform.services.web_proxy.dom import Element

# Prose from which on a part may be text that somebody wants to read, and the share of the page's that makes it so.
_SOME_PROSE = 200
_SUBSTANTIAL_SHARE = 0.25
_ONLY_LINKS = 0.9
_MENUS = frozenset({"ul", "ol", "div", "table", "section"})
# Half of a navigation's letters are in links.
_MOSTLY_LINKS = 0.5
# What a control has around it: a newsletter's invitation, a cookie wall. A form around an article has far more.
_PROSE_OF_A_CONTROL = 150
# "Advertisement", "Share this", "Skip to content": no sentence is shorter than this.
_LABEL = 40
# The longest notice that stands at a page's edge, outside its article, and is none.
_NOTICE = 600
# An <article> or <main> with this much of the prose is the page.
_CORE_SHARE = 2 / 3
# Cleaning that leaves less of the text, or less of the text outside links, took an article for clutter.
_LEAST_TEXT, _LEAST_PROSE = 0.15, 0.4
_HINTS = frozenset(
    "ad ads advert advertisement advertising banner breadcrumb breadcrumbs consent cookie cookies editsection footer "
    "gdpr header masthead menu modal nav navbar navbox navigation newsletter pager pagination popup promo related "
    "share sharing sidebar signup skip skiplink social sponsored subscribe toolbar topbar".split()
)
_HINTED = frozenset("a aside div footer form header ol p section span table ul".split())
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
# A list to tick off is a list.
_NO_QUESTION = frozenset({"hidden", "checkbox", "radio"})
# Text that a style moves away or fades: a script may bring an article back, but hardly a line beside one.
_AWAY = re.compile(r"(?:^|;)\s*(?:opacity\s*:\s*0(?![.\d])|(?:left|top|right|text-indent)\s*:\s*-\d{3})")
_CONTROLS = frozenset({"button", "input", "select", "textarea"})
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_SHOWN = frozenset({"img", "pre", "table", "math"})
_FLOW = _HEADINGS | {"p"}
_NAVIGATION = frozenset({"navigation", "search", "menu", "menubar", "toolbar"})
_SECTIONING = frozenset({"article", "main", "section", "blockquote", "figure", "td", "li", "details"})


@dataclass(slots=True)
class Amount:
    """How much a part holds: characters that show, those of them in links, controls, headings, other things to see."""

    characters: int = 0
    linked: int = 0
    controls: int = 0
    headings: int = 0
    shown: int = 0
    elements: int = 1

    @property
    def prose(self) -> int:
        """The characters outside of links."""
        return self.characters - self.linked

    @property
    def is_mostly_links(self) -> bool:
        """Whether links make up half of it."""
        return self.linked > 0 and self.linked >= _MOSTLY_LINKS * self.characters


def _is_article(element: Element) -> bool:
    return element.tag == "article"


def _is_main(element: Element) -> bool:
    return element.tag == "main" or element.attrs.get("role") == "main"


def _names_page(heading: Element) -> bool:
    return not any(
        e.tag in ("nav", "aside", "footer", "dialog") or e.attrs.get("role", "banner") not in ("banner", "main")
        for e in heading.ancestors()
    )


def measure(elements: Sequence[Element]) -> dict[Element, Amount]:
    """The amount in every one of a page's elements, which come in its order."""
    amounts = {element: Amount() for element in elements}
    for element in reversed(elements):
        own, tag = amounts[element], element.tag
        if tag in _CONTROLS:
            # Its label is no text of the page.
            own.characters, own.linked, own.controls = (
                0,
                0,
                own.controls + (element.attrs.get("type") not in _NO_QUESTION),
            )
        else:
            for child in element.children:
                if child.__class__ is str:
                    own.characters += len("".join(child.split()))
            if tag == "a" and "href" in element.attrs:
                own.linked = own.characters
            elif tag in _HEADINGS:
                own.headings += 1
            elif tag in _SHOWN:
                own.shown += 1
        around = amounts.get(element.parent) if element.parent is not None else None
        if around is not None:
            around.characters += own.characters
            around.linked += own.linked
            around.controls += own.controls
            around.headings += own.headings
            around.shown += own.shown
            around.elements += own.elements
    return amounts


class Clutter:
    """A page's clutter as `elements`, and where its text is: its `core`, and what is `above` it: a heading outside.

    The page must not change while this is made.
    """

    def __init__(self, page: Element) -> None:
        self._all = list(page.walk())
        self._amounts = measure(self._all)
        self._total = self._amounts[page].prose
        self._precious = self._holding_the_article()
        self._in_article: set[Element] = set()
        self._with_flow = {element.parent for element in self._all if element.tag in _FLOW}
        self.elements: set[Element] = set()
        is_below = self._title is None
        for element in self._all:
            if element.parent in self.elements:
                self.elements.add(element)
                continue
            if _is_article(element) or _is_main(element) or element.parent in self._in_article:
                self._in_article.add(element)
            is_below = is_below or element is self._title
            is_menu = not is_below and self._is_menu(element)
            if element is not page and element.tag != "body" and (is_menu or self._is_clutter(element)):
                self.elements.add(element)
        self._left = self._left_in(page)
        self.core = self._core(page)
        self.above = self._above(page)
        self.is_credible = self._is_credible(page)

    def _left_in(self, page: Element) -> dict[Element, Amount]:
        """The amount in each element without its clutter."""
        if not self.elements:
            return self._amounts
        left = {element: Amount(own.characters, own.linked) for element, own in self._amounts.items()}
        for element in reversed(self._all):
            parent = element.parent
            if parent is None or element is page:
                continue
            gone, own = self._amounts[element], Amount() if element in self.elements else left[element]
            left[parent].characters += own.characters - gone.characters
            left[parent].linked += own.linked - gone.linked
        return left

    def _core(self, page: Element) -> Element:
        """The innermost `<article>` or `<main>` that has most of the prose; else the whole page."""
        least = _CORE_SHARE * self._left[page].prose
        cores = (e for e in self._all if (_is_article(e) or _is_main(e)) and e not in self.elements)
        return [page, *(e for e in cores if self._left[e].prose >= least)][-1]

    def _above(self, page: Element) -> list[Element]:
        """The page's `<h1>` where it stands before its core, with the text that stands beside it."""
        if self.core is page or self.core.holds("h1"):
            return []
        heading = next((e for e in self._all if e is self.core or (e.tag == "h1" and e in self._precious)), None)
        if heading is None or heading is self.core or heading.parent is None:
            return []
        beside = heading.parent.elements()
        around_core = {self.core, *self.core.ancestors()}
        if any(part in around_core for part in beside):
            return [heading]
        return [e for e in beside if e is heading or (self._left[e].prose and not self._left[e].is_mostly_links)]

    def _is_credible(self, page: Element) -> bool:
        """Whether enough is left: an article taken for clutter is worse than clutter in an article."""
        before, left = self._amounts[page], self._left[self.core]
        if left.characters <= _LEAST_TEXT * before.characters:
            return False
        return left.prose >= _LEAST_PROSE * before.prose or before.prose - left.prose < _SOME_PROSE

    def _holding_the_article(self) -> set[Element]:
        """The elements that hold the page's heading, its `<main>` or an `<article>`."""
        headings = [element for element in self._all if element.tag == "h1"]
        if not headings:
            headings = [element for element in self._all if element.tag in _HEADINGS and _names_page(element)][:1]
        own = [h for h in headings if self._amounts[h].characters and not self._amounts[h].is_mostly_links]
        mains = [e for e in self._all if e.tag in ("article", "main") and self._amounts[e].prose >= _SOME_PROSE]
        self._title = own[0] if own else None
        # The name of a site that links to its front page is not the heading of a page that has another.
        precious: set[Element] = set()
        for element in [*(own or headings), *mains]:
            for around in (element, *element.ancestors()):
                if around in precious:
                    break
                precious.add(around)
        return precious

    def _is_clutter(self, element: Element) -> bool:
        role, amount = element.attrs.get("role", ""), self._amounts[element]
        if element in self._precious or self._is_substantial(amount):
            return False
        if element.tag == "nav" or role in _NAVIGATION:
            return True
        if element.tag == "dialog" or role in ("dialog", "alertdialog") or element.attrs.get("aria-modal") == "true":
            return True
        if element.attrs.get("aria-hidden") == "true" or _AWAY.search(element.attrs.get("style", "").lower()):
            return True
        if element.tag == "form":
            return self._asks(amount)
        if element.tag == "footer" or role == "contentinfo":
            return not self._is_in_part(element) or amount.is_mostly_links
        if (element.tag == "header" or role == "banner") and not self._is_in_part(element):
            return True
        if element.tag == "aside" or role == "complementary":
            return not self._is_in_flow(element) or amount.is_mostly_links or self._asks(amount)
        return self._is_hinted(element) and self._looks_it(element, amount)

    def _is_menu(self, element: Element) -> bool:
        """Whether it is nothing but links; above a page's heading, such a list is its menu."""
        amount = self._amounts[element]
        is_bare = amount.characters > 0 and amount.linked >= _ONLY_LINKS * amount.characters
        return is_bare and element.tag in _MENUS and element not in self._precious and element not in self._in_article

    def _is_substantial(self, amount: Amount) -> bool:
        return amount.prose >= max(_SOME_PROSE, _SUBSTANTIAL_SHARE * self._total) and not amount.is_mostly_links

    def _is_in_part(self, element: Element) -> bool:
        return any(around.tag in _SECTIONING for around in element.ancestors())

    def _is_in_flow(self, element: Element) -> bool:
        """Whether it stands in an article, or between paragraphs."""
        return element.parent in self._in_article or element.parent in self._with_flow

    def _is_hinted(self, element: Element) -> bool:
        if element.tag not in _HINTED:
            return False
        named = f"{element.attrs.get('class', '')} {element.attrs.get('id', '')}"[:500]
        return any(word.lower() in _HINTS for word in _WORD.findall(named))

    def _asks(self, amount: Amount) -> bool:
        return amount.controls > 0 and amount.prose < _PROSE_OF_A_CONTROL * amount.controls

    def _looks_it(self, element: Element, amount: Amount) -> bool:
        """Whether a part with a telling name is what it is called: links, a question, a label, or a notice apart."""
        if amount.is_mostly_links or self._asks(amount):
            return True
        if amount.characters <= _LABEL and not (amount.headings or amount.shown) and amount.elements <= _LABEL:
            return not element.text().rstrip().endswith((".", "!", "?", ":"))
        is_apart = element.tag != "p" and not self._is_in_flow(element)
        return is_apart and amount.characters <= _NOTICE and not amount.headings
