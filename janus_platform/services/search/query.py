"""The query language: words, "quoted phrases", -exclusions and site:host, and their expression for SQLite FTS5.

Only words (`words_of`) ever reach FTS5, each inside quotes; so there is no FTS5 syntax that a caller could
use or break (https://www.sqlite.org/fts5.html, section 3.1).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from janus_platform.services.search.text import WORD, Phrase, is_spaceless, normalized, words_of

# Brave's own bound on a query (https://api-dashboard.search.brave.com/app/documentation/web-search/query); further
# words are ignored by both engines.
MAX_WORDS = 50

# A term: an optional minus, then site:host, a quoted phrase (the closing quote may be missing), or anything else.
_TERM = re.compile(r'(?P<minus>-?)(?:(?i:site):(?P<site>[^\s"]+)|"(?P<phrase>[^"]*)(?:"|$)|(?P<word>[^\s"]+))')
# Quotation marks as telephones and word processors set them.
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))

# Words that say how a question is put, not what it is about. They only count when a query has nothing else.
FUNCTION_WORDS = frozenset(
    words_of(
        """a about an and are as at be been but by can could describe did do does explain explained explains for from
        had has have how i if in into is it its me my no not of on or our should so tell than that the their them then
        there these they this those to was we were what when where which while who whom whose why will with would you
        your"""
    )
)

Item = TypeVar("Item", str, Phrase)


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


def parse_query(text: str) -> Query:
    """Read a query. Any string is one; beyond MAX_WORDS words the rest is ignored."""
    words: list[str] = []
    phrases: list[Phrase] = []
    excluded: list[Phrase] = []
    sites: dict[bool, list[str]] = {False: [], True: []}
    for match in _TERM.finditer(shortened(_read(text))):
        minus, tokens = bool(match["minus"]), words_of(match["phrase"] or match["word"] or "")
        site = _host(match["site"] or "")
        if site:
            sites[minus].append(site)
        elif minus and tokens:
            excluded.append(tokens)
        elif match["phrase"] and tokens:
            phrases.append(tokens)
        else:
            words.extend(tokens)
    return Query(
        _telling(words), _distinct(phrases), _distinct(excluded), _distinct(sites[False]), _distinct(sites[True])
    )


def rewritten(text: str, replacements: Mapping[str, str]) -> str:
    """The query with its plain words replaced, those in quotes, exclusions and sites untouched."""

    def term(match: re.Match[str]) -> str:
        if match["minus"] or not match["word"]:
            return match[0]
        return WORD.sub(lambda word: replacements.get(word[0].lower(), word[0]), match[0])

    return _TERM.sub(term, _read(text))


def expression(phrase: Phrase) -> str:
    """The FTS5 expression that matches the words of `phrase` in that order."""
    return f'"{" ".join(phrase)}"'


def _read(text: str) -> str:
    return normalized(text).translate(_QUOTES)


def _host(site: str) -> str:
    """What stands behind `site:`, as a host; a whole address is cut down to its host."""
    return site.lower().rpartition("://")[2].lstrip("*./").partition("/")[0].rstrip(".")


def shortened(text: str) -> str:
    """`text` up to its MAX_WORDS-th word."""
    ends = [match.end() for match in WORD.finditer(text)]
    return text if len(ends) <= MAX_WORDS else text[: ends[MAX_WORDS - 1]]


def _distinct(items: list[Item]) -> tuple[Item, ...]:
    return tuple(dict.fromkeys(items))


def _telling(words: list[str]) -> tuple[str, ...]:
    distinct = _distinct(words)
    # In a script without spaces a single character says little beside the pairs that it stands in.
    in_pairs = {character for word in distinct if len(word) == 2 and is_spaceless(word) for character in word}
    distinct = tuple(word for word in distinct if word not in in_pairs)
    return tuple(word for word in distinct if word not in FUNCTION_WORDS) or distinct
