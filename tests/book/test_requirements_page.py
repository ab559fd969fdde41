"""The table of requirements: nothing of the specification is missing, and every page and test that it names exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tools.environment import ROOT

PAGE = ROOT / "book" / "requirements.md"
# The specification's own numbering; acceptance criteria and questions by their order in it.
ALL = [
    *(f"FR-{number}" for number in range(1, 6)),
    *(f"FR-2.{step}" for step in range(1, 7)),
    *(f"NFR-{number}" for number in range(1, 4)),
    *(f"AC-{number}" for number in range(1, 9)),
    *(f"Q-{number}" for number in range(1, 5)),
]
_ROW = re.compile(
    r"^\| (?P<name>(?:FR|NFR|AC|Q)-[\d.]+) [^|]+\| \[[^\]]+\]\((?P<page>[^)]+)\) \| `(?P<test>[^`]+)` \|$"
)


def rows() -> list[tuple[str, str, str]]:
    """Requirement, page and test of every row."""
    lines = PAGE.read_text("utf-8").splitlines()
    return [(m["name"], m["page"], m["test"]) for line in lines if (m := _ROW.match(line))]


def test_every_requirement_of_the_specification_has_a_row() -> None:
    named = {name for name, _, _ in rows()}
    missing = [name for name in ALL if name not in named and not any(n.startswith(f"{name}.") for n in named)]
    assert missing == []


def test_every_row_of_the_tables_is_read() -> None:
    lines = [line for line in PAGE.read_text("utf-8").splitlines() if re.match(r"\| (FR|NFR|AC|Q)-", line)]
    assert len(lines) == len(rows())
    assert len(rows()) > 50


@pytest.mark.parametrize("page", sorted({page for _, page, _ in rows()}))
def test_the_page_of_a_requirement_is_in_the_book_and_its_heading_exists(page: str) -> None:
    name, _, heading = page.partition("#")
    path = (PAGE.parent / name).resolve()
    listed = (ROOT / "_toc.yml").read_text("utf-8")
    assert f"{path.relative_to(ROOT).with_suffix('')}" in listed
    if heading:
        titles = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.M)
        assert heading in [re.sub(r"[^\w-]+", "-", title.lower()).strip("-") for title in titles]


@pytest.mark.parametrize("test", sorted({test for _, _, test in rows()}))
def test_the_test_of_a_requirement_exists(test: str) -> None:
    name, _, function = test.partition("::")
    path = ROOT / name
    assert path.is_file()
    assert not function or function in functions(path)


def functions(path: Path) -> set[str]:
    """The names of the functions of a module."""
    tree = ast.parse(path.read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_each_open_question_is_answered_with_a_date() -> None:
    text = (ROOT / "book" / "open_questions.md").read_text("utf-8")
    sections = {part.partition("\n")[0].strip(): part for part in text.split("\n## ")[1:]}
    for title in ("Service availability", "Rate limit updates", "New services", "TEE provider"):
        answer = sections[title]
        assert re.search(r"\*\*(Not published|Published)\*\* \([^)]*(20\d\d-\d\d-\d\d|\{fact\})", answer), title
        assert "Here:" in answer, f"{title}: say what this repository does"
    assert "https://" in sections["TEE provider"]
