"""Notebooks where a reader runs them: Colab and Binder, played step by step in environments made for it.

Colab: a fresh environment with ipykernel alone, one notebook copied out of the repository, run from its first cell,
which installs from the repository's address. Git is told to find that address in a clone of this working tree; nothing
else is different. Binder: an ordinary user's home, `binder/requirements.txt`, `binder/postBuild`, then the same
notebook. `--notebook` plays others too, there where the first one left the place. A notebook's exercises are tried as
it has them, which must give a hint each, and solved with what `janus solution` prints, which `janus progress` must
then count. Packages come from the package index, so this needs a network; the gateway's default port must be free.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from janus_platform.contract import load_contract
from tests.benchmarks.figures import Figure, figure, show
from tools.environment import ROOT

FIRST = "first_request"
ORDINARY = 20_001  # a user id that owns nothing
CELL_SECONDS = 600
_RUN = """
import json, re, subprocess, sys, nbformat, time
from nbclient import NotebookClient

def run():
    started = time.monotonic()
    NotebookClient(notebook, timeout={seconds}, kernel_name="python3").execute()
    return time.monotonic() - started

def tagged(tag):
    return [cell for cell in notebook.cells if tag in cell.metadata.get("tags", [])]

def said(cell):
    return "".join(output.get("text", "") for output in cell.outputs)

def janus(*words):
    return subprocess.run(["janus", *words], check=True, capture_output=True, text=True).stdout

notebook = nbformat.read(sys.argv[1], as_version=4)
seconds = run()
checks = tagged("check")
names = [re.search(r'check\\("([\\w.]+)"', cell.source)[1] for cell in checks]
early = [name for name, cell in zip(names, checks) if said(cell).startswith("Right.") or not said(cell)]
for name, cell in zip(names, tagged("exercise")):
    cell.source = janus("solution", name)
if checks:
    run()
late = [name for name, cell in zip(names, checks) if not said(cell).startswith("Right.")]
solved = {{one["name"] for one in json.loads(janus("progress", "--json"))["exercises"] if one["solved"]}}
if early or late or not set(names) <= solved:
    sys.exit(f"without a hint: {{early}}; solved and not right: {{late}}; not counted: {{set(names) - solved}}")
print(len(names), seconds)
"""


def colab(room: Path, others: list[str]) -> list[Figure]:
    """The figures of a notebook that begins with nothing but ipykernel, and of others after it."""
    clone = room / "clone"
    _call(["git", "clone", "--quiet", ROOT, clone])
    (room / "content").mkdir()
    for name in (FIRST, *others):
        shutil.copy(clone / "notebooks" / f"{name}.ipynb", room / "content")
    python = _environment(room / "env", {})
    # nbclient drives the kernel from outside, as Colab's own server does.
    _call([python, "-m", "pip", "install", "-q", "ipykernel", "nbclient"])
    before = _megabytes(room / "env")
    env = _home(room / "home") | {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{clone.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": load_contract().repository,
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
    }
    seconds = _run(python, room / "content" / f"{FIRST}.ipynb", env)
    again = _run(python, room / "content" / f"{FIRST}.ipynb", env)
    return [
        figure("Colab: notebook, installing included", [seconds], "s", 180),
        figure("Colab: the same again", [again], "s", 30),
        figure("Colab: what the first cell installs", [_megabytes(room / "env") - before], "MB"),
        *(figure(f"Colab: {x}", [_run(python, room / "content" / f"{x}.ipynb", env)], "s", 30) for x in others),
    ]


def binder(room: Path, others: list[str]) -> list[Figure]:
    """The figures of an image built from `binder/` by an ordinary user, and of the notebooks in it."""
    repository = room / "repository"
    _call(["git", "clone", "--quiet", ROOT, repository])
    env = _home(room / "home")
    python = _environment(room / "env", env)
    env["PATH"] = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
    user = _ordinary_user(room)
    _call([*user, python, "-m", "pip", "install", "-q", "--no-cache-dir", "ipykernel", "nbclient"], env=env)
    before = _megabytes(room / "env")
    installed = _timed(
        [*user, python, "-m", "pip", "install", "-q", "--no-cache-dir", "-r", "binder/requirements.txt"],
        env=env,
        cwd=repository,
    )
    prepared = _timed([*user, "binder/postBuild"], env=env, cwd=repository)
    folder = repository / "notebooks"
    seconds = _run(python, folder / f"{FIRST}.ipynb", env, user)
    return [
        figure("Binder: install requirements.txt", [installed], "s"),
        figure("Binder: postBuild", [prepared], "s"),
        figure("Binder: notebook", [seconds], "s", 30),
        figure("Binder: packages in the image", [_megabytes(room / "env") - before], "MB"),
        figure("Binder: model and indexes in the image", [_megabytes(room / "home")], "MB"),
        *(figure(f"Binder: {x}", [_run(python, folder / f"{x}.ipynb", env, user)], "s", 30) for x in others),
    ]


def _environment(folder: Path, env: Mapping[str, str]) -> Path:
    _call([_everyones_python(), "-m", "venv", folder])
    return folder / "bin" / "python"


def _everyones_python() -> Path:
    """A Python that an ordinary user may start: one below a closed home, such as a version manager's, is not."""
    candidates = [Path(sys.executable).resolve(), *(Path(f"/usr/bin/python3.{minor}") for minor in (13, 12, 11))]
    for python in candidates:
        if python.is_file() and all(parent.stat().st_mode & 0o001 for parent in python.parents):
            return python
    raise SystemExit("No Python that every user may start: install one, such as with apt-get install python3-venv")


