"""The vector store: its interface, and exact search in memory behind it; the filter by source.

A server takes its place by offering `nearest`: it would hold one point a vector, with the chunk's number and source as
payload, filter by the source, group by the chunk, and be filled where `VectorIndex` calls its `StoreMaker`. Exact
search over some 5,000 vectors takes about a millisecond; such a server pays off at a thousand times as many.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from janus_platform.services.framework.problem import invalid_field
from janus_platform.services.vector_index.vectors import Vectors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

_SOURCE = re.compile(r"(?:(?i:https?)://)?(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?P<rest>[/?#]\S*)?")
# Whether a chunk's source is wanted.
Matches = Callable[[str], bool]


class VectorStore(Protocol):
    """Chunks that can be searched by cosine, and by nothing else. It is used from several threads at once."""

    def nearest(self, vector: Floats, limit: int, matches: Matches | None = None) -> list[tuple[int, float]]:
        """The numbers of the `limit` chunks nearest to the unit vector and their cosines in [-1, 1], largest first.

        A chunk's cosine is that of its nearest vector. With `matches`, only chunks whose source it accepts.
        """


# Given the vectors and each chunk's source, in the order of the chunks' numbers.
StoreMaker = Callable[[Vectors, Sequence[str]], VectorStore]


class ExactStore:
    """Compares with every vector."""

    def __init__(self, vectors: Vectors, sources: Sequence[str]) -> None:
        import numpy as np

        self._values, self._sources = vectors.values, list(sources)
        # Rows of one chunk lie together, so that their largest cosine is found in one pass.
        self._chunks, self._starts = np.unique(vectors.owners, return_index=True)
        if (np.diff(vectors.owners) < 0).any():
            raise ValueError("the vectors are not in the order of their chunks")

    def nearest(self, vector: Floats, limit: int, matches: Matches | None = None) -> list[tuple[int, float]]:
        """See `VectorStore`. Chunks with equal cosines come in the order of their numbers."""
        import numpy as np

        cosines = np.maximum.reduceat(self._values @ vector, self._starts)
        numbers = self._chunks
        if matches is not None:
            kept = np.array([matches(self._sources[number]) for number in numbers], bool)
            cosines, numbers = cosines[kept], numbers[kept]
        best = (-cosines).argsort(kind="stable")[:limit]
        return [(int(numbers[i]), max(-1.0, min(1.0, float(cosines[i])))) for i in best]


def source_filter(text: str) -> Matches:
    """The `source` filter of a query: a host, or the beginning of a URL, with or without its scheme.

    `docs.python.org` matches everything on this host and on those below it, `networking.example.org/tcp/` what begins
    so. Raises Problem 422 when `text` is neither.
    """
    matched = _SOURCE.fullmatch(text)
    if matched is None:
        raise invalid_field(
            "source",
            "`source` is a host such as docs.python.org, or the beginning of a URL such as "
            "https://docs.python.org/3/library/asyncio. Send one of these, or leave it out.",
        )
    host, rest = matched["host"].lower(), matched["rest"] or ""
    if rest in ("", "/"):
        return lambda source: _host_of(source) == host or _host_of(source).endswith("." + host)
    return lambda source: source.partition("://")[2].startswith(host + rest)


def _host_of(source: str) -> str:
    return re.split("[/?#]", source.partition("://")[2], maxsplit=1)[0]
