"""BM25 ranks of common words as arrays, and their sums: thousands of documents take some ten microseconds.

Importing this imports numpy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np

from janus_platform.services.search.index import Ranks


def as_arrays(ranks: Ranks) -> Ranks:
    """The same ranks, 12 bytes a document."""
    positions, scores = ranks
    arrays = np.asarray(positions, dtype=np.int32), np.asarray(scores, dtype=np.float64)
    return cast(Ranks, arrays)


class ManyTotals:
    """The sums of the ranks of any of `size` documents; see search_index.Totals."""

    def __init__(self, size: int) -> None:
        self._scores = np.zeros(size, dtype=np.float64)

    def add(self, ranks: Ranks) -> None:
        positions, scores = as_arrays(ranks)
        # A position stands in the ranks of a word once, so no addition is lost.
        self._scores[positions] += scores

    def only(self, positions: Sequence[int]) -> None:
        left_out = np.ones(len(self._scores), dtype=bool)
        left_out[np.asarray(positions, dtype=np.int32)] = False
        self._scores[left_out] = 0.0

    def without(self, positions: Sequence[int]) -> None:
        self._scores[np.asarray(positions, dtype=np.int32)] = 0.0

    def best(self, limit: int) -> list[tuple[int, float]]:
        # A score is never 0: FTS5 lets even a word that stands everywhere count a little.
        found = np.flatnonzero(self._scores)
        scores = self._scores[found]
        if len(scores) > limit:
            # All that tie with the last one stay in, so that the order among equals holds.
            within = scores >= np.partition(scores, -limit)[-limit]
            found, scores = found[within], scores[within]
        order = np.argsort(-scores, kind="stable")[:limit]
        return [(int(found[i]), float(scores[i])) for i in order]
