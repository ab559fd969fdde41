"""The pages of facts are the ones that would be made from the contract now."""

from __future__ import annotations

from janus_platform.contract import load_contract
from tools.corpus_facts import SITE, pages


def test_the_pages_of_facts_say_what_the_contract_says() -> None:
    made = pages(load_contract())
    told = {name: (SITE / name).read_text(encoding="utf-8") for name in made}
    assert told == made, "Run `python -m tools.corpus_facts`."
