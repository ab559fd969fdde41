"""The code sandbox's bounds: time, processes, memory, disk, output, and runs at once."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from typing import Any

import psutil
import pytest

from janus_platform.isolation.memory import Cgroup, Watchdog, guard_maker
from janus_platform.services.code_sandbox.toolchains import ToolchainMissingError, toolchain
from tests.services.sandbox_rig import Sandbox, isolated, names_of, processes_with

pytestmark = pytest.mark.usefixtures("nothing_is_left")


def test_time_out_keeps_output_and_files_and_ends_the_whole_tree(each_layer: Sandbox) -> None:
    mark = f"30{os.getpid()}"
    code = (
        "import subprocess, time\n"
        f"subprocess.Popen(['sh', '-c', 'sleep {mark} & sleep {mark}'])\n"
        f"subprocess.Popen(['sleep', '{mark}'], start_new_session=True)\n"
        "open('half.txt', 'w').write('done so far')\n"
        "print('before', flush=True)\ntime.sleep(600)\n"
    )
    answer = each_layer.run(code, timeout=1)
    assert (answer["exit_code"], answer["timed_out"]) == (124, True)
    assert answer["stdout"] == "before\n"
    assert names_of(answer) == ["half.txt"]
    assert processes_with(mark) == []


def test_a_fork_bomb_is_bounded_and_ended(each_layer: Sandbox) -> None:
    mark = f"bomb_{os.getpid()}"
    code = f"import os\n{mark} = 1\nwhile True:\n    try: os.fork()\n    except OSError: pass\n"
    counted: list[int] = []

    async def ask() -> dict[str, Any]:
        async with each_layer.client() as client:
            body = {"language": "python", "code": code, "timeout": 2}
            request = asyncio.ensure_future(client.post("/execute", json=body))
            while not request.done():
                counted.append(len(psutil.Process().children(recursive=True)))
                await asyncio.sleep(0.2)
            return dict((await request).json())

    answer = asyncio.run(ask())
    # Without namespaces, root is not bound by RLIMIT_NPROC: there the watch ends it (137), perhaps for its memory.
    assert answer["exit_code"] in {124, 137}
    if answer["isolation"] != "rlimits":
        assert max(counted) <= 64 + 8
    assert [p for p in psutil.Process().children(recursive=True) if p.status() != psutil.STATUS_ZOMBIE] == []


def test_a_tree_over_the_memory_limit_is_ended(sandbox: Sandbox) -> None:
    code = "import os, time\nos.fork(); os.fork()\nkept = bytearray(b'x') * 250_000_000\ntime.sleep(15)\nprint('kept')"
    answer = sandbox.run(code, timeout=20)
    assert answer["oom"] is True, answer
    assert answer["exit_code"] == 137
    assert "kept" not in answer["stdout"]


def test_the_watchdog_ends_a_tree_over_the_memory_limit_where_there_is_no_cgroup(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "janus_platform.services.code_sandbox.app.guard_maker", lambda limit, **_: lambda: Watchdog(limit)
    )
    code = "import os, time\nos.fork(); os.fork()\nkept = bytearray(b'x') * 250_000_000\ntime.sleep(15)\nprint('kept')"
    answer = Sandbox().run(code, timeout=20)
    assert (answer["oom"], answer["exit_code"], answer["stdout"]) == (True, 137, "")


def test_one_process_cannot_hold_more_than_the_limit(each_layer: Sandbox) -> None:
    answer = each_layer.run("kept = []\nwhile True: kept.append(bytearray(b'x') * 10_000_000)")
    assert answer["oom"] is True and answer["exit_code"] != 0


WANTS_MEMORY = {
    "python": "import numpy\nnumpy.ones(10**11)",
    "javascript": "const kept = []; for (;;) kept.push(new Array(1e6).fill({}));",
    "bash": "printf -v x '%*s' 600000000 ''; echo ${#x}",
    "go": "package main\nfunc main() {\n\tkept := [][]byte{}\n\tfor {\n\t\tkept = append(kept, make([]byte, 100<<20))\n"
    "\t\tkept[len(kept)-1][0] = 1\n\t}\n}",
    "rust": 'fn main() { let v: Vec<u8> = vec![1; 1 << 36]; println!("{}", v.len()); }',
}


@pytest.mark.parametrize("language", WANTS_MEMORY)
def test_a_program_that_fails_for_want_of_memory_is_out_of_memory(sandbox: Sandbox, language: str) -> None:
    try:
        toolchain(language)
    except ToolchainMissingError as missing:
        pytest.skip(f"{missing}: {missing.install}")
    answer = sandbox.run(WANTS_MEMORY[language], language, timeout=60)
    assert answer["oom"] is True and answer["exit_code"] != 0, answer


def test_a_program_that_gets_by_without_the_memory_is_not_out_of_it(sandbox: Sandbox) -> None:
    code = "import sys\ntry: bytearray(10**11)\nexcept MemoryError: print('MemoryError, well', file=sys.stderr)"
    answer = sandbox.run(code)
    assert (answer["oom"], answer["exit_code"]) == (False, 0)


@isolated
def test_the_disk_cannot_be_filled(sandbox: Sandbox) -> None:
    code = "for n in 1 2 3 4 5; do head -c 60000000 /dev/zero > f$n; done; du -sb . | cut -f1"
    answer = sandbox.run(code, "bash")
    assert int(answer["stdout"]) <= 128_000_000
    assert "No space left on device" in answer["stderr"]


def test_a_file_cannot_grow_without_bound(each_layer: Sandbox) -> None:
    answer = each_layer.run("head -c 100000000 /dev/zero > big; stat -c %s big", "bash")
    assert int(answer["stdout"].split()[-1]) <= 64_000_000


def test_no_more_entries_can_be_made_than_are_promised(each_layer: Sandbox) -> None:
    code = "import time\nfor n in range(100_000): open(f'/proc/self/cwd/{n}', 'w').close()\ntime.sleep(60)"
    answer = each_layer.run(code, timeout=30)
    assert answer["ended_by"] == "disk", answer
    assert answer["files_left_out_count"] > 1_000


@isolated
def test_a_run_takes_none_of_the_hosts_terminals(sandbox: Sandbox) -> None:
    # Counted for the whole host: one run could take all that there are.
    answer = sandbox.run("import os\ntry: print(os.openpty())\nexcept OSError as error: print(error.errno > 0)")
    assert answer["stdout"] == "True\n", answer


@isolated
def test_a_stopped_process_outside_does_not_keep_a_run_from_answering(sandbox: Sandbox) -> None:
    mark = f"33{os.getpid()}"

    async def ask() -> dict[str, Any]:
        async with sandbox.client() as client:
            body = {"language": "bash", "code": f"echo there; sleep {mark}", "timeout": 2}
            request = asyncio.ensure_future(client.post("/execute", json=body))
            while not (found := processes_with(mark)):
                await asyncio.sleep(0.01)
            for process in [one for child in found for one in (child, *child.parents())]:
                if process.pid in {one.pid for one in psutil.Process().children(recursive=True)}:
                    process.suspend()
            return dict((await asyncio.wait_for(request, 30)).json())

    answer = asyncio.run(ask())
    assert (answer["ended_by"], answer["exit_code"]) == ("time", 124)
    assert processes_with(mark) == []


def test_a_process_left_behind_that_holds_the_output_does_not_keep_a_run_from_answering(each_layer: Sandbox) -> None:
    mark = f"34{os.getpid()}"
    code = (
        "import os, sys\nprint('there')\nif os.fork() == 0:\n    os.setsid()\n"
        f"    os.fork() and os._exit(0)\n    os.execlp('sleep', 'sleep', '{mark}')\n"
    )
    try:
        answer = each_layer.run(code)
        assert (answer["stdout"], answer["ended_by"]) == ("there\n", "program")
    finally:
        for process in processes_with(mark):  # Only process limits let it live on.
            process.kill()


def test_an_output_flood_is_cut_and_ended(each_layer: Sandbox) -> None:
    answer = each_layer.run("yes", "bash", timeout=30)
    assert answer["truncated"] is True
    assert len(answer["stdout"]) == 1_000_000
    assert (answer["exit_code"], answer["timed_out"]) == (137, False)


def test_a_talkative_program_may_finish_with_its_output_cut(each_layer: Sandbox) -> None:
    answer = each_layer.run("print('x' * 3_000_000); import sys; print('e', file=sys.stderr)")
    assert (len(answer["stdout"]), answer["truncated"], answer["exit_code"]) == (1_000_000, True, 0)
    assert answer["stderr"] == "e\n"


def test_many_at_once_are_queued_and_all_answered(sandbox: Sandbox) -> None:
    answers = sandbox.run_all([(f"print({n})", "python", 60) for n in range(16)])
    assert [answer["stdout"] for answer in answers] == [f"{n}\n" for n in range(16)]


def test_a_full_queue_is_answered_503_at_once() -> None:
    sandbox = Sandbox(max_running=1, max_waiting=1)

    async def ask() -> list[int]:
        async with sandbox.client() as client:
            body = {"language": "bash", "code": "sleep 1", "timeout": 5}
            answers = await asyncio.gather(*(client.post("/execute", json=body) for _ in range(4)))
        assert all(a.headers["retry-after"] for a in answers if a.status_code == 503)
        return sorted(a.status_code for a in answers)

    assert asyncio.run(ask()) == [200, 200, 503, 503]


def test_a_cgroup_that_could_not_be_removed_in_time_is_removed_by_the_next() -> None:
    make = guard_maker(100_000_000)
    first = make()
    if not isinstance(first, Cgroup):
        pytest.skip("this process may not make memory cgroups here")
    with subprocess.Popen(["sleep", "60"]) as member:
        (first.path / "cgroup.procs").write_text(str(member.pid))
        first.discard()
        assert first.path.is_dir()
        member.kill()
    deadline = time.monotonic() + 5
    while first.path.is_dir() and time.monotonic() < deadline:
        make().discard()
    assert not first.path.exists()
