"""Joining a platform that ends, leaving it in any order, and forks and interrupts in between."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import pytest

from janus_platform.errors import NotRunningError
from janus_platform.processes.child import ProcessId
from janus_platform.runtime.control_client import ControlClient
from janus_platform.runtime.launcher import Options, join
from janus_platform.runtime.state import Runtime, State
from tests.platform.conftest import JANUS, Shell

PREPARE = (
    "import os, subprocess, sys, janus_platform as janus\n"
    f"def run(*words): return subprocess.run([*{JANUS!r}, *words], capture_output=True, text=True, check=True).stdout\n"
)


def servers(home: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["cmdline", "environ"]):
        at_home = (process.info["environ"] or {}).get("JANUS_HOME") == str(home)
        if at_home and "janus_platform.runtime.server" in (process.info["cmdline"] or []):
            found.append(process)
    return found


def test_a_kernel_notices_that_its_platform_was_ended_and_gets_a_new_one(shell: Shell) -> None:
    code = PREPARE + (
        "first = janus.up(port=0); old = first.status()['pid']\n"
        "run('down'); assert not first.alive(); assert not first.alive()\n"
        "second = janus.up(port=0); assert second.alive() and second.status()['pid'] != old\n"
        "proxy = os.environ['https_proxy']; first.down()\n"
        "assert os.environ['https_proxy'] == proxy, 'the old one took the variables of the new one'\n"
        "second.down(); assert 'https_proxy' not in os.environ\n"
        "os.environ['https_proxy'] = 'mine'; second.down(); print(os.environ['https_proxy'])"
    )
    done = shell.python(code)
    assert done.stdout == "mine\n", done.stderr


def test_options_that_a_joined_platform_cannot_meet_leave_its_user_in_place(up: Callable[[], Shell]) -> None:
    code = PREPARE + (
        "platform = janus.up(); before = dict(os.environ)\n"
        "try: janus.up(limits='off')\nexcept janus.PlatformError as error: print('already runs' in str(error))\n"
        "assert platform.alive() and dict(os.environ) == before and janus.up(limits='contract') is platform"
    )
    done = up().python(code)
    assert (done.stdout, done.returncode) == ("True\n", 0), done.stderr


def test_a_platform_that_was_joined_can_still_be_told_to_stay(shell: Shell) -> None:
    code = PREPARE + (
        "platform = janus.up(port=0); assert not platform.status()['detached']\n"
        "assert janus.up(detach=True) is platform; print(platform.status()['detached'])"
    )
    assert shell.python(code).stdout == "True\n"


def test_a_forked_worker_neither_keeps_nor_ends_its_parents_lease(up: Callable[[], Shell]) -> None:
    code = PREPARE + (
        "import signal, time\n"
        "def users(): return janus.client.running().get('/status')['users']\n"
        "import janus_platform.client; platform = janus.up(); held = users()\n"
        "if os.fork() == 0:\n    platform.down(); os._exit(0)\n"
        "os.wait(); assert platform.alive() and users() == held\n"
        "worker = os.fork()\n"
        "if worker == 0:\n    signal.pause()\n"
        "platform.down(); deadline = time.monotonic() + 10\n"
        "while (left := users()) == held and time.monotonic() < deadline: time.sleep(0.01)\n"
        "os.kill(worker, 9); print(held - left)"
    )
    done = up().python(code)
    assert done.stdout == "1\n", done.stderr


def test_the_platform_ends_within_seconds_while_streams_tunnels_and_leases_are_open(shell: Shell) -> None:
    code = PREPARE + (
        "import socket, signal, psutil, httpx\n"
        "platform = janus.up(port=0); process = psutil.Process(platform.status()['pid'])\n"
        "port = int(os.environ['https_proxy'].rpartition(':')[2])\n"
        "silent = [socket.create_connection(('127.0.0.1', port)) for _ in range(3)]\n"
        "search = httpx.Client(); search.get('https://search.janus.rodeo/health')\n"
        "ask = {'model': 'janus', 'stream': True, 'messages': [{'role': 'user', 'content': 'What is a qubit?'}]}\n"
        "with httpx.stream('POST', platform.url + '/v1/chat/completions', json=ask) as answer:\n"
        "    next(answer.iter_raw()); process.send_signal(signal.SIGTERM); process.wait(4); print('gone')"
    )
    done = shell.python(code)
    assert done.stdout == "gone\n", done.stderr


def test_a_platform_that_is_ending_is_waited_for_and_started_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Runtime(Path("/nonexistent/run"), Path("/nonexistent/log"))
    ending = subprocess.Popen(["sleep", "60"])
    threading.Thread(target=ending.wait, daemon=True).start()
    states = [State(ProcessId.of(pid), 1, 2, "contract") for pid in (ending.pid, os.getpid())]
    running, asked = iter(states), []
    monkeypatch.setattr("janus_platform.runtime.launcher.ensure_running", lambda *_: next(running))

    def take(client: ControlClient) -> str:
        asked.append(client)
        if len(asked) == 1:
            raise NotRunningError
        return "joined"

    assert join(place, Options(), take) == "joined"
    assert not states[0].process.alive()


def test_a_platform_that_is_ending_takes_no_new_users(shell: Shell) -> None:
    code = PREPARE + (
        "import threading, signal, psutil\n"
        "platform = janus.up(port=0); pid = platform.status()['pid']; os.environ['PID'] = str(pid)\n"
        "from janus_platform.client import running\n"
        "client = running(); client.post('/down'); seen = set()\n"
        "while psutil.pid_exists(pid):\n"
        "    try: client.lease(caller='late'); seen.add('joined')\n"
        "    except Exception as error: seen.add(type(error).__name__)\n"
        "print(seen)"
    )
    done = shell.python(code)
    assert done.stdout == "{'NotRunningError'}\n", done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_start_leaves_nothing_running(shell: Shell, number: signal.Signals) -> None:
    starting = subprocess.Popen(
        [*JANUS, "up", "--detach", "--port", "0"], env=shell.environment, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 30
    while not (begun := servers(shell.home)) and time.monotonic() < deadline:
        time.sleep(0.005)
    starting.send_signal(number)
    assert starting.wait(30) != 0
    assert begun
    psutil.wait_procs(begun, timeout=30)
    assert servers(shell.home) == []
    assert not (shell.home / "run").exists()


def test_limits_that_a_killed_kernel_turned_off_come_back(up: Callable[[], Shell]) -> None:
    code = (
        "import janus_platform as j, sys\nwith j.up().limits_off():\n"
        "    print(j.up().status()['limits'], flush=True); sys.stdin.read()"
    )
    argv, pipes = [JANUS[0], "-c", code], {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    kernels = [subprocess.Popen(argv, env=up().environment, **pipes) for _ in range(2)]  # type: ignore[call-overload]
    assert [kernel.stdout.readline() for kernel in kernels] == ["off\n", "off\n"]
    health = up().status()["gateway"]["url"] + "/health"
    assert httpx.get(health).json()["limits"] == "off"
    kernels[0].kill()
    kernels[0].wait()
    assert up().status()["limits"] == "off"
    kernels[1].kill()
    kernels[1].wait()
    deadline = time.monotonic() + 10
    while up().status()["limits"] == "off" and time.monotonic() < deadline:
        time.sleep(0.01)
    assert up().status()["limits"] == httpx.get(health).json()["limits"] == "contract"


def test_an_error_while_the_limits_are_off_is_not_hidden_by_the_platforms_end(shell: Shell) -> None:
    code = PREPARE + (
        "platform = janus.up(port=0)\ntry:\n    with platform.limits_off():\n        run('down'); 1 / 0\n"
        "except ZeroDivisionError: print('seen')"
    )
    done = shell.python(code)
    assert done.stdout == "seen\n", done.stderr


def test_two_starts_at_once_make_one_platform(shell: Shell) -> None:
    starts = [
        subprocess.Popen(
            [*JANUS, "up", "--detach", "--port", "0", "--json"], env=shell.environment, stdout=subprocess.PIPE
        )
        for _ in range(2)
    ]
    pids = {json.loads(start.communicate(timeout=120)[0])["pid"] for start in starts}
    assert len(pids) == len(servers(shell.home)) == 1
