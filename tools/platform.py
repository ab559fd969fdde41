"""Starts the platform for a step and takes it down after it, or joins the one that already runs."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.environment import BIN, PYTHON, STATE, variables
from tools.terminal import StepError, Terminal

_HOME = "from janus_bench.home import home; print(home())"


@contextmanager
def running(terminal: Terminal, *, own_home: Path | None = None, port: int | None = None) -> Iterator[dict[str, str]]:
    """The platform up; gives the variables to run with. Joins one that runs, else starts one and stops it at the end.

    With `own_home` a platform that is started here keeps its leaderboard and runs in that folder, made anew, so that
    what a reader did before does not show in the pages. With `port` (0: any free one) none is joined. Raises StepError
    when the platform does not become healthy.
    """
    env = variables()
    if port is None and _is_up(env):
        terminal.say("  · joining the platform that runs already")
        yield env
        return
    if own_home is not None:
        env = variables(JANUS_HOME=str(fresh_home(own_home)))
    with terminal.step("start the platform"):
        terminal.run(
            [BIN / "janus", "up", "--detach", *([] if port is None else ["--port", str(port)])],
            env=env,
            remedy="See `.venv/bin/janus doctor` and `.venv/bin/janus logs`.",
        )
    try:
        yield env
    finally:
        with terminal.step("stop the platform"):
            terminal.run([BIN / "janus", "down"], env=env, remedy="See `.venv/bin/janus status`.")


def fresh_home(folder: Path) -> Path:
    """An empty home directory that shares the user's cache and models, so that nothing is fetched again."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    found = subprocess.run([PYTHON, "-c", _HOME], env=variables(), capture_output=True, text=True)
    if found.returncode:
        raise StepError(
            "the platform's home directory cannot be found", output=found.stderr, remedy="python3 make.py setup"
        )
    for name in ("cache", "models"):
        shared = Path(found.stdout.strip()) / name
        shared.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(shared, target_is_directory=True)
    return folder


def book_home() -> Path:
    """Where the platform that executes the book's notebooks keeps its state."""
    return STATE / "book-home"


def _is_up(env: dict[str, str]) -> bool:
    command = [str(BIN / "janus"), "status", "--json"]
    return subprocess.call(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
