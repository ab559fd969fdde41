"""Pages of the bundled web for a browser: the article under a note that says what it is, linked with the others.

The sources of an answer are addresses such as `https://physics.org/quantum`. On the internet such an address leads
nowhere, or to a real site with another text; here the page that the answer was made from can be read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from html import escape, unescape
from urllib.parse import urljoin, urlsplit

from janus_platform.corpus.library import Corpus, load_corpus
from janus_platform.corpus.pages import Document, Page, Redirect

Headers = list[tuple[bytes, bytes]]

# Nothing of a page runs or loads from elsewhere, and it has an origin of its own (W3C CSP 3, `sandbox`): it may
# neither read the address that serves it nor send a form.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
HEADERS: Headers = [
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-cache"),
]
_ADDRESS = re.compile(r"""(<[a-z][^<>]*?\s(?:href|src)=)(["'])([^"'<>]*)\2""", re.IGNORECASE)
_READER = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} (bundled page)</title>
<style>
body {{ max-width: 44rem; margin: 0 auto; padding: 0 1.2rem 3rem; font: 17px/1.6 Georgia, serif; }}
aside {{ margin: 1rem 0 2rem; padding: .7em 1em; border-left: 4px solid #b98900; font: 15px/1.5 system-ui, sans-serif;
    background: light-dark(#fff6d6, #3a3115); overflow-wrap: anywhere; }}
h1 {{ line-height: 1.2; }}
a {{ color: light-dark(#2a3fa0, #a9b8ff); }}
img {{ max-width: 100%; height: auto; background: #fff; }}
pre, table {{ display: block; max-width: 100%; overflow-x: auto; }}
td, th {{ padding: .2em .8em .2em 0; text-align: left; vertical-align: top; }}
</style>
</head>
<body>
<aside role="note">Bundled page: written for the local Janus platform and part of it. Offline it stands in for
<code>{url}</code>; the real site, if there is one, says something else.</aside>
<main>
{article}
</main>
</body>
</html>
"""


def entry(corpus: Corpus, url: str) -> Page | Document | None:
    """The page or document at `url`, redirects followed; None where the bundled web has nothing."""
    resource = corpus.lookup(url)
    return corpus.lookup(resource.location) if isinstance(resource, Redirect) else resource  # type: ignore[return-value]


def for_browser(
    resource: Page | Document, corpus: Corpus, address: Callable[[Page | Document], str]
) -> tuple[str, bytes]:
    """Content type and bytes to show in a browser: a page's article with its note, a document as it is.

    `address` gives the link to another entry of the corpus; a link to elsewhere stays as it is.
    """
    if isinstance(resource, Document):
        return resource.content_type, resource.body

    def local(match: re.Match[str]) -> str:
        before, quote, link = match.groups()
        target = entry(corpus, urljoin(resource.url, unescape(link)))
        if target is None:
            return match[0]
        fragment = urlsplit(unescape(link)).fragment
        return f"{before}{quote}{escape(address(target) + (f'#{fragment}' if fragment else ''))}{quote}"

    article = _ADDRESS.sub(local, resource.article)
    page = _READER.format(title=escape(resource.title), url=escape(resource.url), article=article)
    return "text/html; charset=utf-8", page.encode()


def entries(corpus: Corpus) -> Iterator[Page | Document]:
    """Every page and document, by URL."""
    everything: tuple[Page | Document, ...] = (*corpus.pages, *corpus.documents)
    return iter(sorted(everything, key=lambda one: one.url))


class BundledWeb:
    """The bundled web below one path of a server: `/web/physics.org/quantum` for `https://physics.org/quantum`."""

    def __init__(self, path: str, corpus: Corpus | None = None) -> None:
        self._path, self._corpus = path, corpus or load_corpus()

    def answer(self, below: str) -> tuple[bytes, Headers, bytes] | None:
        """Content type, headers and body for `/physics.org/quantum` and the like, for "" the list of hosts; or None."""
        if below in ("", "/"):
            return b"application/json", HEADERS, json.dumps({"hosts": self._corpus.hosts}).encode()
        host, _, rest = below.lstrip("/").partition("/")
        resource = entry(self._corpus, f"https://{host}/{rest}") if host in self._corpus.hosts else None
        if resource is None:
            return None
        content_type, body = for_browser(resource, self._corpus, self._address)
        return content_type.encode(), HEADERS, body

    def _address(self, resource: Page | Document) -> str:
        parts = urlsplit(resource.url)
        return f"{self._path}/{parts.hostname}{parts.path}"
