"""Full-text search over documents in memory: SQLite FTS5, ranked by BM25 with the title weighing more than the text.

The web search ranks whole pages with it, the vector index falls back on it for its chunks.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from janus_platform.services.search_query import Query

TITLE_WEIGHT = 4.0
SNIPPET_TOKENS = 40


@dataclass(frozen=True)
class Document:
    """What is indexed: a title, the text without markup, and where it is from."""

    title: str
    text: str
    url: str


@dataclass(frozen=True)
class Hit:
    """A found document: its position among those indexed, its BM25 score (more is better), a plain-text snippet."""

    position: int
    score: float
    snippet: str


class TextIndex:
    """An index of `documents`, built at once. It is used from one thread at a time."""

    def __init__(self, documents: Iterable[Document]) -> None:
        self._db = sqlite3.connect(":memory:", check_same_thread=False)
        self._db.execute(
            "CREATE VIRTUAL TABLE page USING fts5"
            "(title, text, host UNINDEXED, tokenize = 'porter unicode61 remove_diacritics 2')"
        )
        rows = ((i, d.title, d.text, _host(d.url)) for i, d in enumerate(documents))
        self._db.executemany("INSERT INTO page(rowid, title, text, host) VALUES (?, ?, ?, ?)", rows)
        self._db.execute("INSERT INTO page(page, rank) VALUES ('rank', ?)", (f"bm25({TITLE_WEIGHT}, 1.0)",))
        self._db.execute("INSERT INTO page(page) VALUES ('optimize')")
        self._db.commit()
        self.size: int = self._db.execute("SELECT count(*) FROM page").fetchone()[0]

    def find(self, query: Query, limit: int) -> list[Hit]:
        """The best `limit` documents for `query`, best first."""
        expression = query.expression
        conditions, values = _site_conditions(query)
        if expression:
            # With nothing but `rank` to order by, FTS5 sorts by itself and cuts snippets for the best only.
            columns, order = f"rank, snippet(page, 1, '', '', '…', {SNIPPET_TOKENS})", "rank"
            conditions, values = ["page MATCH ?", *conditions], [expression, *values]
        else:
            columns, order = "0.0, substr(text, 1, 240)", "rowid"
        if not conditions:
            return []
        rows = self._db.execute(
            f"SELECT rowid, {columns} FROM page WHERE {' AND '.join(conditions)} ORDER BY {order} LIMIT ?",
            [*values, limit],
        )
        # FTS5 gives better matches the smaller number.
        return [Hit(position, -score, " ".join(text.split())) for position, score, text in rows]

    def close(self) -> None:
        """Free the memory; the index cannot be used afterwards."""
        self._db.close()


def _site_conditions(query: Query) -> tuple[list[str], list[str]]:
    """SQL for site: and -site:, which name a host and everything below it."""
    below = "('.' || host) LIKE ? ESCAPE '\\'"
    conditions = [f"({' OR '.join([below] * len(query.sites))})"] if query.sites else []
    conditions += [f"NOT {below}" for _ in query.excluded_sites]
    return conditions, [f"%.{_escaped(site)}" for site in (*query.sites, *query.excluded_sites)]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").lower()
