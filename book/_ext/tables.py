"""No table breaks a word: long code in it ends a line at its joints.

A dotted path, a path of a file or a snake_case name is one long word to a browser. Here each gets the places where it
may end a line: behind a slash, a dot, an underscore or a double colon.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

_TABLE = re.compile(r"<table\b.*?</table>", re.S)
_CODE = re.compile(r'(?<=<span class="pre">)[^<]{16,}(?=</span>)')
_JOINT = re.compile(r"(?<=\w)(::|[/._])(?=\w)")


def breakable(body: str) -> str:
    """The page with a `<wbr>` at each joint of the long code in its tables."""
    return _TABLE.sub(lambda table: _CODE.sub(lambda code: _JOINT.sub(r"\1<wbr>", code[0]), table[0]), body)


def break_tables(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Do so in the page's body."""
    if "body" in context:
        context["body"] = breakable(context["body"])


def setup(app: Sphinx) -> dict[str, Any]:
    """Connects it."""
    app.connect("html-page-context", break_tables)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
