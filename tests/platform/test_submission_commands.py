"""`janus submit` and what follows it, on a running platform, as a shell sees it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from janus_platform.implementations import bundled
from tests.node.wheels import wheel
from tests.platform.conftest import JANUS, Shell

ECHO = bundled()["echo"]
ALICE = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
FORM = ["--hotkey", ALICE, "--source", "https://github.com/me/mine", "--license", "mit", "--description", "echo " * 30]


def results(stdout: str) -> dict[str, str]:
    return {check["check"]: check["result"] for check in json.loads(stdout)["checks"]}


def says(shell: Shell, model: str, words: str) -> str:
    url = shell.status()["gateway"]["url"]
    body = {"model": model, "messages": [{"role": "user", "content": words}]}
    answer = httpx.post(f"{url}/v1/chat/completions", json=body, timeout=60)
    return str(answer.json()["choices"][0]["message"]["content"]) if answer.status_code == 200 else answer.text


@contextmanager
def running_echo() -> Iterator[str]:
    """The echo as a program of its own, outside of every platform: its address."""
    code = (
        "import socket, runpy, os, sys\n"
        "probe = socket.socket(); probe.bind(('127.0.0.1', 0)); port = probe.getsockname()[1]; probe.close()\n"
        "os.environ |= {'HOST': '127.0.0.1', 'PORT': str(port)}; print(port, flush=True)\n"
        f"runpy.run_path({str(ECHO / 'main.py')!r}, run_name='__main__')"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        url = f"http://localhost:{process.stdout.readline().strip()}"
        for _ in range(600):
            try:
                httpx.get(url + "/health")
                break
            except httpx.TransportError:
                time.sleep(0.05)
        try:
            yield url
        finally:
            process.kill()


def test_a_whole_form_passes_and_stands_in_the_list(up: Callable[[], Shell]) -> None:
    ours = up()
    done = ours.janus("submit", str(ECHO), "--name", "formal", *FORM, "--contact", "me@example.com", "--json")
    checks = results(done.stdout)
    assert done.returncode == 0 and json.loads(done.stdout)["deployed"], done.stderr
    assert {checks[point] for point in ("hotkey is valid", "licence is valid", "description", "API is compliant")} == {
        "passed"
    }
    assert {checks[point] for point in ("source is public and matches", "no malicious code", "builds from source")} == {
        "not checked"
    }
    listed = ours.janus("implementations")
    line = next(line for line in listed.stdout.splitlines() if line.startswith("formal"))
    assert "5Grwva…utQY" in line and "MIT" in line
    assert ours.janus("remove", "formal").returncode == 0


def test_a_form_left_out_reads_not_given_and_is_deployed_all_the_same(up: Callable[[], Shell]) -> None:
    ours = up()
    done = ours.janus("submit", str(ECHO), "--name", "informal")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert sum(line.startswith("not given") for line in lines) == 4
    assert not any(line.startswith("passed") and ("hotkey" in line or "licence" in line) for line in lines)
    assert "asked for by the competition: hotkey is valid" in done.stdout
    assert ours.janus("remove", "informal").returncode == 0


def test_a_refused_submission_shows_its_checklist_and_deploys_nothing(up: Callable[[], Shell]) -> None:
    ours = up()
    words = ["submit", str(ECHO), "--name", "wrong", "--hotkey", "5abc", "--license", "GPL-3.0"]
    shown, told = ours.janus(*words), ours.janus(*words, "--json")
    assert (shown.returncode, told.returncode) == (1, 1)
    assert "GPL-3.0-only or GPL-3.0-or-later" in shown.stderr and "failed" in shown.stdout
    found = json.loads(told.stdout)
    assert not found["deployed"] and "hotkey" in found["reason"]
    assert results(told.stdout)["hotkey is valid"] == results(told.stdout)["licence is valid"] == "failed"
    assert "wrong" not in ours.janus("implementations").stdout


@pytest.mark.parametrize("name", ["../../etc", "\u202eevil"])
def test_a_hostile_name_is_refused(up: Callable[[], Shell], name: str) -> None:
    done = up().janus("submit", str(ECHO), f"--name={name}")
    assert done.returncode == 1
    assert "name: " in done.stderr and "Traceback" not in done.stderr


def test_a_folder_that_is_not_there_is_named_with_the_way_to_begin_one(shell: Shell, tmp_path: Path) -> None:
    done = shell.janus("submit", str(tmp_path / "gone"), "--name", "x")
    assert done.returncode == 1
    assert f"`janus new {tmp_path / 'gone'}`" in done.stderr
    done = shell.janus("submit", str(ECHO / "main.py"), "--name", "x")
    assert done.returncode == 1 and "--entry main.py" in done.stderr


@pytest.mark.parametrize("words", [[], ["--url", "http://localhost:1", str(ECHO)], [str(ECHO), "--name", ""]])
def test_a_submission_of_nothing_or_of_two_things_is_wrong_usage(shell: Shell, words: list[str]) -> None:
    assert shell.janus("submit", *(words or ["--name", "x"])).returncode == 2


def test_one_that_runs_already_is_deployed_by_its_address_and_runs_on_when_removed(up: Callable[[], Shell]) -> None:
    ours = up()
    with running_echo() as url:
        done = ours.janus("submit", "--url", url, "--name", "outside", "--json")
        assert done.returncode == 0, done.stderr
        assert results(done.stdout)["no egress beyond the list"] == "not checked"
        assert says(ours, "outside", "Are you there?") == "Are you there?"
        line = next(x for x in ours.janus("implementations").stdout.splitlines() if x.startswith("outside"))
        assert url in line and "elsewhere" in line
        assert "healthy" in ours.janus("logs", "outside").stdout
        assert "no evidence" in ours.janus("verify", "outside").stderr
        assert ours.janus("remove", "outside").returncode == 0
        assert httpx.get(url + "/health").status_code == 200
    assert "model_not_found" in says(ours, "outside", "And now?")


def test_the_gateways_own_address_is_no_implementation(up: Callable[[], Shell]) -> None:
    done = up().janus("submit", "--url", up().status()["gateway"]["url"], "--name", "mirror")
    assert done.returncode == 1 and "a Janus gateway answers there" in done.stderr


def test_an_implementation_that_reaches_for_another_host_is_refused(up: Callable[[], Shell], tmp_path: Path) -> None:
    folder = tmp_path / "curious"
    shutil.copytree(ECHO, folder)
    main = folder / "main.py"
    look = "import httpx\ntry:\n    httpx.get('https://telemetry.example/')\nexcept httpx.HTTPError:\n    pass\n\n"
    main.write_text(main.read_text().replace("if __name__ ==", look + "if __name__ ==", 1))
    done = up().janus("submit", str(folder), "--name", "curious")
    assert done.returncode == 1
    assert "no egress beyond the list: it tried to reach telemetry.example:443" in done.stderr
    assert "curious" not in up().janus("implementations").stdout


def test_an_acknowledged_submission_survives_the_platforms_being_killed(shell: Shell) -> None:
    first = json.loads(shell.janus("up", "--detach", "--port", "0", "--json").stdout)
    with running_echo() as url:
        for words in ([str(ECHO), "--name", "kept"], ["--url", url, "--name", "outside"]):
            done = shell.janus("submit", *words)
            assert done.returncode == 0, done.stderr
        os.kill(first["pid"], signal.SIGKILL)
        psutil.wait_procs([psutil.Process(first["pid"])] if psutil.pid_exists(first["pid"]) else [], timeout=30)
        assert shell.janus("up", "--detach", "--port", "0").returncode == 0
        listed = shell.status()["implementations"]
        assert [one["name"] for one in listed if not one["bundled"]] == ["kept", "outside"]
        assert says(shell, "kept", "Still here?") == says(shell, "outside", "Still here?") == "Still here?"


def test_logs_follow_an_implementation_until_it_is_interrupted(up: Callable[[], Shell], tmp_path: Path) -> None:
    ours, folder = up(), tmp_path / "talker"
    shutil.copytree(ECHO, folder)
    main = folder / "main.py"
    talk = "def last_text(messages):\n    print('asked:', len(messages), flush=True)\n    return 'yes.'\n\n\n"
    main.write_text(main.read_text().replace("if __name__ ==", talk + "if __name__ ==", 1))
    assert ours.janus("submit", str(folder), "--name", "talker").returncode == 0
    command = [*JANUS, "logs", "talker", "--follow", "-n", "1"]
    with subprocess.Popen(
        command,
        env={**ours.environment, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as following:
        assert following.stdout is not None and following.stderr is not None
        # Where no line comes yet, one reads what is waited for; a pipe gets the log alone.
        assert "talker" in (begun := following.stderr.readline()) and "Ctrl-C" in begun
        assert following.stdout.readline() == "asked: 1\n"  # The trial's last question.
        says(ours, "talker", "Hello")
        assert following.stdout.readline() == "asked: 1\n"
        following.send_signal(signal.SIGINT)
        assert following.wait(30) == 0
    assert ours.janus("remove", "talker").returncode == 0


def test_packages_of_its_own_are_told_one_by_one_beside_the_json(up: Callable[[], Shell], tmp_path: Path) -> None:
    shutil.copytree(ECHO, tmp_path / "packed")
    wheel(tmp_path / "packed" / "wheels", "tiny", "1.0")
    (tmp_path / "packed" / "requirements.txt").write_text("tiny\nuvicorn\n")
    done = up().janus("submit", str(tmp_path / "packed"), "--name", "packed", "--json")
    assert done.returncode == 0 and results(done.stdout)["packages of requirements.txt"] == "passed"
    assert done.stderr == "installing tiny 1.0\n"
    listed = json.loads(up().janus("implementations", "--json").stdout)["implementations"]
    assert next(one for one in listed if one["name"] == "packed")["packages"]["installed"] == ["tiny 1.0"]
    (tmp_path / "packed" / "requirements.txt").write_text("tiny\n--index-url https://elsewhere.example\n")
    refused = up().janus("submit", str(tmp_path / "packed"), "--name", "packed")
    assert refused.returncode == 1 and "line 2: '--index-url' is not allowed here" in refused.stderr
    assert says(up(), "packed", "still here") == "still here"
    up().janus("remove", "packed")
