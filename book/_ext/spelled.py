"""Numbers as prose writes them: "60", "10,000", "sixty"; a limit that is typed in words is typed all the same."""

from __future__ import annotations

import re

_SMALL = (
    "one two three four five six seven eight nine ten "
    "eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_LARGE = {"hundred": 100, "a hundred": 100, "one hundred": 100, "a thousand": 1000, "ten thousand": 10_000}
WORDS = {
    **{word: number for number, word in enumerate(_SMALL, 1)},
    **{word: 10 * place for place, word in enumerate(_TENS, 2)},
    **{f"{tens}-{one}": 10 * place + n for place, tens in enumerate(_TENS, 2) for n, one in enumerate(_SMALL[:9], 1)},
    **_LARGE,
}
# To be put into a pattern with re.I. Longest first, so that "sixty-four" is not read as "sixty".
NUMBER = rf"(?:\d{{1,3}}(?:[,\u202f\u00a0]\d{{3}})+|\d+(?:\.\d+)?|{'|'.join(sorted(WORDS, key=len, reverse=True))})"


def value_of(number: str) -> float:
    """The value of what NUMBER matched. Raises ValueError for anything else."""
    word = " ".join(number.lower().split())
    return WORDS[word] if word in WORDS else float(re.sub(r"[,\u202f\u00a0]", "", number))
