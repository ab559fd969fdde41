"""The full-text index: which documents match, in which order, and that kept ranks are those of FTS5."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from janus_platform.services.search.index import TITLE_WEIGHT, Document, TextIndex
from janus_platform.services.search.query import FUNCTION_WORDS, MAX_WORDS, Query, parse_query, rewritten, shortened
from janus_platform.services.search.text import TOKENIZER
from janus_platform.services.search.vocabulary import Vocabulary

DOCUMENTS = [
    Document("Tides", "The Moon raises the tides. Café owners on the coast know it.", "https://sea.example/tides"),
    Document("The Moon", "The Moon circles the Earth in a month.", "https://sky.example/moon"),
    Document("Bread", "Flour and water; the tide of dough rises.", "https://kitchen.sky.example/bread"),
]
SMALL = TextIndex(DOCUMENTS)
WORDS = ["moon", "tide", "water", "the", "earth", "bread", "unicorn"]


def found(query: str, index: TextIndex = SMALL) -> list[int]:
    return [hit.position for hit in index.find(parse_query(query), 10)]


def with_kept_ranks(documents: list[Document]) -> TextIndex:
    """An index in which every word counts as common."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("janus_platform.services.search.index.COMMON_FROM", 1)
        return TextIndex(documents, Vocabulary(f"{one.title} {one.text}" for one in documents))


KEPT = with_kept_ranks(DOCUMENTS)
EACH_WAY = pytest.mark.parametrize("index", [SMALL, KEPT], ids=["ranked by FTS5", "kept ranks"])


def test_words_match_in_any_form_and_without_accents() -> None:
    assert found("cafe") == [0]
    assert set(found("tide")) == {0, 2}


@EACH_WAY
def test_any_of_the_words_may_match_and_more_of_them_rank_higher(index: TextIndex) -> None:
    assert found("moon tides unicorn", index)[0] == 0
    assert set(found("moon tides unicorn", index)) == {0, 1, 2}


@EACH_WAY
def test_a_match_in_the_title_counts_more_than_one_in_the_text(index: TextIndex) -> None:
    assert found("moon", index)[0] == 1


@EACH_WAY
def test_quotes_ask_for_the_words_in_that_order(index: TextIndex) -> None:
    assert found('"raises the tides"', index) == [0]
    assert found('"tides the raises"', index) == []
    assert found('water "raises the tides"', index) == [0]


@EACH_WAY
def test_a_minus_leaves_pages_out(index: TextIndex) -> None:
    assert found("tide -moon", index) == [2]
    assert found('tide -"tide of dough"', index) == [0]


@EACH_WAY
def test_site_names_a_host_and_everything_below_it(index: TextIndex) -> None:
    assert set(found("site:sky.example", index)) == {1, 2}
    assert found("site:sky.example moon", index) == [1]
    assert set(found("moon tide -site:sky.example", index)) == {0}
    assert found("site:ky.example moon", index) == []
    assert found("site:sky.example -moon", index) == [2]
    assert found("site:https://Sky.example./moon moon", index) == [1]
    assert set(found("site:*.sky.example", index)) == {1, 2}


def test_wildcards_in_a_site_are_taken_literally() -> None:
    assert found("site:%") == found("site:s_y.example") == found("site:*") == []


def test_words_that_only_put_the_question_do_not_count() -> None:
    assert parse_query("What is the Moon?") == Query(words=("moon",))
    assert parse_query("what is the") == Query(words=("what", "is", "the"))
    assert all(word == word.lower() for word in FUNCTION_WORDS)


def test_a_word_said_twice_counts_once() -> None:
    assert parse_query("moon Moon MOON").words == ("moon",)


def test_words_beyond_the_bound_are_ignored() -> None:
    query = " ".join(f"w{i}" for i in range(MAX_WORDS + 5))
    assert len(parse_query(query).words) == MAX_WORDS
    assert shortened(query).endswith(f"w{MAX_WORDS - 1}")


def test_only_plain_words_are_rewritten() -> None:
    meant = {"mon": "moon"}
    assert rewritten('Mon "mon" -mon site:mon.example mon.', meant) == 'moon "mon" -mon site:mon.example moon.'


def test_equal_documents_come_in_the_order_of_the_index() -> None:
    same = [Document("Same", "the same words", f"https://{i}.example/") for i in range(100)]
    for index in (TextIndex(same), with_kept_ranks(same)):
        assert [hit.position for hit in index.find(parse_query("words"), 20)] == list(range(20))


@EACH_WAY
def test_scores_fall_from_the_first_to_the_last(index: TextIndex) -> None:
    scores = [hit.score for hit in index.find(parse_query("moon tide the water"), 10)]
    assert scores == sorted(scores, reverse=True)
    assert all(score > 0 for score in scores)


def by_fts5_alone(documents: list[Document], words: list[str]) -> list[tuple[int, float]]:
    """What one FTS5 query with OR and its own bm25() answers."""
    db = sqlite3.connect(":memory:")
    db.execute(f"CREATE VIRTUAL TABLE page USING fts5(title, text, {TOKENIZER})")
    rows = ((i, one.title, one.text) for i, one in enumerate(documents))
    db.executemany("INSERT INTO page(rowid, title, text) VALUES (?, ?, ?)", rows)
    ranked = db.execute(
        f"SELECT rowid, -bm25(page, {TITLE_WEIGHT}, 1.0) FROM page WHERE page MATCH ? ORDER BY 2 DESC, 1",
        [" OR ".join(f'"{word}"' for word in words)],
    ).fetchall()
    db.close()
    return [(position, round(score, 9)) for position, score in ranked]


TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).map(" ".join)


@settings(max_examples=60)
@given(st.lists(TEXTS, min_size=1, max_size=12), st.lists(st.sampled_from(WORDS), min_size=1, max_size=3, unique=True))
def test_both_ways_of_ranking_give_what_fts5_gives_in_one_query(texts: list[str], words: list[str]) -> None:
    documents = [Document(text.split()[0], text, f"https://{i}.example/") for i, text in enumerate(texts)]
    expected = dict(by_fts5_alone(documents, words))
    for index in (TextIndex(documents), with_kept_ranks(documents)):
        hits = index.find(Query(words=tuple(words)), 20)
        assert {hit.position: round(hit.score, 9) for hit in hits} == expected
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
        index.close()
