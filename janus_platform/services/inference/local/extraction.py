"""Values that stand in a text: quotations, code, addresses, dates, numbers, names, and what is labelled.

Found by patterns, each linear in the text and none with understanding: "three" is 3, "name: Ada" is the value of a
name. Dates come as they stand, or in ISO 8601 where day, month and year are named.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from janus_platform.services.inference.local.stemming import REQUEST_WORDS, STOP_WORDS, stem, words

# A question stands at the beginning or the end; what lies between in a longer text is material.
MAX_CHARACTERS = 20_000
# Spans of one kind that are looked at: a form has fewer fields.
MAX_SPANS = 100
_NUMBER_WORDS = dict(
    zip("zero one two three four five six seven eight nine ten eleven twelve".split(), range(13), strict=True)
)
_MONTHS = "january february march april may june july august september october november december".split()
_MONTH = "|".join([*_MONTHS, *(m[:3] for m in _MONTHS)])
_PATTERNS = {
    "code": re.compile(r"```[a-zA-Z+#]*\n?([^`]{1,8000})```|`([^`\n]{1,1000})`"),
    "url": re.compile(r"\bhttps?://[^\s<>\"'`)\]]{1,1000}"),
    "email": re.compile(r"\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}\b"),
    "date": re.compile(
        rf"\b\d{{4}}-\d\d-\d\d\b|\b\d{{1,2}}(?:st|nd|rd|th)? (?:of )?(?:{_MONTH})\b\.?(?:,? \d{{4}})?"
        rf"|\b(?:{_MONTH})\.? \d{{1,2}}(?:st|nd|rd|th)?\b(?:,? \d{{4}})?",
        re.I,
    ),
    "quoted": re.compile(
        r"\"([^\"\n]{1,500}+)\"|“([^“”\n]{1,500}+)”|(?<!\w)'([^'\n]{1,500}+)'(?!\w)|«([^«»\n]{1,500}+)»"
    ),
    "expression": re.compile(r"(?<![\w.])[(-]?\d[\d\s.()]{0,60}(?:[-+*/^×÷%][\d\s.()+*/^×÷%-]{0,200}[\d)])"),
    "number": re.compile(
        r"(?<![\w.])-?\d{1,3}(?:,\d{3})+(?:\.\d{1,15})?(?!\w)|(?<![\w.])-?\d{1,15}(?:\.\d{1,15})?(?![\d:])"
        rf"|\b(?:{'|'.join(_NUMBER_WORDS)})\b",
        re.I,
    ),
    "code word": re.compile(r"\b[A-Z]{2,5}\b"),
    "name": re.compile(
        r"\b[A-ZÀ-Þ][\w'’.-]{0,40}(?: (?:(?:of|de|la|van|von|du|del|di) )?[A-ZÀ-Þ][\w'’.-]{0,40}){0,5}(?:, [A-Z]{2}\b)?"
    ),
}  # fmt: skip
# Inside a span of one of these, no span of a later kind begins.
_OPAQUE = ("code", "url", "email", "date")
_LABELLED = re.compile(r"(?:^|[\s,;({])[\"']?([A-Za-z][\w -]{0,40}?)[\"']?\s{0,3}[:=]\s{0,3}(?=([^\n;})]{1,300}))")
# The end of a labelled value: the next label, or the end of the sentence.
_NEXT_LABEL = re.compile(r",\s{0,3}[\"']?[A-Za-z][\w -]{0,40}?[\"']?\s{0,3}[:=]|\.(?:\s|$)")
_PARTS = re.compile(r",? and |,")
# Words that begin a request, beside the polite and the empty ones: "Please search for quantum dots".
_REQUESTING = {"please", "hello", "hi", "hey", "search", "look", "get", "fetch", "send", "add", "weather"}


@dataclass(frozen=True)
class Span:
    """A stretch of the text that a value can be made of."""

    kind: str
    text: str
    start: int
    end: int


class Extraction:
    """The spans of a text, in order; each is used for one value."""

    def __init__(self, text: str) -> None:
        half = MAX_CHARACTERS // 2
        self.text = text if len(text) <= MAX_CHARACTERS else f"{text[:half]}\n{text[-half:]}"
        self.spans = sorted(_spans(self.text), key=lambda span: span.start)
        self._labels = _labels(self.text)
        self._used: set[tuple[int, int]] = set()
        self._nearby: dict[Span, frozenset[str]] = {}

    @cached_property
    def stems(self) -> list[tuple[str, int]]:
        """The stem of every word, and where the word begins."""
        return [(stem(match[0]), match.start()) for match in re.finditer(r"[^\W_]+", self.text)]

    @cached_property
    def stemmed_text(self) -> str:
        """The stems of all words in one line, with a space around each."""
        return f" {' '.join(stem(word) for word in words(self.text))} "

    @cached_property
    def lowered(self) -> str:
        """The text without the difference of capitals."""
        return self.text.casefold()

    def unused(self, *kinds: str) -> list[Span]:
        """The spans of these kinds that no value was made of, in the order of the text."""
        return [span for span in self.spans if span.kind in kinds and not self._is_used(span)]

    def use(self, span: Span) -> None:
        """Let no other value be made of the span."""
        self._used.add((span.start, span.end))

    def labelled(self, label: str) -> str:
        """The value that stands labelled so in the text, such as Ada in "name: Ada"; "" where none does."""
        return self._labels.get(_label_key(label), "").partition(",")[0].strip(" \"'“”`")

    def listed(self, label: str) -> list[str]:
        """The parts of a labelled list, such as "tags: a, b and c"."""
        parts = (part.strip(" \"'") for part in _PARTS.split(self._labels.get(_label_key(label), "")))
        return [part for part in parts if part]

    def near(self, span: Span) -> frozenset[str]:
        """The stems of the words beside a span: four before and three after, in its own sentence."""
        if span not in self._nearby:
            before = re.split(r"[.?!\n]", self.text[max(0, span.start - 80) : span.start])[-1]
            after = re.split(r"[.?!\n]", self.text[span.end : span.end + 60])[0]
            self._nearby[span] = frozenset(stem(word) for word in [*words(before)[-4:], *words(after)[:3]])
        return self._nearby[span]

    def follows(self, start: int, prepositions: re.Pattern[str]) -> bool:
        """Whether one of these words stands right before that place."""
        return bool(prepositions.search(self.text[max(0, start - 8) : start]))

    def request(self) -> str:
        """The text without the words that only ask: "Please search for quantum dots." gives "quantum dots"."""
        line = " ".join(self.text.split())
        rest = line.rstrip(" .?!").split(" ")
        while len(rest) > 1 and _is_empty_word(rest[0]):
            rest.pop(0)
        return " ".join(rest)[:2_000]

    def _is_used(self, span: Span) -> bool:
        return any(start < span.end and span.start < end for start, end in self._used)


def number_of(text: str) -> int | float:
    """A number as JSON has it; whole numbers as int."""
    digits = text.replace(",", "")
    if digits.casefold() in _NUMBER_WORDS:
        return _NUMBER_WORDS[digits.casefold()]
    value = float(digits)
    return int(value) if value.is_integer() else value


def iso_date(text: str) -> str | None:
    """The date in ISO 8601, if day, month and year are all there."""
    parts = words(text.casefold())
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        numbers = [int(part) for part in text.split("-")]
    else:
        month = next((i for p in parts for i, name in enumerate(_MONTHS, 1) if p.strip(".")[:3] == name[:3]), 0)
        digits = [int(re.sub(r"\D", "", part)) for part in parts if part[0].isdigit()]
        numbers = [digits[-1], month, digits[0]] if len(digits) == 2 else []
    try:
        return dt.date(*numbers).isoformat() if len(numbers) == 3 else None
    except ValueError:
        return None


def _spans(text: str) -> Iterator[Span]:
    opaque: list[tuple[int, int]] = []
    for kind, pattern in _PATTERNS.items():
        for match in islice(pattern.finditer(text), MAX_SPANS):
            start, end = match.span()
            # Only so many spans can hide another, so that a hostile text costs no square.
            if any(first < end and start < last for first, last in opaque[:200]):
                continue
            value = next((group for group in match.groups() if group), match[0]).strip()
            span = _name(value, start) if kind == "name" else Span(kind, value.rstrip(".,;"), start, end)
            if span.text:
                yield span
                opaque += [(start, end)] if kind in _OPAQUE else []


def _name(value: str, start: int) -> Span:
    """A name without the words before it that only begin a sentence; empty where nothing is left."""
    parts = value.split(" ")
    # PER is an airport, "Per" a word; "I" is one too.
    while parts and not (len(parts[0]) > 1 and parts[0].isupper()) and _is_no_name(parts[0]):
        start += len(parts.pop(0)) + 1
    name = " ".join(parts).rstrip(".,;:'’-").removesuffix("'s").removesuffix("’s")
    return Span("name", name, start, start + len(name))


def _is_no_name(word: str) -> bool:
    return _is_empty_word(word) or word.casefold() in _NUMBER_WORDS


def _is_empty_word(word: str) -> bool:
    """Whether the word says nothing of what is asked about: "what", "what's", "please", "explain"."""
    bare = re.split("['’]", word.casefold().strip(".,;:!?'’"))[0]
    return bare in STOP_WORDS or bare in REQUEST_WORDS or bare in _REQUESTING


def _labels(text: str) -> dict[str, str]:
    """Labelled values by their label: "Name: Ada", "age = 36"."""
    values: dict[str, str] = {}
    for match in islice(_LABELLED.finditer(text), MAX_SPANS):
        value = _NEXT_LABEL.split(match[2], maxsplit=1)[0].strip().rstrip(".,")
        if value:
            values.setdefault(_label_key(match[1]), value)
    return values


def _label_key(label: str) -> str:
    return " ".join(words(label.casefold().replace("_", " ")))
