"""The Search API over the bundled web: what is found, in which order, and what no query can do to it."""

from __future__ import annotations

import subprocess
import sys
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from janus_platform.clock import ManualClock
from janus_platform.corpus import load_corpus
from janus_platform.services.search.app import build
from janus_platform.services.search.index import COMMON_FROM, Document
from janus_platform.services.search.local import LocalSearch
from tests.services.asgi import CONTRACT, ask, context

SERVICE = CONTRACT.search
CORPUS = load_corpus()
ENGINE = LocalSearch.of(CORPUS)
APP = build(context(), ENGINE)
MOST = SERVICE.parameter("num_results").maximum or 0
LONGEST = SERVICE.parameter("query").max_length or 0


def answer(query: str, **options: Any) -> dict[str, Any]:
    response = ask(APP, "POST", SERVICE.url, json={"query": query, **options})
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def search(query: str, **options: Any) -> list[dict[str, str]]:
    results: list[dict[str, str]] = answer(query, **options)["results"]
    return results


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
    assert all(CORPUS.lookup(result["url"]) is not None for result in search("http", num_results=20))


@pytest.mark.parametrize("query", ["locality", "entanglement", '"three-way handshake"', "http headers", "the"])
def test_snippets_are_plain_text_around_the_match(query: str) -> None:
    words = [word[:5] for word in query.strip('"').split("-")[0].split()]
    for result in search(query, num_results=MOST):
        assert any(word in (result["title"] + result["snippet"]).lower() for word in words)
        assert not any(unicodedata.category(letter).startswith("C") for letter in result["snippet"])
        assert "</" not in result["snippet"] and "&amp;" not in result["snippet"]


def test_a_page_is_named_by_its_own_title_and_url() -> None:
    pages = {page.url: page for page in CORPUS.pages}
    for result in search("http", num_results=MOST):
        assert pages[result["url"]].title == result["title"]


def test_the_same_query_always_gets_the_same_answer() -> None:
    again = build(context(), LocalSearch.of(load_corpus()))
    body = {"query": "entanglement measurement tcp handshke", "num_results": MOST}
    assert ask(again, "POST", SERVICE.url, json=body).json() == ask(APP, "POST", SERVICE.url, json=body).json()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("quantm entanglement", "quantum entanglement"),
        ("How does the TCP handshke work?", "How does the TCP handshake work?"),
        ("phtosynthsis", "photosynthesis"),
        ("remote atestation -chutes site:confidential.example", "remote attestation -chutes site:confidential.example"),
        ('"remote attestation" quoet', '"remote attestation" quote'),
    ],
)
def test_a_typo_is_corrected_and_the_answer_says_so(typed: str, meant: str) -> None:
    corrected = answer(typed)
    assert corrected["corrected_query"] == meant
    assert corrected["results"] == answer(meant)["results"] != []


@pytest.mark.parametrize("query", ["quantum entanglement", "entangles", '"quantm"', "moon -quantm", "site:quantm moon"])
def test_what_is_known_or_meant_exactly_is_not_corrected(query: str) -> None:
    assert "corrected_query" not in answer(query)


def test_an_unknown_word_beside_known_ones_hides_nothing() -> None:
    assert search("xqzzy photosynthesis") == search("photosynthesis")


def test_nothing_found_is_an_empty_list() -> None:
    assert search("xqzzyqx") == []


@pytest.mark.parametrize("query", ["!!!", "-", '""', "-moon", "***", "()", "\u0301", "🌙", "-site:physics.org"])
def test_a_query_without_a_word_is_refused(query: str) -> None:
    refused = ask(APP, "POST", SERVICE.url, json={"query": query})
    assert (refused.status_code, refused.json()["field"]) == (422, "query")


@pytest.mark.parametrize("query", ["a" * (LONGEST + 1), "word " * 10_000, None, 7, "", "  ", ["moon"]])
def test_a_query_out_of_bounds_is_refused(query: Any) -> None:
    refused = ask(APP, "POST", SERVICE.url, json={"query": query})
    assert (refused.status_code, refused.json()["field"]) == (422, "query")


def test_a_query_at_the_bound_is_answered() -> None:
    assert ask(APP, "POST", SERVICE.url, json={"query": ("moon " * LONGEST)[:LONGEST]}).status_code == 200


