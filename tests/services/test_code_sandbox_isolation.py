"""The code sandbox: what a hostile program does not get to see, reach or change."""

from __future__ import annotations

import os
import socket
import struct
import sys
from pathlib import Path

import pytest

from janus_platform.isolation.seccomp import filter_program
from tests.services.sandbox_rig import Sandbox, isolated, processes_with

pytestmark = pytest.mark.usefixtures("nothing_is_left")


@isolated
def test_a_daemon_does_not_outlive_its_program(sandbox: Sandbox) -> None:
    mark = f"31{os.getpid()}"
    code = (
        "import os\nif os.fork() == 0:\n    os.setsid()\n"
        f"    os.fork() and os._exit(0)\n    os.execlp('sleep', 'sleep', '{mark}')\nprint('bye')"
    )
    assert sandbox.run(code)["stdout"] == "bye\n"
    assert processes_with(mark) == []


@isolated
def test_there_is_no_network(sandbox: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        code = (
            "import socket\n"
            f"for address in [('127.0.0.1', {server.getsockname()[1]}), ('192.0.2.1', 443), ('169.254.169.254', 80)]:\n"
            "    try: socket.create_connection(address, timeout=2); print('reached', address)\n"
            "    except OSError as error: print(type(error).__name__)\n"
            "try: print('resolved', socket.getaddrinfo('example.com', 443))\n"
            "except OSError as error: print(type(error).__name__)\n"
            "try: print(socket.if_nameindex())\n"
            "except OSError: print('none to be seen')\n"
        )
        answer = sandbox.run(code)
    lines = answer["stdout"].splitlines()
    assert lines[:4] == ["ConnectionRefusedError", "OSError", "OSError", "gaierror"], answer
    assert "eth0" not in lines[4]


@isolated
def test_host_files_cannot_be_read(sandbox: Sandbox, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the platform's run directory")
    tmp_path.chmod(0o755)
    paths = [
        "/etc/shadow",
        "/etc/passwd",
        str(secret),
        __file__,
        "/proc/1/environ",
        "/proc/1/root/etc/shadow",
        "/dev/vda",
    ]
    code = (
        "import os\n"
        f"for path in {paths!r}:\n"
        "    try:\n        if open(path, 'rb').read(): print('read', path)\n    except OSError: pass\n"
        "print(sorted(set(os.listdir('/')) & {'root', 'home', 'var', 'srv', 'boot', 'mnt', 'run'}))\n"
        "for home in ('/root', '/home'):\n"
        "    for _, _, files in os.walk(home):\n"
        "        print(*(name for name in files if name.startswith('.bash')))\n"
    )
    answer = sandbox.run(code)
    assert answer["exit_code"] == 0, answer["stderr"]
    assert "read" not in answer["stdout"] and ".bash" not in answer["stdout"], answer["stdout"]


@isolated
def test_the_interpreter_cannot_be_changed(sandbox: Sandbox) -> None:
    code = (
        "import os, sys, numpy\n"
        "for path in (sys.executable, numpy.__file__, '/usr/bin/env', '/etc/new', '/new'):\n"
        "    try: open(path, 'ab'); print('opened', path)\n    except OSError: pass\n"
        "try: os.setuid(0); print('root' if os.getuid() == 0 else '')\nexcept OSError: pass\n"
    )
    answer = sandbox.run(code)
    assert (answer["stdout"].strip(), answer["exit_code"]) == ("", 0), answer


def test_the_environment_holds_no_secrets(each_layer: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CHUTES_API_KEY", "HTTPS_PROXY", "AWS_SECRET_ACCESS_KEY", "JANUS_HOME"):
        monkeypatch.setenv(name, "secret-value")
    answer = each_layer.run("env; cat /proc/self/environ /proc/$PPID/environ 2>/dev/null; true", "bash")
    assert "HOME=" in answer["stdout"]
    assert "secret-value" not in answer["stdout"]


@isolated
def test_two_runs_do_not_see_each_other(sandbox: Sandbox) -> None:
    code = (
        "import glob, os, pathlib, time\n"
        "for place in ('.', '/tmp', '/dev/shm'): pathlib.Path(place, 'mine').write_text('x')\n"
        "time.sleep(0.7)\n"
        "files = [p for place in ('/tmp/*', '/dev/shm/*', '/sandbox/*/*') for p in glob.glob(place)]\n"
        "print(len([f for f in files if f.endswith('mine')]))\n"
        f"python = {sys.executable!r}.encode()\n"
        "print(sum(open(p, 'rb').read().startswith(python) for p in glob.glob('/proc/[0-9]*/cmdline')))\n"
    )
    first, second = sandbox.run_all([(code, "python", 20)] * 2)
    # Its own three files and its own process.
    assert first["stdout"] == second["stdout"] == "3\n1\n", first


@isolated
def test_sockets_beyond_the_namespace_and_dangerous_system_calls_are_refused(sandbox: Sandbox) -> None:
    code = (
        "import ctypes, os, socket, threading, subprocess\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "for family in (socket.AF_VSOCK, socket.AF_PACKET, 38, socket.AF_CAN, 44):\n"
        "    try: socket.socket(family, socket.SOCK_STREAM); print('socket', family)\n    except OSError: pass\n"
        "def call(name, *arguments):\n"
        "    if getattr(libc, name)(*arguments) == 0: print(name)\n"
        "call('unshare', 0x10000000); call('ptrace', 0, 0, 0, 0); call('mount', b'x', b'/tmp', b'tmpfs', 0, 0)\n"
        "call('setns', 0, 0); call('chroot', b'.')\n"
        "# What ordinary programs need still works.\n"
        "a, b = socket.socketpair(); a.send(b'x'); assert b.recv(1) == b'x'\n"
        "thread = threading.Thread(target=lambda: None); thread.start(); thread.join()\n"
        "assert subprocess.run(['true']).returncode == 0\n"
    )
    answer = sandbox.run(code)
    assert (answer["stdout"], answer["exit_code"]) == ("", 0), answer


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_system_call_filter_is_a_whole_number_of_steps_with_jumps_inside_it(machine: str) -> None:
    program = filter_program(machine)
    assert program is not None and filter_program("vax") is None
    steps = list(struct.iter_unpack("<HBBI", program))
    assert 10 < len(steps) < 4_096
    assert steps[-1] == (0x06, 0, 0, 0x7FFF0000)
    assert all(place + 1 + max(yes, no) < len(steps) for place, (code, yes, no, _) in enumerate(steps) if code != 0x06)


@isolated
def test_signals_do_not_leave_the_sandbox(sandbox: Sandbox) -> None:
    code = (
        f"import os\nfor pid in ({os.getpid()}, {os.getppid()}, -1):\n"
        "    try: os.kill(pid, 9)\n    except OSError: print('no', flush=True)"
    )
    answer = sandbox.run(code)
    assert answer["exit_code"] in (0, 137)
    assert answer["stdout"].startswith("no\nno\n")
