"""The entries of the corpus: a page, a document that is not a page, or a redirect; and its error."""

from __future__ import annotations

from dataclasses import dataclass

from janus_platform.errors import PlatformError


class CorpusError(PlatformError):
    """A file of the corpus is wrong; the message names the file, relative to `sites/`, and the fault."""

    def __init__(self, file: str, fault: str) -> None:
        super().__init__(f"{file}: {fault}")
        self.file = file
        self.fault = fault


@dataclass(frozen=True)
class Page:
    """One article inside its site's layout.

    `url` is `https://` + `host` + `path`. `title` is the text of the article's `<h1>`. `html` is the whole page as a
    server would send it, in the charset that its `<meta>` declares; `article` is the fragment that the page's file
    holds, as text.
    """

    url: str
    host: str
    path: str
    title: str
    html: bytes
    article: str
    content_type: str


@dataclass(frozen=True)
class Document:
    """Anything that is served as it lies on disk: a picture, plain text, JSON, a PDF, a robots.txt."""

    url: str
    body: bytes
    content_type: str


@dataclass(frozen=True)
class Redirect:
    """`url` answers with `status` (301, 302, 307 or 308) and the absolute URL `location`."""

    url: str
    location: str
    status: int
