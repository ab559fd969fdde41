"""The extractive engine: which sentences answer a question, and what it says when the passages do not."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from janus_platform.services.inference.local.extractive import FINGERPRINT, NO_PASSAGES, NOT_COVERED, answer
from janus_platform.services.inference.local.prompt import Message, read_prompt
from janus_platform.services.inference.local.sentences import sentences_of
from janus_platform.services.inference.local.stemming import stem, topic_stems
from tests.services.inference_prompts import BREAD, QUANTUM, prompt


def test_an_answer_quotes_the_sentence_that_fits_and_cites_its_passage() -> None:
    said = answer(prompt("How long does dough need to rise?", QUANTUM, BREAD))
    assert said.startswith("A dough needs about 90 minutes at 24 °C to double. [2]")
    assert "[1]" not in said


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("When was entanglement first discussed?", "Rosen in 1935. [1]"),
        ("Who first discussed entanglement?", "Rosen in 1935. [1]"),
        ("Can entanglement send a message faster than light?", "faster than light. [1]"),
        ("How many minutes do I knead dough?", "Knead the dough for 12 minutes before it rests. [2]"),
    ],
)
def test_a_direct_question_is_answered_in_the_first_paragraph(question: str, first: str) -> None:
    assert first in answer(prompt(question, QUANTUM, BREAD)).split("\n\n")[0]


def test_a_sentence_that_leans_on_the_one_before_brings_it_along() -> None:
    opening = answer(prompt("When was entanglement first discussed?", QUANTUM)).split("\n\n")[0]
    assert opening.index("Quantum entanglement is a link") < opening.index("It was first discussed")


@pytest.mark.parametrize(
    "question",
    [
        "What is the capital of Mongolia?",
        "How does photosynthesis work?",
        "Explain the French revolution",
        "Plot a neuron",
    ],
)
def test_what_the_passages_do_not_cover_is_said_to_be_not_covered(question: str) -> None:
    assert answer(prompt(question, QUANTUM, BREAD)) == " ".join(NOT_COVERED)


def test_what_is_asked_to_be_done_need_not_stand_in_a_passage() -> None:
    said = answer(prompt("Please explain entanglement and plot it, with an example", QUANTUM))
    assert said.startswith("Quantum entanglement is a link")


def test_a_question_about_a_name_that_no_passage_mentions_is_not_answered_from_the_rest() -> None:
    assert answer(prompt("How does Bittensor use quantum entanglement?", QUANTUM)) == " ".join(NOT_COVERED)


def test_headings_tables_code_and_navigation_are_not_quoted() -> None:
    texts = " ".join(s.text for s in sentences_of(QUANTUM, 0))
    assert "never quoted" not in texts and "polarisation" not in texts and "Home" not in texts and "#" not in texts
    assert "share one quantum state" in texts and "Entangled photons leave" in texts


def test_repetition_is_said_once() -> None:
    said = answer(prompt("What is yeast for in bread?", BREAD, BREAD))
    assert said.count("Bread rises because yeast") == 1


def test_without_passages_it_says_what_it_is_and_how_to_give_them() -> None:
    assert answer([Message("user", "What is the capital of France?")]) == NO_PASSAGES
    assert "Passages:" in NO_PASSAGES and FINGERPRINT in NO_PASSAGES


def test_the_example_of_how_to_give_passages_works() -> None:
    shown = NO_PASSAGES.split("\n\n", 1)[1].replace(
        "The text of the page, in Markdown.",
        "A three-way handshake is an exchange of three segments that opens a connection.",
    )
    assert answer([Message("user", shown)]).startswith("A three-way handshake is an exchange")


def test_any_long_text_is_a_passage_and_an_instruction_a_question() -> None:
    said = answer([Message("user", f"Summarize this: {QUANTUM}")])
    assert "Quantum entanglement is a link" in said and "[1]" not in said
    asked = read_prompt([Message("user", f"{QUANTUM}\n\nWho named entanglement?")])
    assert asked.question == "Who named entanglement?" and len(asked.passages) == 1
    earlier = [Message("user", QUANTUM), Message("assistant", "Noted."), Message("user", "Who named entanglement?")]
    assert "Schrödinger named it" in answer(earlier)


def test_a_reference_list_inside_a_passage_does_not_begin_a_new_one() -> None:
    text = BREAD + "\n[7] Another book — https://example.com/book\n" + QUANTUM
    assert [p.number for p in read_prompt(prompt("Yeast?", text)).passages] == [1]


def test_the_same_prompt_always_gets_the_same_answer() -> None:
    asked = prompt("Explain quantum entanglement", QUANTUM, BREAD, QUANTUM)
    assert len({answer(asked) for _ in range(5)}) == 1


@pytest.mark.parametrize(
    "forms",
    [("entanglement", "entangled", "entangle"), ("query", "queries"), ("stops", "stopped"), ("isolate", "isolation")],
)
def test_forms_of_a_word_have_one_stem(forms: tuple[str, ...]) -> None:
    assert len({stem(form) for form in forms}) == 1


def test_a_question_is_about_its_nouns_not_about_what_it_asks_to_be_done() -> None:
    assert topic_stems("Could you please explain how the TCP handshake works?") == [stem("tcp"), stem("handshake")]


def test_a_sentence_that_introduces_a_sample_may_be_quoted() -> None:
    page = "`Retry-After` (RFC 9110) gives the wait, as seconds or as a date:\n\n```http\nRetry-After: 23\n```"
    quoted = answer(prompt("What does Retry-After mean?", page))
    assert quoted.startswith("Retry-After (RFC 9110) gives the wait")


LIMITS = """# Limits of the services