@pytest.mark.parametrize("number", [0, -1, MOST + 1, 10**30, 2.5, "10", True])
def test_a_number_of_results_out_of_bounds_is_refused(number: Any) -> None:
    refused = ask(APP, "POST", SERVICE.url, json={"query": "moon", "num_results": number})
    assert (refused.status_code, refused.json()["field"]) == (422, "num_results")


@pytest.mark.parametrize("number", [1, MOST])
def test_num_results_reaches_from_its_least_to_its_most(number: int) -> None:
    assert len(search("the", num_results=number)) == number


def test_the_contracts_rate_is_held_and_the_refusal_says_when_to_come_back() -> None:
    clock = ManualClock()
    app = build(context(limits=True, clock=clock), ENGINE)
    limit = SERVICE.rate_limit
    assert limit is not None
    allowed = [ask(app, "POST", SERVICE.url, json={"query": "moon"}) for _ in range(limit.requests)]
    refused = ask(app, "POST", SERVICE.url, json={"query": "moon"})
    assert {one.status_code for one in allowed} == {200}
    assert all("ratelimit" in one.headers for one in [*allowed, refused])
    assert (refused.status_code, refused.headers["retry-after"]) == (429, str(limit.per_seconds))
    clock.advance(limit.per_seconds)
    assert ask(app, "POST", SERVICE.url, json={"query": "moon"}).status_code == 200


def test_a_score_is_the_sum_of_what_each_word_adds() -> None:
    explained = ENGINE.explain("quantm entanglement", 5)
    assert [page.url for page in explained] == [page.url for page in ENGINE.find("quantm entanglement", 5).results]
    assert all(page.score == pytest.approx(sum(page.parts.values())) for page in explained)
    assert set(explained[0].parts) == {"quantum", "entanglement"}


def test_an_engine_with_common_words_finds_what_a_small_one_finds() -> None:
    pages = [Document(page.title, f"{page.title} text", page.url) for page in CORPUS.pages]
    many = LocalSearch([*pages, *(Document("Filler", "text", f"https://{i}.example/") for i in range(COMMON_FROM))])
    assert many.find("text handshake tcp", 3).results[0].title == "How the TCP three-way handshake works"
    assert many.find('"handshake works" text', 3).results[0].title == "How the TCP three-way handshake works"
    assert not isinstance(many._index.ranks(("text",))[0], list), "a common word's ranks are kept as arrays"
    at_site = {page.url for page in CORPUS.pages if page.url.startswith("https://physics.org/")}
    assert {page.url for page in many.find("text -filler site:physics.org", 20).results} == at_site


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
        "NEAR(",
        "NEAR/3 moon",
        "col:moon",
        "*",
        '"moon',
        'moon"',
        "moon + tides",
        "-- moon; /* moon */",
        "القمر والمد",
        "\u202emoon\u202c",
        "e\u0301 \u0301\u0301\u0301 moon",
        "👩\u200d🚀 moon 🌙",
        "\ufeffmoon",
        "w " * 200,
    ],
)
def test_search_syntax_of_the_database_means_nothing(query: str) -> None:
    assert ask(APP, "POST", SERVICE.url, json={"query": query}).status_code in (200, 422)


SYNTAX = [
    '"',
    "-",
    "moon",
    "site:",
    "*",
    "(",
    ")",
    "AND",
    "NOT",
    ":",
    "^",
    " ",
    "\u0947",
    "NEAR(",
    "{",
    "\x00",
    "+",
    "🌙",
]


@given(st.text(max_size=80) | st.lists(st.sampled_from(SYNTAX)).map("".join), st.integers(1, 20))
def test_no_query_can_break_the_service(query: str, number: int) -> None:
    response = ask(APP, "POST", SERVICE.url, json={"query": query, "num_results": number})
    assert response.status_code in (200, 422)
    assert response.status_code == 422 or len(response.json()["results"]) <= number


def test_the_bundled_web_is_searched_without_importing_numpy() -> None:
    # numpy would add a tenth of a second to each start of the platform.
    code = (
        "import sys; from janus_platform.corpus import load_corpus; "
        "from janus_platform.services.search.local import LocalSearch; "
        "assert LocalSearch.of(load_corpus()).find('the', 5).results; assert 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_health_says_how_many_pages_there_are() -> None:
    body = ask(APP, "GET", SERVICE.origin + "/health").json()
    assert (body["status"], body["engine"], body["pages"]) == ("ok", "local", len(CORPUS.pages))
