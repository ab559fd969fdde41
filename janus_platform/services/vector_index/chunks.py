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

# Sentences are joined up to this many words: "Yes." is near to nothing.
WORDS_PER_SENTENCE = 10

CORPUS, BOOK, DOCUMENTATION = "corpus", "book", "documentation"

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_SHORT_PIECE = re.compile(r"(?<=[.!?:])\s+|\n+")


@dataclass(frozen=True)
class Chunk:
    """A passage of one page: its text, the page's address and title, and the heading it stands under ("" for none).

    `group` says where it is from: the corpus, this book, or the documentation of an installed package.
    """

    content: str
    source: str
    title: str
    heading: str
    group: str = CORPUS

    @property
    def page(self) -> str:
        """The address without its fragment: all chunks of one page share it."""
        return self.source.partition("#")[0]

    @property
    def encoded_texts(self) -> list[str]:
        """What is encoded, at least one text: the chunk is as near to a query as the nearest of them.

        Prose is encoded by the sentence, with title and heading before each, which say what "it" is about: a question
        is closer to the one sentence that answers it than to a whole passage. Documentation begins with the name it is
        about and is encoded in one. Below a heading that is a question the text answers it: the question is encoded
        alone, since a question is nearer to another that means the same than to any answer, and once with its answer.
        """
        if self.group == DOCUMENTATION:
            return [self.content]
        if self.heading.endswith("?"):
            return [self.heading, f"{self.title} – {self.heading}\n{self.content}"]
        context = " – ".join(dict.fromkeys(part for part in (self.title, self.heading) if part))
        return [f"{context}\n{text}" for text in _sentences(self.content)]


def chunks_of(corpus: Corpus) -> list[Chunk]:
    """Every chunk of every page, in the order of the corpus."""
    return [
        Chunk(content, page.url, page.title, section.heading)
        for page in corpus.pages
        for section in article_text(page)
        for content in split(section.text)
    ]


def split(text: str, *, words: int = WORDS_PER_CHUNK) -> list[str]:
    """Cut one section's text into passages of about `words` words; a longer sentence stays whole."""
    passages: list[str] = []
    words_left = 0
    for piece in _pieces(text, words):
        length = len(piece.split())
        if passages and length <= words_left:
            passages[-1] += piece
            words_left -= length
        else:
            passages.append(piece)
            words_left = words - length
    if len(passages) > 1 and len(passages[-1].split()) < MIN_WORDS:
        passages[-2:] = ["".join(passages[-2:])]
    return [passage.strip() for passage in passages]


def key_of(chunks: Iterable[Chunk]) -> str:
    """A hash of all that is encoded and answered: an index made from other chunks has another key."""
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update("\0".join((chunk.content, chunk.source, chunk.title, chunk.heading, "")).encode())
    return digest.hexdigest()


def _sentences(text: str) -> list[str]:
    """The sentences and lines of `text`, short ones with those that follow."""
    sentences: list[str] = []
    complete = True
    for piece in filter(None, _SHORT_PIECE.split(text)):
        if complete:
            sentences.append(piece)
        else:
            sentences[-1] += " " + piece
        complete = len(sentences[-1].split()) >= WORDS_PER_SENTENCE
    return sentences or [text]


def _pieces(text: str, words: int) -> Iterator[str]:
    """Lines (a paragraph, list item, table row or line of code), long ones by sentence, with what follows each."""
    for line in text.splitlines():
        too_long = len(line.split()) > words
        pieces = _SENTENCE_END.split(line) if too_long else [line]
        yield from (piece + " " for piece in pieces[:-1])
        yield pieces[-1] + "\n"
