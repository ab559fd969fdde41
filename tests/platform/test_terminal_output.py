"""What others wrote is printed as text: it cannot redraw a terminal, and it cannot name files."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from typer.testing import CliRunner

from janus_platform import cli
from tests.platform.conftest import Shell

HOSTILE = "\x1b]0;title\x07\x1b[2Jdone\x9b31m\x00 tab\tkept"
SPELLED = "\\x1b]0;title\\x07\\x1b[2Jdone\\x9b31m\\x00 tab\tkept"


class Hostile:
    """A platform whose every word comes from a hostile implementation."""

    def get(self, path: str, /, *names: str) -> dict[str, object]:
        return {"log": HOSTILE, "implementations": [{"name": "x", "description": HOSTILE}]}

    def post(self, path: str, /, **body: object) -> dict[str, object]:
        return {"checks": [{"result": "passed", "check": "streams", "detail": HOSTILE}]}


@pytest.mark.parametrize("words", [["logs", "x"], ["implementations"], ["submit", "/tmp", "--name", "x"]])
def test_escape_sequences_of_an_implementation_are_spelled_out(
    monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.setattr(cli, "running", Hostile)
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
