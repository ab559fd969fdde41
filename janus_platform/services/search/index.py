"""Full-text search over documents in memory: SQLite FTS5, ranked by BM25 with the title weighing more than the text.

The web search ranks whole pages with it, the vector index its chunks, beside their vectors or without them.

FTS5 needs about a microsecond for each document that holds a word. BM25 is a sum over the words of a query, so what a
common word adds to each document is asked of FTS5 once and kept; a query then only adds up. The bundled web is too
small for that; among the thousands of chunks of the vector index a word such as *return* stands in every third.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from janus_platform.services.search.query import Query, expression
from janus_platform.services.search.text import TOKENIZER, Phrase, words_of
from janus_platform.services.search.vocabulary import Vocabulary

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TITLE_WEIGHT = 4.0
# The ranks of a word that stands in so many documents are kept: fifty words below this, the most of a query, take 5 ms.
COMMON_FROM = 100
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


class TextIndex:
    """An index of `documents`, built at once. It is used from one thread at a time.

    With the `vocabulary` of the same documents, a query's words are looked up in the spelling that stands for all that
    match the same, and the ranks of common words are kept.
    """

    def __init__(self, documents: Iterable[Document], vocabulary: Vocabulary | None = None) -> None:
        self._db = sqlite3.connect(":memory:", check_same_thread=False)
        self._db.execute(f"CREATE VIRTUAL TABLE page USING fts5(title, text, content = '', {TOKENIZER})")
        self._below: dict[str, list[int]] = {}
        self.size = 0
        self._db.executemany("INSERT INTO page(rowid, title, text) VALUES (?, ?, ?)", self._rows(documents))
        self._db.execute("INSERT INTO page(page) VALUES ('optimize')")
        self._db.commit()
        self._vocabulary = vocabulary
        self._kept: dict[Phrase, Ranks] = {}
        if vocabulary is not None and self.size >= COMMON_FROM:
            self._keep_common(vocabulary)

    def find(self, query: Query, limit: int) -> list[Hit]:
        """The best `limit` documents for `query`, best first; among equals, the one that was indexed first."""
        words = dict.fromkeys(map(self.spelling, query.words))
        terms = [*((word,) for word in words), *query.phrases]
        if not terms:
            return [Hit(position, 0.0) for position in self._matching_sites(query)[:limit]]
        ranks = {term: self.ranks(term) for term in terms}
        totals = ManyTotals(self.size) if any(term in self._kept for term in terms) else FewTotals()
        for term in terms:
            totals.add(ranks[term])
        for phrase in query.phrases:
            totals.only(ranks[phrase][0])
        for phrase in query.excluded:
            totals.without(self._holding(phrase))
        if query.sites:
            totals.only(self._at(query.sites))
        totals.without(self._at(query.excluded_sites))
        return [Hit(position, score) for position, score in totals.best(limit)]

    def spelling(self, word: str) -> str:
        """Of the spellings in the vocabulary that match what `word` matches, the one whose ranks are kept."""
        spellings = () if self._vocabulary is None else self._vocabulary.spellings(word)
        return spellings[0] if spellings else word

    def ranks(self, phrase: Phrase) -> Ranks:
        """The documents that hold the words of `phrase` in that order, and what each gains by it."""
        if (kept := self._kept.get(phrase)) is not None:
            return kept
        rows = self._db.execute(_RANKS, [expression(phrase)]).fetchall()
        return [position for position, _ in rows], [score for _, score in rows]

    def close(self) -> None:
        """Free the memory; the index cannot be used afterwards."""
        self._db.close()

    def _rows(self, documents: Iterable[Document]) -> Iterator[tuple[int, str, str]]:
        for position, document in enumerate(documents):
            for site in _sites(document.url):
                self._below.setdefault(site, []).append(position)
            self.size += 1
            yield position, " ".join(words_of(document.title)), " ".join(words_of(document.text))

    def _keep_common(self, vocabulary: Vocabulary) -> None:
        """Keep the ranks of each word in COMMON_FROM documents or more, under all spellings that match the same."""
        often = vocabulary.frequencies
        for family in vocabulary.families():
            if sum(often[word] for word in family) >= COMMON_FROM:
                ranks = cast(Ranks, _as_arrays(self.ranks((family[0],))))
                self._kept.update({(word,): ranks for word in family})

    def _holding(self, phrase: Phrase) -> Sequence[int]:
        if phrase in self._kept:
            return self._kept[phrase][0]
        rows = self._db.execute("SELECT rowid FROM page WHERE page MATCH ?", [expression(phrase)])
        return [position for (position,) in rows]

    def _matching_sites(self, query: Query) -> list[int]:
        """The documents at the query's sites, when it asks for nothing else, in the order of the index."""
        unwanted = set(self._at(query.excluded_sites))
        for phrase in query.excluded:
            unwanted.update(self._holding(phrase))
        return sorted(set(self._at(query.sites)) - unwanted)

    def _at(self, sites: Sequence[str]) -> list[int]:
        """The documents at these hosts and below them."""
        return [position for site in sites for position in self._below.get(site, ())]


