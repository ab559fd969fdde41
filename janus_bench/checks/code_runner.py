"""Runs the Python that an answer returned, in a process of its own, and hands back the values of its function.

The process sees a file tree of its own, in which nothing of the bench is (sandbox.py), has the standard library alone,
no variables of ours, no network, limits on CPU, memory, files and processes, and a time limit; where we are root it is
another user. The expected values stay here: the code cannot read or print them, nor look its cases up in the suite.

Where no such sandbox can be built, it is a fence against accidents and simple cheats: the code can then read the files
that its user can read, the suite among them, and the report says so. What it starts ends with it in either case.
"""

from __future__ import annotations

import ast
import contextlib
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from janus_bench.checks import sandbox
from janus_bench.checks.normalise import MAX_ANSWER_CHARS

TIME_LIMIT_SECONDS = 10.0
CPU_SECONDS = 5
MEMORY_BYTES = 512 * 1024 * 1024
OUTPUT_BYTES = 1024 * 1024
END_SECONDS = 3.0  # for ending what the code started
_CHILD = Path(__file__).with_name("code_child.py")
_FENCE = re.compile(r"(?ms)^[ \t]*+(`{3,}+|~{3,}+)[^\n`]*+\n(.*?)^[ \t]*+\1[ \t]*+$")


@dataclass(frozen=True)
class Run:
    """What the calls returned, in order (a failed call gives the text "error: <type>"), and what stopped the run."""

    values: list[Any]
    failure: str = ""


def find_function(answer: str, name: str) -> str | None:
    """The Python in an answer that defines `name`: the last fenced block that does, else the whole text."""
    answer = answer[:MAX_ANSWER_CHARS]
    candidates = [match[2] for match in _FENCE.finditer(answer)][::-1]
    for candidate in [*candidates, answer]:
        try:
            tree = ast.parse(candidate)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        if any(isinstance(node, ast.FunctionDef) and node.name == name for node in tree.body):
            return candidate
    return None


def last_block(answer: str) -> str:
    """The last fenced block of an answer, else the whole of it."""
    blocks = _FENCE.findall(answer[:MAX_ANSWER_CHARS])
    return str(blocks[-1][1]) if blocks else answer[:MAX_ANSWER_CHARS]


def token() -> str:
    """A text that code which runs before the last line of its own test cannot know."""
    return secrets.token_hex(16)


def call(source: str, function: str, calls: list[list[Any]]) -> Run:
    """Define what `source` defines and call `function` with each list of arguments."""
    command = sandbox.command(str(_CHILD))
    job = {
        "sandboxed": bool(command),
        "source": source,
        "function": function,
        "calls": calls,
        "limits": {"cpu": CPU_SECONDS, "memory": MEMORY_BYTES, "output": OUTPUT_BYTES},
    }
    with tempfile.TemporaryDirectory(prefix="janus-bench-") as folder, open(Path(folder) / "out", "w+b") as output:
        failure = _run(command, json.dumps(job).encode(), folder, output.fileno())
        output.seek(0)
        raw = output.read(OUTPUT_BYTES)
    return _read(raw, failure)


def _run(command: Sequence[str], job: bytes, folder: str, output: int) -> str:
    """Run the child to its end; returns what stopped it, or nothing."""
    child = subprocess.Popen(
        command or [sys.executable, "-I", "-S", "-B", str(_CHILD)],
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.DEVNULL,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        cwd=folder,
        start_new_session=True,
    )
    try:
        child.communicate(job, timeout=TIME_LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        _kill(child)
        return f"stopped after {TIME_LIMIT_SECONDS:g} s"
    except BaseException:
        _kill(child)
        raise
    finally:
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)
    code = child.returncode
    if command and code > 128:  # bubblewrap tells a signal as a shell does
        code = 128 - code
    return f"killed by {signal.Signals(-code).name}" if code < 0 else ""


def _kill(child: subprocess.Popen[bytes]) -> None:
    """Have the child end all that it started, then itself, and reap it."""
    child.terminate()
    try:
        child.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _read(raw: bytes, failure: str) -> Run:
    """One JSON value a line, as far as it came."""
    values: list[Any] = []
    for line in raw.splitlines():
        try:
            values.append(json.loads(line))
        except (ValueError, RecursionError):
            return Run(values, failure or "unreadable output")
    if not values and not failure:
        failure = "ended before the first call"
    return Run(values, failure)
