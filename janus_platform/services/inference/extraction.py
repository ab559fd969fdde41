"""What a user's words hold that a value can be made of: numbers, quotations, code, names, dates, labelled values.

Found by patterns, each linear in the text and none with understanding: "three" is 3, "in Paris" is a place, "name: Ada"
is the value of a name. Dates come as they stand, or in ISO 8601 where day, month and year are named.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from janus_platform.services.inference.stemming import REQUEST_WORDS, STOP_WORDS, stem, words

# A question stands at the beginning or the end; what lies between in a longer text is material.
MAX_CHARACTERS = 20_000
# Pieces of one kind that are looked at: a form has fewer fields.
MAX_PIECES = 100
_NUMBER_WORDS = dict(
    zip("zero one two three four five six seven eight nine ten eleven twelve".split(), range(13), strict=True)
)
_MONTHS = "january february march april may june july august september october november december".split()
_MONTH = "|".join([*_MONTHS, *(m[:3] for m in _MONTHS)])
_PATTERNS = {
    "code": re.compile(r"```[a-zA-Z+#]*\n?([^`]{1,8000})```|`([^`\n]{1,1000})`"),
    "url": re.compile(r"\bhttps?://[^\s<>\"'`)\]]{1,1000}"),
    "email": re.compile(r"\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}\b"),
    "quoted": re.compile(
        r"\"([^\"\n]{1,500}+)\"|“([^“”\n]{1,500}+)”|(?<!\w)'([^'\n]{1,500}+)'(?!\w)|«([^«»\n]{1,500}+)»"
    ),
    "date": re.compile(
        rf"\b\d{{4}}-\d\d-\d\d\b|\b\d{{1,2}}(?:st|nd|rd|th)? (?:of )?(?:{_MONTH})\b\.?(?:,? \d{{4}})?"
        rf"|\b(?:{_MONTH})\.? \d{{1,2}}(?:st|nd|rd|th)?\b(?:,? \d{{4}})?"
        r"|\b(?:today|tomorrow|tonight|yesterday|(?:(?:next|this|last) )?(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b"
        r"|\b(?:next|this|last) (?:week|month|year|weekend)\b",
        re.I,
    ),
    "time": re.compile(r"\b\d{1,2}:\d\d(?::\d\d)?(?: ?[ap]m)?\b|\b\d{1,2} ?[ap]m\b", re.I),
    "expression": re.compile(r"(?<![\w.])[(-]?\d[\d\s.()]{0,60}(?:[-+*/^×÷%][\d\s.()+*/^×÷%-]{0,200}[\d)])"),
    "number": re.compile(
        r"(?<![\w.])-?\d{1,3}(?:,\d{3})+(?:\.\d{1,15})?(?!\w)|(?<![\w.])-?\d{1,15}(?:\.\d{1,15})?(?![\d:])"
    ),
    "currency": re.compile(r"\b[A-Z]{3}\b"),
    "capitals": re.compile(r"\b[A-Z]{2,5}\b"),
    "name": re.compile(
        r"\b[A-ZÀ-Þ][\w'’.-]{0,40}(?: (?:(?:of|de|la|van|von|du|del|di) )?[A-ZÀ-Þ][\w'’.-]{0,40}){0,5}(?:, [A-Z]{2}\b)?"
    ),
}  # fmt: skip
# Where one of these stands, the next may not begin.
_HIDING = ("code", "url", "email", "date", "time")
_PREPOSITION = r"\b(?:in|at|near|around|for|to|from) \Z"
_PLACE = re.compile(r"\b(?:in|at|near|around|for|to|from) ([a-zà-ÿ][\w'’-]{1,40}(?: [a-zà-ÿ][\w'’-]{1,40})?)", re.I)
_LABELLED = re.compile(r"(?:^|[\s,;({])[\"']?([A-Za-z][\w -]{0,40}?)[\"']?\s{0,3}[:=]\s{0,3}([^\n,;})]{1,300})")
_IS = re.compile(r"\b([A-Za-z]\w{0,40}) (?:is|are|of|named|called) (?:an? |the )?([^\n,;.?!]{1,200})", re.I)
_SIGNS = {"times": "*", "multiplied": "*", "plus": "+", "minus": "-", "divided": "/", "over": "/"}
_SPOKEN = re.compile(
    r"(?<![\w.])(\d{1,15}(?:\.\d{1,15})?) (times|plus|minus|multiplied by|divided by|over) (\d{1,15}(?:\.\d{1,15})?)",
    re.I,
)
_POLITE = re.compile(
    r"\A\W*(?:(?:please|kindly|hello|hi|hey|ok|so|can you|could you|would you|will you|i want to|i need to|i'd like to|"
    r"help me|for me)\b[\s,!]*)+",
    re.I,
)
_ASKED_FOR = re.compile(
    r"\A(?:search|look|google|find|query|check|get|fetch|show|give|tell|read|note|remember|remind|add|create|make|write|"
    r"save|post|send|set|book|translate|summari[sz]e|run|execute|calculate|compute|evaluate)\b"
    r"(?: (?:me|us|up|out|it|the|a|an|my|your|this|that|web|internet|online|news|papers?|information|articles?|"
    r"documents?|documentation|docs|task|note|reminder|todo|search|some|recent|latest|new|in|on))*"
    r"(?: (?:for|about|on|of|to|that|saying))?"
    r"(?: (?:(?:some|recent|latest|new) )?(?:papers?|information|articles?|news|documents?) (?:about|on))?\b[\s:]*",
    re.I,
)


@dataclass(frozen=True)
class Piece:
    """A stretch of the text that a value can be made of."""

    kind: str
    text: str
    start: int
    end: int


class Told:
    """The pieces of a text, in order; each is handed out once."""

    def __init__(self, text: str) -> None:
        half = MAX_CHARACTERS // 2
        self.text = text if len(text) <= MAX_CHARACTERS else f"{text[:half]}\n{text[-half:]}"
        self.pieces = sorted(_pieces(self.text), key=lambda p: p.start)
        self.labels = _labels(self.text)
        self._taken: set[tuple[int, int]] = set()
        self._near: dict[Piece, frozenset[str]] = {}

    @cached_property
    def stems(self) -> list[tuple[str, int]]:
        """The stem of every word, and where the word begins."""
        return [(stem(match[0]), match.start()) for match in re.finditer(r"[^\W_]+", self.text)]

    @cached_property
    def spoken(self) -> str:
        """The stems of all words in one line, with a space around each."""
        return f" {' '.join(stem(w) for w in words(self.text))} "

    @cached_property
    def lowered(self) -> str:
        """The text without the difference of capitals."""
        return self.text.casefold()

    def of(self, *kinds: str) -> list[Piece]:
        """The pieces of these kinds that nobody has taken, in the order of the text."""
        return [p for p in self.pieces if p.kind in kinds and not self._is_taken(p)]

    def take(self, piece: Piece) -> None:
        """Let no other value be made of the piece."""
        self._taken.add((piece.start, piece.end))

    def near(self, piece: Piece) -> frozenset[str]:
        """The stems of the words beside a piece: four before and three after, in its own sentence."""
        if piece not in self._near:
            before = re.split(r"[.?!\n]", self.text[max(0, piece.start - 80) : piece.start])[-1]
            after = re.split(r"[.?!\n]", self.text[piece.end : piece.end + 60])[0]
            self._near[piece] = frozenset(stem(w) for w in [*words(before)[-4:], *words(after)[:3]])
        return self._near[piece]

    def gist(self) -> str:
        """What is asked, without the asking: "Please search the web for quantum dots." gives "quantum dots"."""
        line = " ".join(self.text.split())
        bare = _POLITE.sub("", line).rstrip(" .?!")
        return (_ASKED_FOR.sub("", bare) or bare or line)[:2_000]

    def places(self) -> list[Piece]:
        """What may name a place: names after a preposition, words after one ("in paris"), then other names."""
        names = self.of("name")
        after = [p for p in names if re.search(_PREPOSITION, self.text[max(0, p.start - 8) : p.start], re.I)]
        return [
            *after,
            *(p for p in self._lower_places if not self._is_taken(p)),
            *(p for p in names if p not in after),
        ]

    @cached_property
    def _lower_places(self) -> list[Piece]:
        found = []
        known = [(p.start, p.end) for p in self.pieces if p.kind != "expression"]
        for match in islice(_PLACE.finditer(self.text), MAX_PIECES):
            kept = _before_stop_word(match[1])
            span = (match.start(1), match.start(1) + len(kept))
            if kept and not any(s < span[1] and span[0] < e for s, e in known):
                found.append(Piece("place", kept, *span))
        return found

    def _is_taken(self, piece: Piece) -> bool:
        return any(start < piece.end and piece.start < end for start, end in self._taken)


def number_of(text: str) -> int | float:
    """A number as JSON has it; whole numbers as int."""
    bare = text.replace(",", "")
    if bare.casefold() in _NUMBER_WORDS:
        return _NUMBER_WORDS[bare.casefold()]
    value = float(bare)
    return int(value) if value.is_integer() else value


def spoken_expression(text: str) -> str:
    """Arithmetic in words as an expression: "12 times 8" gives "12 * 8"; "" where there is none."""
    found = _SPOKEN.search(text)
    return f"{found[1]} {_SIGNS[found[2].split()[0].casefold()]} {found[3]}" if found else ""


def iso_date(text: str) -> str | None:
    """The date in ISO 8601, if day, month and year are all there."""
    parts = words(text.casefold())
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        parts = text.split("-")
        numbers = [int(p) for p in parts]
    else:
        month = next((i for p in parts for i, m in enumerate(_MONTHS, 1) if p.strip(".")[:3] == m[:3]), 0)
        digits = [int(re.sub(r"\D", "", p)) for p in parts if p[0].isdigit()]
        numbers = [digits[-1], month, digits[0]] if len(digits) == 2 else []
    try:
        return dt.date(*numbers).isoformat() if len(numbers) == 3 else None
    except ValueError:
        return None


def _pieces(text: str) -> Iterator[Piece]:
    hidden: list[tuple[int, int]] = []
    for kind, pattern in _PATTERNS.items():
        for match in islice(pattern.finditer(text), MAX_PIECES):
            start, end = match.span()
            # Only a few pieces can hide another: bounded, so that a hostile text costs no square.
            if any(s < end and start < e for s, e in hidden[:200]):
                continue
            said = next((group for group in match.groups() if group), match[0]).strip()
            piece = _named(said, start, text) if kind == "name" else Piece(kind, said.rstrip(".,;"), start, end)
            if piece is not None and piece.text:
                yield piece
                hidden += [(start, end)] if kind in _HIDING else []
    for match in islice(re.finditer(rf"\b(?:{'|'.join(_NUMBER_WORDS)})\b", text, re.I), MAX_PIECES):
        yield Piece("number", match[0], *match.span())


def _named(said: str, start: int, text: str) -> Piece | None:
    """A name without the words before it that only begin a sentence."""
    parts = said.split(" ")
    while parts and (_is_common(parts[0]) or (len(parts) > 1 and _is_request(parts[0]) and _begins(text, start))):
        start += len(parts.pop(0)) + 1
    if parts and len(parts) == 1 and _begins(text, start) and _is_request(parts[0]):
        return None
    name = " ".join(parts).rstrip(".,;:'’-")
    name = name.removesuffix("'s").removesuffix("’s")
    return Piece("name", name, start, start + len(name)) if name else None


def _is_common(word: str) -> bool:
    bare = word.casefold().strip(".,;:'’")
    return bare in STOP_WORDS or bare.partition("'")[0].partition("’")[0] in STOP_WORDS


def _is_request(word: str) -> bool:
    bare = word.casefold().strip(".,;:'’")
    return bare in REQUEST_WORDS or bool(_ASKED_FOR.match(bare)) or bare in {"please", "hello", "hi", "hey", "weather"}


def _begins(text: str, start: int) -> bool:
    before = text[max(0, start - 3) : start].rstrip()
    return not before or before[-1] in '.?!:"“'


def _before_stop_word(said: str) -> str:
    kept: list[str] = []
    for word in said.split(" "):
        if word.casefold() in STOP_WORDS | {"today", "tomorrow", "right", "please"}:
            break
        kept.append(word)
    return " ".join(kept)


def _labels(text: str) -> dict[str, str]:
    """Labelled values by their label: "Name: Ada", "age = 36", "the colour is blue"."""
    found: dict[str, str] = {}
    for pattern in (_LABELLED, _IS):
        for match in islice(pattern.finditer(text), MAX_PIECES):
            value = match[2].strip().strip("\"'“”`").rstrip(".")
            if value:
                found.setdefault(" ".join(words(match[1].casefold().replace("_", " "))), value)
    return found
