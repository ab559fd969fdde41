"""The files of the repository: small, in one place each, and notebooks without outputs."""

from __future__ import annotations

import json
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from janus_platform.contract import load_contract
from tests.conftest import ON_THE_DEFAULT_PORT
from tools.environment import ROOT

MAX_BYTES = 1024 * 1024
MAX_LINES = 350
# A licence text has its own words; the diagrams are drawn, not written.
_BINARY = {".png", ".ico", ".pdf", ".npz", ".npy", ".gz", ".zip"}
# Where a link must be spelled out to work; the test compares it with the contract.
MAY_SPELL_THE_REPOSITORY = re.compile(
    r"README\.md|(?:notebooks|templates)/.*\.ipynb|janus_platform/contract/contract\.toml"
)
_REPOSITORY = re.compile(
    r"(?:github\.com|mybinder\.org/v2/gh|colab\.research\.google\.com/github)/([\w.-]+/janus-book)\b"
)


@cache
def tracked() -> list[Path]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listing.split("\0") if name and (ROOT / name).is_file()]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def notebooks() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".ipynb"]


def test_notebooks_store_no_outputs() -> None:
    stored = [
        f"{name_of(path)}, cell {cell.get('id')}"
        for path in notebooks()
        for cell in json.loads(path.read_text("utf-8"))["cells"]
        if cell.get("outputs") or cell.get("execution_count") is not None
    ]
    assert stored == []


def test_notebook_cells_have_ids_of_their_own() -> None:
    for path in notebooks():
        ids = [cell.get("id") for cell in json.loads(path.read_text("utf-8"))["cells"]]
        assert None not in ids, name_of(path)
        assert len(ids) == len(set(ids)), name_of(path)


def test_no_file_is_large() -> None:
    assert [name_of(path) for path in tracked() if path.stat().st_size > MAX_BYTES] == []


def test_no_module_is_long() -> None:
    long = {
        name_of(p): n for p in tracked() if p.suffix == ".py" and (n := p.read_text("utf-8").count("\n")) > MAX_LINES
    }
    assert long == {}


def test_every_module_says_what_it_is() -> None:
    import ast

    # Attacks on the sandbox say it in their head, whatever their language; their suite requires it.
    modules = [path for path in tracked() if path.suffix == ".py" and path.parent.name != "sandbox_attacks"]
    silent = [
        name_of(path)
        for path in modules
        if (text := path.read_text("utf-8")).strip() and not ast.get_docstring(ast.parse(text))
    ]
    assert silent == []


def test_the_repository_address_stands_in_the_contract_and_agrees_wherever_a_link_spells_it() -> None:
    right = load_contract().repository.removeprefix("https://github.com/")
    wrong = []
    for path in tracked():
        if path.suffix in _BINARY:
            continue
        for found in _REPOSITORY.findall(path.read_text("utf-8", "replace")):
            if not MAY_SPELL_THE_REPOSITORY.fullmatch(name_of(path)):
                wrong.append(f"{name_of(path)} types {found}: read `repository` of contract.toml instead")
            elif found != right:
                wrong.append(f"{name_of(path)} says {found}, contract.toml says {right}")
    assert wrong == []


def test_the_readme_has_badges_for_binder_and_colab_once_they_lead_somewhere() -> None:
    badges = re.findall(r"\[!\[Open in (Binder|Colab)\]", (ROOT / "README.md").read_text("utf-8"))
    assert badges == (["Binder", "Colab"] if load_contract().is_published else [])


@pytest.mark.parametrize(
    "name", ["README.md", "LICENSE", "LICENSE-PROSE.md", "CHANGELOG.md", "CITATION.cff", ".ci/run"]
)
def test_repository_has_what_a_stranger_looks_for(name: str) -> None:
    assert (ROOT / name).stat().st_size > 0


def test_no_file_left_something_for_later() -> None:
    words = ("TO" + "DO", "FIX" + "ME", "XX" + "X")
    found = [
        f"{name_of(path)}: {word}"
        for path in tracked()
        if path.suffix in {".py", ".md", ".toml", ".yml", ".ipynb", ".css"}
        for word in words
        if re.search(rf"\b{word}\b", path.read_text("utf-8"))
    ]
    assert found == []


def test_every_test_file_that_needs_the_default_port_waits_for_the_others() -> None:
    """They run in one process, one after the other: two platforms at one port would meet."""
    asking = [name_of(path) for path in tracked() if re.search(r"\bplatform_variables\b", _test_code(path))]
    assert [name for name in asking if not name.startswith(ON_THE_DEFAULT_PORT)] == []
    assert len(asking) >= len(ON_THE_DEFAULT_PORT)


def _test_code(path: Path) -> str:
    here = Path(__file__)
    return path.read_text("utf-8") if path.match("tests/**/test_*.py") and path != here else ""
