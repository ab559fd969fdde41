"""The chunks of the vector index by their words: BM25, ready for the event loop.

Among thousands of passages a word such as *return* stands in every third. What common words add is asked of FTS5 once,
so that even fifty of them in one query take a few milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from janus_platform.services.search.index import Document, Hit, TextIndex
from janus_platform.services.search.query import Query
from janus_platform.services.search.vocabulary import Vocabulary
from janus_platform.services.vector_index.chunks import Chunk

# FTS5 takes 1 µs for each passage that holds a word: fifty words below this, the most of a query, take 5 ms.
COMMON_FROM = 100


class ChunkWords:
    """An index of the words of `chunks`, used from one thread at a time. 4,000 chunks take half a second to make."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        documents = [Document(f"{chunk.title} {chunk.heading}", chunk.content, chunk.source) for chunk in chunks]
        self._index = TextIndex(documents)
        self._vocabulary = Vocabulary(f"{one.title} {one.text}" for one in documents)
        often = self._vocabulary.frequencies
        # A word in so many passages needs at least as many.
        families = self._vocabulary.families() if len(chunks) >= COMMON_FROM else []
        self._index.keep_ready(f for f in families if sum(often[word] for word in f) >= COMMON_FROM)

    def find(self, query: Query, limit: int) -> list[Hit]:
        """The best `limit` chunks, best first; a hit's position is the chunk's number."""
        return self._index.find(replace(query, words=tuple(dict.fromkeys(map(self._spelling, query.words)))), limit)

    def _spelling(self, word: str) -> str:
        """Of the spellings that match the same passages, one stands for all: the ranks of that one are kept."""
        return (self._vocabulary.spellings(word) or (word,))[0]
