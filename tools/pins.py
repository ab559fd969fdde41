"""Writes requirements.txt and requirements-test.txt from pyproject.toml: every package pinned, for Linux and macOS.

The resolver is uv, installed below `.make/` for this alone. Its answer is universal: where platforms or Python versions
need different releases, a line carries the marker that says so.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.environment import OFFLINE, PINS, ROOT, STATE, TEST_PINS
from tools.terminal import StepFailed, Terminal

UV = "uv==0.13.9"
EXTRAS = ("platform", "book", "lab")
_PIN = re.compile(r"^[A-Za-z0-9._-]+(\[[\w,-]+\])?==\S+( ; .+)?$")
HEAD = """\
# Every package at one version, for Linux and macOS, Python 3.11 and newer: generated from pyproject.toml.
# Do not edit: change pyproject.toml, then run `python3 make.py requirements` (adds what is new, keeps the other pins;
# `python3 make.py requirements --upgrade` takes the newest of everything).
"""
TEST_HEAD = HEAD + "# What `make test` needs besides requirements.txt.\n"


def write_pins(terminal: Terminal, *, upgrade: bool = False) -> None:
    """Resolve and write both files. Raises StepFailed when there is no solution or no network."""
    uv = _uv(terminal)
    with terminal.step("resolve requirements.txt"):
        pins = _compile(uv, EXTRAS, PINS, upgrade=upgrade)
        PINS.write_text(HEAD + "\n".join(pins) + f"\n.[{','.join(EXTRAS)}]\n", encoding="utf-8")
    with terminal.step("resolve requirements-test.txt"):
        more = _compile(uv, (*EXTRAS, "test"), TEST_PINS, upgrade=upgrade, constraint=pins)
        only = [pin for pin in more if pin not in set(pins)]
        TEST_PINS.write_text(TEST_HEAD + "\n".join(only) + "\n", encoding="utf-8")


def _uv(terminal: Terminal) -> Path:
    room = STATE / "uv"
    uv = room / "bin" / "uv"
    version = UV.partition("==")[2]
    if not uv.exists() or version not in subprocess.run([uv, "--version"], capture_output=True, text=True).stdout:
        with terminal.step(f"install {UV}"):
            terminal.run([sys.executable, "-m", "venv", room])
            terminal.run([room / "bin" / "python", "-m", "pip", "install", UV], remedy=OFFLINE)
    return uv


def _compile(
    uv: Path, extras: tuple[str, ...], previous: Path, *, upgrade: bool, constraint: list[str] | None = None
) -> list[str]:
    """The pins of pyproject.toml with `extras`; those in `previous` are preferred unless `upgrade`."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "pins.txt"
        if previous.is_file() and not upgrade:
            output.write_text("\n".join(_pins(previous.read_text(encoding="utf-8"))), encoding="utf-8")
        limits = Path(folder) / "limits.txt"
        limits.write_text("\n".join(constraint or []), encoding="utf-8")
        command = [uv, "pip", "compile", ROOT / "pyproject.toml", "--universal", "--python-version", "3.11"]
        command += ["--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links", "--quiet"]
        command += [word for extra in extras for word in ("--extra", extra)]
        command += ["--constraint", limits, "--output-file", output]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, cwd=ROOT)
        if done.returncode:
            raise StepFailed("the requirements cannot be resolved", output=done.stderr[-3000:], remedy=OFFLINE)
        return _pins(output.read_text(encoding="utf-8"))


def _pins(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if _PIN.match(line.strip())]
