"""janus.toml and the program that it names: found on this machine or in the folder, or refused with what to do."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from janus_platform.gateway.errors import NotReadyError
from janus_platform.node.programs import ProgramMissingError, find_program
from janus_platform.node.submission.checks import SubmissionRefusedError
from janus_platform.node.submission.form import check_folder
from janus_platform.node.submission.janus_toml import JanusTomlError, command_of, read_command
from tests.node.rig import in_loop, place, post, streamer

SCRIPT = '#!/bin/sh\nexec python -u "$@"\n'


def program(path: Path, *, mode: int = 0o755) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(SCRIPT)
    path.chmod(mode)
    return path


def test_the_file_says_what_runs_unless_an_entry_point_or_a_command_is_named(tmp_path: Path) -> None:
    assert command_of(tmp_path, "main.py") == ("python", "-u", "main.py")
    (tmp_path / "janus.toml").write_text('[run]\ncommand = ["node", "main.js"]\n')
    assert command_of(tmp_path, "main.py") == ("node", "main.js")
    assert command_of(tmp_path, "other.py") == ("python", "-u", "other.py")
    assert command_of(tmp_path, "main.py", ["sh", "run.sh"]) == ("sh", "run.sh")
    (check,) = (check for check in check_folder(tmp_path, "main.py", ()) if check.check == "janus.toml")
    assert (check.result, check.detail) == ("passed", "runs node main.js")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "names no command"),
        ("run = 3", "names no command"),
        ("[run]\n", "names no command"),
        ('[run]\ncommand = "node main.js"', "is a list of"),
        ("[run]\ncommand = []", "is a list of"),
        ('[run]\ncommand = ["node", 3]', "is a list of"),
        ('[run]\ncommand = ["node", ""]', "is a list of"),
        ('[run]\ncommand = ["node", "\\u001b[2J"]', "is a list of"),
        (f"[run]\ncommand = {['x'] * 51}", "is a list of"),
        ('[run]\ncommand = ["node"]\nport = 3', "'port', which is not a known setting"),
        ('[run]\ncommand = ["node"]\n[build]\ncommand = ["make"]', "'build', which is not a known setting"),
        ("[run", "cannot be read"),
        ("a = " + "[" * 5_000, "cannot be read"),
        ("#" * 10_001, "more than 10,000 bytes"),
        (b"\xff\xfe", "cannot be read"),
    ],
)
def test_a_file_that_says_something_else_is_refused_with_an_example(
    tmp_path: Path, text: str | bytes, said: str
) -> None:
    (tmp_path / "janus.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(JanusTomlError) as refused:
        read_command(tmp_path)
    assert said in str(refused.value) and 'command = ["node", "main.js"]' in str(refused.value)
    (check,) = (check for check in check_folder(tmp_path, "main.py", ()) if check.result == "failed")
    assert check.check == "janus.toml" and len(check.detail) < 400


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("nowhere-to-be-found", "is not installed on this machine. Install it, or give a program of the folder"),
        ("./server", "there is no file './server' in the folder"),
        ("../server", "leads out of the folder"),
        ("bin/../../server", "leads out of the folder"),
        ("bin/plain", "not executable: `chmod"),
    ],
)
def test_a_program_that_is_not_there_is_named_with_how_to_get_it(tmp_path: Path, command: str, said: str) -> None:
    program(tmp_path / "bin" / "plain", mode=0o644)
    with pytest.raises(ProgramMissingError) as missing:
        find_program([command], tmp_path)
    assert said in str(missing.value)


def test_python_is_the_platforms_own_and_what_was_built_in_the_folder_is_named_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "bin" / "server")
    assert find_program(["python", "-u", "main.py"], tmp_path).command == (sys.executable, "-u", "main.py")
    assert find_program(["bin/server", "-v"], tmp_path).command == ("./bin/server", "-v")
    assert find_program(["/bin/sh"], tmp_path).show == ()
    (tmp_path / "go.mod").touch()
    with pytest.raises(ProgramMissingError, match="Build it first: `CGO_ENABLED=0 go build"):
        find_program(["./other"], tmp_path)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ProgramMissingError, match=r"'node' is not installed on this machine\. Install it: apt-get"):
        find_program(["node"], tmp_path)


@in_loop
async def test_a_program_of_this_machine_runs_within_the_walls_and_is_looked_for_at_every_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It lies outside the system's directories, so the sandbox shows it: the program, and nothing beside it."""
    own = program(tmp_path / "tools" / "runner")
    (own.parent / "secret").write_text("not shown")
    monkeypatch.setenv("PATH", f"/usr/bin:/bin:{own.parent}")
    async with place(tmp_path) as here:
        looks = f'import os; WORDS[:] = [str(os.path.exists({str(own.parent / "secret")!r}))]\nprint("listening"'
        folder = here.folder(streamer("?").replace('print("listening"', looks))
        (folder / "janus.toml").write_text('[run]\ncommand = ["runner", "main.py"]\n')
        deployments = here.deployments()
        await deployments.submit(folder, "mine")
        said = await post(await deployments.upstream("mine"), "Hi")
        assert f'"{not here.node.sandboxed}"' in said
        events = {event.name: event.value for event in (await deployments.event_logs("mine"))["node-1"].events}
        assert events["program runner"].startswith("sha384") and events["command"] == '["runner", "main.py"]'
        (folder / "janus.toml").write_text('[run]\ncommand = ["nowhere-to-be-found"]\n')
        with pytest.raises(SubmissionRefusedError, match="'nowhere-to-be-found' is not installed on this machine"):
            await deployments.submit(folder, "mine")
        assert await post(await deployments.upstream("mine"), "Hi") == said
        await deployments.aclose()
        own.unlink()
        again = here.deployments()
        with pytest.raises(NotReadyError, match="it cannot be started: 'runner' is not installed"):
            await again.upstream("mine")
        await again.aclose()
