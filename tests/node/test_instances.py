"""An implementation's life: it is ready when its health says so, and leaves nothing when it ends."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psutil
import pytest

from janus_platform.gateway.errors import NotReadyError
from janus_platform.node.instance import Instance
from janus_platform.node.log import BoundedLog
from tests.node.rig import BARE, PROBER, in_loop, needs_sandbox, place, probe, streamer

LAYERS = pytest.mark.parametrize(
    "isolation", [pytest.param(None, marks=needs_sandbox), BARE], ids=["sandboxed", "bare"]
)


def leaders(instance: Instance) -> list[psutil.Process]:
    assert instance.pid is not None
    process = psutil.Process(instance.pid)
    return [process, *process.children(recursive=True)]


@LAYERS
@in_loop
async def test_a_program_that_ends_at_once_fails_with_its_last_words(tmp_path: Path, isolation) -> None:
    async with place(tmp_path, isolation=isolation) as here:
        with pytest.raises(NotReadyError, match=r"(?s)exit code 3.*Traceback|exit code 1.*no such luck"):
            await here.node.start(here.spec("raise SystemExit('no such luck')"))
        assert here.left_behind() == []


@in_loop
async def test_a_program_that_is_never_healthy_fails_with_what_it_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("janus_platform.node.instance.START_SECONDS", 1.0)
    sick = PROBER.replace('def do_GET(self): self.answer({"status": "ok"})', "def do_GET(self): self.send_error(503)")
    async with place(tmp_path) as here:
        with pytest.raises(NotReadyError, match="GET /health answered 503 within 1 seconds"):
            await here.node.start(here.spec("print('warming up', flush=True)\n" + sick))
        assert here.left_behind() == []


@LAYERS
@in_loop
async def test_stopping_ends_the_whole_tree(tmp_path: Path, isolation) -> None:
    fork = "import subprocess; subprocess.Popen(['sleep', '300']); result = 1"
    async with place(tmp_path, isolation=isolation) as here:
        instance = await here.node.start(here.spec(PROBER))
        await probe(await instance.upstream(), fork)
        tree = leaders(instance)
        assert any(process.name() == "sleep" for process in tree)
        await instance.stop()
        _gone, alive = psutil.wait_procs(tree, timeout=5)
        assert alive == [] and here.left_behind() == []
        with pytest.raises(NotReadyError, match="stopped"):
            await instance.upstream()


@in_loop
async def test_the_log_holds_the_output_but_never_the_key(tmp_path: Path) -> None:
    talkative = "import os; print('my key is', os.environ['CHUTES_API_KEY'], os.environ['HTTPS_PROXY'], flush=True)\n"
    async with place(tmp_path) as here:
        instance = await here.node.start(here.spec(talkative + PROBER))
        await instance.stop()
    said = instance.log.tail()
    assert "my key is [redacted]" in said
    assert "cpk_of_mine" not in said and "token-of-mine" not in said


@in_loop
async def test_a_flood_of_output_stays_within_two_files(tmp_path: Path) -> None:
    log = BoundedLog(tmp_path / "x.log", secrets=["s3cret"], max_bytes=1_000)
    reader = asyncio.StreamReader()
    for number in range(500):
        reader.feed_data(f"line {number} s3c".encode())
        reader.feed_data(b"ret\n")
    reader.feed_eof()
    await log.follow(reader)
    assert sum(f.stat().st_size for f in tmp_path.iterdir()) <= 2_000
    assert log.last_lines(1) == "line 499 [redacted]"


@needs_sandbox
@in_loop
async def test_many_requests_at_once_pass_the_forwarders_whole(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        instance = await here.node.start(here.spec(PROBER))
        upstream = await instance.upstream()
        sizes = [10**n for n in range(1, 7)] * 5
        answers = await asyncio.gather(*(probe(upstream, f"result = 'x' * {size}") for size in sizes))
        await instance.stop()
    assert [len(answer) for answer in answers] == sizes


@in_loop
async def test_two_who_ask_at_once_share_one_start(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        instance = here.node.prepare(here.spec(streamer()))
        assert instance.state == "idle"
        one, two = await asyncio.gather(instance.upstream(), instance.upstream())
        assert one is two and instance.log.tail().count("listening") == 1
        await instance.stop()
