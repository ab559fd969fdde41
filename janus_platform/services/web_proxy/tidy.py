"""A page's tree made ready for the converter: what a browser does not show is taken away, and what the converter
would misread is written so that it cannot."""

from __future__ import annotations

import itertools
import re

from janus_platform.services.web_proxy.dom import Element, rows_of

# Nothing of these is text of the page. Without a script a browser shows `<noscript>`, which mostly asks for one.
_UNSHOWN = frozenset(
    "script style template noscript iframe object embed video audio canvas svg head datalist noframes noembed applet "
    "map area source track param col colgroup".split()
)
_CONTROLS = frozenset("input select textarea button option optgroup progress meter output".split())
# No button is labelled with as much.
_LONG_LABEL = 80
_UNSHOWN_STYLE = re.compile(
    r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d]*[1-9]))"
)
_AROUND_CODE = frozenset({"pre", "code", "kbd", "samp", "tt", "math"})
_NOT_IN_HEADINGS = frozenset({"p", "ul", "ol", "dl", "table", "blockquote", "pre", "form", "section", "article"})
_LISTS = frozenset({"ul", "ol", "menu", "dir"})
_PERMALINKS = frozenset({"#", "¶", "§", "🔗"})
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
# A deeper quotation is the same answer quoted once more; the converter's time doubles with each.
MAX_QUOTATIONS = 12
MAX_LISTS = 24
# A cell with more text than this is a part of the page, not a datum.
_MAX_DATUM = 600
_TOO_LARGE_FOR_DATA = ("table", "article", "main", "nav", "h1", "h2", "pre", "blockquote")
# Signs that stand for others until the Markdown is made. `invisible` lets none through from a page.
NUMBER_START, NUMBER_END = "\ufdd0", "\ufdd1"
_ESCAPED = {"*": "\ufdd2", "_": "\ufdd3", "~": "\ufdd4", "]": "\ufdd5"}
_SIGNS = re.compile(r"\*+|_+|~{2,}|\](?=[(\[:])")
_NUMBER = re.compile(rf"^([ >]*)-?\d+\. {NUMBER_START}(-?\d+){NUMBER_END}", re.MULTILINE)
_LEFT_NUMBER = re.compile(rf"{NUMBER_START}(-?\d+){NUMBER_END}")


def drop_unshown(page: Element, *, keep_noscript: bool = False) -> None:
    """Take away what a browser would not show."""
    for element in page.walk():
        if element.tag in ("html", "body"):
            # Hidden until a script has drawn the rest: its text is meant to be seen.
            element.attrs.pop("style", None)
            element.attrs.pop("hidden", None)
        kept = [c for c in element.children if isinstance(c, str) or not _is_unshown(c, keep_noscript)]
        if len(kept) < len(element.children):
            element.children = kept


def drop_controls(page: Element) -> None:
    """Take away the controls of forms, and leave what stands around them."""
    for element in page.parents_of(_CONTROLS):
        element.children = [
            c for c in element.children if isinstance(c, str) or c.tag not in _CONTROLS or _is_accordion(c, element)
        ]


def tidy(page: Element) -> None:
    """Write formulas, lists, tables, links and emphasis as the converter reads them rightly."""
    for element in list(page.walk()):
        if element.tag == "math":
            _write_formula(element)
        elif element.tag in _LISTS:
            _tidy_list(element)
        elif element.tag == "table":
            _tidy_table(element)
        elif element.tag == "button":
            element.tag = "span"
        elif element.tag == "noscript":
            element.tag = "div"
        elif element.tag in ("xmp", "listing", "plaintext"):
            element.tag = "pre"
    for element in page.parents_of(_HEADINGS):
        _end_headings(element)
    _flatten(page)
    for element in page.parents_of({"li"}):
        if element.tag not in ("ul", "ol"):
            _gather_items(element)
    for element in page.parents_of({"a"}):
        element.children = [c for c in element.children if isinstance(c, str) or not _is_empty_link(c)]
    _escape(page)


