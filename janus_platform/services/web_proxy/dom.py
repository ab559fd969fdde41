"""A page as a tree that can be changed and written out again, read as browsers read it (lexbor, WHATWG HTML 13.2).

The parser's own tree is copied once: what follows asks each element many things, and a Python object answers faster.
Nothing here recurses, so no page is nested too deep for it; how deep one may be is said by MAX_DEPTH.
"""

from __future__ import annotations

import html as entities
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from janus_platform.services import ServiceError

# As deep as Chrome builds a page. Deeper inline elements are mostly never closed `<font>`s, and are looked through.
MAX_DEPTH = 512
_INLINE = frozenset("a abbr acronym b bdi bdo big center cite em font i ins s small span strike strong tt u".split())
# The parser looks through the elements around each block, so thousands that are never closed would take it minutes.
_NESTING = re.compile(r"<(/?)(?:div|blockquote|ul|ol|dl|table|section|article|span|b|i|font|center)\b", re.IGNORECASE)
_NO_NAME = re.compile(r"[\"'<>/=`&\s]")
_MAX_UNCLOSED = 8 * MAX_DEPTH
_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())


class NestingError(ServiceError):
    """The page's elements are nested deeper than MAX_DEPTH."""


@dataclass(slots=True, eq=False)
class Element:
    """An element with its attributes, and its children in order: elements and texts."""

    tag: str
    attrs: dict[str, str] = field(default_factory=dict)
    children: list[Element | str] = field(default_factory=list)
    parent: Element | None = None

    def add(self, child: Element | str) -> None:
        """Append `child`."""
        self.children.append(child)
        if isinstance(child, Element):
            child.parent = self

    def replace(self, children: list[Element | str]) -> None:
        """Have exactly these children."""
        self.children = children
        for child in children:
            if isinstance(child, Element):
                child.parent = self

    def elements(self) -> list[Element]:
        """The children that are elements."""
        return [child for child in self.children if isinstance(child, Element)]

    def walk(self) -> Iterator[Element]:
        """This element and all below it, in the order of the page. Below the current one, the tree may change."""
        waiting = [self]
        while waiting:
            element = waiting.pop()
            yield element
            for child in reversed(element.children):
                if child.__class__ is not str:
                    waiting.append(child)  # type: ignore[arg-type]  # twice as fast as isinstance

    def parents_of(self, tags: Collection[str]) -> list[Element]:
        """The elements below this one that have children of these tags, the outer ones first."""
        parents = dict.fromkeys(e.parent for e in self.walk() if e.tag in tags and e is not self)
        return [parent for parent in parents if parent is not None]

    def ancestors(self) -> Iterator[Element]:
        """The elements around this one, from the nearest outwards."""
        around = self.parent
        while around is not None:
            yield around
            around = around.parent

    def holds(self, *tags: str) -> bool:
        """Whether an element of these tags is inside. It looks no further than the first."""
        return any(element.tag in tags for element in self.walk() if element is not self)

    def text(self) -> str:
        """All text inside, as it stands."""
        return "".join(self.texts())

    def texts(self) -> Iterator[str]:
        """The texts inside, in the order of the page."""
        waiting: list[Element | str] = [self]
        while waiting:
            item = waiting.pop()
            if isinstance(item, str):
                yield item
            else:
                waiting.extend(reversed(item.children))


def rows_of(table: Element) -> list[Element]:
    """The rows of a table, without those of tables inside it."""
    groups = [table, *(child for child in table.elements() if child.tag in ("thead", "tbody", "tfoot"))]
    return [row for group in groups for row in group.elements() if row.tag == "tr"]


def parse(html: str) -> Element:
    """The page's `<html>` element. Comments and the contents of `<template>` are left out. Raises NestingError."""
    signs = [match[1] for match in _NESTING.finditer(html)]
    if len(signs) - 2 * signs.count("/") > _MAX_UNCLOSED:
        raise NestingError
    root = LexborHTMLParser(html).root
    if root is None:
        return Element("html")
    top = Element("html", _attributes(root))
    node, parent, depth = root.first_child, top, 1
    entered: list[tuple[LexborNode, Element, int]] = []
    while True:
        if node is None:
            if not entered:
                return top
            left, parent, depth = entered.pop()
            node = left.next
            continue
        tag = node.tag or ""
        if tag == "-text":
            parent.children.append(node.text_content or "")
        elif not tag.startswith(("-", "!")):
            entered.append((node, parent, depth))
            if depth < MAX_DEPTH or tag not in _INLINE:
                if depth >= MAX_DEPTH:
                    raise NestingError
                inside = Element(tag, _attributes(node))
                parent.add(inside)
                parent, depth = inside, depth + 1
            node = node.first_child
            continue
        node = node.next


def write(element: Element, left_out: Collection[Element] = frozenset()) -> str:
    """`element` as HTML, without the elements that are `left_out`."""
    out: list[str] = []
    waiting: list[Element | str | tuple[str]] = [element]
    while waiting:
        item = waiting.pop()
        if isinstance(item, tuple):
            out.append(item[0])
        elif isinstance(item, str):
            out.append(entities.escape(item, quote=False))
        elif item not in left_out:
            attributes = (
                "".join(f' {name}="{entities.escape(value)}"' for name, value in item.attrs.items())
                if item.attrs
                else ""
            )
            # The first line end in a <pre> is not part of it.
            out.append(f"<{item.tag}{attributes}>" + ("\n" if item.tag == "pre" else ""))
            if item.tag not in _VOID:
                waiting.append((f"</{item.tag}>",))
                waiting.extend(reversed(item.children))
    return "".join(out)


def _attributes(node: LexborNode) -> dict[str, str]:
    # What is no attribute's name in a page that was written out again is left behind.
    return {name: value or "" for name, value in node.attributes.items() if name and not _NO_NAME.search(name)}
