"""The extractive engine on prompts nobody wrote by hand: it only quotes, never fails, and reads in linear time."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from janus_platform.services.inference.local.blocks import plain
from janus_platform.services.inference.local.extractive import NO_PASSAGES, NOT_COVERED, answer
from janus_platform.services.inference.local.prompt import Message
from janus_platform.services.inference.tokens import count_tokens, tokenize
from tests.services.inference_prompts import prompt


def bare(text: str) -> str:
    """Markdown marks and white space evened out, so that a quotation can be found in its source."""
    return " ".join(re.sub(r"[*_`>#]", "", plain(text)).split())


NOUNS = ("yeast", "photon", "kernel", "river", "packet", "engine", "tide")
SENTENCES = st.builds(
    "{} {} the {} with **{}** and {} in {}.".format,
    st.sampled_from(["The old", "A new", "Each", "It says that the", "This"]),
    *[st.sampled_from(NOUNS) for _ in range(4)],
    st.integers(1000, 2030),
)
PARAGRAPHS = st.lists(SENTENCES, min_size=1, max_size=5).map(" ".join)
NOISE = st.sampled_from(
    ["# The engine and the tide", "| yeast | tide |", "```\nThe yeast is code in here, yes.\n```", "- [tide](/t)"]
)
PASSAGES = st.lists(st.one_of(PARAGRAPHS, NOISE, st.text(max_size=60)), min_size=1, max_size=8).map("\n\n".join)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(PASSAGES, min_size=1, max_size=4),
    st.one_of(
        st.lists(st.sampled_from(NOUNS), min_size=1, max_size=3).map("What is the {}?".format), st.text(max_size=40)
    ),
)
def test_every_sentence_of_an_answer_stands_in_the_prompt_or_is_fixed(passages: list[str], question: str) -> None:
    asked = prompt(question, *passages)
    given_text = bare(asked[1].text)
    told, said = bare(re.sub(r"(?m)^#.*$", "", asked[1].text)).casefold(), answer(asked)
    if said == NO_PASSAGES:
        return
    for part in re.split(r" \[\d+\](?:\s+|$)|\n\n", said):
        fixed = part in {"", " ".join(NOT_COVERED)}
        # A term and what it means below it become one sentence.
        assert fixed or bare(part) in given_text or bare(part.replace(": ", " ", 1)).casefold() in told, part


@given(st.text(max_size=300))
def test_tokens_joined_are_the_text(text: str) -> None:
    assert "".join(tokenize(text)) == text
    assert count_tokens(text) == len(tokenize(text))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400))
def test_no_prompt_makes_the_engine_fail(text: str) -> None:
    assert answer([Message("user", text)])
    assert answer([Message("user", f"Question: {text}\nPassages:\n[1] A — b\n{text}")])


@pytest.mark.parametrize(
    "hostile",
    ["[" * 50_000, "*a" * 50_000, "[a](" * 50_000, "`" * 50_000, "![" * 30_000, "<a" * 50_000, "A. " * 50_000,
     "question:\n" * 20_000, "[1] a — b\n" * 10_000, "(" * 50_000 + "?", "_a" * 50_000, ": " * 50_000,
     "<!--" * 30_000, '"' * 50_000 + "A"],
    ids=lambda text: text[:6],
)  # fmt: skip
def test_hostile_text_is_read_in_linear_time(hostile: str) -> None:
    code = (
        "import sys; from janus_platform.services.inference.local.extractive import answer\n"
        "from janus_platform.services.inference.local.prompt import Message\n"
        "text = sys.stdin.read(); answer([Message('user', text)])\n"
        "answer([Message('user', 'Question: yeast?\\nPassages:\\n[1] A — b\\n' + text)])\n"
    )
    subprocess.run([sys.executable, "-c", code], input=hostile, text=True, check=True, timeout=20)
