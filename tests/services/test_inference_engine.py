"""The extractive engine: which sentences answer a question, and what it says when the passages do not."""

from __future__ import annotations

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
