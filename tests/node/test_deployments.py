"""A submission is tried before it is deployed, survives whatever happens afterwards, and leaves nothing if refused."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from janus_platform.errors import PlatformError
from janus_platform.gateway.errors import NotDeployedError, NotReadyError
from janus_platform.implementations import bundled
from janus_platform.node.registry import Registration, Registry
from janus_platform.node.submission.checks import SubmissionRefusedError
from tests.node.rig import in_loop, place, post, streamer

HOTKEY = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"


RESERVED_NAMES = ["janus", "gpt-4o-mini", "base", "qwen"]
HOSTILE_NAMES = ["../../etc", "a\\b", "café", "ｎame", "a\u200bb", "\u202eevil", ".", "a b", "a\n", "a\x00", "аdmin"]


def failed(error: SubmissionRefusedError) -> list[str]:
    return [check["check"] for check in error.checks if check["result"] == "failed"]


def results(answer: dict) -> dict[str, str]:
    return {check["check"]: check["result"] for check in answer["checks"]}


@in_loop
async def test_a_good_submission_answers_under_its_name(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        deployments = here.deployments()
        answer = await deployments.submit(here.folder(streamer("Good", " day")), "mine", hotkey=HOTKEY)
        assert "Good day" in await post(await deployments.upstream("mine"), "Hi")
        assert deployments.names() == ["base", "mine"]
        described = deployments.describe()[1]
        await deployments.aclose()
    checks = results(answer)
    assert not answer["replaced"] and "failed" not in checks.values()
    assert checks["stream ends with its marker"] == checks["tokens flow continuously"] == "passed"
    assert checks["no malicious code"] == "not checked"
    assert (described["hotkey"], described["state"], described["bundled"]) == (HOTKEY, "running", False)


@pytest.mark.parametrize(
    ("misbehaviour", "check"),
    [
        ("no choices", "chat completion, not streamed"),
        ("plain", "chat completion, streamed"),
        ("batch", "tokens flow continuously"),
        ("no finish", "last chunk carries finish_reason"),
        ("no end", "stream ends with its marker"),
    ],
)
@in_loop
async def test_a_submission_that_breaks_a_rule_is_refused_and_leaves_nothing(
    tmp_path: Path, misbehaviour: str, check: str
) -> None:
    async with place(tmp_path) as here:
        deployments = here.deployments()
        with pytest.raises(SubmissionRefusedError, match="was not deployed") as refused:
            await deployments.submit(here.folder(streamer(misbehaviour=misbehaviour)), "mine")
        assert failed(refused.value) == [check]
        assert deployments.names() == ["base"] and here.registry.all() == []
        assert here.left_behind() == [] and not (tmp_path / "implementations" / "mine").exists()


@pytest.mark.parametrize(
    "name", ["janus", "gpt-4o-mini", "base", "Mine", "-x", "", "a" * 64, "a/b", "qwen", *HOSTILE_NAMES]
)
@in_loop
async def test_a_malformed_or_reserved_name_is_refused(tmp_path: Path, name: str) -> None:
    async with place(tmp_path) as here:
        with pytest.raises(SubmissionRefusedError) as refused:
            await here.deployments().submit(here.folder(streamer()), name)
    assert failed(refused.value) == ["name"]


@pytest.mark.parametrize("entry", ["missing.py", "../base/main.py", "/etc/passwd", ""])
@in_loop
async def test_an_entry_point_outside_the_folder_is_refused(tmp_path: Path, entry: str) -> None:
    async with place(tmp_path) as here:
        with pytest.raises(SubmissionRefusedError) as refused:
            await here.deployments().submit(here.folder(streamer()), "mine", entry=entry)
    assert failed(refused.value) == ["entry point exists"]


@in_loop
async def test_a_folder_with_a_link_is_refused(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        folder = here.folder(streamer())
        (folder / "passwords").symlink_to("/etc/passwd")
        with pytest.raises(SubmissionRefusedError, match="link") as refused:
            await here.deployments().submit(folder, "mine")
        assert failed(refused.value) == ["folder can be copied"]
        assert not (tmp_path / "implementations" / "mine").exists()


@in_loop
async def test_a_program_that_crashes_is_refused_with_its_last_words(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        with pytest.raises(SubmissionRefusedError, match="ZeroDivisionError"):
            await here.deployments().submit(here.folder("1 / 0"), "mine")


@in_loop
async def test_a_failed_trial_shows_what_the_program_said_of_it_and_leaves_no_log(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        folder = here.folder(streamer().replace("def do_POST(self):", "def do_POST(self):\n        raise OSError(41)"))
        with pytest.raises(SubmissionRefusedError, match="The end of its log") as refused:
            await here.deployments().submit(folder, "mine")
        assert "OSError: 41" in str(refused.value)
        assert not list((tmp_path / "logs").rglob("mine*"))


@in_loop
async def test_a_resubmission_replaces_and_a_refused_one_changes_nothing(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        deployments = here.deployments()
        await deployments.submit(here.folder(streamer("one", ".")), "mine")
        with pytest.raises(SubmissionRefusedError):
            await deployments.submit(here.folder(streamer("two", ".", misbehaviour="no end")), "mine")
        assert "one." in await post(await deployments.upstream("mine"), "Hi")
        answer = await deployments.submit(here.folder(streamer("three", ".")), "mine")
        assert answer["replaced"] and "three." in await post(await deployments.upstream("mine"), "Hi")
        await deployments.aclose()
        assert here.left_behind() == []


@in_loop
async def test_the_old_one_finishes_what_it_is_answering(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        deployments = here.deployments()
        await deployments.submit(here.folder(streamer("one", ".")), "mine")
        old = await deployments.upstream("mine")
        with old.load.request():
            await deployments.submit(here.folder(streamer("two", ".")), "mine")
            assert "two." in await post(await deployments.upstream("mine"), "Hi")
            assert "one." in await post(old, "Hi")
        while len(here.left_behind()) > 1:
            await asyncio.sleep(0.01)
        await deployments.aclose()


@in_loop
async def test_what_was_submitted_runs_on_after_a_restart_without_the_original(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        first = here.deployments()
        folder = here.folder(streamer("Still", " here"))
        await first.submit(folder, "mine")
        await first.aclose()
        shutil.rmtree(folder)
        second = here.deployments()
        assert second.names() == ["base", "mine"] and second.describe()[1]["state"] == "idle"
        assert "Still here" in await post(await second.upstream("mine"), "Hi")
        await second.aclose()


@in_loop
async def test_a_removed_implementation_is_gone_for_good(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        deployments = here.deployments()
        await deployments.submit(here.folder(streamer()), "mine")
        assert "listening" in deployments.log("mine").tail()
        await deployments.remove("mine")
        with pytest.raises(NotDeployedError, match="There are: base"):
            await deployments.upstream("mine")
        with pytest.raises(NotDeployedError):
            await deployments.remove("mine")
        with pytest.raises(PlatformError, match="comes with the platform"):
            await deployments.remove("base")
        assert here.registry.all() == [] and here.left_behind() == []
        assert not (tmp_path / "implementations" / "mine").exists()


@in_loop
async def test_a_failed_start_is_not_tried_again_at_once(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        here.folder("print('tried', flush=True); raise SystemExit(1)", "base")
        deployments = here.deployments()
        for _ in range(3):
            with pytest.raises(NotReadyError, match="exit code 1"):
                await deployments.upstream("base")
        assert deployments.log("base").tail().count("tried") == 1
        await deployments.aclose()


@in_loop
async def test_implementations_that_nobody_asks_sleep_and_wake_with_the_next_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with place(tmp_path) as here:
        deployments = here.deployments()
        for name in ("first", "second"):
            await deployments.submit(here.folder(streamer(name), name), name)
        monkeypatch.setattr("janus_platform.node.deployments.SETTLED_SECONDS", 1e9)
        assert deployments.sleep_beyond(1) == 0  # Asked a moment ago: somebody may be about to use it.
        monkeypatch.setattr("janus_platform.node.deployments.SETTLED_SECONDS", 0.0)
        first = await deployments.upstream("first")
        with first.load.request():
            assert deployments.sleep_beyond(1) == 1
        states = {one["name"]: one["state"] for one in deployments.describe()}
        assert (states["first"], states["second"]) == ("running", "idle")
        assert "second" in await post(await deployments.upstream("second"), "Hi")
        assert "listening" in deployments.log("second").tail()
        await deployments.aclose()


@in_loop
async def test_another_command_than_python_can_be_submitted(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        deployments = here.deployments()
        command = ["/bin/sh", "-c", "exec python -u main.py"]
        await deployments.submit(here.folder(streamer("by", " shell")), "mine", command=command)
        assert "by shell" in await post(await deployments.upstream("mine"), "Hi")
        await deployments.aclose()


@in_loop
async def test_the_bundled_echo_passes_every_check_that_can_be_tried(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        deployments = here.deployments()
        answer = await deployments.submit(bundled()["echo"], "parrot")
        assert "failed" not in results(answer).values()
        assert results(answer)["GET /v1/models (recommended)"] == "passed"
        await deployments.aclose()


def test_an_acknowledged_submission_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "r.sqlite3"
    code = f"""
import os, signal
from pathlib import Path
from janus_platform.node.registry import Registration, Registry
registry = Registry(Path({str(path)!r}))
for number in range(50):
    registry.put(Registration(f"n{{number}}", Path("/a"), Path("/b"), ("python", "main.py"), "2026-01-01T00:00:00"))
    print(number, flush=True)
    if number == 20:
        os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert len(Registry(path).all()) == len(done.stdout.split()) == 21


def test_the_registry_returns_what_was_put(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "r.sqlite3")
    entry = Registration("a", Path("/x"), Path("/y"), ("node", "server.js"), "2026-01-01T00:00:00+00:00", license="MIT")
    registry.put(entry)
    assert registry.get("a") == entry and registry.get("b") is None
    assert registry.delete("a") and not registry.delete("a")
