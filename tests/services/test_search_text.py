"""Words as an index keeps them and as a query asks for them: whatever way they are written, they meet."""

from __future__ import annotations

import asyncio
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from janus_platform.services.search.index import Document, TextIndex
from janus_platform.services.search.local import LocalSearch
from janus_platform.services.search.query import parse_query
from janus_platform.services.search.snippet import SNIPPET_CHARACTERS
from janus_platform.services.search.text import words_of

FILLER = "Nothing of interest is said in this sentence, which only takes room. " * 20
DOCUMENTS = [
    Document("Tides", f"{FILLER}The ti\u200bdes rise twice a day. {FILLER}", "https://a.example/0"),
    Document("Languages", "Templates in C++ and generics in C# are different; g++ compiles.", "https://a.example/1"),
    Document("Letters", "The letter C is the third one. Plus and sharp are signs.", "https://a.example/2"),
    Document("Sea", f"{FILLER}昔から海洋生物学は日本で研究されている。{FILLER}", "https://a.example/3"),
    Document("Wide", "ＡＢＣ ｔｅｌｅｓｃｏｐｅ １２３ and ｶﾀｶﾅ.", "https://a.example/4"),
    Document("Korean", "서울에서 고속열차를 탔다.", "https://a.example/5"),
    Document("Thai", "ภาษาไทยไม่มีการเว้นวรรค", "https://a.example/6"),
    Document("Framework", "A library for .NET, unlike the one of example.net or ASP.NET.", "https://a.example/7"),
    Document("Hindi", "हिन्दी में किताबें पढ़ना", "https://a.example/8"),
    Document("Ligature", "The ﬁrst oﬃce, Straße, and a naïve café.", "https://a.example/9"),
    Document("Arabic", "كِتَابٌ جديد", "https://a.example/10"),
]
ENGINE = LocalSearch(DOCUMENTS)


def found(query: str) -> list[str]:
    return [result.title for result in ENGINE.find(query, 10).results]


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("tides", "Tides"),
        ("ti\u200bdes", "Tides"),
        ("t\u00adides", "Tides"),
        ("ｔｉｄｅｓ", "Tides"),
        ("\u202etides\u202c", "Tides"),
        ("telescope", "Wide"),
        ("ＴＥＬＥＳＣＯＰＥ", "Wide"),
        ("123", "Wide"),
        ("カタカナ", "Wide"),
        ("ｶﾀｶﾅ", "Wide"),
        ("海", "Sea"),
        ("生物学", "Sea"),
        ("海洋生物学とは", "Sea"),
        ('"海洋生物学"', "Sea"),
        ("고속열차", "Korean"),
        ("ไทย", "Thai"),
        (".NET", "Framework"),
        ("किताबें", "Hindi"),
        ("first office", "Ligature"),
        ("naive cafe", "Ligature"),
        ("كتاب", "Arabic"),
    ],
)
def test_a_word_is_found_however_it_is_written(query: str, title: str) -> None:
    assert found(query)[0] == title
    assert ENGINE.find(query, 1).corrected_query is None


@pytest.mark.parametrize("query", ["C++", "c#", "C++ vs C#", "g++", "“generics in C#”"])
def test_code_words_are_words_of_their_own(query: str) -> None:
    assert found(query) == ["Languages"]


def test_the_letter_is_not_the_language_and_no_host_is_the_framework() -> None:
    assert "Languages" not in found("C")
    assert found(".net") == ["Framework"]
    assert words_of("example.net asp.net .NET c++11 a+b C#") == (
        "example", "net", "asp", "net", ".net", "c++", "11", "a", "b", "c#",
    )  # fmt: skip


def test_a_phrase_of_a_script_without_spaces_keeps_its_order() -> None:
    assert found('"生物海洋"') == []
    assert found("moon -海洋") == []
    assert [hit.position for hit in TextIndex(DOCUMENTS).find(parse_query("tides -海洋"), 5)] == [0]


@pytest.mark.parametrize(
    ("query", "shown"), [("tides", "tides rise twice"), ("生物学", "海洋生物学"), ("C++", "C++ and")]
)
def test_the_snippet_shows_the_match(query: str, shown: str) -> None:
    snippet = ENGINE.find(query, 1).results[0].snippet
    assert shown in snippet
    assert len(snippet) <= SNIPPET_CHARACTERS + 2


def test_a_misspelled_word_with_an_invisible_sign_in_it_is_corrected() -> None:
    corrected = asyncio.run(ENGINE.search("telesc\u200bpoe", 1))
    assert corrected.corrected_query == "telescope"
    assert corrected.results[0].title == "Wide"


@given(st.text(max_size=30))
def test_a_text_and_its_compatibility_form_have_the_same_words(text: str) -> None:
    words = words_of(text)
    assert words_of(unicodedata.normalize("NFC", text)) == words or not unicodedata.is_normalized("NFC", text)
    assert words_of(" ".join(words)) == words or any(len(word) == 2 for word in words)


@given(st.text(min_size=1, max_size=12))
def test_whatever_a_document_says_its_own_words_find_it(text: str) -> None:
    query = parse_query(text)
    index = TextIndex([Document("Title", text, "https://a.example/")])
    assert not query.words or [hit.position for hit in index.find(query, 1)] == [0]
    index.close()
