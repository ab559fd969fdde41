"""`make.py`: a sentence for an old Python, steps that are not repeated, failures that say what to do."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools import environment
from tools.browser import find_browser
from tools.environment import ROOT, done, fingerprint, stamp
from tools.targets import TARGETS
from tools.terminal import StepError, Terminal

MAKE = ROOT / "make.py"
AS_OLD = (
    "import runpy, sys; sys.version_info = (3, 9, 18); sys.argv = ['make.py', 'book']; "
    "runpy.run_path({!r}, run_name='__main__')"
)


def make(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, MAKE, *words], capture_output=True, text=True, timeout=60)


def test_doorkeeper_parses_on_old_pythons() -> None:
    ast.parse(MAKE.read_text("utf-8"), feature_version=(3, 4))


def test_old_python_gets_a_sentence_with_the_remedy(tmp_path: Path) -> None:
    env = {**os.environ, "PATH": str(tmp_path)}
    command = [sys.executable, "-c", AS_OLD.format(str(MAKE))]
    found = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    assert found.returncode == 2
    assert "Python 3.9 is too old: this project needs Python 3.11 or newer" in found.stderr
    assert "python3.11 make.py book" in found.stderr
    assert "Traceback" not in found.stderr


def test_old_python_hands_over_to_a_newer_one_on_the_path(tmp_path: Path) -> None:
    newer = tmp_path / "python3.12"
    newer.write_text('#!/bin/sh\necho "handed over: $2"\n', encoding="utf-8")
    newer.chmod(0o755)
    env = {**os.environ, "PATH": f"{tmp_path}:/usr/bin:/bin"}
    command = [sys.executable, "-c", AS_OLD.format(str(MAKE))]
    found = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    assert (found.returncode, found.stdout) == (0, "handed over: book\n")


def test_unknown_target_lists_those_there_are() -> None:
    found = make("boook")
    assert found.returncode == 2
    assert "has no target 'boook'" in found.stderr
    assert "book" in found.stderr


def test_help_names_every_target() -> None:
    found = make("help")
    assert found.returncode == 0
    assert all(re.search(rf"^  {name} ", found.stdout, re.M) for name in TARGETS)


def test_makefile_hands_on_every_target() -> None:
    line = next(x for x in (ROOT / "Makefile").read_text("utf-8").splitlines() if x.startswith("TARGETS :="))
    assert set(line.split()[2:]) == set(TARGETS)


def test_a_step_is_done_until_its_inputs_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "STAMPS", tmp_path / "stamps")
    pins = tmp_path / "requirements.txt"
    pins.write_text("a==1\n", encoding="utf-8")
    assert not done("pins", fingerprint(pins))
    stamp("pins", fingerprint(pins))
    assert done("pins", fingerprint(pins))
    pins.write_text("a==2\n", encoding="utf-8")
    assert not done("pins", fingerprint(pins))


def test_without_a_venv_module_the_command_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "_venv_works", lambda: False)
    monkeypatch.setattr(environment, "_try_venv", lambda: False)
    monkeypatch.setattr(environment, "_try_virtualenv", lambda: False)
    monkeypatch.setattr(environment, "as_root", lambda: False)
    monkeypatch.setattr(environment.shutil, "rmtree", lambda *_, **__: None)
    with pytest.raises(StepError) as caught:
        environment._make_venv(Terminal())
    assert f"sudo apt-get install -y python{sys.version_info[0]}.{sys.version_info[1]}-venv" in caught.value.remedy


def test_without_a_venv_module_root_installs_it_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    tries, installed = iter([False, True]), []
    monkeypatch.setattr(environment, "_venv_works", lambda: False)
    monkeypatch.setattr(environment, "_try_venv", lambda: next(tries))
    monkeypatch.setattr(environment, "apt_install", lambda _, __, *packages: installed.extend(packages) or True)
    monkeypatch.setattr(environment.shutil, "rmtree", lambda *_, **__: None)
    environment._make_venv(Terminal())
    assert installed == [f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"]


def test_a_failing_command_shows_its_last_lines_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    script = "print('first'); [print('line', n) for n in range(100)]; raise SystemExit(3)"
    with pytest.raises(StepError) as caught:
        Terminal().run([sys.executable, "-c", script], remedy="plug it in")
    Terminal().failed(caught.value)
    said = capsys.readouterr().err
    assert "line 99" in said
    assert "first\n" not in said
    assert "ended with 3" in said
    assert "What to do: plug it in" in said


def test_a_command_that_is_not_there_is_named() -> None:
    with pytest.raises(StepError, match="no-such-program could not be started"):
        Terminal().run(["no-such-program"])


def test_a_failed_step_is_marked_and_raises_on(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(StepError), Terminal().step("reach the moon"):
        raise StepError("no rocket")
    assert "✗ reach the moon (" in capsys.readouterr().out


def test_variables_keep_the_environment_apart_from_the_users_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("PIP_USER", "1")
    found = environment.variables(JANUS_HOME="/x")
    assert "PYTHONPATH" not in found
    assert "PIP_USER" not in found
    assert found["PATH"].startswith(str(environment.BIN))
    assert found["JANUS_HOME"] == "/x"


def test_a_browser_that_is_named_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JANUS_BROWSER", sys.executable)
    assert find_browser() == sys.executable
    monkeypatch.setenv("JANUS_BROWSER", "/no/such/browser")
    assert find_browser() is None
