"""Code that came back as an answer sees nothing of the suite, and nothing that it starts outlives it."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

import janus_bench
from janus_bench.checks import code_runner, sandbox

needs_walls = pytest.mark.skipif(sandbox.in_use() == sandbox.NONE, reason=f"no walls here: {sandbox.REMEDY}")
PACKAGE = Path(janus_bench.__file__).parent
PLACES = [str(PACKAGE.parent), *(str(Path(entry)) for entry in __import__("site").getsitepackages())]


def value(body: str) -> Any:
    """What a function of this body returns as an answer."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    run = code_runner.call(f"def answer():\n{lines}\n", "answer", [[]])
    assert not run.failure, run
    return run.values[0]


@pytest.fixture(params=["sandboxed", "bare"])
def either(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """With walls, where there are any, and without."""
    if request.param == "bare":
        monkeypatch.setattr(sandbox, "command", lambda script: ())
    elif sandbox.in_use() == sandbox.NONE:
        pytest.skip(f"no walls here: {sandbox.REMEDY}")
    return str(request.param)


def test_an_honest_answer_has_the_standard_library(either: str) -> None:
    body = "import collections, decimal, hashlib, heapq, itertools, json, math, re, sqlite3, string, zlib, random\n"
    assert value(
        body + "return [math.comb(5, 2), str(decimal.Decimal('0.1')), hashlib.sha256(b'').hexdigest()[:4]]"
    ) == [
        10,
        "0.1",
        "e3b0",
    ]


@needs_walls
def test_it_is_nobody_there() -> None:
    user = "import os\nreturn [os.getuid() == 0, os.getgroups()]"
    assert value(user) == [False, [] if os.geteuid() == 0 else os.getgroups()]


LOOK_UPS = {
    "by import": "import janus_bench.suites.loader\nreturn 1",
    "through a path": f"import sys\nsys.path[:0] = {PLACES!r}\nimport janus_bench.suites.loader\nreturn 1",
    "from the file": f"return open({str(PACKAGE / 'suites' / 'full' / 'coding.toml')!r}).read()",
    "beside the child's file": "import os\nreturn [name for name in os.listdir('/answer') if name != 'child.py'][0]",
    "in the keeper's memory": "return open('/proc/1/environ').read()",
    "through another process": f"return open('/proc/{os.getpid()}/cmdline').read()",
    "in the parent's folder": f"import os\nreturn os.listdir('/proc/1/cwd{PACKAGE}')",
    "by a package": f"import sys\nsys.path[:0] = {PLACES!r}\nimport httpx\nreturn 1",
}


@needs_walls
@pytest.mark.parametrize("how", LOOK_UPS)
def test_the_cases_cannot_be_looked_up(how: str) -> None:
    assert str(value(LOOK_UPS[how])).startswith("error: "), how


@needs_walls
def test_nothing_of_the_suite_lies_in_the_tree() -> None:
    found = value(
        "import os\n"
        "seen = [os.path.join(at, name) for at, folders, names in os.walk('/') for name in names + folders\n"
        "        if not at.startswith('/proc')]\n"
        "return [name for name in seen if 'janus' in name or name == 'coding.toml']"
    )
    assert found == []


@needs_walls
def test_the_tree_cannot_be_written_but_for_its_own_tmp() -> None:
    body = "open('{}', 'w').write('x')\nreturn 1"
    assert value(body.format("/tmp/x")) == 1
    for place in ("/x", "/answer/child.py", "/answer/x", "/usr/lib/x"):
        assert str(value(body.format(place))).startswith("error: "), place


def test_no_variable_of_ours_is_there(either: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JANUS_BENCH_JUDGE_KEY", "secret")
    assert value("import os\nreturn sorted(set(os.environ) - {'PATH', 'LC_ALL', 'PWD'})") == []


@needs_walls
def test_no_socket_of_this_machine_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert str(value(f"import socket\nsocket.create_connection(('127.0.0.1', {port}), 1)\nreturn 1")) != "1"


ESCAPES = {
    "a child": "import subprocess, sys\nsubprocess.Popen([sys.executable, '-I', '-S', '-c', {sleep!r}, {mark!r}])\n",
    "a daemon": (
        "import os, sys\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork() == 0:\n"
        "        os.execv(sys.executable, [sys.executable, '-I', '-S', '-c', {sleep!r}, {mark!r}])\n"
        "    os._exit(0)\n"
    ),
}


@pytest.fixture
def mark() -> Iterator[str]:
    """A word by which a process is known again."""
    word = f"mark-{os.urandom(8).hex()}"
    yield word
    for process in marked(word):
        process.kill()


def marked(word: str) -> list[psutil.Process]:
    return [one for one in psutil.process_iter(["cmdline"]) if word in (one.info["cmdline"] or ())]


@pytest.mark.parametrize("end", ["return 1", "while True: pass", "os._exit(0)"])
@pytest.mark.parametrize("how", ESCAPES)
def test_what_an_answer_starts_ends_with_it(either: str, how: str, end: str, mark: str) -> None:
    body = "import os\n" + ESCAPES[how].format(sleep="import time; time.sleep(300)", mark=mark) + end
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    code_runner.call(f"def answer():\n{lines}\n", "answer", [[]])
    deadline = time.monotonic() + 5
    while marked(mark) and time.monotonic() < deadline:
        time.sleep(0.02)  # killed is not yet gone
    assert marked(mark) == []
