"""Makes `.venv` and keeps it up to date with the pinned requirements. A second run finds its stamps and does nothing.

A stamp is the hash of a step's inputs; it lies inside `.venv`, so that deleting the environment deletes it too.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.terminal import StepError, Terminal

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / "bin"
PYTHON = BIN / "python"
STATE = ROOT / ".make"
STAMPS = VENV / ".setup"
PINS = ROOT / "requirements.txt"
TEST_PINS = ROOT / "requirements-test.txt"
TESTED_MODEL = "smollm2-135m"
OFFLINE = (
    "Check the network and pip's configuration (`python3 -m pip config list`), then run the same command again: "
    "what was installed is kept."
)
_COMPILE = """
from compileall import compile_dir
from sysconfig import get_path
compile_dir(get_path("purelib"), maxlevels=20, quiet=2, workers=0)
"""
# Would send pip or the kernel elsewhere than to .venv, or make every start slower.
DROPPED = ("PYTHONHOME", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PIP_USER", "PIP_TARGET", "PIP_REQUIRE_VIRTUALENV")


def variables(**more: str) -> dict[str, str]:
    """The environment variables for everything that runs from `.venv`."""
    kept = {name: value for name, value in os.environ.items() if name not in DROPPED}
    return {
        **kept,
        "VIRTUAL_ENV": str(VENV),
        "PATH": f"{BIN}{os.pathsep}{kept.get('PATH', os.defpath)}",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        # A kernel named python3 in the user's home must not win over this environment's.
        "JUPYTER_PREFER_ENV_PATH": "1",
        **more,
    }


def setup(terminal: Terminal, *, tests: bool = False) -> None:
    """Everything up to a platform that can start: environment, packages, model and indexes. Raises StepError."""
    with one_at_a_time("setup"):
        _make_venv(terminal)
        _install_pins(terminal, *((PINS, TEST_PINS) if tests else (PINS,)))
        _install_project(terminal)
    prepare(terminal)
    if tests:
        _fetch_tested_model(terminal)


def prepare(terminal: Terminal) -> None:
    """Let the platform get its model and build its indexes; it knows what is already there, and says what it does."""
    if terminal.show([BIN / "janus", "prepare"], env=variables()):
        raise StepError(
            "`janus prepare` failed", remedy="Read its message above; `.venv/bin/janus doctor` checks the machine."
        )


def _fetch_tested_model(terminal: Terminal) -> None:
    """The language model that tests and their pages run, 98 MB; without a network the tests that need it say so."""
    terminal.show([BIN / "janus", "model", "pull", TESTED_MODEL], env=variables())


def as_root() -> bool:
    """True when system packages can be installed without asking."""
    return os.geteuid() == 0


def apt_install(terminal: Terminal, title: str, *packages: str) -> bool:
    """Install Debian packages when this is root on Debian or Ubuntu; returns False when it is not."""
    if not as_root() or not shutil.which("apt-get"):
        return False
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with terminal.step(title):
        terminal.run(["apt-get", "update", "-qq"], env=env, remedy="Check this machine's package sources.")
        terminal.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages], env=env)
    return True


def fingerprint(*files: Path, more: str = "") -> str:
    """A hash over the files' bytes, the Python version and `more`."""
    digest = hashlib.sha256(f"{sys.version_info[:2]} {more}".encode())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def done(name: str, inputs: str) -> bool:
    """True when the step of that name was last done with the same inputs."""
    stamp = STAMPS / name
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == inputs


def stamp(name: str, inputs: str) -> None:
    """Note that the step is done with these inputs."""
    STAMPS.mkdir(exist_ok=True)
    (STAMPS / name).write_text(inputs, encoding="utf-8")


def _make_venv(terminal: Terminal) -> None:
    if _venv_works():
        return
    with terminal.step("make .venv"):
        shutil.rmtree(VENV, ignore_errors=True)
        made = _try_venv()
    if not made:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        installed = apt_install(terminal, f"install python{version}-venv", f"python{version}-venv")
        if not (installed and _try_venv()) and not _try_virtualenv():
            raise StepError(
                "this Python cannot make environments: its venv or ensurepip module is missing",
                remedy=f"sudo apt-get install -y python{version}-venv  (elsewhere: pip install --user virtualenv)",
            )


def _venv_works() -> bool:
    test = f"import sys, pip; sys.exit(sys.version_info[:2] != {tuple(sys.version_info[:2])})"
    return PYTHON.exists() and subprocess.call([PYTHON, "-c", test], stderr=subprocess.DEVNULL) == 0


def _try_venv() -> bool:
    return _quiet([sys.executable, "-m", "venv", str(VENV)])


def _try_virtualenv() -> bool:
    found = shutil.which("virtualenv")
    command = [found] if found else [sys.executable, "-m", "virtualenv"]
    return _quiet([*command, "--python", sys.executable, str(VENV)])


def _quiet(command: list[str]) -> bool:
    worked = subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0 and _venv_works()
    if not worked:
        shutil.rmtree(VENV, ignore_errors=True)
    return worked


def _install_pins(terminal: Terminal, *files: Path) -> None:
    """Install what the files pin, those that are as they were left out, by one run of pip."""
    wanted = {file: inputs for file in files if not done(file.name, inputs := fingerprint(file))}
    if not wanted:
        return
    STATE.mkdir(exist_ok=True)
    words: list[str | Path] = []
    count = 0
    for file in wanted:
        # The last line is the project itself, for a plain `pip install -r`; here it is installed editable instead.
        lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith(".")]
        pins = STATE / f"pins-{file.name}"
        pins.write_text("\n".join(lines) + "\n", encoding="utf-8")
        words += ["-r", pins]
        count += sum("==" in line for line in lines)
    named = " and ".join(file.name for file in wanted)
    with terminal.step(f"install {named} ({count} packages; the first time takes minutes)"):
        terminal.run([PYTHON, "-m", "pip", "install", "--no-compile", *words], env=variables(), remedy=OFFLINE)
        # pip would compile one file after another; this takes all cores. A file that is no Python of today is left out.
        terminal.run([PYTHON, "-c", _COMPILE], env=variables())
    for file, inputs in wanted.items():
        stamp(file.name, inputs)


def _install_project(terminal: Terminal) -> None:
    inputs = fingerprint(ROOT / "pyproject.toml", more=str(ROOT))
    if done("project", inputs):
        return
    with terminal.step("install the project"):
        terminal.run([PYTHON, "-m", "pip", "install", "--no-deps", "-e", ROOT], env=variables(), remedy=OFFLINE)
        # pip compiles what it installs but not what it only points to; the first `janus up` would wait for that.
        terminal.run([PYTHON, "-m", "compileall", "-q", ROOT / "janus_platform", ROOT / "janus_bench"], env=variables())
    stamp("project", inputs)


@contextmanager
def one_at_a_time(work: str) -> Iterator[None]:
    """Waits while another process does `work` in this checkout, and makes others wait meanwhile."""
    STATE.mkdir(exist_ok=True)
    with open(STATE / f"{work}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
