"""Full-text search over documents in memory: SQLite FTS5, ranked by BM25 with the title weighing more than the text.

The web search ranks whole pages with it, the vector index its chunks, beside their vectors or without them.

FTS5 needs about a microsecond for each document that holds a word. BM25 is a sum over the words of a query, so what a
common word adds to each document can be asked of FTS5 once and kept (`keep_ready`); a query then only adds up.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from janus_platform.services.search.query import Query, expression
from janus_platform.services.search.text import TOKENIZER, Phrase, words_of

TITLE_WEIGHT = 4.0
_RANKS = f"SELECT rowid, -bm25(page, {TITLE_WEIGHT}, 1.0) FROM page WHERE page MATCH ? ORDER BY rowid"

# Positions of documents, and a BM25 score for each.
Ranks = tuple[Sequence[int], Sequence[float]]


@dataclass(frozen=True)
class Document:
    """What is indexed: a title, the text without markup, and where it is from."""

    title: str
    text: str
    url: str


@dataclass(frozen=True)
class Hit:
    """A found document: its position among those indexed, and its BM25 score (more is better)."""

    position: int
    score: float


class Totals(Protocol):
    """The sums of the ranks of documents, while a query is answered."""

    def add(self, ranks: Ranks) -> None:
        """Add one word's or phrase's ranks."""

    def only(self, positions: Sequence[int]) -> None:
        """Leave out every document but these."""

    def without(self, positions: Sequence[int]) -> None:
        """Leave out these documents. What is left out stays out."""

    def best(self, limit: int) -> list[tuple[int, float]]:
        """The `limit` largest sums, largest first, among equals the smaller position."""


class TextIndex:
    """An index of `documents`, built at once. It is used from one thread at a time."""

    def __init__(self, documents: Iterable[Document]) -> None:
        self._db = sqlite3.connect(":memory:", check_same_thread=False)
        self._db.execute(f"CREATE VIRTUAL TABLE page USING fts5(title, text, content = '', {TOKENIZER})")
        self._below: dict[str, list[int]] = {}
        self.size = 0
        self._db.executemany("INSERT INTO page(rowid, title, text) VALUES (?, ?, ?)", self._rows(documents))
        self._db.execute("INSERT INTO page(page) VALUES ('optimize')")
        self._db.commit()
        self._kept: dict[Phrase, Ranks] = {}

    def find(self, query: Query, limit: int) -> list[Hit]:
        """The best `limit` documents for `query`, best first; among equals, the one that was indexed first."""
        asked = [*((word,) for word in query.words), *query.phrases]
        if not asked:
            return [Hit(position, 0.0) for position in self._where_asked_for(query)[:limit]]
        ranks = {phrase: self.ranks(phrase) for phrase in asked}
        totals = self._totals(asked)
        for phrase in asked:
            totals.add(ranks[phrase])
        for phrase in query.phrases:
            totals.only(ranks[phrase][0])
        for phrase in query.excluded:
            totals.without(self._holding(phrase))
        if query.sites:
            totals.only(self._at(query.sites))
        totals.without(self._at(query.excluded_sites))
        return [Hit(position, score) for position, score in totals.best(limit)]

    def ranks(self, phrase: Phrase) -> Ranks:
        """The documents that hold the words of `phrase` in that order, and what each gains by it."""
        kept = self._kept.get(phrase)
        if kept is not None:
            return kept
        rows = self._db.execute(_RANKS, [expression(phrase)]).fetchall()
        return [position for position, _ in rows], [score for _, score in rows]

    def keep_ready(self, families: Iterable[Sequence[str]]) -> None:
        """Have the ranks of these words at hand, the words of a family being those that match each other.

        For each family, and each document that holds a word of it, this takes 1 µs, once.
        """
        for family in families:
            # numpy takes a tenth of a second to import: only an index that needs it pays.
            from janus_platform.services.search.ranks import as_arrays

            ranks = as_arrays(self.ranks((family[0],)))
            self._kept.update({(word,): ranks for word in family})

    def close(self) -> None:
        """Free the memory; the index cannot be used afterwards."""
        self._db.close()

    def _rows(self, documents: Iterable[Document]) -> Iterator[tuple[int, str, str]]:
        for position, document in enumerate(documents):
            for site in _sites(document.url):
                self._below.setdefault(site, []).append(position)
            self.size += 1
            yield position, " ".join(words_of(document.title)), " ".join(words_of(document.text))

    def _totals(self, asked: Iterable[Phrase]) -> Totals:
        if not any(phrase in self._kept for phrase in asked):
            return FewTotals()
        from janus_platform.services.search.ranks import ManyTotals

        return ManyTotals(self.size)

    def _holding(self, phrase: Phrase) -> Sequence[int]:
        if phrase in self._kept:
            return self._kept[phrase][0]
        found = self._db.execute("SELECT rowid FROM page WHERE page MATCH ?", [expression(phrase)])
        return [position for (position,) in found]

    def _where_asked_for(self, query: Query) -> list[int]:
        """The documents at the query's sites, when it asks for nothing else, in the order of the index."""
        unwanted = set(self._at(query.excluded_sites))
        for phrase in query.excluded:
            unwanted.update(self._holding(phrase))
        return sorted(set(self._at(query.sites)) - unwanted)

    def _at(self, sites: Sequence[str]) -> list[int]:
        """The documents at these hosts and below them."""
        return [position for site in sites for position in self._below.get(site, ())]


class FewTotals:
    """The sums of the ranks of a few documents."""

    def __init__(self) -> None:
        self._scores: dict[int, float] = {}

    def add(self, ranks: Ranks) -> None:
        for position, score in zip(*ranks, strict=True):
            self._scores[position] = self._scores.get(position, 0.0) + score

    def only(self, positions: Sequence[int]) -> None:
        wanted = set(positions)
        self._scores = {position: score for position, score in self._scores.items() if position in wanted}

    def without(self, positions: Sequence[int]) -> None:
        for position in positions:
            self._scores.pop(position, None)

    def best(self, limit: int) -> list[tuple[int, float]]:
        return sorted(self._scores.items(), key=lambda item: (-item[1], item[0]))[:limit]


def _sites(url: str) -> list[str]:
    """The host of `url` and all that it lies below: `a.b.example`, `b.example`, `example`."""
    labels = (urlsplit(url).hostname or "").lower().split(".")
    return [".".join(labels[i:]) for i in range(len(labels))]
