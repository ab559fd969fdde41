"""The judge is judged: what nobody would show is caught, and what an editor would print passes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.answers.asking import Answer
from tests.answers.entry import Entry
from tests.answers.facts import facts
from tests.answers.presentable import Judged, faults
from tests.answers.sheet import promised, sheet

TIDES = "[How the Moon makes the tides](https://physics.org/tides)"
CACHING = "[HTTP caching](https://http.example/caching)"
ONE = f"\n\nSources:\n- [1] {TIDES}"
TWO = f"{ONE}\n- [2] {CACHING}"
RISES = "The sea rises and falls twice a day because the Moon pulls on the near side of the Earth more strongly. [1]"

BAD = {
    "nothing": "",
    "only a list of sources": ONE.strip(),
    "a beginning in the middle": f"rises and falls twice a day. [1] The Moon does it. [1]{ONE}",
    "a beginning that leans": f"It rises and falls twice a day. [1]{ONE}",
    "however": f"However, the Sun pulls as well. [1]{ONE}",
    "code": f'{RISES} problem = response.json() return problem.get("detail") or problem. [1]{ONE}',
    "an import": f"import socket, ssl context = ssl.create_default_context() checks the chain. [1]{ONE}",
    "a row of a table": f"Half moon at right angles 1 − 0.46 = 0.54 (neap). [1]{ONE}",
    "an entry of a word list": f"{RISES} Miner Whoever submits it, identified by a hotkey. [1]{ONE}",
    "a heading": f"{RISES} Two bulges, not one. [1]{ONE}",
    "an announcement": f"{RISES} The Sun is 27 million times as massive as the Moon but further away: [1]{ONE}",
    "a line about sources": f"{RISES} Source: the Bittensor documentation, versions of 2025. [1]{ONE}",
    "a pointer": f"{RISES} How the general procedure works is described under remote attestation. [1]{ONE}",
    "a pointer at the end": f"Intel's technology is TDX; see confidential compute on Chutes. [1]{ONE}",
    "a repetition": f"{RISES} The Sun does less. [1] The Sun does less. [1]{ONE}",
    "a sentence without an end": f"{RISES} The bulges are dragged ahead of the [1]{ONE}",
    "dots instead of an end": f"The sea rises and falls twice a day because the Moon pulls on the ... [1]{ONE}",
    "an open bracket": f"The Sun (27 million times as massive pulls less. [1]{ONE}",
    "a gap in the numbers": f"{RISES} A cache keeps responses. [3]\n\nSources:\n- [1] {TIDES}\n- [3] {CACHING}",
    "a source that nothing uses": f"{RISES}{TWO}",
    "a mark without a source": f"{RISES} A cache keeps responses. [2]{ONE}",
    "the same source twice": f"{RISES} The Sun does less. [2]\n\nSources:\n- [1] {TIDES}\n- [2] {TIDES}",
    "too much": " ".join(
        f"The Moon pulls the water of coast number {n} towards itself twice a day. [1]" for n in range(9)
    )
    + f" {'The Sun, which is far away, does the same with less than half of the strength, ' * 6}it is said. [1]{ONE}",
    "too many sentences": " ".join(f"Coast {n} has a tide. [1]" for n in range(12)) + ONE,
}

GOOD = {
    "an explanation": f"{RISES} The pull itself does not raise the water; the difference does. [1]{ONE}",
    "two sources": f"{RISES} A cache keeps responses and answers later requests from its store. [2]{TWO}",
    "a number first": f"429 Too Many Requests says that a client is over its limit. [1]{ONE}",
    "a name in small letters": f"asyncio lets one thread wait for thousands of things. [1]{ONE}",
    "another": f"httpx is an HTTP client for Python. [1]{ONE}",
    "an identifier": f"`reasoning_content` carries the thinking. [1]{ONE}",
    "a quotation": f"“No-cache” may be stored, but must be checked with the origin before each use. [1]{ONE}",
    "figures and formulas": f"The correlation is E(θ) = −cos θ, and |S| ≤ 2 holds for local theories. [1]{ONE}",
    "constants": f"Usual values are k₁ = 1.2 and b = 0.75. [1]{ONE}",
    "a verb of programs": f"Vector search embeds the question: return the passages with the highest cosine. [1]{ONE}",
    "a colon within": f"They need three segments: SYN, SYN-ACK, ACK. [1]{ONE}".replace("They need", "TCP needs"),
    "a refusal": "My pages do not cover this. I can look up networking, quantum physics and the platform itself.",
    "a refusal that sees": "I cannot tell you the weather: I search a fixed set of pages and see nothing of today.",
    "a greeting": "Hello! I answer questions by looking them up. What would you like to know?",
    "an answer about itself": "I am a program on this machine, the baseline of the Janus platform.",
    "a mark before the full stop": f"The sea rises and falls because the Moon pulls [1].{ONE}",
    "two paragraphs": f"{RISES}\n\nA day has two high waters. [1]{ONE}",
    "a type": f"The notation int | None works since Python 3.10. [1]{ONE}",
    "a list that is announced": f"The limits are these:\n\nMemory is 16 GB, and the disk has 50 GB. [1]{ONE}",
}


@pytest.mark.parametrize("what", BAD)
def test_what_nobody_would_show_is_refused(what: str) -> None:
    assert faults(Answer(BAD[what]))


@pytest.mark.parametrize("what", GOOD)
def test_what_an_editor_would_print_is_accepted(what: str) -> None:
    assert faults(Answer(GOOD[what])) == []


def test_the_same_text_again_is_refused_in_a_follow_up_only() -> None:
    assert faults(Answer(GOOD["an explanation"], said_before=(GOOD["an explanation"],)))
    assert not faults(Answer(GOOD["an explanation"], said_before=(GOOD["another"],)))


def test_code_and_results_are_free_of_the_rules_for_sentences() -> None:
    free = Judged(free_form=True)
    assert not faults(Answer("```python\nprint(408)\n```"), free) and not faults(Answer("12 * 34 = 408"), free)
    assert faults(Answer("12 * 34 = 408"))


@given(st.text(max_size=400))
def test_any_text_is_judged(text: str) -> None:
    assert isinstance(faults(Answer(text)), list)


@given(st.sampled_from(sorted(GOOD)), st.integers(1, 60))
def test_a_good_answer_that_is_cut_off_is_refused(what: str, lost: int) -> None:
    prose = GOOD[what].partition("\n\nSources:")[0]
    sentence = re.split(r"(?<=[.!?])\s", re.sub(r" ?\[\d\]", "", prose))[0]
    assert faults(Answer(sentence[: -min(lost, len(sentence) - 1)].rstrip(".!? ")))


def test_a_long_answer_is_judged_in_linear_time() -> None:
    # Each of these would keep a pattern with nested repetition busy for hours.
    for hostile in ("a" * 60_000, "[1] " * 15_000, "(" * 60_000, "word. " * 10_000, "x = " * 15_000, ": " * 30_000):
        assert faults(Answer(hostile))


def test_every_pattern_of_the_questions_is_linear() -> None:
    patterns = [p for one in (*sheet(), *facts(), *promised()) for p in (*one.must, *one.must_not, one.begins)]
    assert {pattern for pattern in patterns if re.search(r"(?<!\\)[*+{]", pattern)} == set()
    assert all(re.compile(pattern) for pattern in patterns)


def test_an_answer_that_says_the_wrong_thing_is_refused() -> None:
    entry = Entry(
        "explain", "How do tides work?", must=("Moon",), must_not=("mass_ratio",), pages=("physics.org/tides",)
    )
    assert entry.faults(Answer(GOOD["an explanation"])) == []
    assert entry.faults(Answer(GOOD["another"])) == ["It does not say 'Moon'."]
    assert entry.faults(Answer(GOOD["two sources"])) == ["It rests on http.example/caching."]
    assert entry.faults(Answer(GOOD["a refusal"]))
    refused = Entry("uncovered", "Why do cats purr?")
    assert refused.faults(Answer(GOOD["a refusal"])) == []
    assert refused.faults(Answer(GOOD["an explanation"]))


def test_the_sheet_has_a_hundred_questions_and_the_book_more_than_forty_facts() -> None:
    assert len(sheet()) == 100 and len({one.as_asked for one in sheet()}) == 100
    assert len(facts()) >= 40
