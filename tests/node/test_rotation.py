"""Fresh processes take the place of those that run; no request is dropped, and a failed rotation changes nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import pytest

from janus_platform.clock import ManualClock
from janus_platform.contract import load_contract
from janus_platform.egress.callers import Callers
from janus_platform.errors import PlatformError
from janus_platform.gateway.directory import Upstream
from janus_platform.gateway.errors import NotDeployedError
from janus_platform.runtime.key_rotation import KeyRotation
from tests.node.rig import PROBER, Place, in_loop, place, probe, streamer, with_bundled

CONTRACT = load_contract()
# A streamed answer is one word, then, once GO is set, the end of the key that the process has.
SLOW = "import threading\nGO = threading.Event()\n" + PROBER.replace(
    "        space = {}\n",
    """        if body.get("stream"):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"one ")
            self.wfile.flush()
            GO.wait(60)
            self.wfile.write(os.environ["CHUTES_API_KEY"][-6:].encode())
            return
        space = {}
""",
)
KEY = 'import os; result = os.environ["CHUTES_API_KEY"]'


def rotating(here: Place) -> tuple[KeyRotation, Callers, ManualClock]:
    """A rotation over `here`, whose egress hands out the keys of real callers."""
    clock = ManualClock()
    callers = Callers(now=lambda _: clock.now(), grace_seconds=CONTRACT.secrets.key_grace_seconds)
    plain = here.egress.environment

    def environment(caller: str, *, host: str, port: int) -> dict[str, str]:
        return {**plain(caller, host=host, port=port), "CHUTES_API_KEY": callers.key(caller)}

    here.egress.environment = environment  # type: ignore[method-assign]
    here.deployed = here.deployments()  # type: ignore[attr-defined]
    return KeyRotation(callers, here.deployed, CONTRACT, clock), callers, clock  # type: ignore[attr-defined]


async def stream(upstream: Upstream, first: asyncio.Event) -> str:
    """The whole of a streamed answer; `first` is set when its first bytes are there."""
    is_unix = isinstance(upstream.base, Path)
    connector = aiohttp.UnixConnector(str(upstream.base)) if is_unix else aiohttp.TCPConnector()
    origin = "http://x" if is_unix else "http://{}:{}".format(*upstream.base)
    received = b""
    with upstream.load.request():
        async with aiohttp.ClientSession(connector=connector) as session:
            async with session.post(f"{origin}/v1/chat/completions", json={"stream": True, "messages": []}) as response:
                async for part in response.content.iter_any():
                    received += part
                    first.set()
    return received.decode()


@in_loop
async def test_a_stream_across_the_rotation_ends_with_its_old_key_and_new_requests_have_the_new_one(
    tmp_path: Path,
) -> None:
    async with place(tmp_path) as plain:
        here = with_bundled(plain, base=plain.folder(SLOW, "slow"))
        rotation, callers, clock = rotating(here)
        deployments = here.deployed  # type: ignore[attr-defined]
        old_key, old = callers.key("base"), await deployments.upstream("base")
        assert await probe(old, KEY) == old_key
        begun = asyncio.Event()
        streaming = asyncio.create_task(stream(old, begun))
        await begun.wait()
        assert await rotation.rotate(["base"]) == {
            "rotated": [{"name": "base", "restarted": True}],
            "grace_seconds": CONTRACT.secrets.key_grace_seconds,
        }
        new = await deployments.upstream("base")
        assert new.base != old.base
        assert await probe(new, KEY) == callers.key("base") != old_key
        assert callers.accepts_key(old_key) and not streaming.done()
        await probe(old, "import __main__; __main__.GO.set()")  # The old process still answers, and may end its stream.
        assert await streaming == f"one {old_key[-6:]}"
        clock.advance(CONTRACT.secrets.key_grace_seconds)
        assert not callers.accepts_key(old_key)
        await deployments.aclose()
        assert here.left_behind() == []


@in_loop
async def test_requests_before_during_and_after_a_rotation_are_all_answered(tmp_path: Path) -> None:
    async with place(tmp_path) as plain:
        here = with_bundled(plain, base=plain.folder(PROBER, "prober"))
        rotation, _, _ = rotating(here)
        deployments = here.deployed  # type: ignore[attr-defined]
        over = asyncio.Event()

        async def keep_asking() -> list[str]:
            seen = []
            while not over.is_set():
                upstream = await deployments.upstream("base")
                with upstream.load.request():
                    seen.append(await probe(upstream, KEY))
            return seen

        clients = [asyncio.create_task(keep_asking()) for _ in range(4)]
        await deployments.upstream("base")
        for _ in range(3):
            await rotation.rotate_all()
        over.set()
        seen = [key for client in clients for key in await client]
        await deployments.aclose()
    assert len(set(seen)) >= 2


@in_loop
async def test_an_implementation_that_does_not_start_anew_keeps_its_process_and_its_key(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        rotation, callers, _ = rotating(here)
        deployments = here.deployed  # type: ignore[attr-defined]
        folder = here.bundled["base"]
        upstream, key = await deployments.upstream("base"), callers.key("base")
        (folder / "main.py").write_text("raise SystemExit('broken meanwhile')", encoding="utf-8")
        with pytest.raises(PlatformError, match=r"(?s)keeps its old key.*broken meanwhile"):
            await rotation.rotate(["base"])
        assert await deployments.upstream("base") is upstream
        assert callers.key("base") == key
        await deployments.aclose()


@in_loop
async def test_one_that_cannot_start_anew_does_not_hold_up_the_others(tmp_path: Path) -> None:
    async with place(tmp_path) as plain:
        here = with_bundled(plain, base=plain.bundled["base"], other=plain.folder(streamer("other"), "other"))
        rotation, callers, _ = rotating(here)
        deployments = here.deployed  # type: ignore[attr-defined]
        for name in ("base", "other"):
            await deployments.upstream(name)
        keys = {name: callers.key(name) for name in ("base", "other")}
        (here.bundled["base"] / "main.py").write_text("raise SystemExit(3)", encoding="utf-8")
        with pytest.raises(PlatformError, match="base keeps its old key"):
            await rotation.rotate_all()
        assert callers.key("base") == keys["base"] and callers.key("other") != keys["other"]
        await deployments.aclose()


@in_loop
async def test_one_that_is_not_running_gets_its_new_key_when_it_starts(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        rotation, callers, _ = rotating(here)
        key = callers.key("base")
        assert (await rotation.rotate(["base"]))["rotated"] == [{"name": "base", "restarted": False}]
        assert callers.key("base") != key


@in_loop
async def test_an_unknown_name_rotates_nothing(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        rotation, callers, _ = rotating(here)
        key = callers.key("base")
        with pytest.raises(PlatformError, match="no implementation named 'nobody'"):
            await rotation.rotate(["base", "nobody"])
        assert callers.key("base") == key


@in_loop
async def test_a_caller_that_is_an_implementation_is_rotated_by_its_name_only(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        rotation, callers, _ = rotating(here)
        with pytest.raises(PlatformError, match="Rotate it by its name"):
            await rotation.rotate_caller("base")
        with pytest.raises(PlatformError, match="lower-case"):
            await rotation.rotate_caller("No One")
        key = callers.key("notebook-1")
        await rotation.rotate_caller("notebook-1")
        assert callers.key("notebook-1") != key and callers.accepts_key(key)


@in_loop
async def test_keys_rotate_by_themselves_as_often_as_the_contract_says(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        rotation, callers, clock = rotating(here)
        first = callers.key("base")
        running = asyncio.create_task(rotation.run())
        while callers.key("base") == first:
            await asyncio.sleep(0)
        running.cancel()
        assert clock.now() >= CONTRACT.secrets.key_rotation_seconds


@in_loop
async def test_a_restart_of_something_unknown_is_refused(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        with pytest.raises(NotDeployedError):
            await here.deployments().restart("nobody")


@in_loop
async def test_the_log_hides_the_key_of_every_generation(tmp_path: Path) -> None:
    talkative = "import os; print('my key is', os.environ['CHUTES_API_KEY'], flush=True)\n"
    async with place(tmp_path) as plain:
        here = with_bundled(plain, base=plain.folder(talkative + streamer(), "talks"))
        rotation, callers, _ = rotating(here)
        deployments = here.deployed  # type: ignore[attr-defined]
        await deployments.upstream("base")
        keys = [callers.key("base")]
        await rotation.rotate(["base"])
        keys.append(callers.key("base"))
        await deployments.aclose()
        said = deployments.log("base").tail()
    assert said.count("my key is [redacted]") == 2
    assert not any(key in said for key in keys)


@in_loop
async def test_the_log_hides_a_key_that_came_with_a_restart_after_a_crash(tmp_path: Path) -> None:
    talkative = "import os; print('my key is', os.environ['CHUTES_API_KEY'], flush=True)\n"
    async with place(tmp_path) as plain:
        here = with_bundled(plain, base=plain.folder(talkative + PROBER, "talks"))
        _, callers, _ = rotating(here)
        deployments = here.deployed  # type: ignore[attr-defined]
        upstream = await deployments.upstream("base")
        keys = [callers.key("base")]
        callers.issue("base")
        keys.append(callers.key("base"))
        with pytest.raises(aiohttp.ClientError):
            await probe(upstream, "import os; os._exit(1)")
        while deployments.log("base").tail().count("my key is") < 2:
            await asyncio.sleep(0.005)
        await deployments.aclose()
        said = deployments.log("base").tail()
    assert not any(key in said for key in keys)
