"""The order in which passages that are near to a query are answered.

The cosine alone has three habits that a reader notices. The book speaks about everything that the corpus explains, and
its many pages stand before the page that explains it. A telling word that question and passage share counts for little.
And the neighbours of the best passage, sections of one page or functions of one module, fill the places behind it. So
nearness, less a little for this book, and BM25 are joined by reciprocal rank fusion (Cormack, Clarke and Büttcher,
2009), and each further passage of a page counts for less. The figures were chosen on one half of the paraphrases; see
`vector_index_quality`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from janus_platform.services.vector_index.chunks import BOOK, Chunk

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
