"""The quality of a ranking of paraphrases: hit@1, hit@5 and the mean reciprocal rank (MRR).

The queries lie beside this module: each avoids the words of the page it is about, and was written before it was asked.
How passages are ordered was chosen on one half of the paraphrases; the figure that counts is that of the other half.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from janus_platform.contract import load_contract
from janus_platform.services.search.index import Document, TextIndex
from janus_platform.services.search.query import parse_query
from janus_platform.services.vector_index.chunks import Chunk

QUERIES_FILE = Path(__file__).with_name("paraphrases.toml")
# A page further down counts as not found.
DEPTH = 50


@dataclass(frozen=True)
class Paraphrase:
    """A query, and the beginnings of the sources that answer it."""

    query: str
    answers: tuple[str, ...]

    def rank_in(self, sources: Iterable[str]) -> int | None:
        """The place, from 1, of the first source that answers it; None when there is none."""
        return next((rank for rank, source in enumerate(sources, 1) if source.startswith(self.answers)), None)


@dataclass(frozen=True)
class Quality:
    """Shares of the queries with an answer first, and among the first five; the mean of 1 / rank, 0 for not found."""

    hit_at_1: float
    hit_at_5: float
    mrr: float


def paraphrases(kind: Literal["paraphrase", "unseen"] = "paraphrase") -> list[Paraphrase]:
    """Every query of that kind; answers that are pages of this book get their full addresses."""
    entries = tomllib.loads(QUERIES_FILE.read_text(encoding="utf-8"))[kind]
    book = f"{load_contract().repository}/blob/main/"
    return [
        Paraphrase(one["query"], tuple(a if a.startswith("https://") else book + a for a in one["answers"]))
        for one in entries
    ]


def halves(queries: Iterable[Paraphrase]) -> tuple[list[Paraphrase], list[Paraphrase]]:
    """Those that the order was chosen on and those that were held out, by a hash of the query: the same for ever."""
    parts: tuple[list[Paraphrase], list[Paraphrase]] = ([], [])
    for one in queries:
        parts[hashlib.sha256(one.query.encode()).digest()[0] % 2].append(one)
    return parts


def quality(ranks: Sequence[int | None]) -> Quality:
    """What the ranks of the first answers come to."""
    found_at = [rank for rank in ranks if rank is not None]
    n = len(ranks)
    return Quality(
        sum(rank == 1 for rank in found_at) / n,
        sum(rank <= 5 for rank in found_at) / n,
        sum(1 / rank for rank in found_at) / n,
    )


def words_ranking(chunks: Iterable[Chunk]) -> Callable[[str], list[str]]:
    """The peer: the search service's own index over the same chunks; from a query to the sources, best first."""
    kept = list(chunks)
    index = TextIndex(Document(f"{chunk.title} {chunk.heading}", chunk.content, chunk.source) for chunk in kept)
    return lambda query: [kept[hit.position].source for hit in index.find(parse_query(query), DEPTH)]
