"""The prose linter finds what each rule is about, at its line, and leaves good sentences, code and roles alone."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tools import prose
from tools.prose import RULES, Linter, Text

ENTRIES = tomllib.loads(RULES.read_text("utf-8"))


@pytest.fixture(scope="module")
def linter() -> Linter:
    return Linter()


@pytest.mark.parametrize("rule", ENTRIES["rule"], ids=lambda rule: rule["bad"])
def test_each_rule_finds_its_bad_sentence_and_not_the_better_one(linter: Linter, rule: dict[str, str]) -> None:
    assert [found.why for found in linter.findings(Text("page.md", rule["bad"]))] == [
        f"{rule['say']} ({rule['reason']})"
    ]
    assert list(linter.findings(Text("page.md", rule["good"]))) == []


def test_a_phrase_is_found_across_a_line_break_at_the_line_where_it_begins(linter: Linter) -> None:
    (found,) = linter.findings(Text("page.md", "# A page\n\nGood.\n\nThe limit of a caller stands\nin the header.\n"))
    assert (found.line, found.phrase) == (5, "stands in")


def test_proselints_own_checks_run(linter: Linter) -> None:
    (found,) = linter.findings(Text("page.md", "It is at the end of the the stream."))
    assert "lexical_illusions of proselint" in found.why


def test_code_roles_and_addresses_are_not_prose(linter: Linter) -> None:
    text = (
        "Run `it stands in` and [read](https://a.example/stands in) and {fact}`x.anew`.\n\n```text\nis no model\n```\n"
    )
    assert list(linter.findings(Text("page.md", text))) == []


def test_a_planted_sentence_is_found_in_a_page_a_notebook_a_task_and_a_hint(tmp_path: Path, linter: Linter) -> None:
    bad = "The limit stands in the header."
    exercise = f'"""{bad}"""\n# %% check\ndef check(f):\n    raise Hint(f"{{f}}: it is drawn anew.")\n'
    files = {
        "book/page.md": bad,
        "README.md": "Good.",
        "CONTRIBUTING.md": "Good.",
        "notebooks/one.ipynb": f'{{"cells": [{{"cell_type": "markdown", "id": "first", "source": ["{bad}"]}}]}}',
        "janus_book/exercises/one/two.py": exercise,
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    found = [str(one).split("”")[0] for text in prose.texts(tmp_path) for one in linter.findings(text)]
    assert found == [
        "book/page.md:1: “stands in",
        "notebooks/one.ipynb#first:1: “stands in",
        "janus_book/exercises/one/two.py:1: “stands in",
        "janus_book/exercises/one/two.py:4: “anew",
    ]


def test_every_check_that_is_off_and_every_allowed_phrase_has_its_reason() -> None:
    assert [entry for kind in ("off", "allowed") for entry in ENTRIES[kind] if len(entry["reason"]) < 10] == []
