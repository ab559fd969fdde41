"""Facts typed in notebooks and the README, where the book's roles do not run: they must be the contract's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from facts import rates_in

from janus_platform.contract import Contract, load_contract
from tools.environment import ROOT

CONTRACT = load_contract()
_HOST = re.compile(r"\b(?:[a-z0-9-]+\.)+(?:janus\.rodeo|chutes\.ai)\b")


def paragraphs() -> Iterator[tuple[str, str]]:
    """Each paragraph of prose outside the book's own pages, with where it stands."""
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            if cell["cell_type"] == "markdown":
                yield from ((f"{path.name}, cell {cell['id']}", part) for part in "".join(cell["source"]).split("\n\n"))
    if (readme := ROOT / "README.md").is_file():
        yield from (("README.md", part) for part in readme.read_text("utf-8").split("\n\n"))


def wrong_facts(text: str, contract: Contract) -> list[str]:
    """The hosts and request rates in a paragraph that the contract does not have.

    Where the paragraph names exactly one service, the rate must be that service's own.
    """
    named = [s for s in contract.services.values() if s.title.lower() in text.lower() or s.host in text]
    limits = {
        (s.rate_limit.requests, s.rate_limit.per_seconds)
        for s in (named if len(named) == 1 else contract.services.values())
        if s.rate_limit
    }
    elsewhere = {e.value for s in contract.services.values() for e in s.documented_elsewhere}
    hosts = {s.host for s in contract.services.values()} | elsewhere
    wrong = [
        f"{number} requests in {seconds} s" for number, seconds in rates_in(text) if (number, seconds) not in limits
    ]
    return wrong + [host for host in _HOST.findall(text) if host not in hosts]


def test_facts_in_notebooks_and_readme_are_those_of_the_contract() -> None:
    assert [f"{where}: {fact}" for where, text in paragraphs() for fact in wrong_facts(text, CONTRACT)] == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("The Search API allows 20 searches/minute.", []),
        ("The Search API allows 10 requests/minute.", ["10 requests in 60 s"]),
        ("Ask serch.janus.rodeo.", ["serch.janus.rodeo"]),
        ("Services allow 10 requests/minute or 50 queries per minute.", []),
        ("Some service allows 11 requests a minute.", ["11 requests in 60 s"]),
        ("Chutes documents llm.chutes.ai today.", []),
    ],
)
def test_a_wrong_fact_is_found(text: str, wrong: list[str]) -> None:
    assert wrong_facts(text, CONTRACT) == wrong
