"""The ranking of chunks: by meaning, with the order that the near ones are answered in, or by words alone.

The cosine alone has three habits that a reader notices. The book speaks about everything that the corpus explains, and
its many pages stand before the page that explains it. A telling word that question and passage share counts for little.
And the neighbours of the best passage, sections of one page or functions of one module, fill the places behind it. So
nearness, less a little for this book, and BM25 are joined by reciprocal rank fusion (Cormack, Clarke and Büttcher,
2009), and each further passage of a page counts for less. The figures were chosen on one half of the paraphrases; see
`quality`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cached_property

from janus_platform.services.search.index import Document, Hit, TextIndex
from janus_platform.services.search.query import Query, parse_query
from janus_platform.services.search.vocabulary import Vocabulary
from janus_platform.services.vector_index.chunks import BOOK, Chunk
from janus_platform.services.vector_index.knowledge import Knowledge
from janus_platform.services.vector_index.prepare import METHOD_LEXICAL, METHOD_SEMANTIC
from janus_platform.services.vector_index.queries import QueryEncoder
from janus_platform.services.vector_index.store import Matches, VectorStore

# The nearest chunks that are put in order, and the best by words that are looked for among them.
CANDIDATES = 200
WORDS_DEPTH = 100
# What a passage of this book has to be nearer by, in cosine: 0.05 to 0.08 do equally well.
BOOK_HANDICAP = 0.06
# 1 / (RANK_OFFSET + rank), with this much of the one by words. Heavier, shared words outvote meaning.
RANK_OFFSET = 20
WORDS_WEIGHT = 0.3
# What a page's second passage keeps of its value; the third keeps it twice, and so on.
SIBLING_KEEPS = 0.8
# BM25 has no upper end. At this score, a few telling words found, the lexical score is 0.5.
BM25_HALF = 5.0


class View:
    """The chunks that are answered from, and their vectors where there are any. It is replaced, never changed."""

    def __init__(
        self, knowledge: Knowledge, encoder: QueryEncoder | None = None, store: VectorStore | None = None
    ) -> None:
        self.knowledge, self.encoder, self.store = knowledge, encoder, store

    @property
    def method(self) -> str:
        return METHOD_LEXICAL if self.encoder is None else METHOD_SEMANTIC

    @cached_property
    def words(self) -> TextIndex:
        """The chunks by their words; made when first asked for, which takes up to a second."""
        return index_of_words(self.knowledge.chunks)

    async def find(self, text: str, top_k: int, matches: Matches | None) -> list[tuple[int, float]]:
        """The numbers of the best chunks and their scores, best first; see `in_order`."""
        if self.encoder is None or self.store is None:
            hits = self._by_words(parse_query(text), top_k, matches)
            return [(hit.position, hit.score / (hit.score + BM25_HALF)) for hit in hits]
        vector = await self.encoder.encode(text)
        # Two milliseconds: a thread would cost as much.
        near = self.store.nearest(vector, max(top_k, CANDIDATES), matches)
        # Only its words: a minus or quotation marks are no commands to a search by meaning.
        alike = self._by_words(Query(words=parse_query(text).words), WORDS_DEPTH, matches)
        return in_order(near, [hit.position for hit in alike], self.knowledge.chunks)[:top_k]

    def _by_words(self, query: Query, limit: int, matches: Matches | None) -> list[Hit]:
        chunks = self.knowledge.chunks
        hits = self.words.find(query, limit if matches is None else len(chunks))
        return [hit for hit in hits if matches is None or matches(chunks[hit.position].source)][:limit]


def index_of_words(chunks: Sequence[Chunk]) -> TextIndex:
    """The full-text index of `chunks`; a hit's position is the chunk's number. 4,000 chunks take half a second."""
    documents = [Document(f"{chunk.title} {chunk.heading}", chunk.content, chunk.source) for chunk in chunks]
    return TextIndex(documents, Vocabulary(f"{one.title} {one.text}" for one in documents))


def in_order(
    near: Sequence[tuple[int, float]], by_words: Sequence[int], chunks: Sequence[Chunk]
) -> list[tuple[int, float]]:
    """The pairs of `near` (numbers of chunks and their cosines, nearest first), the best answer first.

    `by_words` are numbers of chunks, best first; those that are not near count for nothing.
    """
    by_meaning = sorted(near, key=lambda pair: -_nearness(chunks[pair[0]], pair[1]))
    value = {number: 1 / (RANK_OFFSET + rank) for rank, (number, _) in enumerate(by_meaning, 1)}
    for rank, number in enumerate(by_words, 1):
        if number in value:
            value[number] += WORDS_WEIGHT / (RANK_OFFSET + rank)
    before: Counter[str] = Counter()
    for number in sorted(value, key=lambda number: -value[number]):
        page = chunks[number].page
        value[number] *= SIBLING_KEEPS ** before[page]
        before[page] += 1
    return sorted(by_meaning, key=lambda pair: -value[pair[0]])


def _nearness(chunk: Chunk, cosine: float) -> float:
    return cosine - BOOK_HANDICAP if chunk.group == BOOK else cosine