class FewTotals:
    """The sums of the ranks of a few documents, while a query is answered."""

    def __init__(self) -> None:
        self._scores: dict[int, float] = {}

    def add(self, ranks: Ranks) -> None:
        """Add the ranks of one word or phrase."""
        for position, score in zip(*ranks, strict=True):
            self._scores[position] = self._scores.get(position, 0.0) + score

    def only(self, positions: Sequence[int]) -> None:
        """Leave out every document but these."""
        wanted = set(positions)
        self._scores = {position: score for position, score in self._scores.items() if position in wanted}

    def without(self, positions: Sequence[int]) -> None:
        """Leave out these documents. What is left out stays out."""
        for position in positions:
            self._scores.pop(position, None)

    def best(self, limit: int) -> list[tuple[int, float]]:
        """The `limit` largest sums, largest first, among equals the smaller position."""
        return sorted(self._scores.items(), key=lambda item: (-item[1], item[0]))[:limit]


class ManyTotals:
    """The same as arrays over all `size` documents: thousands of ranks take some ten microseconds."""

    def __init__(self, size: int) -> None:
        import numpy as np

        self._scores = np.zeros(size, dtype=np.float64)

    def add(self, ranks: Ranks) -> None:
        positions, scores = _as_arrays(ranks)
        # A position stands in the ranks of a word once, so no addition is lost.
        self._scores[positions] += scores

    def only(self, positions: Sequence[int]) -> None:
        left_out = self._scores != 0.0
        left_out[_numbers(positions)] = False
        self._scores[left_out] = 0.0

    def without(self, positions: Sequence[int]) -> None:
        self._scores[_numbers(positions)] = 0.0

    def best(self, limit: int) -> list[tuple[int, float]]:
        import numpy as np

        # A score is never 0: FTS5 lets even a word that stands everywhere count a little.
        positions = np.flatnonzero(self._scores)
        scores = self._scores[positions]
        if len(scores) > limit:
            # All that tie with the last one stay in, so that the order among equals holds.
            within = scores >= np.partition(scores, -limit)[-limit]
            positions, scores = positions[within], scores[within]
        order = np.argsort(-scores, kind="stable")[:limit]
        return [(int(positions[i]), float(scores[i])) for i in order]


def _as_arrays(ranks: Ranks) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """The same ranks, 12 bytes a document. numpy takes a tenth of a second to import: only many documents need it."""
    import numpy as np

    positions, scores = ranks
    return _numbers(positions), np.asarray(scores, dtype=np.float64)


def _numbers(positions: Sequence[int]) -> NDArray[np.int32]:
    import numpy as np

    return np.asarray(positions, dtype=np.int32)


def _sites(url: str) -> list[str]:
    """The host of `url` and all that it lies below: `a.b.example`, `b.example`, `example`."""
    labels = (urlsplit(url).hostname or "").lower().split(".")
    return [".".join(labels[i:]) for i in range(len(labels))]
