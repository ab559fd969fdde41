"""The Search API: what is found, in which order, and what no query can do to it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from janus_platform.corpus import load_corpus
from janus_platform.services.search import MAX_QUERY_CHARACTERS, SearchIndex, build
from janus_platform.services.search_index import Document, TextIndex
from janus_platform.services.search_query import Query, parse_query
from tests.services.asgi import CONTRACT, ask, context

SERVICE = CONTRACT.services["search"]
INDEX = SearchIndex(load_corpus())
APP = build(context(), INDEX)

SMALL = TextIndex(
    [
        Document("Tides", "The Moon raises the tides. Café owners on the coast know it.", "https://sea.example/tides"),
        Document("The Moon", "The Moon circles the Earth in a month.", "https://sky.example/moon"),
        Document("Bread", "Flour and water; the tide of dough rises.", "https://kitchen.sky.example/bread"),
    ]
)


def search(query: str, **options: Any) -> list[dict[str, str]]:
    answer = ask(APP, "POST", SERVICE.url, json={"query": query, **options})
    assert answer.status_code == 200, answer.text
    return answer.json()["results"]


def found(query: str) -> list[int]:
    return [hit.position for hit in SMALL.find(parse_query(query), 10)]


def test_the_specifications_example_finds_pages_on_entanglement_first() -> None:
    results = search("quantum entanglement explained", num_results=10)
    assert all(set(result) == {"title", "url", "snippet"} for result in results)
    assert all("entangle" in (result["title"] + result["snippet"]).lower() for result in results[:3])
    assert len({result["url"] for result in results}) == len(results) >= 3


def test_a_question_finds_the_page_that_answers_it() -> None:
    assert search("How does TCP handshake work?")[0]["title"] == "How the TCP three-way handshake works"


def test_num_results_is_a_ceiling() -> None:
    assert len(search("entanglement", num_results=2)) == 2


def test_results_can_be_fetched_from_the_same_web() -> None:
    corpus = load_corpus()
    assert all(corpus.lookup(result["url"]) is not None for result in search("http", num_results=20))


def test_snippets_are_plain_text_around_the_match() -> None:
    snippet = search('"locality"')[0]["snippet"]
    assert "localit" in snippet.lower()
    assert not set(snippet) & set("<>\n")


def test_words_match_in_any_form_and_without_accents() -> None:
    assert found("cafe") == [0]
    assert set(found("tide")) == {0, 2}


def test_any_of_the_words_may_match_and_more_of_them_rank_higher() -> None:
    assert found("moon tides unicorn")[0] == 0
    assert set(found("moon tides unicorn")) == {0, 1, 2}


def test_a_match_in_the_title_counts_more_than_one_in_the_text() -> None:
    assert found("moon")[0] == 1


def test_quotes_ask_for_the_words_in_that_order() -> None:
    assert found('"raises the tides"') == [0]
    assert found('"tides the raises"') == []


def test_a_minus_leaves_pages_out() -> None:
    assert found("tide -moon") == [2]
    assert found('tide -"tide of dough"') == [0]


def test_site_names_a_host_and_everything_below_it() -> None:
    assert set(found("site:sky.example")) == {1, 2}
    assert found("site:sky.example moon") == [1]
    assert set(found("moon tide -site:sky.example")) == {0}
    assert found("site:ky.example moon") == []


def test_wildcards_in_a_site_are_taken_literally() -> None:
    assert found("site:%") == found("site:s_y.example") == []


def test_words_that_only_put_the_question_do_not_count() -> None:
    assert parse_query("What is the Moon?") == Query(words=("moon",))
    assert parse_query("what is the") == Query(words=("what", "is", "the"))


@pytest.mark.parametrize("query", ["!!!", "-", '""', "-moon", "***", "()"])
def test_a_query_without_a_word_is_refused(query: str) -> None:
    answer = ask(APP, "POST", SERVICE.url, json={"query": query})
    assert (answer.status_code, answer.json()["field"]) == (422, "query")


def test_an_overlong_query_is_refused() -> None:
    assert ask(APP, "POST", SERVICE.url, json={"query": "a" * (MAX_QUERY_CHARACTERS + 1)}).status_code == 422


@pytest.mark.parametrize(
    "query",
    [
        'moon" OR "',
        "title:moon",
        "{title text}: moon",
        "NEAR(moon tides, 3)",
        "moon AND",
        "^moon",
        "moon*",
        "a\x00b moon",
        "') DROP TABLE page; --",
        "moon NOT moon",
        "-" * 400,
        '"' * 400,
        "site:" * 80,
    ],
)
def test_search_syntax_of_the_database_means_nothing(query: str) -> None:
    assert ask(APP, "POST", SERVICE.url, json={"query": query}).status_code in (200, 422)


SYNTAX = ['"', "-", "moon", "site:", "*", "(", ")", "AND", "NOT", ":", "^", " ", "\u0947"]


@given(st.text(max_size=80) | st.lists(st.sampled_from(SYNTAX)).map("".join))
def test_no_query_can_break_the_index(query: str) -> None:
    parsed = parse_query(query)
    for hit in SMALL.find(parsed, 5):
        assert hit.score >= 0
    answer = ask(APP, "POST", SERVICE.url, json={"query": query})
    assert answer.status_code in (200, 422)


def test_health_says_how_many_pages_there_are() -> None:
    body = ask(APP, "GET", SERVICE.origin + "/health").json()
    assert body == {"status": "ok", "service": "search", "engine": "local", "pages": len(load_corpus().pages)}
