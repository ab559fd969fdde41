"""Facts typed in notebooks and the README, where the book's roles do not run: they must be the contract's.

Commands are looked at on every page: `janus …` in code must exist, with its options.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import pytest
from facts import rates_in
from typed_commands import wrong_commands
from typed_limits import limits_typed, wrong_limits, wrong_models, wrong_weights

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


@pytest.mark.parametrize("wrong", [wrong_facts, wrong_limits, wrong_models, wrong_weights], ids=lambda f: f.__name__)
def test_facts_in_notebooks_and_readme_are_those_of_the_contract(wrong: Callable[[str, Contract], list[str]]) -> None:
    assert [f"{where}: {fact}" for where, text in paragraphs() for fact in wrong(text, CONTRACT)] == []


def test_every_command_in_prose_and_in_shell_blocks_exists_with_its_options() -> None:
    files = [*(ROOT / "book").rglob("*.md"), *ROOT.glob("*.md"), *(ROOT / "janus_book" / "exercises").glob("*.md")]
    texts = [(path.name, path.read_text("utf-8")) for path in sorted(files)]
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        texts += [(path.name, "".join(cell["source"])) for cell in cells if cell["cell_type"] == "markdown"]
    assert [f"{where}: {command}" for where, text in texts for command in wrong_commands(text)] == []


@pytest.mark.parametrize(
    ("command", "wrong"),
    [
        ("`janus up --detach`", []),
        ("`janus`", []),
        ("`janus upp`", ["janus upp"]),
        ("`janus up --forever`", ["janus up --forever"]),
        ("`janus-bench run --target http://x --suite quick`", []),
        ("`janus-bench runn`", ["janus-bench runn"]),
        ("`janus-bench run --target http://x --suite quik`", ["janus-bench run --target http://x --suite quik"]),
        ("```bash\n$ janus up --detach  # and --forever\njanus logz mine | less\n```", ["janus logz mine"]),
        ('```bash\neval "$(janus envv)"\n```', ["janus envv"]),
        ("```bash\njanus submit x \\\n  --nane mine\n```", ["janus submit x --nane mine"]),
        ("```python\njanus.up()\n```", []),
    ],
)
def test_a_wrong_command_is_found(command: str, wrong: list[str]) -> None:
    assert wrong_commands(command) == wrong


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("A page may have 1 MB.", "{fact}`services.web_proxy.max_page_bytes`"),
        ("It gets 512 MB.", "{fact}`services.code_sandbox.max_memory_bytes`"),
        ("A request may last up to 5 minutes.", "{fact}`implementation.request_timeout_seconds`"),
        ("Quality weighs 40 %.", "{fact}`bench.weights.quality`"),
        ("It asks gpt-4o-mini.", "{fact}`services.inference.models.gpt-4o-mini.name`"),
    ],
)
def test_a_limit_typed_into_a_page_of_the_book_is_found(text: str, role: str) -> None:
    (found,) = limits_typed(text, CONTRACT)
    assert role in found.role


@pytest.mark.parametrize(
    "text", ["It took 7 MB.", "Read for 9 minutes.", "```\n1 MB\n```", "{fact}`bench.weights.quality`"]
)
def test_what_the_contract_does_not_state_may_be_typed(text: str) -> None:
    assert limits_typed(text, CONTRACT) == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("The web proxy takes pages of up to 1 MB.", []),
        ("The web proxy takes pages of up to 2 MB.", ["2 MB"]),
        ("The code sandbox ends it within 60 seconds.", []),
        ("The code sandbox ends it within 90 seconds.", ["within 90 seconds"]),
    ],
)
def test_a_wrong_limit_is_found(text: str, wrong: list[str]) -> None:
    assert wrong_limits(text, CONTRACT) == wrong


def test_a_wrong_model_and_a_wrong_weight_are_found() -> None:
    assert wrong_models("Ask gpt-4o-mini, o1 or gpt-5o.", CONTRACT) == ["gpt-5o"]
    assert wrong_weights("The composite weighs quality 40 % and speed 30 %.", CONTRACT) == ["speed 30 %"]


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
