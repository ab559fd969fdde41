"""Several nodes run one implementation; what one of them does is no matter of the others."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
from pathlib import Path

import pytest

from janus_platform.errors import PlatformError
from janus_platform.node.deployments import MAX_INSTANCES
from janus_platform.node.registry import Registry
from tests.node.rig import in_loop, place, streamer


async def running(deployments, name: str, count: int) -> set[str]:
    """The addresses of the nodes, once so many run."""
    while len(upstreams := await deployments.upstreams(name)) < count:
        await asyncio.sleep(0.01)
    return {str(upstream.base) for upstream in upstreams}


@in_loop
async def test_as_many_nodes_run_as_were_asked_for_and_survive_a_restart(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        first = here.deployments()
        await first.submit(here.folder(streamer("Hi")), "mine", instances=3)
        assert len(await running(first, "mine", 3)) == 3
        described = next(one for one in first.describe() if one["name"] == "mine")
        assert described["instances"] == 3 and len({node["pid"] for node in described["nodes"]}) == 3
        await first.aclose()
        second = here.deployments()
        assert len(await running(second, "mine", 3)) == 3
        await second.aclose()


@in_loop
async def test_the_others_answer_while_a_killed_node_starts_again(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        deployments = here.deployments()
        await deployments.submit(here.folder(streamer("Hi")), "mine", instances=2)
        await running(deployments, "mine", 2)

        def pids() -> list[int | None]:
            described = next(one for one in deployments.describe() if one["name"] == "mine")
            return [node["pid"] for node in described["nodes"] if node["state"] == "running"]

        killed, other = pids()
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        while killed in (now := pids()) or len(now) < 2 or None in now:
            assert await deployments.upstreams("mine")
            await asyncio.sleep(0.01)
        assert other in now
        await deployments.aclose()


@pytest.mark.parametrize("instances", [0, -1, MAX_INSTANCES + 1, True, "2"])
@in_loop
async def test_a_number_of_nodes_that_is_none_is_refused(tmp_path: Path, instances: object) -> None:
    async with place(tmp_path) as here:
        deployments = here.deployments()
        with pytest.raises(PlatformError, match="instances is a number from 1"):
            await deployments.submit(here.folder(streamer("Hi")), "mine", instances=instances)
        await deployments.aclose()


def test_a_registry_of_the_first_version_is_carried_over(tmp_path: Path) -> None:
    path = tmp_path / "r.sqlite3"
    texts = "name folder submitted_from command submitted hotkey source license description".split()
    with sqlite3.connect(path) as connection:
        connection.execute(f"CREATE TABLE implementations ({', '.join(f'{name} TEXT NOT NULL' for name in texts)})")
        connection.execute("INSERT INTO implementations VALUES ('a','/x','/y','[\"python\"]','2026-01-01','','','','')")
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    (found,) = Registry(path).all()
    assert (found.name, found.instances) == ("a", 1)