def restored(markdown: str) -> str:
    """`markdown` with the signs that were put in by `tidy` as what they stand for."""
    markdown = _NUMBER.sub(r"\1\2. ", markdown)
    markdown = _LEFT_NUMBER.sub(r"\1. ", markdown)
    for sign, stand_in in _ESCAPED.items():
        markdown = markdown.replace(stand_in, "\\" + sign)
    return markdown


def _is_unshown(element: Element, keep_noscript: bool) -> bool:
    if element.tag in _UNSHOWN:
        return not (keep_noscript and element.tag == "noscript")
    if element.tag in ("html", "body"):
        return False
    if element.tag == "img" and element.attrs.get("width") in ("0", "1"):
        return True
    if element.tag == "dialog" and "open" not in element.attrs:
        return True
    return "hidden" in element.attrs or bool(_UNSHOWN_STYLE.search(element.attrs.get("style", "").lower()))


def _is_accordion(element: Element, parent: Element) -> bool:
    """Whether a button holds text to be read: a question in a list of them, or a whole card."""
    if element.tag != "button":
        return False
    if any(around.tag in _HEADINGS or around.tag == "dt" for around in (parent, *parent.ancestors())):
        return True
    return len(element.text()) > _LONG_LABEL


def _write_formula(math: Element) -> None:
    """A formula as the TeX that it was made from, where the page holds it."""
    source = next(
        (e.text() for e in math.walk() if e.tag == "annotation" and "tex" in e.attrs.get("encoding", "")),
        math.attrs.get("alttext", ""),
    )
    if source:
        math.replace([f"${' '.join(source.split())}$"])


def _end_headings(around: Element) -> None:
    """Let a heading that was never closed end before the first block in it."""
    children: list[Element | str] = []
    for child in around.children:
        children.append(child)
        if isinstance(child, Element) and child.tag in _HEADINGS:
            inside = child.children
            blocks = (i for i, c in enumerate(inside) if isinstance(c, Element) and c.tag in _NOT_IN_HEADINGS)
            at = next(blocks, 0)
            if at and "".join(c if isinstance(c, str) else c.text() for c in inside[:at]).strip():
                child.children = inside[:at]
                children += inside[at:]
    around.replace(children)


def _tidy_list(listed: Element) -> None:
    """Put what stands in a list without `<li>` into the item before it, and write the numbers that a page chose."""
    items: list[Element] = []
    loose: Element | None = None
    for child in listed.children:
        if isinstance(child, Element) and child.tag == "li":
            items.append(child)
            loose = None
        elif isinstance(child, Element) and child.tag in _LISTS and items:
            items[-1].add(child)
        elif isinstance(child, Element) or child.strip() or loose:
            if loose is None:
                loose = Element("li")
                items.append(loose)
            loose.add(child)
    listed.replace(list(items))
    listed.tag = "ol" if listed.tag == "ol" else "ul"
    if listed.tag == "ol" and ("reversed" in listed.attrs or any("value" in item.attrs for item in items)):
        step = -1 if "reversed" in listed.attrs else 1
        number = _whole(listed.attrs.get("start", ""), len(items) if step < 0 else 1)
        for item in items:
            number = _whole(item.attrs.get("value", ""), number)
            _write_number(item, number)
            number += step


def _write_number(item: Element, number: int) -> None:
    inside = item
    while inside.children and isinstance(first := _first(inside), Element) and first.tag in ("p", "div", "span"):
        inside = first
    while inside.children and isinstance(inside.children[0], str) and not inside.children[0].strip():
        del inside.children[0]
    inside.children.insert(0, f"{NUMBER_START}{number}{NUMBER_END}")


def _first(element: Element) -> Element | str:
    return next((child for child in element.children if not isinstance(child, str) or child.strip()), "")


def _whole(text: str, default: int) -> int:
    text = text.strip()[:9]
    return int(text) if re.fullmatch(r"-?[0-9]+", text) else default


