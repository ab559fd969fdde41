"""The keeper of processes, on the event loop that ships and on asyncio's own: what a child gets and does not."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from janus_platform.processes.child import Child, NoAnswerError, ask
from janus_platform.runtime.server import new_event_loop

ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
PIPES: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
Run = Callable[[Coroutine[Any, Any, Any]], Any]

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it looks into /proc")


@pytest.fixture(params=[new_event_loop, asyncio.new_event_loop], ids=["shipped", "asyncio"])
def run(request: pytest.FixtureRequest) -> Run:
    """Runs a coroutine on each of the two loops."""

    def run(work: Coroutine[Any, Any, Any]) -> Any:
        with asyncio.Runner(loop_factory=request.param) as runner:
            return runner.run(work)

    return run


async def said(script: str, stdin: bytes = b"", **options: Any) -> tuple[str, str, int]:
    """What a shell script writes to both streams, and its exit code."""
    child = await Child.start(["/bin/sh", "-c", script], env=ENVIRONMENT, **PIPES, **options)
    assert child.stdin is not None and child.stdout is not None and child.stderr is not None
    with contextlib.suppress(BrokenPipeError):
        child.stdin.write(stdin)
    child.stdin.close()
    out, err = await asyncio.gather(child.stdout.read(), child.stderr.read())
    return out.decode(), err.decode(), await child.wait()


def test_a_stream_can_be_opened_by_its_name(run: Run) -> None:
    script = "cat /dev/stdin; echo one > /dev/stderr; echo two | tee /dev/stderr; echo three >> /dev/stdout; exit 3"
    assert run(said(script, b"zero\n")) == ("zero\ntwo\nthree\n", "one\ntwo\n", 3)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a pipe away")
def test_a_stream_can_be_opened_by_its_name_under_the_uid_that_it_was_made_for(run: Run) -> None:
    script = "exec setpriv --reuid 65534 --clear-groups sh -c 'cat /dev/stdin; echo one > /dev/stderr'"
    assert run(said(script, b"zero\n", owner=65_534)) == ("zero\n", "one\n", 0)


@linux
def test_a_child_holds_its_streams_and_what_it_was_given_and_nothing_else(run: Run) -> None:
    given, kept = os.pipe()
    for descriptor in (given, kept):
        os.set_inheritable(descriptor, True)  # As by a library that does not care.
    try:
        script = f"for n in /proc/$$/fd/*; do [ -e $n ] && echo ${{n##*/}}; done; readlink /proc/$$/fd/{given}"
        out, _, _ = run(said(script, pass_fds=(given,)))
    finally:
        os.close(given)
        os.close(kept)
    *numbers, link = out.split()
    assert {int(number) for number in numbers} == {0, 1, 2, given}
    assert link.startswith("pipe:")


@linux
def test_what_runs_before_the_program_runs_as_the_leader_of_its_session(run: Run) -> None:
    reading, writing = os.pipe()

    def tell() -> None:
        os.write(writing, str(os.getsid(0) == os.getpid()).encode())

    async def scenario() -> None:
        await (await Child.start(["/bin/true"], env=ENVIRONMENT, before_exec=tell)).wait()

    try:
        run(scenario())
        # A filter of system calls that lets no session be left must find it already made.
        assert os.read(reading, 10) == b"True"
    finally:
        os.close(reading)
        os.close(writing)


def test_output_that_a_process_left_behind_holds_open_can_be_let_go_of(run: Run) -> None:
    async def scenario() -> bytes:
        child = await Child.start(["/bin/sh", "-c", "sleep 60 & echo there"], env=ENVIRONMENT, stdout=subprocess.PIPE)
        assert child.stdout is not None
        first = await child.stdout.readline()
        reading = asyncio.ensure_future(child.stdout.read())
        await child.wait()
        child.close_output()
        rest = await reading
        child.kill()
        return first + rest

    assert run(scenario()) == b"there\n"


def test_writing_to_a_child_that_has_ended_is_a_broken_pipe(run: Run) -> None:
    async def scenario() -> None:
        child = await Child.start(["/bin/true"], env=ENVIRONMENT, stdin=subprocess.PIPE)
        assert child.stdin is not None
        await child.wait()
        with pytest.raises(ConnectionError):
            child.stdin.write(b"x" * 1_000_000)
            await child.stdin.drain()

    run(scenario())


def test_no_descriptor_is_closed_twice(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second close would hit a file that another thread has opened meanwhile."""
    pipes: list[int] = []

    async def scenario() -> None:
        child = await Child.start(["/bin/cat"], env=ENVIRONMENT, **PIPES)
        assert child.stdin is not None and child.stdout is not None and child.stderr is not None
        # Whatever loop it is, nothing may hold a file object that closes the number once more when it is collected.
        for stream in (child.stdin.transport, *child._streams.reading):
            pipes.append(stream.get_extra_info("pipe").fileno())
        child.stdin.close()
        await asyncio.gather(child.stdout.read(), child.stderr.read(), child.wait())
        child.close_output()
        for _ in range(3):
            await asyncio.sleep(0)

    closed: list[int] = []
    real = os.close

    def close(descriptor: int) -> None:
        closed.append(descriptor)
        real(descriptor)  # Raises when it is closed already.

    monkeypatch.setattr("janus_platform.processes.pipes.os.close", close)
    run(scenario())
    ours = [number for number in closed if number in pipes]
    assert len(ours) == len(set(ours)) and len(pipes) == 3


def test_a_child_that_does_not_exist_leaves_no_descriptor(run: Run) -> None:
    async def scenario() -> tuple[int, int]:
        await said("true")
        before = len(os.listdir("/dev/fd"))
        for _ in range(5):
            with pytest.raises(OSError):
                await Child.start(["/nonexistent"], env=ENVIRONMENT, **PIPES)
            await said("true")
        await asyncio.sleep(0)
        return before, len(os.listdir("/dev/fd"))

    before, after = run(scenario())
    assert after <= before


def test_what_a_program_prints_right_before_its_end_is_part_of_its_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    # It prints and ends between a look for output and the look whether it still runs.
    poll = subprocess.Popen.poll

    def poll_at_its_end(process: subprocess.Popen[bytes]) -> int | None:
        if process.returncode is None:
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        return poll(process)

    monkeypatch.setattr(subprocess.Popen, "poll", poll_at_its_end)
    assert ask(["/bin/sh", "-c", "sleep 0.3; echo answer"], seconds=10) == "answer"


def script(path: Path, words: str) -> Path:
    path.write_text(f"#!/bin/sh\n{words}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_nothing_that_a_silent_tool_started_lives_on(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    tool = script(tmp_path / "tool", f"sleep 600 & echo $! $$ > {pids}; wait")
    with pytest.raises(NoAnswerError, match="did not answer within 1 s"):
        ask([str(tool)], seconds=1)
    assert not any(Path(f"/proc/{pid}/exe").exists() for pid in pids.read_text().split())


def test_an_answer_does_not_wait_for_what_the_tool_left_in_the_background(tmp_path: Path) -> None:
    tool = script(tmp_path / "tool", "sleep 600 & echo 1.2")
    assert ask([str(tool)], seconds=60) == "1.2"
