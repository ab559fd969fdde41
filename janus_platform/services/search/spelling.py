"""Typo tolerance: the known word that an unknown one was probably meant to be.

A candidate differs by one edit, from LONG_WORD letters on by at most two. An edit is a letter too much, missing, wrong,
or two neighbours swapped (optimal string alignment). Fewest edits win, then the more frequent word, then the alphabet;
so the same index always answers the same.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Mapping

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

SHORTEST_WORD = 4
LONG_WORD = 8
LONGEST_WORD = 40


class Speller:
    """Corrects towards the words of `frequencies`, which says in how many documents each stands."""

    def __init__(self, frequencies: Mapping[str, int]) -> None:
        self._frequencies = frequencies
        self._by_length: dict[int, dict[str, str]] = defaultdict(dict)
        for word in frequencies:
            if len(word) >= SHORTEST_WORD - 1 and word.isalpha():
                without_accents = plain(word)
                self._by_length[len(without_accents)][word] = without_accents

    def correct(self, word: str) -> str | None:
        """What the unknown `word` was meant to be: one known word, two that ran together, or None.

        Words with digits, very short and very long ones are left as they are.
        """
        typed = plain(word)
        if not (SHORTEST_WORD <= len(typed) <= LONGEST_WORD and typed.isalpha()):
            return None
        nearest = self._nearest(typed, 1) or self._split(typed)
        return nearest or (self._nearest(typed, 2) if len(typed) >= LONG_WORD else None)

    def _nearest(self, typed: str, edits: int) -> str | None:
        """The most frequent word at most so many edits away; of equally frequent ones, the first in the alphabet."""
        near = [
            (-self._frequencies[word], word)
            for length in range(len(typed) - edits, len(typed) + edits + 1)
            if (words := self._by_length.get(length))
            for candidate, _, word in extract(typed, words, scorer=OSA.distance, score_cutoff=edits, limit=None)
            if _plausible(typed, candidate)
        ]
        return min(near)[1] if near else None

    def _split(self, typed: str) -> str | None:
        """ "blackhole" → "black hole": the parts of which the rarer one is the most frequent."""
        parts = [(typed[:i], typed[i:]) for i in range(3, len(typed) - 2)]
        known = [(min(map(self._frequency, pair)), pair) for pair in parts]
        best = max(known, default=(0, ("", "")), key=lambda item: item[0])
        return " ".join(best[1]) if best[0] else None

    def _frequency(self, word: str) -> int:
        return self._frequencies.get(word, 0)


def plain(word: str) -> str:
    """`word` without accents."""
    if word.isascii():
        return word
    return "".join(letter for letter in unicodedata.normalize("NFKD", word) if not unicodedata.combining(letter))


def _plausible(typed: str, meant: str) -> bool:
    """Not one letter for another in a word of four: `mars` is more likely right than a misspelled `maps`."""
    return len(typed) > SHORTEST_WORD or len(typed) != len(meant) or sorted(typed) == sorted(meant)