def _tidy_table(table: Element) -> None:
    """Unwrap a table that only places its contents, and write a list inside a datum on one line."""
    rows = rows_of(table)
    if _is_layout(table, rows):
        table.tag, table.attrs = "div", {}
        cells = [cell for row in rows for cell in row.elements()]
        captions = [child for child in table.elements() if child.tag == "caption"]
        for cell in [*captions, *cells]:
            cell.tag, cell.attrs = "div", {}
        table.replace([*captions, *cells])
        return
    for cell in (cell for row in rows for cell in row.elements()):
        items = [element for element in cell.walk() if element.tag == "li"]
        for item, following in itertools.pairwise(items):
            if following not in item.elements():
                item.add("; ")


def _is_layout(table: Element, rows: list[Element]) -> bool:
    if table.attrs.get("role") in ("presentation", "none"):
        return True
    cells = [cell for row in rows for cell in row.elements()]
    if table.holds(*_TOO_LARGE_FOR_DATA):
        return True
    if any(cell.tag == "th" for cell in cells) or any(child.tag in ("thead", "caption") for child in table.elements()):
        return False
    columns = max((len(row.elements()) for row in rows), default=0)
    if len(rows) <= 1 or columns <= 1:
        return True
    paragraphs = max((sum(e.tag in ("p", "h3", "h4", "form") for e in cell.walk()) for cell in cells), default=0)
    return paragraphs > 1 or any(sum(map(len, cell.texts())) > _MAX_DATUM for cell in cells)


def _flatten(page: Element) -> None:
    """Look through quotations, lists and cells that are nested deeper than anybody writes by hand."""
    depth: dict[Element, tuple[int, int]] = {page: (0, 0)}
    for element in page.walk():
        quotations, lists = depth[element.parent] if element.parent is not None and element is not page else (0, 0)
        if element.tag == "blockquote":
            quotations += 1
            if quotations > MAX_QUOTATIONS:
                element.tag = "div"
        elif element.tag in ("ul", "ol", "dl"):
            lists += 1
        if lists > MAX_LISTS and element.tag in ("ul", "ol", "dl", "li", "dt", "dd"):
            element.tag = "div"
        depth[element] = (quotations, lists)


def _gather_items(element: Element) -> None:
    """Make lists of the items that stand in `element`, which is none."""
    children: list[Element | str] = []
    gathered: Element | None = None
    for child in element.children:
        if isinstance(child, Element) and child.tag == "li":
            if gathered is None:
                gathered = Element("ul")
                children.append(gathered)
            gathered.add(child)
        elif gathered is None or isinstance(child, Element) or child.strip():
            children.append(child)
            gathered = None
    element.replace(children)


def _is_empty_link(element: Element) -> bool:
    """Whether it is a link that shows nothing, or only a sign for the address of its own heading."""
    if element.tag != "a":
        return False
    shown = element.text().strip()
    if shown in _PERMALINKS and "#" in element.attrs.get("href", ""):
        return any(around.tag in _HEADINGS or around.tag == "dt" for around in element.ancestors())
    return not shown and not element.holds("img")


def _escape(page: Element) -> None:
    """Have what looks like Markdown in the page's own text stay as it is: `2*3*4`, `__init__`, `[a](b)`."""
    waiting = [page]
    while waiting:
        element = waiting.pop()
        if element.tag in _AROUND_CODE:
            continue
        if "alt" in element.attrs:
            element.attrs["alt"] = _SIGNS.sub(_escaped, element.attrs["alt"])
        element.children = [
            child if isinstance(child, Element) else _SIGNS.sub(_escaped, child) for child in element.children
        ]
        waiting.extend(element.elements())


def _escaped(match: re.Match[str]) -> str:
    """The run of signs, escaped where it could open or close emphasis (CommonMark 6.2)."""
    run, text = match[0], match.string
    before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
    if before.isspace() and after.isspace():
        return run
    if run[0] == "_" and before.isalnum() and after.isalnum():
        return run
    return _ESCAPED[run[0]] * len(run)
