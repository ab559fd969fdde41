"""`janus new`: what it writes is an implementation that runs, and nothing of the user's is overwritten."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from janus_platform.cli.main import app
from janus_platform.cli.scaffold import NEXT, new
from janus_platform.errors import PlatformError
from janus_platform.implementations import TEMPLATE
from tools.environment import ROOT

FILES = {
    ".dockerignore", "Dockerfile", "LICENSE", "README.md", "answer.py", "main.py", "requirements.lock",
    "requirements.txt",
}  # fmt: skip


def test_a_new_folder_gets_every_file_of_a_submission(tmp_path: Path) -> None:
    written = new(tmp_path / "quick-wit")
    assert set(written) == FILES
    assert {path.name for path in (tmp_path / "quick-wit").iterdir()} == FILES
    assert (tmp_path / "quick-wit" / "README.md").read_text().startswith("# quick-wit\n")
    assert "NAME" not in (tmp_path / "quick-wit" / "README.md").read_text()


@pytest.mark.parametrize(("language", "next_file"), NEXT.items())
def test_each_language_has_a_template_with_licence_readme_and_a_file_to_go_on_in(
    tmp_path: Path, language: str, next_file: str
) -> None:
    written = new(tmp_path / "mine", language=language)
    assert {"LICENSE", "README.md", next_file} < set(written) == {p.name for p in (tmp_path / "mine").iterdir()}
    assert (tmp_path / "mine" / "README.md").read_text().startswith("# mine\n")


def test_another_language_is_told_which_there_are(tmp_path: Path) -> None:
    with pytest.raises(PlatformError, match="python, node, go"):
        new(tmp_path / "mine", language="cobol")
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_already_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "answer.py").write_text("mine")
    (tmp_path / "README.md").symlink_to(tmp_path / "elsewhere.md")
    written = new(tmp_path, "mine")
    assert set(written) == FILES - {"answer.py", "README.md"}
    assert (tmp_path / "answer.py").read_text() == "mine"
    assert not (tmp_path / "elsewhere.md").exists()
    assert new(tmp_path, "mine") == []


@pytest.mark.parametrize("name", ["Über", "-a", "a b", "a" * 64, "../x", "a\n"])
def test_a_name_that_could_not_be_submitted_is_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(PlatformError, match="--name"):
        new(tmp_path / "folder", name)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PlatformError, match="Choose another folder"):
        new(tmp_path / "file", "mine")


def test_the_command_says_what_it_wrote(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["new", str(tmp_path / "mine")])
    assert done.exit_code == 0
    assert str(tmp_path / "mine" / "Dockerfile") in done.stdout
    assert "janus submit" in done.stdout


def test_every_package_of_the_lock_file_has_a_version_and_hashes() -> None:
    lock = (TEMPLATE / "requirements.lock").read_text()
    packages = re.findall(r"^([a-z0-9][\w.-]*)==(\S+)((?:.*\\\n\s+--hash=sha256:[0-9a-f]{64})+)", lock, re.M)
    assert len(packages) == len(re.findall(r"^\S", lock, re.M))
    wanted = {re.split(r"[><=]", line)[0] for line in (TEMPLATE / "requirements.txt").read_text().split()}
    assert wanted <= {name for name, _, _ in packages}
    assert "://" not in lock


def test_the_template_carries_the_licence_that_its_readme_names() -> None:
    licence = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["license"]
    assert (TEMPLATE / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()
    assert f"License: {licence}." in (TEMPLATE / "README.md").read_text()


def test_the_container_copies_what_there_is_and_starts_the_program() -> None:
    lines = (TEMPLATE / "Dockerfile").read_text().splitlines()
    assert "COPY *.py LICENSE README.md ./" in lines
    assert json.loads(next(line.removeprefix("CMD ") for line in lines if line.startswith("CMD "))) == [
        "python",
        "main.py",
    ]
    assert "USER runner" in lines


def test_the_chapter_writes_the_same_server_as_the_template() -> None:
    cells = json.loads((ROOT / "notebooks" / "build_an_implementation.ipynb").read_text())["cells"]
    sources = ["".join(cell["source"]) for cell in cells]
    for name in ("main.py", "answer.py"):
        written = next(text for text in sources if text.startswith(f"%%writefile my_implementation/{name}\n"))
        assert written.partition("\n")[2] + "\n" == (TEMPLATE / name).read_text()
