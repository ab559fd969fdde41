"""Starting, joining, leaving and ending the platform, from a shell and from Python."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import psutil
import pytest
from jsonschema import Draft202012Validator

from janus_platform.processes.child import ProcessId
from tests.platform.conftest import JANUS, Shell

STATUS_SCHEMA = json.loads((files("janus_platform") / "schemas/status.schema.json").read_text())


def wait_until_gone(pid: int) -> None:
    psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=30)


def test_up_returns_healthy_and_down_leaves_nothing(shell: Shell) -> None:
    done = shell.janus("up", "--detach", "--port", "0", "--json")
    assert done.returncode == 0, done.stderr
    status = json.loads(done.stdout)
    assert all(service["healthy"] for service in status["services"])
    tree = [status["pid"], *(child.pid for child in psutil.Process(status["pid"]).children(recursive=True))]
    assert len(tree) > 1  # the baseline runs in a process of its own
    assert shell.janus("down").returncode == 0
    assert not [pid for pid in tree if psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie"]
    assert not (shell.home / "run").exists()
    assert not list(shell.home.glob("*.lock"))
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(status["gateway"]["url"].rpartition(":")[2]))) != 0


def test_status_fits_its_schema(up: Callable[[], Shell]) -> None:
    status = up().status()
    Draft202012Validator(STATUS_SCHEMA).validate(status)
    assert len(status["services"]) == 5
    assert status["limits"] == "contract"


def test_status_of_nothing_says_so_with_its_own_exit_code(shell: Shell) -> None:
    assert shell.janus("status").returncode == 3
    done = shell.janus("status", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (3, {"running": False})
    Draft202012Validator(STATUS_SCHEMA).validate(json.loads(done.stdout))


@pytest.mark.parametrize("words", [["env"], ["trace"], ["implementations"], ["remove", "x"], ["logs", "x"]])
def test_what_needs_a_platform_says_how_to_start_one(shell: Shell, words: list[str]) -> None:
    done = shell.janus(*words)
    assert done.returncode == 1
    assert "janus up" in done.stderr
    assert "Traceback" not in done.stderr


def test_exported_variables_send_a_shell_through_the_platform(up: Callable[[], Shell]) -> None:
    script = (
        f'eval "$({" ".join(JANUS)} env)"\n'
        "curl -sS 'https://proxy.janus.rodeo/fetch?url=https://example.com/article'\n"
        "curl -sS https://example.com/ || true"
    )
    done = subprocess.run(
        ["bash", "-c", script], env=up().environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert json.loads(done.stdout)["content"].startswith("#")
    assert "403" in done.stderr


def test_a_shell_is_led_out_of_the_platform_again_even_when_nothing_runs(up: Callable[[], Shell], shell: Shell) -> None:
    exported = [line.partition("=")[0].split()[1] for line in up().janus("env").stdout.splitlines()]
    shell.janus("down")
    off = shell.janus("env", "--off")
    assert off.returncode == 0
    assert off.stdout.splitlines() == [f"unset {name}" for name in exported]
    assert shell.janus("env", "--off", "--caller", "x").returncode == 2


def test_python_joins_the_running_platform_and_puts_the_users_variables_back(up: Callable[[], Shell]) -> None:
    code = (
        "import os; before = dict(os.environ)\n"
        "import janus_platform as janus\n"
        "platform = janus.up(); first = os.environ['https_proxy']\n"
        "import httpx\n"
        "assert httpx.get('https://search.janus.rodeo/health').json()['status'] == 'ok'\n"
        "assert janus.up() is platform\n"
        "platform.down(); platform.down()\n"
        "assert dict(os.environ) == before, set(os.environ.items()) ^ set(before.items())\n"
        "print('joined', first.startswith('http://notebook-'))"
    )
    done = up().python(code, https_proxy="http://corporate:3128", NO_PROXY="*", SSL_CERT_FILE="/corporate.pem")
    assert done.stdout == "joined True\n", done.stderr


def test_clock_and_limits_belong_to_one_caller(up: Callable[[], Shell]) -> None:
    code = (
        "import janus_platform as janus, httpx\n"
        "platform = janus.up()\n"
        "def status(): return httpx.post('https://search.janus.rodeo/search', json={'query': 'spin'}).status_code\n"
        "seen = [status() for _ in range(21)]; platform.clock.advance(60); seen.append(status())\n"
        "with platform.limits_off(): seen += [status() for _ in range(25)]\n"
        "print(seen.count(200), seen.index(429))"
    )
    first, second = up().python(code), up().python(code)
    assert (first.stdout, second.stdout) == ("46 20\n", "46 20\n"), first.stderr


def test_the_platform_ends_with_its_last_user(shell: Shell) -> None:
    code = "import janus_platform as janus; print(janus.up(port=0).status()['pid'])"
    done = shell.python(code)
    assert done.returncode == 0, done.stderr
    wait_until_gone(int(done.stdout))
    assert shell.janus("status").returncode == 3
    assert not (shell.home / "run").exists()


def test_a_killed_kernel_takes_its_lease_with_it_and_nothing_else(shell: Shell) -> None:
    code = "import janus_platform as j, sys; print(j.up(port=0).status()['pid'], flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    kernels = [subprocess.Popen(command, env=shell.environment, **pipes) for _ in range(2)]  # type: ignore[call-overload]
    pids = {int(kernel.stdout.readline()) for kernel in kernels}
    assert len(pids) == 1  # the second joined the first one's platform
    kernels[0].kill()
    kernels[0].wait()
    assert shell.janus("status").returncode == 0
    kernels[1].kill()
    kernels[1].wait()
    wait_until_gone(pids.pop())
    assert shell.janus("status").returncode == 3


def test_what_a_killed_platform_left_is_cleared(shell: Shell) -> None:
    first = json.loads(shell.janus("up", "--detach", "--port", "0", "--json").stdout)
    children = [ProcessId.of(c.pid) for c in psutil.Process(first["pid"]).children(recursive=True)]
    os.kill(first["pid"], signal.SIGKILL)
    wait_until_gone(first["pid"])
    assert (shell.home / "run" / "state.json").exists()
    assert shell.janus("status").returncode == 3
    second = json.loads(shell.janus("up", "--detach", "--port", "0", "--json").stdout)
    assert second["pid"] != first["pid"]
    if sys.platform.startswith("linux"):
        assert not [child for child in children if child.alive()]


def test_a_port_in_use_is_named_with_the_way_out(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = shell.janus("up", "--detach", "--port", str(port))
    assert done.returncode == 1
    assert f"Port {port} is in use" in done.stderr
    assert "janus up --port" in done.stderr
    assert shell.janus("status").returncode == 3
    assert not (shell.home / "run").exists()


def test_another_port_or_limits_than_the_running_ones_are_refused(up: Callable[[], Shell]) -> None:
    done = up().janus("up", "--detach", "--limits", "off")
    assert done.returncode == 1
    assert "already runs with --limits contract" in done.stderr
    assert "janus down" in done.stderr


@pytest.mark.parametrize(("words", "said"), [(["--limits", "none"], "contract, off"), (["--port", "70000"], "65535")])
def test_wrong_options_are_refused_before_anything_starts(shell: Shell, words: list[str], said: str) -> None:
    done = shell.janus("up", "--detach", *words)
    assert done.returncode == 1
    assert said in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere; the next test covers root")
def test_a_home_without_write_permission_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    done = Shell(tmp_path / "home").janus("up", "--detach")
    assert (done.returncode, "JANUS_HOME" in done.stderr) == (1, True)


def test_a_home_that_cannot_be_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = Shell(tmp_path / "file" / "home").janus("up", "--detach")
    assert done.returncode == 1
    assert "JANUS_HOME" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_long_home_path_still_fits_a_socket(tmp_path: Path) -> None:
    long = Shell(tmp_path / ("d" * 90))
    try:
        assert long.janus("up", "--detach", "--port", "0").returncode == 0
    finally:
        assert long.janus("down").returncode == 0


def test_the_runtime_folder_is_private(up: Callable[[], Shell]) -> None:
    status = up().status()
    sockets = [c.laddr for c in psutil.Process(status["pid"]).net_connections("unix") if c.laddr]
    folder = Path(next(path for path in sockets if str(path).endswith("control.sock"))).parent
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "control.sock").stat().st_mode & 0o777 == 0o600


def test_doctor_finds_nothing_that_keeps_the_platform_from_running(shell: Shell) -> None:
    done = shell.janus("doctor", "--json")
    findings = {f["subject"]: f for f in json.loads(done.stdout)}
    assert {"Python", "home folder", "disk", "isolation"} <= set(findings)
    assert all(f["remedy"] for f in findings.values() if f["level"] == "problem")


def test_doctor_names_inherited_variables(shell: Shell) -> None:
    found = json.loads(shell.janus("doctor", "--json", https_proxy="http://corporate").stdout)
    assert any("https_proxy is set" in f["found"] and f["remedy"] for f in found)


def test_live_mode_starts_nothing_and_touches_no_variable(shell: Shell) -> None:
    code = (
        "import os; before = dict(os.environ); import janus_platform as janus\n"
        "platform = janus.up(); assert dict(os.environ) == before; print(platform)\n"
        "try: platform.submit('x')\nexcept janus.PlatformError as error: print(error)"
    )
    done = shell.python(code, JANUS_MODE="live")
    assert "Live mode: the specification's own hosts." in done.stdout
    assert "local platform only" in done.stdout
    assert shell.janus("status").returncode == 3


@pytest.mark.parametrize("command", ["up", "env", "status", "down", "logs", "doctor", "submit", "trace", "prepare"])
def test_every_command_explains_itself(shell: Shell, command: str) -> None:
    done = shell.janus(command, "--help")
    assert done.returncode == 0
    assert "Usage" in done.stdout


def test_doctor_does_not_take_a_half_fetched_model_for_a_ready_one(shell: Shell) -> None:
    (shell.home / "cache" / "minilm").mkdir(parents=True)
    (shell.home / "cache" / "minilm" / "minilm-int8.safetensors").write_bytes(b"cut short")
    found = {f["subject"]: f for f in json.loads(shell.janus("doctor", "--json").stdout)}
    assert found["embedding model"]["level"] == "note"
    assert "janus prepare" in found["embedding model"]["remedy"]
