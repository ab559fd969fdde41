"""Addresses of pages that were merged into another: each hands on to where its text now is.

`moved_pages` of `_config.yml` maps an old page to the new one, with the section where there is one:

    moved_pages:
      book/judge_prompts: book/benchmark.html#the-judge-s-prompt

A new address that the build did not write is an error; so is an old one that is a page again.
"""

from __future__ import annotations

import html
from pathlib import Path
from posixpath import relpath
from typing import Any

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="0; url={address}">
<meta name="description" content="{title}: {what}.">
<title>{title}</title>
</head>
<body><main><h1>{title}</h1><p><a href="{address}">{link}</a></p></main></body>
</html>
"""


def handing_on(title: str, address: str, *, what: str, link: str) -> str:
    """A page that leads to `address` at once, and has a link for who is not led there."""
    texts = {"title": title, "address": address, "what": what, "link": link}
    return PAGE.format(**{name: html.escape(text) for name, text in texts.items()})


def write_moved(app: Sphinx, exception: Exception | None) -> None:
    """Write a page at each old address. Raises ExtensionError."""
    if exception or app.builder.format != "html":
        return
    for old, new in app.config.moved_pages.items():
        page, _, section = new.partition("#")
        there = Path(app.outdir) / page
        if old in app.env.all_docs:
            raise ExtensionError(f"moved_pages: {old} is a page")
        if not there.is_file() or (section and f'id="{section}"' not in there.read_text("utf-8")):
            raise ExtensionError(f"moved_pages: {old} leads to {new}, which was not built")
        text = handing_on(
            app.config.html_title, relpath(new, Path(old).parent), what="a page that moved", link="Go to its new place"
        )
        (Path(app.outdir) / f"{old}.html").write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Registers the setting and writes the pages."""
    app.add_config_value("moved_pages", {}, "html")
    app.connect("build-finished", write_moved)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
