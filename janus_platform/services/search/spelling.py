"""Typo tolerance: the known word that an unknown one was probably meant to be.

A candidate differs by one edit, from LONG_WORD letters on by at most two. An edit is a letter too much, missing, wrong,
or two neighbours swapped (optimal string alignment). Fewest edits win, then the more frequent word, then the alphabet;
so the same index always answers the same.
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping

from rapidfuzz.distance import OSA

SHORTEST_WORD = 4
LONG_WORD = 8
LONGEST_WORD = 40
# Distances are taken of at most so many candidates, those that share the most pairs of letters.
MAX_CANDIDATES = 64


class Speller:
    """Corrects towards the words of `frequencies`, which says in how many documents each stands."""

    def __init__(self, frequencies: Mapping[str, int]) -> None:
        self._frequencies = frequencies
        self._words = sorted(word for word in frequencies if len(word) >= SHORTEST_WORD - 1 and word.isalpha())
        self._plain = [plain(word) for word in self._words]
        self._holding: dict[tuple[int, str], list[int]] = defaultdict(list)
        for position, word in enumerate(self._plain):
            for pair in _pairs(word):
                self._holding[len(word), pair].append(position)

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
            (-self._frequencies[self._words[position]], self._words[position])
            for position in self._candidates(typed, edits)
            if OSA.distance(typed, self._plain[position], score_cutoff=edits) <= edits
            and _plausible(typed, self._plain[position])
        ]
        return min(near)[1] if near else None

    def _candidates(self, typed: str, edits: int) -> list[int]:
        pairs = _pairs(typed)
        shared: Counter[int] = Counter()
        for length in range(len(typed) - edits, len(typed) + edits + 1):
            for pair in pairs:
                shared.update(self._holding.get((length, pair), ()))
        # An edit touches at most three pairs, and a pair that stands twice in a word is counted once.
        least = max(1, len(pairs) - 3 * edits)
        near = [(-count, position) for position, count in shared.items() if count >= least]
        return [position for _, position in sorted(near)[:MAX_CANDIDATES]]

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


def _pairs(word: str) -> set[str]:
    framed = f"^{word}$"
    return {framed[i : i + 2] for i in range(len(framed) - 1)}
