"""`janus …` in code on every page exists, with its options; a limit typed into a page of the book is found."""

from __future__ import annotations

import json

import pytest
from typed_commands import wrong_commands
from typed_facts import typed_facts

from janus_platform.contract import load_contract
from tools.environment import ROOT

CONTRACT = load_contract()


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
    (found,) = typed_facts(text, CONTRACT)
    assert role in found.role


@pytest.mark.parametrize(
    "text", ["It took 7 MB.", "Read for 9 minutes.", "```\n1 MB\n```", "{fact}`bench.weights.quality`"]
)
def test_what_the_contract_does_not_state_may_be_typed(text: str) -> None:
    assert typed_facts(text, CONTRACT) == []
