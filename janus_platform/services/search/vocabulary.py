"""The words of an index as they are spelled in its documents: what a query's word may look like there, and how often.

FTS5 itself keeps only stems. The spellings behind a stem are found by searching the vocabulary with the same tokenizer.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache

from janus_platform.services.search.query import expression
from janus_platform.services.search.text import TOKENIZER, Phrase, words_of

MAX_REMEMBERED = 4_096


class Vocabulary:
    """The distinct words of `texts`. It is used from one thread at a time."""

    def __init__(self, texts: Iterable[str]) -> None:
        counts: Counter[str] = Counter()
        for text in texts:
            counts.update(set(words_of(text)))
        self._words = sorted(counts)
        self.frequencies: Mapping[str, int] = counts
        self._db = sqlite3.connect(":memory:", check_same_thread=False)
        self._db.execute(f"CREATE VIRTUAL TABLE spelled USING fts5(word, content = '', {TOKENIZER})")
        self._db.execute("CREATE VIRTUAL TABLE stem USING fts5vocab(spelled, instance)")
        self._db.executemany("INSERT INTO spelled(rowid, word) VALUES (?, ?)", enumerate(self._words))
        self._db.commit()
        # A query asks for each of its words several times, and words come back.
        self._found = lru_cache(MAX_REMEMBERED)(self._find)

    def spellings(self, word: str) -> Phrase:
        """Every spelling that matches `word`: "entangle", "entangled", "entanglement" … Empty when nothing does."""
        return self._found(word)

    def _find(self, word: str) -> Phrase:
        rows = self._db.execute("SELECT rowid FROM spelled WHERE spelled MATCH ? ORDER BY rowid", [expression((word,))])
        return tuple(self._words[position] for (position,) in rows)

    def families(self) -> list[list[str]]:
        """All words, those together that match each other."""
        families: dict[str, list[str]] = {}
        for stem, position in self._db.execute("SELECT term, doc FROM stem ORDER BY term, doc"):
            families.setdefault(stem, []).append(self._words[position])
        return list(families.values())

    def close(self) -> None:
        """Free the memory; the vocabulary cannot be used afterwards."""
        self._db.close()
