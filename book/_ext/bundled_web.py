"""Links of an executed answer to the bundled web lead to copies of its pages, which the build writes below `web/`.

A page of this book shows answers, and an answer names its sources. Their hosts do not exist, or belong to others.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.osutil import relative_uri

from janus_platform.corpus import Document, Page, load_corpus
from janus_platform.corpus.browsing import entries, entry, for_browser

FOLDER = "web"


def file_of(found: Page | Document) -> str:
    """Where the copy lies, relative to the built book: a page ends in .html, a document in what it ended in."""
    parts = urlsplit(found.url)
    return f"{FOLDER}/{parts.hostname}{unquote(parts.path)}" + (".html" if isinstance(found, Page) else "")


def link_copies(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Turn the links of a page that lead into the bundled web to the copies."""
    if app.builder.format != "html":
        return
    here = app.builder.get_target_uri(docname)
    for link in doctree.findall(nodes.reference):
        if found := entry(load_corpus(), link.get("refuri", "")):
            link["refuri"] = relative_uri(here, file_of(found))
            link["reftitle"] = f"{found.url} (the page that comes with this platform)"
            link["internal"] = True


def write_copies(app: Sphinx, exception: Exception | None) -> None:
    """Write every page and document of the bundled web."""
    if exception or app.builder.format != "html":
        return
    corpus = load_corpus()
    for found in entries(corpus):
        path = Path(app.outdir) / file_of(found)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(for_browser(found, corpus, partial(_from, file_of(found)))[1])


def _from(file: str, other: Page | Document) -> str:
    return os.path.relpath(file_of(other), os.path.dirname(file))


def setup(app: Sphinx) -> dict[str, Any]:
    """Connects both."""
    app.connect("doctree-resolved", link_copies)
    app.connect("build-finished", write_copies)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
