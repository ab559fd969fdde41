"""All sites of the corpus together: looks a URL up, and holds that titles are unique and links lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from html import unescape
from pathlib import Path
from types import MappingProxyType
from urllib.parse import unquote, urljoin, urlsplit

from janus_platform.corpus.pages import CorpusError, Document, Page, Redirect
from janus_platform.corpus.sites import SITE_FILE, Site, read_site

SITES = Path(__file__).with_name("sites")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_LINK = re.compile(r"""<[a-z][^<>]*?\s(?:href|src)=["']([^"']*)["']""")


class Corpus:
    """The bundled local web. Immutable; `pages` is sorted by URL.

    Raises `CorpusError` when two pages share a title, two entries share a URL, or a link or redirect to a host of the
    corpus leads to nothing.
    """

    def __init__(self, sites: Iterable[Site]) -> None:
        by_host = {site.host: site for site in sites}
        self.hosts: tuple[str, ...] = tuple(sorted(by_host))
        self.pages: tuple[Page, ...] = tuple(
            sorted((page for site in by_host.values() for page in site.pages), key=lambda page: page.url)
        )
        self.documents: tuple[Document, ...] = tuple(
            document for site in by_host.values() for document in site.documents
        )
        self._robots = {host: site.robots for host, site in by_host.items()}
        self._entries: Mapping[str, Page | Document | Redirect] = MappingProxyType(_index(by_host.values()))
        _require_unique_titles(self.pages)
        self._require_links_to_resolve(by_host.values())

    def lookup(self, url: str) -> Page | Document | Redirect | None:
        """What a web server would answer for `url`, or None when nothing stands there.

        Scheme http or https, host in any case, default port only; query, fragment and a trailing slash are ignored.
        """
        key = _key(url)
        return self._entries.get(key) if key else None

    def robots(self, host: str) -> str | None:
        """The text of the host's robots.txt, or None when the host has none or is not in the corpus."""
        return self._robots.get(host.lower().rstrip("."))

    def _require_links_to_resolve(self, sites: Iterable[Site]) -> None:
        for page in self.pages:
            # Links are ASCII, so ISO-8859-1 reads them in whatever charset the page has.
            for link in _LINK.findall(page.html.decode("iso-8859-1")):
                target = urljoin(page.url, unescape(link))
                if self._is_dead(target):
                    raise CorpusError(f"{page.host}{page.path}.html", f"the link {link!r} leads to nothing: {target}")
        for site in sites:
            for redirect in site.redirects:
                if self._is_dead(redirect.location):
                    fault = f"the redirect to {redirect.location} leads to nothing"
                    raise CorpusError(f"{site.host}/{SITE_FILE}", fault)

    def _is_dead(self, url: str) -> bool:
        """Whether `url` names a host of the corpus but nothing there; other hosts are none of its business."""
        return urlsplit(url).hostname in self._robots and self.lookup(url) is None


@cache
def load_corpus(root: Path = SITES) -> Corpus:
    """The corpus below `root`, read and checked once per process. Raises `CorpusError`."""
    return Corpus([read_site(folder) for folder in sorted(root.iterdir()) if folder.is_dir()])


def _key(url: str) -> str | None:
    """`url` as the corpus files it: `//host/path`; None when it is no URL that the corpus could serve."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    default_port = _DEFAULT_PORTS.get(parts.scheme)
    if default_port is None or not parts.hostname or parts.username is not None or port not in (None, default_port):
        return None
    path = unquote(parts.path).rstrip("/") or "/"
    return f"//{parts.hostname.rstrip('.')}{path}"


def _index(sites: Iterable[Site]) -> dict[str, Page | Document | Redirect]:
    entries: dict[str, Page | Document | Redirect] = {}
    for site in sites:
        all_of_site: tuple[Page | Document | Redirect, ...] = (*site.pages, *site.documents, *site.redirects)
        for entry in all_of_site:
            key = _key(entry.url)
            if key is None or key in entries:
                raise CorpusError(f"{site.host}/{SITE_FILE}", f"{entry.url} stands for two things")
            entries[key] = entry
    return entries


def _require_unique_titles(pages: Iterable[Page]) -> None:
    seen: dict[str, Page] = {}
    for page in pages:
        if (first := seen.setdefault(page.title.casefold(), page)) is not page:
            raise CorpusError(f"{page.host}{page.path}.html", f"the title {page.title!r} is also that of {first.url}")
