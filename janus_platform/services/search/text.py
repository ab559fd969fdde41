"""The words of a text, as an index keeps them and as a query asks for them: one function for both, so that they agree.

A word is a run of letters and digits in lower case, in Unicode's compatibility form: full-width letters are letters.
Scripts that are written without spaces give every character and every pair of neighbours, so that a word inside a
sentence is found without a dictionary. `C++`, `C#` and `.NET` are words of their own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from janus_platform.services.framework.invisible import DEFAULT_IGNORABLE

Phrase = tuple[str, ...]

# Han, Kana, Bopomofo and Hangul; Thai, Lao, Myanmar and Khmer.
_SPACELESS = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ece\u1000-\u109f\u1100-\u11ff\u1780-\u17d3\u2e80-\u2fdf\u3005-\u3007"
    "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u318e\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\ua960-\ua97c\uac00-\ud7fb\uf900-\ufaff\U00020000-\U0003ffff"
)
# Signs that belong to the letter before them, and that `\w` leaves out: accents, the vowels of Indic scripts.
_SIGNS = "\u0300-\u036f\u0483-\u0487\u0900-\u0963\u0971-\u0dff\u0f71-\u0fbc"
# Points and vowel signs of Hebrew and Arabic, mostly left out in writing, and the stroke that only widens a word.
_POINTS = "\u0591-\u05bd\u05bf\u05c1\u05c2\u0610-\u061a\u0640\u064b-\u0652\u0670"
_UNSAID = re.compile(f"[{DEFAULT_IGNORABLE}{_POINTS}]")
_NAME = r"(?<![^\W_])(?:[a-z]{1,12}\+\+(?![^\W\d_]|\+)|(?:[a-z]#|(?<!\.)\.net)(?![^\W_]|#))"
# A run of a script without spaces, a name such as C++, C# or .NET, or any other word.
WORD = re.compile(
    rf"(?P<spaceless>[{_SPACELESS}]++)"
    rf"|(?P<name>{_NAME})"
    rf"|(?P<word>(?:(?![{_SPACELESS}])[^\W_])(?>(?:(?![{_SPACELESS}])(?:[^\W_]|[{_SIGNS}]))*))",
    re.IGNORECASE,
)
# The same where no such script occurs: a platform reads its whole web at every start.
_PLAIN_WORD = re.compile(rf"{_NAME}|[^\W_](?>(?:[^\W_]|[{_SIGNS}])*)", re.IGNORECASE)
_IS_SPACELESS = re.compile(f"[{_SPACELESS}]")
# What FTS5 must take for a letter to keep each of these words in one piece.
TOKENIZER = """tokenize = "porter unicode61 remove_diacritics 2 categories 'L* N* M* Co' tokenchars '+#.'" """.strip()


def normalized(text: str) -> str:
    """`text` in Unicode's compatibility form, without what is not seen and without points."""
    if text.isascii():
        return text
    return _UNSAID.sub("", unicodedata.normalize("NFKC", _UNSAID.sub("", text)))


def words_of(text: str) -> Phrase:
    """The words of `text`, in the order in which they stand."""
    plain = normalized(text).lower()
    return tuple(_words(plain) if _IS_SPACELESS.search(plain) else _PLAIN_WORD.findall(plain))


def is_spaceless(word: str) -> bool:
    """Whether a word is of a script that is written without spaces: it may stand inside what looks like a word."""
    return bool(_IS_SPACELESS.match(word))


def folded(line: str) -> str:
    """`line` as `words_of` sees it, but letter below letter: what would become two letters stays as it is."""
    if line.isascii():
        return line.lower()
    return "".join(map(_folded, line))


@lru_cache(maxsize=65_536)
def _folded(letter: str) -> str:
    plain = unicodedata.normalize("NFKC", letter).lower()
    return plain if len(plain) == 1 else letter


def _words(text: str) -> Iterator[str]:
    for match in WORD.finditer(text):
        if match["spaceless"]:
            run = match[0]
            for at, character in enumerate(run):
                yield character
                if at + 1 < len(run):
                    yield run[at : at + 2]
        else:
            yield match[0]