| Service | Host | Rate limit |
|---|---|---|
| Search API | search.example | 20 per minute |
| Web Proxy | proxy.example | 10 per minute |

An implementation reaches five hosts:

- proxy.example
- search.example

## Why there are limits

Without limits one caller could use a service up. It would then be slow for all others."""


def test_a_row_of_a_table_answers_a_question_for_a_fact_as_a_statement() -> None:
    said = answer(prompt("What is the Search API's rate limit?", LIMITS))
    assert said == "Search API – Rate limit: 20 per minute. [1]"


def test_a_list_comes_with_what_leads_to_it() -> None:
    said = answer(prompt("Which hosts does an implementation reach?", LIMITS))
    assert said == "An implementation reaches five hosts: proxy.example; search.example. [1]"


def test_a_question_for_the_reason_is_answered_below_the_heading_that_gives_it() -> None:
    assert answer(prompt("Why are there limits?", LIMITS)).startswith(
        "Without limits one caller could use a service up."
    )


def test_what_was_said_before_is_not_said_again() -> None:
    asked = prompt("What is quantum entanglement?", QUANTUM)
    first = answer(asked)
    again = answer([asked[0], Message("assistant", first), asked[1]])
    assert first.startswith("Quantum entanglement is a link") and "Quantum entanglement is a link" not in again


def test_an_answer_never_begins_with_a_word_that_leans_on_a_sentence_before() -> None:
    said = answer(prompt("Who discussed entanglement in 1935?", QUANTUM))
    assert not said.startswith(("It ", "This ", "Its "))


def test_a_word_that_stands_only_in_code_answers_nothing() -> None:
    page = "# Colours\n\n```python\nsky = 'blue'\n```\n\nA model produces its answer one token at a time."
    assert answer(prompt("Why is the sky blue?", page)) == " ".join(NOT_COVERED)


def test_a_misspelt_word_is_understood() -> None:
    assert answer(prompt("what is quantm entanglment", QUANTUM)).startswith("Quantum entanglement is a link")


def test_an_abbreviation_is_known_by_its_words() -> None:
    page = "# How names are found\n\nThe Domain Name System turns a name into an address. It is a tree of servers."
    assert answer(prompt("How does DNS work?", page)).startswith("The Domain Name System turns a name")


def test_of_two_things_that_are_compared_each_is_told() -> None:
    page = "# Keys\n\nA coldkey is the key that holds money.\n\nA hotkey is the key that signs the daily work."
    said = answer(prompt("What is the difference between a coldkey and a hotkey?", page))
    assert "holds money" in said and "signs the daily work" in said


def test_meaning_decides_where_words_do_not() -> None:
    import numpy as np

    def encode(texts: Sequence[str]) -> np.ndarray:
        return np.array(
            [[1.0, 0.0] if "asks" in t or "moon" in t.casefold() else [0.0, 1.0] for t in texts], np.float32
        )

    page = "# The sea\n\nThe coast has sand and stones everywhere.\n\nThe moon pulls at the coast and lifts the sea."
    said = answer(prompt("asks about the coast", page), encode)
    assert said.startswith("The moon pulls")
