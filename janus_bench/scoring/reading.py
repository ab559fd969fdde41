"""What a reader can use of a stream, and how long a reader waits for it.

The clock of a reader does not start at the first byte but at the first piece with a letter or a digit: blanks, dots and
invisible characters are nothing to read. Thinking is read too where it is the answer's own (`own_thinking`), but it
shortens a wait by a few seconds at most: it must not hide silence. Filler (words that stand in other answers of the
run, in the question, or twice in the same thinking) shortens none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from janus_bench.constants import Table
from janus_bench.wire.chat import Answer, Delta

LETTERS_PER_WORD = 6  # of English prose, the space included; a piece is often less than a word
_LETTER = re.compile(r"[^\W_]")
# White space, control characters, and what is drawn with no width: soft hyphens, joiners, bidi marks, Unicode tags.
_UNSEEN = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e"
                     r"\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]+")  # fmt: skip
_WORD = re.compile(r"\w+")
_RUN = 3  # words in a row that make a phrase
_LONG_WORD = 4
_MOSTLY = 0.5
_MOST_LETTERS = 100_000  # of one answer's thinking that are looked at; what lies beyond is nobody's own


class Piece(NamedTuple):
    """A piece that a reader sees: when it came, in seconds after the request, and how many words it holds."""

    at: float
    words: float


def visible(text: str) -> str:
    """A text without white space and without characters that nobody sees."""
    return _UNSEEN.sub("", text)


def _words_in(text: str) -> float:
    """By its letters, white space and what nobody sees taken as one space each time."""
    return len(_UNSEEN.sub(" ", text)) / LETTERS_PER_WORD


def content_pieces(answer: Answer, sent_ns: int) -> list[Piece]:
    """The pieces of the answer itself, from the first that a reader can use: text, tool calls, pictures."""
    return _pieces(answer, sent_ns, [])


def reading_pieces(answer: Answer, sent_ns: int, thinking: Sequence[float] | None) -> list[Piece]:
    """The same, and the thinking as far as it is the answer's own; all of it where nobody looked."""
    count = sum(delta.kind == "reasoning" for delta in answer.deltas)
    return _pieces(answer, sent_ns, [1.0] * count if thinking is None else thinking)


def _pieces(answer: Answer, sent_ns: int, thinking: Sequence[float]) -> list[Piece]:
    shares, pieces, begun = iter(thinking), list[Piece](), set[str]()
    wordless = _LETTER.search(answer.text) is None
    for delta in answer.deltas:
        at = (delta.at_ns - sent_ns) / 1e9
        if delta.kind in ("tool_call", "artifact"):
            pieces.append(Piece(at, _words_in(delta.text)))
            continue
        share = 1.0 if delta.kind == "content" else next(shares, 0.0)
        if not share or not visible(delta.text):
            continue
        if delta.kind not in begun and not wordless and not _LETTER.search(delta.text):
            continue
        begun.add(delta.kind)
        pieces.append(Piece(at, share * _words_in(delta.text)))
    return pieces


def own_deltas(answer: Answer, thinking: Sequence[float] | None) -> list[Delta]:
    """The pieces of the answer itself and those of its thinking that are mostly its own."""
    shares = iter(thinking or ())
    return [
        delta for delta in answer.deltas if delta.kind != "reasoning" or thinking is None or next(shares, 0.0) > _MOSTLY
    ]


def waits(shown: Sequence[Piece], words_per_second: float) -> list[float]:
    """Seconds before an empty screen: until the first piece, then before each at which all before it is read."""
    if not shown:
        return []
    seconds, read_until = [max(0.0, shown[0].at)], shown[0].at
    for piece in shown:
        seconds.append(max(0.0, piece.at - read_until))
        read_until = max(read_until, piece.at) + piece.words / words_per_second
    return seconds


def stalled(shown: Sequence[Piece], numbers: Table) -> float:
    """All seconds before an empty screen, but for the first wait that a reader grants."""
    first, *later = waits(shown, numbers["reading_words_per_second"]) or [0.0]
    return float(max(0.0, first - numbers["first_wait_seconds"]) + sum(later))


