"""The wheel: `pip install` of this project puts everything on a machine that the repository holds of its packages."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("janus_platform", "janus_bench", "janus_book")


def tracked(*folders: str) -> set[str]:
    """The files below `folders` that the repository tracks and that are there."""
    command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "--", *folders]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return {name for name in names if name and (ROOT / name).is_file()}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What is in a wheel that is built from the tracked files alone, as a fresh clone would build it."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("no git repository here: which files are tracked is not known")
    clone, built = tmp_path_factory.mktemp("clone"), tmp_path_factory.mktemp("wheel")
    for name in tracked(*PACKAGES, "pyproject.toml", "README.md", "LICENSE", "_toc.yml"):
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, clone / name, follow_symlinks=False)
    # The pinned setuptools of this environment builds it, without a network; an older one cannot read pyproject.toml.
    isolation = ["--no-build-isolation"] if int(version("setuptools").split(".")[0]) >= 77 else []
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", *isolation, "-w", str(built), str(clone)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (file,) = built.glob("janus_bench-*.whl")
    with zipfile.ZipFile(file) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def test_the_wheel_holds_every_file_of_the_packages_and_no_other(wheel: dict[str, bytes]) -> None:
    held = {name for name in wheel if name.split("/")[0] in PACKAGES and not name.endswith("/")}
    assert held == tracked(*PACKAGES)


def test_the_wheel_brings_both_commands(wheel: dict[str, bytes]) -> None:
    assert any(name.endswith(".dist-info/entry_points.txt") for name in wheel)


def test_the_wheel_brings_the_order_of_the_course(wheel: dict[str, bytes]) -> None:
    assert wheel["janus_book/toc.yml"] == (ROOT / "_toc.yml").read_bytes()
