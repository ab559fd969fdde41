"""Read one site from its folder: `site.toml`, `_layout.html`, `robots.txt`, article fragments and documents.

An article fragment `tcp/handshake.html` becomes the page `/tcp/handshake`: the fragment stands inside the site's
layout, between navigation, related links and a footer, as on a real page. Every file must be accounted for: a file
that is neither an article nor listed as a document in `site.toml` is an error, and so is a listed one that is missing.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape, unescape
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import urljoin

from janus_platform.corpus.pages import CorpusError, Document, Page, Redirect

SITE_FILE = "site.toml"
LAYOUT_FILE = "_layout.html"
ROBOTS_FILE = "robots.txt"
RELATED_LINKS = 4
DESCRIPTION_LENGTH = 155
REDIRECT_STATUSES = frozenset({301, 302, 307, 308})
_HOST = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
_PATH = re.compile(r"/|(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+")
_H1 = re.compile(r"<h1\b[^<>]*+>((?>(?:[^<]|<(?!/?h1\b))*))</h1>")
_PARAGRAPH = re.compile(r"<p\b[^<>]*+>((?>(?:[^<]|<(?!/?p\b))*))</p>")
_TAG = re.compile(r"<[^<>]*+>")
_KEYS = frozenset({"name", "published", "footer", "navigation", "redirects", "documents", "charsets"})


@dataclass(frozen=True)
class Site:
    """One host and all that it serves; `robots` is the text of its robots.txt, or None when it has none."""

    host: str
    pages: tuple[Page, ...]
    documents: tuple[Document, ...]
    redirects: tuple[Redirect, ...]
    robots: str | None


def read_site(folder: Path) -> Site:
    """Read the site whose host is the folder's name. Raises `CorpusError` naming the file and the fault."""
    if not _HOST.fullmatch(folder.name):
        raise CorpusError(folder.name, "the folder's name is not a lower-case host name")
    return _SiteReader(folder).read()


