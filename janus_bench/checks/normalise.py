"""Answers as evaluators read them: normalised, taken apart into body, sentences, addresses and numbers."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from urllib.parse import urlsplit

MAX_ANSWER_CHARS = 40_000
_SOURCES = re.compile(r"(?im)^[ \t]*(?:#+[ \t]*)?(?:\*\*|__)?(?:sources?|references)(?:\*\*|__)?[ \t]*(?::|$)")
_URL = re.compile(r"https?://[^\s<>\"'`\])}|]+")
_NUMBER = re.compile(r"(?<![\w.])[-−]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d{1,3})?(?![\w])")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
_FUNCTION_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a an the of to in on at by for from with as is are was were be been it its this that these those and or but "
        "not no which who what when where how if then than so because while after before into over under between "
        "through each both all any can may must will would has have had do does did one they them their he she his her "
        "we you i only also there",
    )
)
_PROSE_SHARE = 0.15  # English prose has 0.35 to 0.5 function words; a list of key words has almost none


def normalise(text: str) -> str:
    """Case folded, one kind of space, dash and quote, Markdown marks removed: what two readers would call the same."""
    text = unicodedata.normalize("NFKC", text[:MAX_ANSWER_CHARS]).casefold()
    text = text.translate({0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"'})
    text = re.sub(r"[‐‑‒–—−]", "-", text)
    return re.sub(r"\s+", " ", re.sub(r"[*`#]|(?<!\w)_+|_+(?!\w)", "", text)).strip()


def body(text: str) -> str:
    """The answer without the list of sources at its end."""
    text = text[:MAX_ANSWER_CHARS]
    headings = list(_SOURCES.finditer(text))
    # a heading with no address below it is a sentence of the answer, not a list
    return text[: headings[-1].start()] if headings and _URL.search(text, headings[-1].end()) else text


def without_echo(answer: str, prompt: str) -> str:
    """The normalised answer with every verbatim repetition of the question taken out."""
    text, question = normalise(answer), normalise(prompt)
    return text.replace(question, " ") if question else text


def sentences(text: str) -> list[str]:
    """The text cut at sentence ends and line breaks."""
    return [part.strip() for part in _SENTENCE_END.split(text) if part and part.strip()]


def reads_as_prose(sentence: str) -> bool:
    """Whether a sentence is held together by function words, as prose is and a list of key words is not."""
    words = re.findall(r"[^\W\d_]+", sentence.casefold())
    return len(words) >= 4 and sum(word in _FUNCTION_WORDS for word in words) >= _PROSE_SHARE * len(words)


def urls(text: str) -> list[tuple[str, str]]:
    """The distinct web addresses in a text as (host, path), in order; hosts in lower case, no trailing slash."""
    addresses: dict[tuple[str, str], None] = {}
    for match in _URL.findall(text[:MAX_ANSWER_CHARS]):
        try:
            parts = urlsplit(match.rstrip(".,;:!?*_"))
            host = (parts.hostname or "").removeprefix("www.")
        except ValueError:
            continue
        addresses[(host, parts.path.rstrip("/"))] = None
    return list(addresses)


def numbers(text: str) -> list[float]:
    """The numbers of a text, in order; `1,234.5` and a typographic minus are understood."""
    return [float(match.replace(",", "").replace("−", "-")) for match in _NUMBER.findall(text[:MAX_ANSWER_CHARS])]


def contains(text: str, term: str) -> bool:
    """Whether the normalised `text` holds `term` as whole words; a `*` at a word's end stands for any ending."""
    return _term(term).search(text) is not None


@cache
def _term(term: str) -> re.Pattern[str]:
    # normalise() removes stars, so they are put aside first
    pieces = [normalise(piece) for piece in term.replace("*", " \0 ").split("\0")]
    pattern = r"\w*".join(re.escape(piece).replace(r"\ ", r"[\s-]+").replace(r"\-", r"[\s-]?") for piece in pieces)
    return re.compile(rf"(?<!\w){pattern}(?!\w)")
