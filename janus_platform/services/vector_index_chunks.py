"""Cut the corpus into the chunks that the vector index answers with.

A chunk is about 120 words of one section, cut between paragraphs where it can be and between sentences where it must
be: long enough to answer a question, short enough for the model's 256 tokens and for a prompt.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from janus_platform.corpus import Corpus, article_text

WORDS_PER_CHUNK = 120
# A remainder shorter than this says too little alone and stays with the chunk before it.
MIN_WORDS = 30

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True)
class Chunk:
    """A passage of one page: its text, the page's address and title, and the heading it stands under ("" for none)."""

    content: str
    source: str
    title: str
    heading: str

    @property
    def embedded_text(self) -> str:
        """What is encoded: the passage with its title and heading before it, which say what "it" is about."""
        place = " – ".join(dict.fromkeys(part for part in (self.title, self.heading) if part))
        return f"{place}\n{self.content}"


def chunks_of(corpus: Corpus) -> list[Chunk]:
    """Every chunk of every page, in the order of the corpus."""
    return [
        Chunk(content, page.url, page.title, section.heading)
        for page in corpus.pages
        for section in article_text(page)
        for content in split(section.text)
    ]


def split(text: str) -> list[str]:
    """Cut one section's text into passages of about WORDS_PER_CHUNK words; a longer sentence stays whole."""
    passages: list[str] = []
    room = 0
    for piece in _pieces(text):
        words = len(piece.split())
        if passages and words <= room:
            passages[-1] += piece
            room -= words
        else:
            passages.append(piece)
            room = WORDS_PER_CHUNK - words
    if len(passages) > 1 and len(passages[-1].split()) < MIN_WORDS:
        passages[-2:] = ["".join(passages[-2:])]
    return [passage.strip() for passage in passages]


def key_of(chunks: Iterable[Chunk]) -> str:
    """A hash of all that is encoded: an index made from other chunks has another key."""
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk.embedded_text.encode() + b"\0")
    return digest.hexdigest()


def _pieces(text: str) -> Iterator[str]:
    """Lines (a paragraph, list item, table row or line of code), long ones by sentence, with what follows each."""
    for line in text.splitlines():
        too_long = len(line.split()) > WORDS_PER_CHUNK
        pieces = _SENTENCE_END.split(line) if too_long else [line]
        yield from (piece + " " for piece in pieces[:-1])
        yield pieces[-1] + "\n"
