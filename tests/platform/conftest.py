"""A home of its own for every test, and one platform that all read-only tests share."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from janus_bench.home import home
from janus_platform.classroom.ticket import Ticket
from tests.platform.classroom_rig import classroom_up

JANUS = [sys.executable, "-m", "janus_platform.cli"]
COMMAND_SECONDS = 120
# What a test session may carry itself; a stranger's shell has none of it.
FOREIGN = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "JANUS_HOME")


@dataclass
class Shell:
    """Runs `janus` as a user would, in a home of its own."""

    home: Path

    @property
    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k.upper() not in FOREIGN}
        return {**kept, "JANUS_HOME": str(self.home)}

    def janus(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*JANUS, *words],
            env={**self.environment, **more},
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )

    def status(self) -> dict[str, Any]:
        return dict(json.loads(self.janus("status", "--json").stdout))

    def python(self, code: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code],
            env={**self.environment, **more},
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )


@pytest.fixture
def shell() -> Iterator[Shell]:
    # A short path, so that the sockets lie in the home itself.
    with tempfile.TemporaryDirectory(prefix="janus-") as folder:
        made = Shell(Path(folder, "home"))
        yield made
        if (made.home / "run").is_dir():  # A platform was started.
            made.janus("down")


@pytest.fixture(scope="session")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Shell]]:
    """A platform on a free port, shared by the tests that leave it as it is."""
    shared = Shell(tmp_path_factory.mktemp("shared") / "home")
    shared.home.mkdir()
    if (home() / "cache").is_dir():  # the embedding model, once `janus prepare` has run
        (shared.home / "cache").symlink_to(home() / "cache")
    done = shared.janus("up", "--detach", "--port", "0", "--json")
    assert done.returncode == 0, done.stderr
    yield lambda: shared
    shared.janus("down")


@dataclass
class Classroom:
    """A classroom that runs: the teacher's shell, and the learners' tickets, one each."""

    teacher: Shell
    tickets: list[Ticket]

    def take(self) -> Ticket:
        """The ticket of a learner that no other test has used."""
        return self.tickets.pop()


@pytest.fixture(scope="session")
def classroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Classroom]:
    """One classroom for all tests of it; each takes learners of its own."""
    teacher = Shell(tmp_path_factory.mktemp("teacher") / "home")
    teacher.home.mkdir()
    if (home() / "cache").is_dir():
        (teacher.home / "cache").symlink_to(home() / "cache")

    def janus(*words: str) -> str:
        done = teacher.janus(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    with classroom_up(janus, 60, "--suite", "cost") as tickets:
        yield Classroom(teacher, tickets)
