"""How often the right page comes first, on questions that avoid its words; and the arithmetic behind that figure."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from janus_platform.contract import load_contract
from janus_platform.corpus import load_corpus
from janus_platform.services.vector_index.app import VectorIndex
from janus_platform.services.vector_index.build import build_at_once
from janus_platform.services.vector_index.inspect import kept_chunks
from janus_platform.services.vector_index.prepare import model_folder
from janus_platform.services.vector_index.quality import (
    DEPTH,
    Paraphrase,
    halves,
    paraphrases,
    quality,
    words_ranking,
)
from tests.services.model import shared_model

# What was measured (0.63 and 0.91 of the 43 held out, 0.66 and 0.91 of the 32 unseen ones) less two questions of the
# held out ones, so that no change lowers it without a word. Before questions in headings were indexed, 0.49 and 0.93.
FLOORS = {"held out": (0.58, 0.86), "unseen": (0.62, 0.84)}
TCP = "How does TCP handshake work?"


@pytest.fixture(scope="module")
def index() -> Iterator[VectorIndex]:
    """The whole index, made where the user's model lies; most of the time it is there already."""
    if shared_model() != model_folder():
        pytest.skip("the index is not prepared here: run `janus prepare`")
    asyncio.run(build_at_once(model_folder(), lambda *_: None))
    yield VectorIndex.of(load_corpus())


def ranked(index: VectorIndex, queries: list[str]) -> list[list[str]]:
    async def all_of_them() -> list[list[str]]:
        answers = await asyncio.gather(*(index.query(query, DEPTH) for query in queries))
        assert {answer["method"] for answer in answers} == {"semantic"}
        return [[chunk["source"] for chunk in answer["chunks"]] for answer in answers]

    return asyncio.run(all_of_them())


@pytest.mark.parametrize("which", FLOORS)
def test_what_the_order_was_not_chosen_on_is_found_and_more_often_than_by_words(index: VectorIndex, which: str) -> None:
    asked = halves(paraphrases())[1] if which == "held out" else paraphrases("unseen")
    chunks = kept_chunks()
    assert {chunk.group for chunk in chunks} == {"book", "corpus", "documentation"}  # As it ships.
    found = ranked(index, [one.query for one in asked])
    vector = quality([one.rank_in(sources) for one, sources in zip(asked, found, strict=True)])
    by_words = words_ranking(chunks)
    bm25 = quality([one.rank_in(by_words(one.query)) for one in asked])
    at_1, at_5 = FLOORS[which]
    assert vector.hit_at_1 >= at_1
    assert vector.hit_at_5 >= at_5
    assert vector.hit_at_1 >= bm25.hit_at_1 + 0.15
    assert vector.mrr > bm25.mrr


def test_the_halves_are_two_parts_of_the_paraphrases_and_stay_what_they_are() -> None:
    chosen_on, held_out = halves(paraphrases())
    assert (len(chosen_on), len(held_out)) == (37, 43)
    assert sorted(one.query for one in (*chosen_on, *held_out)) == sorted(one.query for one in paraphrases())
    assert halves(held_out)[1] == held_out


def test_the_specifications_example_finds_the_page_of_the_corpus_first(index: VectorIndex) -> None:
    assert ranked(index, [TCP])[0][0] == "https://networking.example.org/tcp/handshake"


def test_the_queries_differ_and_each_has_an_answer() -> None:
    asked = [*paraphrases(), *paraphrases("unseen")]
    assert len({one.query for one in asked}) == len(asked) >= 110
    assert all(one.answers and all(answer.startswith("https://") for answer in one.answers) for one in asked)


def test_every_answer_of_the_set_is_indexed() -> None:
    from janus_platform.services.vector_index.book import book_chunks
    from janus_platform.services.vector_index.chunks import chunks_of
    from janus_platform.services.vector_index.docs import documentation_chunks

    pages = (*chunks_of(load_corpus()), *documentation_chunks(), *book_chunks(load_contract().repository))
    sources = {chunk.source for chunk in pages}
    answers = {answer for one in (*paraphrases(), *paraphrases("unseen")) for answer in one.answers}
    # Pages of the corpus and the book are named one by one; what Python's documentation holds varies with its version.
    named = {answer for answer in answers if "docs.python.org" not in answer}
    assert {answer for answer in named if not any(source.startswith(answer) for source in sources)} == set()
    missing = [one.query for one in paraphrases() if not any(source.startswith(one.answers) for source in sources)]
    assert missing == []


def test_ranks_come_to_the_figures_that_one_reckons_by_hand() -> None:
    made = quality([1, 2, None, 10])
    assert (made.hit_at_1, made.hit_at_5, round(made.mrr, 4)) == (0.25, 0.5, 0.4)
    one = Paraphrase("q", ("https://a.example/", "https://b.example/x"))
    assert one.rank_in(["https://b.example/", "https://b.example/xy", "https://a.example/"]) == 2
    assert one.rank_in([]) is None


def test_without_an_index_the_corpus_is_what_a_notebook_sees(tmp_path: Path) -> None:
    assert {chunk.group for chunk in kept_chunks(tmp_path)} == {"corpus"}
