"""What a submission brings and is not used, what it lacks, and names that are no text: each is said with a remedy."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from janus_platform.node.errors import SnapshotError
from janus_platform.node.log import missing_package_remedy
from janus_platform.node.submission.checks import SubmissionRefusedError
from janus_platform.node.submission.form import check_folder
from janus_platform.node.submission.submitted_code import take_snapshot
from tests.node.rig import BARE, in_loop, place, streamer


def test_files_for_another_way_of_running_are_named_as_not_used(tmp_path: Path) -> None:
    said = {
        "Dockerfile": "no image is built",
        "uv.lock": "installed only from requirements.txt",
        "package.json": "no Node.js package is installed",
    }
    for name in ("main.py", "requirements.txt", *said):
        (tmp_path / name).touch()
    lines = {check.check: check for check in check_folder(tmp_path, "main.py", ())}
    for name, why in said.items():
        line = lines[f"{name} (not used here)"]
        assert line.result == "not checked" and why in line.detail
    assert not any(name.startswith(("main.py", "setup.py", "requirements.txt")) for name in lines)


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("ModuleNotFoundError: No module named 'langchain_core.messages'", "pip install langchain_core`"),
        ("No module named 'first'\nNo module named 'second'", "pip install second`"),
        ("Error: Cannot find module 'express'\nRequire stack:", "express"),
        ("Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'express' imported from", "express"),
        ("ValueError: no", ""),
    ],
)
def test_a_missing_package_has_a_missing_package_remedy(printed: str, said: str) -> None:
    assert said in missing_package_remedy(printed) and bool(missing_package_remedy(printed)) == bool(said)


@in_loop
async def test_a_program_that_lacks_a_package_is_refused_with_what_to_do(tmp_path: Path) -> None:
    async with place(tmp_path, isolation=BARE) as here:
        for source in ("import nowhere_to_be_found\n", streamer().replace("def do_POST(self):", LATE)):
            with pytest.raises(SubmissionRefusedError) as refused:
                await here.deployments().submit(here.folder(source), "mine")
            assert f"{sys.executable} -m pip install nowhere_to_be_found" in str(refused.value)


LATE = "def do_POST(self):\n        import nowhere_to_be_found"


@pytest.mark.parametrize("where", [b"caf\xe9.txt", b"caf\xe9/data.txt"])
def test_a_name_that_is_not_utf_8_is_told_with_its_path(tmp_path: Path, where: bytes) -> None:
    folder = tmp_path / "mine"
    odd = os.path.join(os.fsencode(folder), where)
    os.makedirs(os.path.dirname(odd))
    with open(odd, "wb") as file:
        file.write(b"x")
    with pytest.raises(SnapshotError, match=r"mine/caf\\xe9.* is not UTF-8. Rename it"):
        take_snapshot(folder, tmp_path / "copies")


def test_a_folder_whose_own_name_is_not_utf_8_is_told_too(tmp_path: Path) -> None:
    odd = os.path.join(os.fsencode(tmp_path), b"caf\xe9")
    os.mkdir(odd)
    (check,) = check_folder(Path(os.fsdecode(odd)), "main.py", ())
    assert check.result == "failed" and "caf\\xe9 is not UTF-8" in check.detail
