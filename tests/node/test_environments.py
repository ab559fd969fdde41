"""Packages of a submission's own: installed whole or not at all, and the version before answers whatever happens."""

from __future__ import annotations

import asyncio
import os
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from janus_platform.gateway.errors import NotReadyError
from janus_platform.node.deployments import Deployments
from janus_platform.node.packages.install import MANIFEST
from janus_platform.node.submission.checks import SubmissionRefusedError
from janus_platform.node.submission.packages import CHECK
from tests.node.rig import BARE, CONTRACT, Place, in_loop, place, post, streamer
from tests.node.wheels import index, says, wheel


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """pip as on a machine without any configuration, and with an index that nobody runs."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple/")


@asynccontextmanager
async def deployments_in(here: Place) -> AsyncIterator[Deployments]:
    deployments = here.deployments()
    try:
        yield deployments
    finally:
        await deployments.aclose()


def made(here: Place) -> list[str]:
    """What lies where environments are kept."""
    folder = here.home / "environments"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def asking(folder: Path, text: str) -> Path:
    (folder / "requirements.txt").write_text(text)
    return folder


async def refusal(deployments: Deployments, folder: Path) -> str:
    with pytest.raises(SubmissionRefusedError) as refused:
        await deployments.submit(folder, "mine")
    (failed,) = (check for check in refused.value.checks if check["result"] == "failed")
    assert failed["check"] == CHECK
    return failed["detail"]


@in_loop
async def test_wheels_of_the_folder_are_installed_without_a_network_shared_and_go_with_the_last_one(
    tmp_path: Path,
) -> None:
    async with place(tmp_path) as here, deployments_in(here) as deployments:
        folder = asking(here.folder(says("tiny")), "tiny>=1\nhttpx>=0.28\n")
        wheel(folder / "wheels", "tiny", "1.0", says="packed", requires=["starlette"])
        steps: list[str] = []
        answer = await deployments.submit(folder, "mine", progress=steps.append)
        detail = next(check["detail"] for check in answer["checks"] if check["check"] == CHECK)
        assert detail.startswith("installed tiny 1.0 (") and detail.endswith("here with the platform: httpx")
        assert steps == ["installing tiny 1.0"]
        await deployments.submit(folder, "other", progress=steps.append)
        assert len(steps) == 1 and len(made(here)) == 1
        for name in ("mine", "other"):
            assert "packed" in await post(await deployments.upstream(name), "Hi")
        assert deployments.describe()[1]["packages"]["installed"] == ["tiny 1.0"]
        measured = {event.name: event.value for event in (await deployments.event_logs("mine"))["node-1"].events}
        assert "sha384" in measured["own packages"] and measured["own package tiny"].startswith("1.0, sha384")
        await deployments.remove("mine")
        assert len(made(here)) == 1
        await deployments.submit(asking(here.folder(streamer("plain"), "other"), "httpx\n"), "other")
        while made(here):  # for as long as the one before finishes its answers
            await asyncio.sleep(0.01)
        assert "plain" in await post(await deployments.upstream("other"), "Hi")


@in_loop
async def test_a_package_of_its_own_comes_before_the_platforms_and_outlives_a_restart(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        folder = asking(here.folder(says("segno")), "segno<1\n")
        wheel(folder / "wheels", "segno", "0.1", says="older")
        async with deployments_in(here) as deployments:
            await deployments.submit(folder, "mine")
        (key,) = made(here)
        (here.home / "environments" / ".draft-0-1").mkdir()  # of a platform that was killed meanwhile
        async with deployments_in(here) as deployments:
            await deployments.start()
            assert made(here) == [key]
            assert "older" in await post(await deployments.upstream("mine"), "Hi")
            before = (await deployments.event_logs("mine"))["node-1"].of("dependencies")
        module = here.home / "environments" / key / "packages" / "segno.py"
        module.write_text("WORD = 'tampered with'\n")
        async with deployments_in(here) as deployments:
            after = (await deployments.event_logs("mine"))["node-1"].of("dependencies")
            assert [e.name for e, b in zip(after, before, strict=True) if e != b] == ["own packages"]
        (here.home / "environments" / key / MANIFEST).unlink()
        async with deployments_in(here) as deployments:
            with pytest.raises(NotReadyError, match=r"installed packages are gone\. Submit it again"):
                await deployments.upstream("mine")


@in_loop
async def test_from_the_index_of_this_machines_pip_and_every_failure_leaves_the_version_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = tmp_path / "shelf"
    wheel(shelf, "tiny", "1.0", requires=["deep>=2"])
    wheel(shelf, "deep", "2.0")
    wheel(shelf, "other", "1.0", requires=["deep<2"])
    wheel(shelf, "deep", "1.0")
    (shelf / "source-1.0.tar.gz").write_bytes(b"setup.py would run")
    async with place(tmp_path, isolation=BARE) as here, deployments_in(here) as deployments:
        folder = here.folder(says("deep"))
        with index(shelf) as address:
            # What a configuration says beside the index must not lead the packages elsewhere.
            settings = tmp_path / "pip.conf"
            settings.write_text(f"[global]\nindex-url = {address}\nno-binary = :all:\n[install]\nuser = true\n")
            monkeypatch.delenv("PIP_INDEX_URL")
            monkeypatch.setenv("PIP_CONFIG_FILE", str(settings))
            steps: list[str] = []
            await deployments.submit(asking(folder, "tiny\n"), "mine", progress=steps.append)
            assert {"installing tiny 1.0", "installing deep 2.0"} < set(steps)
            assert any(step.startswith("downloading tiny-1.0-py3-none-any.whl (") for step in steps)
            (key,) = made(here)
            said = await refusal(deployments, asking(folder, "source\n"))
            assert said.startswith("source: no wheel for this Python") and "pip wheel" in said
            said = await refusal(deployments, asking(folder, f"tiny==1.0 --hash=sha256:{'0' * 64}\n"))
            assert "tiny==1.0" in said and "does not have the hash" in said
            said = await refusal(deployments, asking(folder, "tiny\nother\n"))
            assert "tiny" in said and "other" in said and "they cannot be installed together" in said
        said = await refusal(deployments, asking(folder, "tiny==3\n"))
        assert "tiny==3" in said and "cannot be reached" in said and "pip download" in said
        said = await refusal(deployments, asking(folder, "tiny\n-r more.txt\n"))
        assert said.startswith("line 2: '-r'")
        assert made(here) == [key] and "2.0" in await post(await deployments.upstream("mine"), "Hi")


@in_loop
async def test_limits_of_size_and_time_and_a_hostile_wheel(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        for limits, said in [
            ({"max_files": 3}, "holds more than 3 files"),
            ({"max_bytes": 1_000_000}, "unpacks to 3,000,"),
            ({"install_seconds": 0}, "took more than 0 s"),
            ({"max_together_bytes": 10}, "janus remove NAME"),
        ]:
            rules = msgspec.structs.replace(CONTRACT.packages, **limits)
            here.node.contract = msgspec.structs.replace(CONTRACT, packages=rules)
            folder = asking(here.folder(streamer()), "tiny\n")
            with zipfile.ZipFile(wheel(folder / "wheels", "tiny", "1.0"), "a", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("zeros", bytes(3_000_000))
            async with deployments_in(here) as deployments:
                assert said in await refusal(deployments, folder)
            assert made(here) == [] and here.registry.all() == []


@in_loop
async def test_an_installation_that_is_broken_off_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, silent = asyncio.Event(), asyncio.Event()

    async def hold(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await silent.wait()
        writer.close()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/simple/")
    async with place(tmp_path) as here, deployments_in(here) as deployments:
        submitting = asyncio.create_task(deployments.submit(asking(here.folder(streamer()), "tiny\n"), "mine"))
        await asked.wait()
        assert len(made(here)) == 1
        submitting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await submitting
        assert made(here) == [] and deployments.names() == ["base"]
        assert not list((here.home / "implementations").glob("mine/*"))
    silent.set()
    server.close()