class _SiteReader:
    """Holds what the steps of reading one site share: its folder, its settings, its layout."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.host = folder.name
        self.settings = self._settings()
        self.layout = Template(self._text(LAYOUT_FILE))

    def read(self) -> Site:
        documents = tuple(self._documents())
        self._require_every_file_listed(documents)
        robots = self._text(ROBOTS_FILE) if (self.folder / ROBOTS_FILE).is_file() else None
        if robots is not None:
            documents += (Document(self._url("/" + ROBOTS_FILE), robots.encode(), "text/plain; charset=utf-8"),)
        return Site(self.host, tuple(self._pages()), documents, tuple(self._redirects()), robots)

    def _pages(self) -> Iterable[Page]:
        articles = {"/" + self._name(file)[: -len(".html")]: file for file in self._article_files()}
        fragments = {self._checked_path(path): self._text(self._name(file)) for path, file in sorted(articles.items())}
        titles = {path: self._title(path, fragment) for path, fragment in fragments.items()}
        charsets: Mapping[str, str] = self.settings.get("charsets", {})
        for path in charsets:
            if path not in fragments:
                raise self._error(SITE_FILE, f"charsets names {path}, which is no page of this site")
        for path, fragment in fragments.items():
            yield self._page(path, titles, fragment, charsets.get(path))

    def _page(self, path: str, titles: Mapping[str, str], fragment: str, charset: str | None) -> Page:
        parts = {
            "charset": charset or "utf-8",
            "title": escape(titles[path]),
            "site": escape(self.settings["name"]),
            "description": escape(_description(fragment)),
            "canonical": self._url(path),
            "published": self.settings["published"].isoformat(),
            "navigation": self._navigation(),
            "related": _list_items((titles[other], other) for other in _others(path, tuple(titles))),
            "footer": escape(self.settings["footer"]),
            "article": fragment.strip(),
        }
        try:
            html = self.layout.substitute(parts)
        except (KeyError, ValueError) as error:
            raise self._error(LAYOUT_FILE, f"bad placeholder: {error} (write $$ for a dollar sign)") from error
        # A page with another charset leaves it to its <meta>, as such pages do; a character it lacks becomes &#n;.
        body = html.encode(charset or "utf-8", "xmlcharrefreplace")
        content_type = "text/html" if charset else "text/html; charset=utf-8"
        return Page(self._url(path), self.host, path, titles[path], body, fragment, content_type)

    def _documents(self) -> Iterable[Document]:
        for entry in self.settings.get("documents", ()):
            path = self._checked_path(self._field(entry, "path"))
            file = self.folder / path[1:]
            if not file.is_file():
                raise self._error(SITE_FILE, f"the document {path} has no file")
            yield Document(self._url(path), file.read_bytes(), self._field(entry, "type"))

    def _redirects(self) -> Iterable[Redirect]:
        for entry in self.settings.get("redirects", ()):
            source = self._url(self._checked_path(self._field(entry, "from")))
            status = entry.get("status", 301)
            if status not in REDIRECT_STATUSES:
                raise self._error(SITE_FILE, f"{status} is not a redirect status; use one of 301, 302, 307, 308")
            yield Redirect(source, urljoin(source, self._field(entry, "to")), status)

    def _navigation(self) -> str:
        entries = self.settings.get("navigation", ())
        return _list_items((self._field(entry, "title"), self._field(entry, "to")) for entry in entries)

    def _title(self, path: str, fragment: str) -> str:
        headings = _H1.findall(fragment)
        if len(headings) != 1 or not (title := _plain(headings[0])):
            raise self._error(path[1:] + ".html", "an article has exactly one <h1>, with its title")
        return title

    def _settings(self) -> dict[str, Any]:
        try:
            settings = tomllib.loads(self._text(SITE_FILE))
        except tomllib.TOMLDecodeError as error:
            raise self._error(SITE_FILE, f"not valid TOML: {error}") from error
        if missing := {"name", "published", "footer"} - settings.keys():
            raise self._error(SITE_FILE, f"lacks {', '.join(sorted(missing))}")
        if unknown := settings.keys() - _KEYS:
            raise self._error(SITE_FILE, f"unknown key {', '.join(sorted(unknown))}")
        return settings

    def _require_every_file_listed(self, documents: tuple[Document, ...]) -> None:
        listed = {document.url.removeprefix(self._url("/")) for document in documents}
        listed |= {SITE_FILE, LAYOUT_FILE, ROBOTS_FILE} | {self._name(file) for file in self._article_files()}
        for file in self.folder.rglob("*"):
            if file.is_file() and self._name(file) not in listed:
                raise self._error(self._name(file), f"list it as a document in {SITE_FILE}, or remove it")

    def _article_files(self) -> list[Path]:
        return [file for file in self.folder.rglob("*.html") if file.name != LAYOUT_FILE]

    def _checked_path(self, path: str) -> str:
        if not _PATH.fullmatch(path) or ".." in path:
            raise self._error(SITE_FILE, f"{path!r} is not a plain absolute path (letters, digits, '-', '_', '.')")
        return path

    def _field(self, entry: Mapping[str, Any], key: str) -> str:
        if not isinstance(value := entry.get(key), str):
            raise self._error(SITE_FILE, f"an entry lacks the text {key!r}: {dict(entry)}")
        return value

    def _text(self, name: str) -> str:
        try:
            return (self.folder / name).read_text(encoding="utf-8")
        except FileNotFoundError:
            raise self._error(name, "missing") from None
        except UnicodeDecodeError as error:
            raise self._error(name, f"not UTF-8: {error}") from error

    def _name(self, file: Path) -> str:
        return file.relative_to(self.folder).as_posix()

    def _url(self, path: str) -> str:
        return f"https://{self.host}{path}"

    def _error(self, name: str, fault: str) -> CorpusError:
        return CorpusError(f"{self.host}/{name}", fault)


def _others(path: str, paths: tuple[str, ...]) -> tuple[str, ...]:
    """The pages that follow `path` in the site's order, wrapping around: the sidebar's related links."""
    at = paths.index(path)
    return (paths[at + 1 :] + paths[:at])[:RELATED_LINKS]


def _list_items(links: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f'<li><a href="{escape(target)}">{escape(title)}</a></li>' for title, target in links)


def _description(fragment: str) -> str:
    paragraph = _PARAGRAPH.search(fragment)
    text = _plain(paragraph.group(1)) if paragraph else ""
    return text if len(text) <= DESCRIPTION_LENGTH else text[:DESCRIPTION_LENGTH].rsplit(" ", 1)[0] + " …"


def _plain(markup: str) -> str:
    return " ".join(unescape(_TAG.sub("", markup)).split())
