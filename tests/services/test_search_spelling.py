"""Typo tolerance: what an unknown word was meant to be, and which words are left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from janus_platform.services.search.spelling import LONG_WORD, Speller

FREQUENCIES = {
    "moon": 9,
    "month": 4,
    "maps": 5,
    "tides": 7,
    "sides": 2,
    "black": 3,
    "hole": 3,
    "café": 2,
    "quantum": 8,
    "entanglement": 6,
    "photosynthesis": 1,
    "rfc9110": 2,
}
SPELLER = Speller(FREQUENCIES)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("quantm", "quantum"),
        ("quantumm", "quantum"),
        ("qauntum", "quantum"),
        ("quintum", "quantum"),
        ("uantum", "quantum"),
        ("mooon", "moon"),
        ("momth", "month"),
        ("entangelment", "entanglement"),
        ("entanglemnt", "entanglement"),
        ("entenglemnt", "entanglement"),
        ("phtosynthsis", "photosynthesis"),
        ("cafee", "café"),
        ("blackhole", "black hole"),
        ("ENTANGLEMNT".lower(), "entanglement"),
    ],
)
def test_a_typo_is_corrected(typed: str, meant: str) -> None:
    assert SPELLER.correct(typed) == meant


@pytest.mark.parametrize("typed", ["mo", "mon", "unicorn", "rfc9111", "x" * 500, "", "quark", "mars", "quanta"])
def test_what_is_no_typo_of_a_known_word_is_left_alone(typed: str) -> None:
    assert SPELLER.correct(typed) is None


def test_short_words_may_have_one_typo_only() -> None:
    assert len("quantum") < LONG_WORD
    assert SPELLER.correct("qantm") is None


def test_of_two_words_the_more_frequent_one_was_meant() -> None:
    assert SPELLER.correct("xides") == "tides"
    assert Speller({"sides": 7, "tides": 2}).correct("xides") == "sides"
    assert Speller({"sides": 2, "tides": 2}).correct("xides") == "sides"


@given(st.text(max_size=60))
def test_any_word_has_an_answer(word: str) -> None:
    meant = SPELLER.correct(word)
    assert meant is None or all(part in FREQUENCIES for part in meant.split())