def first_sentence(shown: Sequence[Piece], numbers: Table) -> float:
    """Seconds waited until a first sentence is there, or in the longest wait after it where that is longer.

    A first word that is sent at once and followed by silence is no beginning.
    """
    seconds, so_far, waited = waits(shown, numbers["reading_words_per_second"]), 0.0, 0.0
    for piece, wait in zip([Piece(0.0, 0.0), *shown], seconds, strict=False):
        if so_far < numbers["words_of_a_beginning"]:
            waited += wait
        so_far += piece.words
    return max([waited, *seconds])


def gaps(shown: Sequence[Piece]) -> list[float]:
    """Seconds between one piece that a reader sees and the next."""
    return [after.at - before.at for before, after in pairwise(shown)]


def as_thinking_allows(
    measure: Callable[[list[Piece]], float],
    answer: Answer,
    sent_ns: int,
    thinking: Sequence[float] | None,
    numbers: Table,
) -> float:
    """What `measure` finds of an answer, with the seconds taken off that its own thinking may hide, and no more."""
    content, with_thinking = content_pieces(answer, sent_ns), reading_pieces(answer, sent_ns, thinking)
    if not content:
        return measure(with_thinking)
    alone = measure(content)
    return float(min(alone, max(measure(with_thinking), alone - numbers["own_thinking_hides_seconds"])))


class Thinking(NamedTuple):
    """One answer of a run for `own_thinking`: whose question it answers, that question, and the answer."""

    item: str
    prompt: str
    answer: Answer


def own_thinking(answers: Sequence[Thinking]) -> list[tuple[float, ...]]:
    """For each answer, how far each piece of its thinking is its own, 0 to 1.

    A word is its own in a phrase of three that stands neither in the question, nor before in the same thinking, nor in
    the thinking about another question of the run. And the thinking has to be about the matter: where next to none of
    its words stand in the question or in the answer, it counts for as little.
    """
    phrases: dict[tuple[str, ...], str] = {}
    spans = [_words_of(entry.answer.reasoning) for entry in answers]
    for entry, words in zip(answers, spans, strict=True):
        for phrase in set(_phrases([word for word, _, _ in words])):
            phrases[phrase] = entry.item if phrases.get(phrase, entry.item) == entry.item else ""
    return [
        _shares(entry, words, lambda phrase, item=entry.item: phrases[phrase] == item)  # type: ignore[misc]
        for entry, words in zip(answers, spans, strict=True)
    ]


def _words_of(text: str) -> list[tuple[str, int, int]]:
    return [(match[0].casefold(), *match.span()) for match in _WORD.finditer(text[:_MOST_LETTERS])]


def _phrases(words: Sequence[str]) -> list[tuple[str, ...]]:
    """Every three words in a row; a shorter text is one phrase."""
    return [tuple(words[at : at + _RUN]) for at in range(max(1, len(words) - _RUN + 1))] if words else []


def _shares(
    entry: Thinking, words: Sequence[tuple[str, int, int]], unique: Callable[[tuple[str, ...]], bool]
) -> tuple[float, ...]:
    texts = [word for word, _, _ in words]
    asked = set(_phrases([word for word, _, _ in _words_of(entry.prompt)]))
    about = _about(texts, entry)
    own = [False] * len(texts)
    for at, phrase in enumerate(_phrases(texts)):
        if phrase not in asked and unique(phrase):
            own[at : at + len(phrase)] = [True] * len(phrase)
        asked.add(phrase)
    marks = bytearray(len(entry.answer.reasoning))  # 1: a letter of a word, 2: of an own word
    for (_, start, end), mine in zip(words, own, strict=True):
        marks[start:end] = bytes([2 if mine else 1]) * (end - start)
    shares, start = [], 0
    for delta in entry.answer.deltas:
        if delta.kind == "reasoning":
            part = marks[start : start + len(delta.text)]
            letters = part.count(1) + part.count(2)
            shares.append(about * part.count(2) / letters if letters else 0.0)
            start += len(delta.text)
    return tuple(shares)


def _about(words: Iterable[str], entry: Thinking) -> float:
    """1 where a tenth of the telling words stand in the question or the answer, in proportion below."""
    telling = {word for word in words if len(word) >= _LONG_WORD or word.isdigit()}
    if not telling:
        return 0.0
    calls = " ".join(call["arguments"] for call in entry.answer.tool_calls)
    matter = {word for word, _, _ in _words_of(f"{entry.prompt} {entry.answer.text} {calls}")}
    return min(1.0, len(telling & matter) / len(telling) * 10)
