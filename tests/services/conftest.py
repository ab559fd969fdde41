"""The code sandbox on every layer that this machine offers, and a check that a run leaves nothing behind."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from janus_platform.isolation.memory import Cgroup, guard_maker
from janus_platform.services.code_sandbox.app import warm_up
from tests.services.model_files_rig import home as home
from tests.services.model_files_rig import served as served
from tests.services.sandbox_rig import LAYERS, Sandbox, layer_here
from tests.shipped_loop import on_the_loop_that_ships as on_the_loop_that_ships
from tools.environment import ROOT


@pytest.fixture(scope="session")
def warm_cache() -> Path:
    """What `warm_up` prepares, kept between test runs: compiling Go's library takes the better part of a minute."""
    place = ROOT / "_build" / "sandbox-cache"
    warm_up(place)
    return place


@pytest.fixture
def sandbox(warm_cache: Path) -> Sandbox:
    return Sandbox(cache_dir=warm_cache)


@pytest.fixture(params=LAYERS)
def each_layer(request: pytest.FixtureRequest, warm_cache: Path) -> Sandbox:
    """Every layer here, one after the other."""
    return Sandbox(cache_dir=warm_cache, isolation=layer_here(request.param))


@pytest.fixture
def nothing_is_left() -> Iterator[None]:
    """No folder and no cgroup of a run is there after it; the sandbox's test files use this for each of their tests."""
    before = set(Path("/tmp").glob(f"janus-sandbox-{os.getpid()}-*"))
    yield
    assert set(Path("/tmp").glob(f"janus-sandbox-{os.getpid()}-*")) <= before
    guard = guard_maker(1_000_000)()
    guard.discard()
    if isinstance(guard, Cgroup):
        # A cgroup goes when the kernel has let go of its last process, shortly after the run.
        deadline = time.monotonic() + 5
        while (left := list(guard.path.parent.glob(f"janus-{os.getpid()}-*"))) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert left == []
