"""Writes requirements.txt, requirements-test.txt and binder/requirements.txt: all packages pinned, Linux and macOS.

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
from tools.terminal import StepError, Terminal

UV = "uv==0.13.9"
EXTRAS = ("platform", "book", "lab")
_PIN = re.compile(r"^[A-Za-z0-9._-]+(\[[\w,-]+\])?==\S+( ; .+)?$")
HEAD = """\
# Every package at one version, for Linux and macOS, Python 3.11 and newer: generated from pyproject.toml.
# Do not edit: change pyproject.toml, then run `python3 make.py requirements` (adds what is new, keeps the other pins;
# `python3 make.py requirements --upgrade` takes the newest of everything).
"""
BINDER_PINS = ROOT / "binder" / "requirements.txt"
BINDER_HEAD = HEAD + "# What a notebook needs on Binder, which brings Jupyter itself: the image stays small.\n"
TEST_HEAD = HEAD + "# What `make test` needs besides requirements.txt.\n"


def write_pins(terminal: Terminal, *, upgrade: bool = False, lowest: bool = False) -> None:
    """Resolve and write the three files. Raises StepError when there is no solution or no network.

    With `lowest`, what pyproject.toml names gets the oldest release that it allows: a test run with those tells whether
    its lower bounds are true. Such pins are not for committing.
    """
    uv = tool(terminal)
    with terminal.step("resolve requirements.txt"):
        pins = _compile(uv, EXTRAS, PINS, upgrade=upgrade, lowest=lowest)
        PINS.write_text(HEAD + "\n".join(pins) + f"\n.[{','.join(EXTRAS)}]\n", encoding="utf-8")
    with terminal.step("resolve requirements-test.txt"):
        more = _compile(uv, (*EXTRAS, "test"), TEST_PINS, upgrade=upgrade, lowest=lowest, constraint=pins)
        only = [pin for pin in more if pin not in set(pins)]
        TEST_PINS.write_text(TEST_HEAD + "\n".join(only) + "\n", encoding="utf-8")
    with terminal.step("resolve binder/requirements.txt"):
        few = _compile(uv, ("platform",), PINS, upgrade=False, lowest=lowest, constraint=pins)
        BINDER_PINS.write_text(BINDER_HEAD + "\n".join(few) + "\n.[platform]\n", encoding="utf-8")


def tool(terminal: Terminal) -> Path:
    """The resolver, installed when it is not there."""
    room = STATE / "uv"
    uv = room / "bin" / "uv"
    version = UV.partition("==")[2]
    if not uv.exists() or version not in subprocess.run([uv, "--version"], capture_output=True, text=True).stdout:
        with terminal.step(f"install {UV}"):
            terminal.run([sys.executable, "-m", "venv", room])
            terminal.run([room / "bin" / "python", "-m", "pip", "install", UV], remedy=OFFLINE)
    return uv


def _compile(
    uv: Path,
    extras: tuple[str, ...],
    previous: Path,
    *,
    upgrade: bool,
    lowest: bool,
    constraint: list[str] | None = None,
) -> list[str]:
    """The pins of pyproject.toml with `extras`; those in `previous` are preferred unless `upgrade` or `lowest`."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "pins.txt"
        if previous.is_file() and not upgrade and not lowest:
            output.write_text("\n".join(_pins(previous.read_text(encoding="utf-8"))), encoding="utf-8")
        limits = Path(folder) / "limits.txt"
        limits.write_text("\n".join(constraint or []), encoding="utf-8")
        command = [uv, "pip", "compile", ROOT / "pyproject.toml", "--universal", "--python-version", "3.11"]
        command += ["--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links", "--quiet"]
        command += ["--resolution", "lowest-direct"] if lowest else []
        command += [word for extra in extras for word in ("--extra", extra)]
        command += ["--constraint", limits, "--output-file", output]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, cwd=ROOT)
        if done.returncode:
            raise StepError("the requirements cannot be resolved", output=done.stderr[-3000:], remedy=OFFLINE)
        return _pins(output.read_text(encoding="utf-8"))


def _pins(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if _PIN.match(line.strip())]
