"""`python -m tests.benchmarks.ranking --keep book/ranking.json`: what the book's figure on ranking is made of.

For a few queries over the bundled pages: how often each page holds each of the query's words, how long the pages are,
and how near the best passage of each is in meaning. The figure computes BM25 from the counts, so that its constants can
be moved.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from janus_platform.corpus import load_corpus
from janus_platform.services.embedding.encoder import Encoder
from janus_platform.services.search.index import TITLE_WEIGHT, Document, TextIndex
from janus_platform.services.search.local import text_of
from janus_platform.services.search.query import parse_query
from janus_platform.services.search.text import TOKENIZER, words_of
from janus_platform.services.vector_index.prepare import model_folder

QUERIES = (
    "how does a TCP connection begin",
    "entangled particles",
    "keeping a secret from the owner of the machine",
    "how long may a browser keep a copy",
    "which page is best for a question",
    "why does the sea rise and fall",
)
SHOWN = 8  # the best pages of each query by words, and as many by meaning


class Counts:
    """How often each bundled page holds each word, as the search service's own tokenizer cuts them."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._db = sqlite3.connect(":memory:")
        for table in ("page", "query"):
            self._db.execute(f"CREATE VIRTUAL TABLE {table} USING fts5(title, text, content = '', {TOKENIZER})")
            self._db.execute(f"CREATE VIRTUAL TABLE {table}_word USING fts5vocab({table}, instance)")
        self.search = TextIndex(documents)
        rows = [(n, " ".join(words_of(d.title)), " ".join(words_of(d.text))) for n, d in enumerate(documents)]
        self._db.executemany("INSERT INTO page(rowid, title, text) VALUES (?, ?, ?)", rows)
        self.lengths = [0] * len(documents)
        for document, count in self._db.execute("SELECT doc, count(*) FROM page_word GROUP BY doc"):
            self.lengths[document] = count

    def terms(self, query: str) -> list[str]:
        """The words of a query as they stand in the index, in its order."""
        self._db.execute("INSERT INTO query(query) VALUES ('delete-all')")
        words = " ".join(parse_query(query).words)
        self._db.execute("INSERT INTO query(rowid, title, text) VALUES (1, '', ?)", [words])
        found = self._db.execute("SELECT term FROM query_word ORDER BY offset")
        return list(dict.fromkeys(term for (term,) in found))

    def of(self, term: str) -> dict[int, float]:
        """Document → how often it holds the word, once in a title counting as `TITLE_WEIGHT` times in the text."""
        counts: Counter[int] = Counter()
        for document, column in self._db.execute("SELECT doc, col FROM page_word WHERE term = ?", [term]):
            counts[document] += TITLE_WEIGHT if column == "title" else 1  # type: ignore[assignment]
        return dict(counts)


def bundled_documents() -> list[Document]:
    """The bundled pages as the search service indexes them."""
    return [Document(page.title, text_of(page), page.url) for page in load_corpus().pages]


def _passages(text: str) -> Iterator[str]:
    for part in text.split("\n\n"):
        if len(part.split()) >= 5:
            yield " ".join(part.split())


def record(documents: Sequence[Document], encoder: Encoder) -> dict[str, Any]:
    """Counts, lengths and cosines of QUERIES over the documents."""
    counts = Counts(documents)
    passages = [(n, passage) for n, d in enumerate(documents) for passage in (d.title, *_passages(d.text))]
    vectors = encoder.encode([passage for _, passage in passages], threads=2)
    average = sum(counts.lengths) / len(documents)
    queries = []
    for query, vector in zip(QUERIES, encoder.encode(QUERIES), strict=True):
        nearest = [0.0] * len(documents)
        for (document, _), cosine in zip(passages, vectors @ vector, strict=True):
            nearest[document] = max(nearest[document], round(float(cosine), 3))
        terms = [(term, counts.of(term)) for term in counts.terms(query)]
        by_words = [hit.position for hit in counts.search.find(parse_query(query), SHOWN)]
        by_meaning = sorted(range(len(documents)), key=lambda n: -nearest[n])[:SHOWN]
        shown = sorted({*by_words, *by_meaning})
        queries.append(
            {
                "query": query,
                "terms": [{"term": term, "documents": len(found)} for term, found in terms],
                "pages": [
                    {
                        "title": documents[n].title,
                        "url": documents[n].url,
                        "length": counts.lengths[n],
                        "counts": [found.get(n, 0) for _, found in terms],
                        "cosine": nearest[n],
                    }
                    for n in shown
                ],
            }
        )
    return {"documents": len(documents), "average": round(average, 3), "queries": queries}


def main() -> None:
    """Count, encode, and write what the figure reads."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, required=True, help="write the counts where the book's figure reads them")
    arguments = parser.parse_args()
    recorded = record(bundled_documents(), Encoder.load(model_folder()))
    arguments.keep.write_text(json.dumps(recorded, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{recorded['documents']} pages, {len(recorded['queries'])} queries")


if __name__ == "__main__":
    main()
