"""Facts of the contract as prose, and facts typed by hand found."""

from __future__ import annotations

import pytest
from facts import FactError, as_prose, look_up, prose_lines
from typed_facts import typed_facts

from janus_platform.contract import load_contract

CONTRACT = load_contract()
SPACE = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("path", "prose"),
    [
        ("services.search.rate_limit.requests", "20"),
        ("services.search.rate_limit", "20 requests/minute"),
        ("services.web_proxy.max_page_bytes", f"1{SPACE}MB"),
        ("services.code_sandbox.max_memory_bytes", f"512{SPACE}MB"),
        ("services.code_sandbox.max_timeout_seconds", f"1{SPACE}minute"),
        ("implementation.request_timeout_seconds", f"5{SPACE}minutes"),
        ("bench.suites.full.duration_seconds", f"2{SPACE}hours"),
        ("bench.weights.quality", f"40{SPACE}%"),
        ("services.code_sandbox.languages", "python, javascript, bash, go and rust"),
        ("services.code_sandbox.network_access", "no"),
        ("services.vector_index.parameters.top_k.maximum", "50"),
        ("request_flow.0.name", "User Request"),
        ("dated", "2026-11-22"),
    ],
)
def test_fact_reads_as_prose(path: str, prose: str) -> None:
    assert as_prose(look_up(CONTRACT, path), path) == prose


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("services.serch.host", "services has no 'serch'; it has code_sandbox, inference"),
        ("services.search.rate_limit.per_hour", "it has requests, per_seconds"),
        ("bench.suites.slow", "bench.suites has no 'slow'; it has quick, full, coding"),
        ("services.search.__class__", "has no '__class__'"),
        ("request_flow.99", "request_flow has no '99'"),
        ("", "the contract has no ''"),
    ],
)
def test_unknown_path_says_what_there_is(path: str, message: str) -> None:
    with pytest.raises(FactError) as caught:
        look_up(CONTRACT, path)
    assert message in str(caught.value)


def test_a_table_is_not_a_fact() -> None:
    with pytest.raises(FactError, match="is a table: name one of"):
        as_prose(look_up(CONTRACT, "services.search"), "services.search")


def test_typed_facts_are_found_in_prose_with_their_line_and_role() -> None:
    text = "# Title\n\nAsk `search.janus.rodeo` (10 requests/minute).\n"
    assert [(f.line, f.text, f.role) for f in typed_facts(text, CONTRACT)] == [
        (3, "search.janus.rodeo", "{host}`search`"),
        (3, "10 requests/minute", "{fact}`services.web_proxy.rate_limit`"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "```python\nhttpx.get('https://proxy.janus.rodeo/fetch')\n```\n",
        "````{mermaid}\n:alt: x\nA[api.chutes.ai]\n````\n",
        "~~~\n10 requests/minute\n~~~\n",
        "{host}`search` allows {fact}`services.search.rate_limit`\n",
        "my-search.janus.rodeo.example is another host\n",
    ],
)
def test_code_and_roles_are_not_prose(text: str) -> None:
    assert typed_facts(text, CONTRACT) == []


def test_prose_in_admonitions_is_prose() -> None:
    text = ":::{note}\nAsk search.janus.rodeo\n:::\n\n```{tip}\n10 queries per minute\n```\n"
    assert [f.line for f in typed_facts(text, CONTRACT)] == [2, 6]


def test_code_inside_an_admonition_is_code() -> None:
    text = ":::{note}\n```python\n'search.janus.rodeo'\n```\nafter\n:::\n"
    assert [line for _, line in prose_lines(text)] == ["after"]


@pytest.mark.parametrize(
    "text",
    [
        "It takes 20 searches\nper minute.",
        "The limit is 50/min.",
        "Its maximum is 60 s.",
        "Speed counts 20 %.",
        "It has 4 cores and\n16 GB.",
        "It asks o1-mini.",
    ],
)
def test_a_fact_in_other_words_or_over_two_lines_is_found(text: str) -> None:
    assert typed_facts(text, CONTRACT)


@pytest.mark.parametrize(
    "text",
    [
        "It took 20 searches in an hour and a half.",
        "There are two requests.",
        "Seven processes ran for 13 seconds.",
        "{fact}`implementation.cores` cores, <!-- fact implementation.memory_bytes -->16 GB<!-- /fact -->.",
        "Five hosts, one gateway, 12 results.",
        "Eight requests run at a time.",
        "A speed-up of 20 % came from the cache.",
    ],
)
def test_what_is_no_fact_of_the_contract_may_stand(text: str) -> None:
    assert typed_facts(text, CONTRACT) == []


def test_a_fact_is_found_in_its_own_line_of_a_paragraph() -> None:
    text = "One.\n\nFirst line\nsecond line has 16 GB\nthird: api.chutes.ai\n"
    assert sorted(f.line for f in typed_facts(text, CONTRACT)) == [4, 5]
