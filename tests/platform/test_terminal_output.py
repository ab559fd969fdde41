"""What others wrote is printed as text: it cannot redraw a terminal, and it cannot name files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from janus_platform.cli import main as cli
from janus_platform.cli import submissions as cli_submissions
from tests.platform.conftest import Shell

HOSTILE = "\x1b]0;title\x07\x1b[2Jdone\x9b31m\x00 tab\tkept"
SPELLED = "\\x1b]0;title\\x07\\x1b[2Jdone\\x9b31m\\x00 tab\tkept"


class Hostile:
    """A platform whose every word comes from a hostile implementation."""

    def __init__(self, log: Path) -> None:
        self.log = log

    def get(self, path: str, /, *names: str) -> dict[str, object]:
        return {"path": str(self.log), "implementations": [{"name": "x", "path": HOSTILE}]}

    def submit(self, **body: object) -> dict[str, object]:
        return {"checks": [{"result": "passed", "check": "streams", "detail": HOSTILE}]}


@pytest.mark.parametrize("words", [["logs", "x"], ["implementations"], ["submit", "/tmp", "--name", "x"]])
def test_escape_sequences_of_an_implementation_are_spelled_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: list[str]
) -> None:
    (tmp_path / "x.log").write_text(HOSTILE + "\n", encoding="utf-8")
    monkeypatch.setattr(cli_submissions, "running", lambda: Hostile(tmp_path / "x.log"))
    done = CliRunner().invoke(cli.app, words)
    assert SPELLED in done.output
    assert "\x1b" not in done.output


@pytest.mark.parametrize("command", ["logs", "remove", "trace"])
@pytest.mark.parametrize("name", ["../../etc/passwd", "a b", "", "\x1b[31m"])
def test_what_is_no_name_is_refused_in_one_line(up: Callable[[], Shell], command: str, name: str) -> None:
    done = up().janus(command, name)
    assert (done.returncode, done.stdout) == (1, "")
    assert "is not a name" in done.stderr
    assert "\x1b" not in done.stderr


@pytest.mark.parametrize("caller", ["A b", "$(id)", "a'b", "ä"])
def test_an_odd_caller_id_exports_nothing(up: Callable[[], Shell], caller: str) -> None:
    done = up().janus("env", "--caller", caller)
    assert (done.returncode, done.stdout) == (1, "")
    assert "a caller id is" in done.stderr
