"""Code in a page: where its language is written, and which of its columns is only line numbers.

`html-to-markdown` reads `class="language-python"` on `<pre>` or `<code>`, as HTML recommends (4.5.15); the tools that
many sites are made with write it elsewhere.
"""

from __future__ import annotations

import re

from janus_platform.services.web_proxy.dom import Element, rows_of

_NAME = r"([A-Za-z][\w+#.-]{0,30})"
_ON_CODE = re.compile(rf"(?:^|\s)(?:language|lang|highlight-source)-{_NAME}")
# Sphinx, GitHub, Jekyll: on a box around it.
_ON_BOX = re.compile(rf"(?:^|\s)(?:highlight-source|highlight|language)-{_NAME}")
_BRUSH = re.compile(rf"\bbrush:\s?{_NAME}")
_WHOLE = re.compile(_NAME)
# GitLab, Hugo, WordPress: an attribute of its own.
_ATTRIBUTES = ("data-lang", "data-language", "lang")
_BOXES = frozenset({"div", "figure", "td"})
_BOXES_AROUND = 4
# Sphinx calls it so when it was told no language.
_NO_LANGUAGE = frozenset({"default", "none", "text", "notranslate", "highlight"})
_NUMBERS = re.compile(r"[\d\s]+")
# What highlighters call the column of line numbers.
_COUNTS = frozenset({"gutter", "linenos", "lineno", "gl", "rouge-gutter", "hljs-ln-numbers"})


def mark_code(page: Element) -> None:
    """Write each code block's language where the converter looks for it, and take the line numbers away."""
    for element in list(page.walk()):
        if element.tag == "table":
            _without_numbers(element)
    for element in page.walk():
        if element.tag == "pre" and (language := _language(element)):
            element.attrs["class"] = f"language-{language}"
            for inner in element.elements():
                inner.attrs.pop("class", None)


def _language(pre: Element) -> str:
    """The language of a code block, from what is nearest to the code; "" where none is written."""
    inner = next((child for child in pre.elements() if child.tag == "code"), None)
    for element in (inner, pre):
        if element is not None and (named := _named(element)):
            return "" if named in _NO_LANGUAGE else named
    for box, _ in zip(pre.ancestors(), range(_BOXES_AROUND), strict=False):
        if box.tag not in _BOXES:
            break
        match = _ON_BOX.search(box.attrs.get("class", ""))
        if match and match[1].lower() not in _NO_LANGUAGE:
            return match[1].lower()
    return ""


def _named(element: Element) -> str:
    written = element.attrs.get("class", "")
    match = _ON_CODE.search(written) or _BRUSH.search(written)
    values = [match[1]] if match else [element.attrs.get(name, "") for name in _ATTRIBUTES]
    return next((value.lower() for value in values if _WHOLE.fullmatch(value)), "")


def _without_numbers(table: Element) -> None:
    """Keep only the code of a table whose one column counts the lines of the other."""
    cells = [row.elements() for row in rows_of(table)]
    if not cells or any(len(row) != 2 or not _is_number(row[0]) for row in cells):
        return
    if len(cells) == 1:
        (count, code), *_ = cells
        if code.holds("pre") and (_COUNTS & set(count.attrs.get("class", "").split()) or count.holds("pre")):
            table.tag, table.attrs = "div", {}
            table.replace(code.children)
    elif all("code" in code.attrs.get("class", "") for _, code in cells):
        # One row a line.
        table.tag, table.attrs = "pre", {}
        table.replace(["\n".join(code.text().strip("\n") for _, code in cells)])


def _is_number(cell: Element) -> bool:
    """Whether a cell holds nothing but numbers, or nothing: a style sheet shows them from an attribute."""
    return not cell.holds("table") and all(not text.strip() or _NUMBERS.fullmatch(text) for text in cell.texts())