def _home(folder: Path) -> dict[str, str]:
    """The variables of a user who has never been here; where packages come from stays as it is."""
    folder.mkdir()
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "LANG", "SSL_", "PATH"))}
    return kept | {"HOME": str(folder), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def _ordinary_user(room: Path) -> list[str]:
    """What runs a command as one who owns this room and nothing else; nothing when one is already ordinary."""
    if os.geteuid() != 0:
        return []
    _call(["chown", "-R", f"{ORDINARY}:{ORDINARY}", room])
    return ["setpriv", f"--reuid={ORDINARY}", f"--regid={ORDINARY}", "--clear-groups"]


def _run(python: Path, notebook: Path, env: Mapping[str, str], user: list[str] | None = None) -> float:
    command: list[str | Path] = [*(user or []), python, "-c", _RUN.format(seconds=CELL_SECONDS), notebook]
    return float(_call(command, env=env, cwd=notebook.parent).split()[-1])


def _timed(command: list[str | Path], *, env: Mapping[str, str], cwd: Path) -> float:
    started = time.monotonic()
    _call(command, env=env, cwd=cwd)
    return time.monotonic() - started


def _call(command: list[str | Path], *, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> str:
    done = subprocess.run([str(word) for word in command], env=env, cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(str(word) for word in command)[:300]}\n{(done.stdout + done.stderr)[-4000:]}")
    return done.stdout


def _megabytes(folder: Path) -> float:
    return sum(file.lstat().st_size for file in folder.rglob("*") if file.is_file() and not file.is_symlink()) / 1e6


def figures(places: list[str], others: list[str]) -> Iterator[Figure]:
    """Both places' figures, or one's."""
    for place in (colab, binder):
        if place.__name__ in places:
            # Not below /tmp, which may be memory: the packages are large.
            with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="janus-") as room:
                Path(room).chmod(0o755)
                yield from place(Path(room), others)


def main() -> None:
    """Play both places, or the named one; print a line a figure, and keep them in `_build/bench/elsewhere.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1, help="taken like everywhere; each place is played once")
    parser.add_argument("--place", choices=["colab", "binder"], action="append", help="only this one")
    parser.add_argument("--notebook", action="append", default=[], help="one more, such as search; may be repeated")
    options = parser.parse_args()
    show("elsewhere", figures(options.place or ["colab", "binder"], options.notebook))


if __name__ == "__main__":
    main()
