"""Snippets: plain text around the match, whatever the page holds."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from janus_platform.services.search.snippet import ELLIPSIS, SNIPPET_CHARACTERS, cut, one_line, prepare

FILLER = "Nothing of interest is said in this sentence, which only takes room. " * 20
NEEDLE = "Here the moon raises the tides of the sea. "


def snippet(text: str, *asked: str) -> str:
    return cut(prepare(text), [(word,) for word in asked])


def test_the_match_is_shown_from_the_beginning_of_its_sentence() -> None:
    assert NEEDLE.strip() in snippet(FILLER + NEEDLE + FILLER, "moon", "tides")


def test_the_place_with_the_most_words_is_shown() -> None:
    text = f"The moon alone. {FILLER}{NEEDLE}{FILLER}The tides alone."
    assert NEEDLE.strip() in snippet(text, "moon", "tides")


def test_parts_of_words_are_no_match() -> None:
    assert "honeymoon" not in snippet(f"{FILLER}A honeymoon. {FILLER}{NEEDLE}{FILLER}", "moon")


def test_a_match_far_from_any_sentence_is_shown_as_well() -> None:
    shown = snippet("word " * 300 + "needle " + "word " * 300, "needle")
    assert "needle" in shown
    assert shown.startswith(ELLIPSIS) and shown.endswith(ELLIPSIS)
    assert shown.startswith(f"{ELLIPSIS}word") and shown.endswith(f"word{ELLIPSIS}")


def test_a_page_without_the_words_shows_its_beginning() -> None:
    assert snippet(NEEDLE + FILLER, "unicorn").startswith("Here the moon")


def test_a_short_page_is_shown_whole() -> None:
    assert snippet(" One \n two\tthree. ", "two") == "One two three."


def test_control_and_bidirectional_characters_are_not_shown() -> None:
    assert one_line("a\x00b\u202ec\u2066d\x7f e\u200b") == "a bcd e"
    assert one_line("👩\u200d🚀 میـخواهم می\u200cخواهم") == "👩\u200d🚀 میـخواهم می\u200cخواهم"


def test_letters_that_grow_in_lower_case_do_not_shift_the_match() -> None:
    assert "needle" in snippet("İ" * 300 + " " + FILLER + "the needle is here. " + FILLER, "needle")


@given(
    st.lists(st.text(max_size=40) | st.sampled_from(["moon", " ", ". ", "tides\n"]), max_size=60).map("".join),
    st.lists(st.text(min_size=1, max_size=8) | st.just("moon"), max_size=4),
)
def test_any_text_gives_a_bounded_plain_line(text: str, asked: list[str]) -> None:
    page = prepare(text)
    shown = cut(page, [(word.lower(),) for word in asked])
    assert len(shown) <= SNIPPET_CHARACTERS + 2 * len(ELLIPSIS)
    assert shown.strip(ELLIPSIS) in page.text
    assert not any(unicodedata.category(letter) in ("Cc", "Zl", "Zp") for letter in shown)
    assert "  " not in shown
