"""What a search query means: words, "quoted phrases", -exclusions and site:host, and how that is said to SQLite FTS5.

Only letters and digits ever reach FTS5, each run of them inside quotes; so there is no FTS5 syntax that a caller could
use or break (https://www.sqlite.org/fts5.html, section 3.1).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

MAX_TERMS = 32

# A term: an optional minus, then site:host, a quoted phrase (the closing quote may be missing), or anything else.
_TERM = re.compile(r'(?P<minus>-?)(?:(?i:site):(?P<site>[^\s"]+)|"(?P<phrase>[^"]*)(?:"|$)|(?P<word>[^\s"]+))')
_WORD = re.compile(r"[^\W_]+")

# Words that say how a question is put, not what it is about. They only count when a query has nothing else.
_FUNCTION_WORDS = frozenset(
    _WORD.findall(
        """a about an and are as at be by can could describe did do does explain explained explains for from had has
        have how i in into is it its me of on or so tell than that the their them then there these they this to
        was we were what when where which who whom whose why will with would you your"""
    )
)

Phrase = tuple[str, ...]


@dataclass(frozen=True)
class Query:
    """A parsed query. A page must hold every phrase and none of the excluded ones; any of the words may match."""

    words: tuple[str, ...] = ()
    phrases: tuple[Phrase, ...] = ()
    excluded: tuple[Phrase, ...] = ()
    sites: tuple[str, ...] = ()
    excluded_sites: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether it asks for nothing: no word, no phrase, no site."""
        return not (self.words or self.phrases or self.sites)

    @property
    def expression(self) -> str:
        """The FTS5 expression, or "" when the query has no word and no phrase to match."""
        anywhere = [_quoted((word,)) for word in self.words] + [_quoted(phrase) for phrase in self.phrases]
        if not anywhere:
            return ""
        # The phrases stand in the OR as well, so that they count for the rank.
        wanted = " AND ".join([*map(_quoted, self.phrases), f"({' OR '.join(anywhere)})"])
        unwanted = " OR ".join(map(_quoted, self.excluded))
        return f"({wanted}) NOT ({unwanted})" if unwanted else wanted


def parse_query(text: str) -> Query:
    """Read a query. Any string is one; beyond MAX_TERMS terms the rest is ignored."""
    words: list[str] = []
    phrases: list[Phrase] = []
    excluded: list[Phrase] = []
    sites: dict[bool, list[str]] = {False: [], True: []}
    for found in list(_TERM.finditer(unicodedata.normalize("NFC", text)))[:MAX_TERMS]:
        minus = bool(found["minus"])
        tokens = tuple(_WORD.findall(found["phrase"] or found["word"] or ""))[:MAX_TERMS]
        if found["site"]:
            sites[minus].append(found["site"].lower().strip("./"))
        elif minus and tokens:
            excluded.append(tokens)
        elif found["phrase"] and tokens:
            phrases.append(tokens)
        else:
            words.extend(tokens)
    return Query(_telling(words), tuple(phrases), tuple(excluded), tuple(sites[False]), tuple(sites[True]))


def _telling(words: list[str]) -> tuple[str, ...]:
    distinct = list(dict.fromkeys(word.lower() for word in words))[:MAX_TERMS]
    return tuple(word for word in distinct if word not in _FUNCTION_WORDS) or tuple(distinct)


def _quoted(phrase: Phrase) -> str:
    return f'"{" ".join(phrase)}"'
