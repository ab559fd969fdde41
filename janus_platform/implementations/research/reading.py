"""Reading a question piece by piece: what a pattern took is gone, and what is left over is what was not understood.

A program answers only what it has read whole. "How many numbers below 90 are divisible by 7 and lucky?" is not answered
by one that knows nothing of luck: the word is left over, and the question goes to the model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import short

# Words that carry no condition of their own, wherever they stand.
_FILLER = frozenset(
    (
        "lie lies a an the of in on at to for with by from as it its is are was were be been do does did has "
        "have there that which who what whose each every all one them they their these those this such and "
        "then so please tell me find give say list compute calculate count work out determine return returns "
        "show name print know using use run running python code sandbox program whole natural integer "
        "integers number numbers value values result how many much i you we us can could would will now just "
        "only answer reply if when your my entries items elements lists exactly altogether together total"
    ).split()
)
NUMBER = r"-?\d+(?:,\d{3})*(?:\.\d+)?"
_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
).split()
_ORDINALS = "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split()
ORDINAL = rf"(?:{'|'.join(_ORDINALS[1:])}|\d+(?:st|nd|rd|th)|last)"


class Reading:
    """A text that is taken apart by `take`; `rest` is what nobody has taken yet."""

    def __init__(self, text: str) -> None:
        self.rest = " ".join(text.split())

    def take(self, pattern: str) -> re.Match[str] | None:
        """The first place where `pattern` matches, taken out of the text; None where there is none."""
        match = short.search(pattern, self.rest, re.I)
        if match:
            self.rest = f"{self.rest[: match.start()]} ; {self.rest[match.end() :]}"
        return match

    def unread(self, also_filler: Iterable[str] = ()) -> list[str]:
        """The words that are left and might mean something."""
        filler = _FILLER.union(also_filler)
        return [word for word in short.findall(r"[\w%]+", self.rest.lower()) if word not in filler]


def number(said: str) -> str:
    """A number as Python writes it: without the commas of its thousands; small ones may be spelled out."""
    lower = said.lower()
    return str(_SMALL.index(lower)) if lower in _SMALL else said.replace(",", "")


def spelled_numbers(text: str) -> str:
    """The same text with its small number words ("two", "twelve") as digits; "one" stays, it is mostly a pronoun."""
    return short.sub(
        rf"\b(?:{'|'.join(word for word in _SMALL if word != 'one')})\b",
        lambda word: str(_SMALL.index(word[0].lower())),
        text,
        flags=re.I,
    )


def place(ordinal: str) -> int:
    """The index that an ordinal names, counted from 0: 2 for "third" and "3rd", -1 for "last"."""
    lower = ordinal.lower()
    if lower == "last":
        return -1
    return (_ORDINALS.index(lower) if lower in _ORDINALS else int(short.sub(r"\D", "", lower))) - 1
